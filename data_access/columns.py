"""What the tables of the lead database are made of: aware moments, words of the vocabulary, keys."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, MetaData
from sqlalchemy.dialects import sqlite

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


_SQLITE = sqlite.dialect()


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware moment, kept in UTC on every database. SQLite drops offsets in silence, so naive values are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Turn an aware moment to UTC; refuse a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; give an aware datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def texts(self, values: Iterable[datetime | None]) -> list[str | None]:
        """Many moments as SQLite keeps them; the same as one by one, and faster."""
        made: list[str | None] = []
        for value in values:
            if value is not None and value.tzinfo is not UTC:
                value = (self.process_bind_param(value, _SQLITE) or value).replace(tzinfo=UTC)
            made.append(None if value is None else value.isoformat(" ", "microseconds")[:26])
        return made

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        """Hand out aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite numbers rows by itself only in INTEGER columns


def word(name: str, vocabulary: type[StrEnum], **options: Any) -> Column[str]:
    """A text column that holds a word of the vocabulary (or NULL where its comment says what that means)."""
    return Column(name, sa.String(32), info={"words": vocabulary}, **options)


def holding(table: sa.Table, values: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    """Conditions that a row holds just these values; None is an empty one."""
    return [table.c[name].is_(None) if value is None else table.c[name] == value for name, value in values.items()]


def key() -> Column[int]:
    """The surrogate key of a row."""
    return Column("id", BIG, primary_key=True, autoincrement=True)


def to(target: str, name: str, **options: Any) -> Column[int]:
    """A foreign key column; NULL only where `comment` says what it means."""
    options.setdefault("nullable", "comment" in options)
    return Column(name, BIG, ForeignKey(f"{target}.id"), **options)
