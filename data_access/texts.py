"""The practice's own texts: scripts, criteria cards, how to refer, what to expect. Versioned, and in force from a day on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import practice, rules
from data_access import tables as t
from data_access.vocabulary import TextUse

TEXT_KEYS = ("use", "kind", "need", "location_id", "service_line_id")
MAY_NAME: Mapping[TextUse, tuple[str, ...]] = {
    TextUse.SCRIPT: ("kind", "need"),
    TextUse.CRITERIA: ("service_line_id",),
    TextUse.HOW_TO_REFER: ("location_id",),
    TextUse.WHAT_TO_EXPECT: ("service_line_id",),
    TextUse.PRIORITY: (),
}
"""What a text of each use may depend on."""
LENGTH = 4000
"""A text is read in one look; one that is longer is refused."""

_PROMISE = re.compile(
    r"\b(guarante\w*|cure[sd]?|curing|best|safest|perfect\w*|painless\w*|miracle\w*|always works?"
    r"|never fails?|risk[- ]free|no risks?|100 ?%|will (?:heal|recover|get better|be fine))(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Text:
    """One version of a text, as it is in force."""

    id: int
    use: TextUse
    version: int
    body: str
    effective_from: date


def write(
    connection: Connection,
    use: TextUse,
    body: str,
    *,
    effective_from: date,
    now: datetime,
    staff_id: int | None = None,
    **keys: Any,
) -> int:
    """Put a new version of a text in force from a day on; an empty one ends what was there. No version is ever replaced.

    Parameters
    ----------
    body : str
        Markdown, up to LENGTH characters.
    **keys
        What it is for, of MAY_NAME[use]; those that are left out are open.

    Returns
    -------
    int
        The version's number among the texts for the same.

    Raises
    ------
    ValueError
        When it is too long, names what it may not depend on, or could rival another for the same lead.
    """
    body = body.strip()
    if len(body) > LENGTH:
        raise ValueError(f"this text has {len(body)} characters; shorten it to {LENGTH}")
    named = {name: value for name, value in keys.items() if value is not None}
    if unknown := set(named) - set(MAY_NAME[use]):
        raise ValueError(f"a {use.replace('_', ' ')} text cannot depend on {', '.join(sorted(unknown))}")
    rule = {**dict.fromkeys(TEXT_KEYS), **named, "use": use}
    practice.lock(connection)
    rules.require_winner(_alive_from(connection, effective_from), TEXT_KEYS, rule, "text")
    before = sa.select(sa.func.max(t.texts.c.version)).where(*rules.same(t.texts, TEXT_KEYS, rule))
    version = int(connection.scalar(before) or 0) + 1
    connection.execute(
        sa.insert(t.texts).values(
            **rule, version=version, body=body, effective_from=effective_from, written_at=now, staff_id=staff_id
        )
    )
    return version


def _alive_from(connection: Connection, day: date) -> list[dict[str, Any]]:
    """The texts that are in force on a day or come into force later, without those that have ended."""
    later = map(dict, connection.execute(sa.select(t.texts).where(t.texts.c.effective_from > day)).mappings())
    return [text for text in (*rules.in_force(connection, t.texts, TEXT_KEYS, day), *later) if text["body"]]


class Texts:
    """The texts, read once."""

    def __init__(self, connection: Connection) -> None:
        self._texts = [dict(row) for row in connection.execute(sa.select(t.texts)).mappings()]

    def for_lead(self, use: TextUse, lead: Mapping[str, Any], day: date) -> Text | None:
        """The text that holds for a lead, or for a location or a service line, on a day; None where there is none.

        Parameters
        ----------
        lead : mapping
            What is known of `kind`, `need`, `location_id` and `service_line_id`.
        """
        wanted = {**dict.fromkeys(TEXT_KEYS), **{k: v for k, v in lead.items() if k in TEXT_KEYS}, "use": use}
        held = (text for text in rules.newest(self._texts, TEXT_KEYS, day) if text["body"])
        found = rules.best(held, wanted, TEXT_KEYS, day)
        return _text(found) if found else None


def on(connection: Connection, day: date) -> list[dict[str, Any]]:
    """The texts in force on a day, by use: each with its keys, `version`, `body` and `effective_from`."""
    found = [text for text in rules.in_force(connection, t.texts, TEXT_KEYS, day) if text["body"]]
    return sorted(found, key=lambda text: list(TextUse).index(TextUse(text["use"])))


def versions(connection: Connection, use: TextUse, **keys: Any) -> list[dict[str, Any]]:
    """Every version of a text, the newest first."""
    rule = {**dict.fromkeys(TEXT_KEYS), **keys, "use": use}
    query = sa.select(t.texts).where(*rules.same(t.texts, TEXT_KEYS, rule)).order_by(t.texts.c.version.desc())
    return [dict(row) for row in connection.execute(query).mappings()]


def by_id(connection: Connection, text_ids: set[int]) -> dict[int, Text]:
    """Some versions, whether they are in force or not."""
    query = sa.select(t.texts).where(t.texts.c.id.in_(text_ids))
    return {row["id"]: _text(dict(row)) for row in connection.execute(query).mappings()} if text_ids else {}


def promises_of_outcome(body: str) -> list[str]:
    """Words of a text that may promise an outcome, as they stand there; a text states facts and promises none."""
    return list(dict.fromkeys(found.group(0).lower() for found in _PROMISE.finditer(body)))


def _text(row: Mapping[str, Any]) -> Text:
    return Text(row["id"], TextUse(row["use"]), row["version"], row["body"], row["effective_from"])
