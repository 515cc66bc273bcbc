"""What the website's forms post: the sources that may, what came from them, and what was refused and is kept for a look."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import tables as t

MOST_A_MINUTE = 60
"""Posts that one source may send within a minute."""


@dataclass(frozen=True)
class WebSource:
    """A form that may post; `key_number` counts the renewals of its key."""

    id: int
    name: str
    key_number: int


def key_of(secret: str, source: WebSource) -> str:
    """The key with which a source signs, in hex: made from the deployment's secret, and kept nowhere."""
    return hmac.new(secret.encode(), f"web form {source.name} {source.key_number}".encode(), hashlib.sha256).hexdigest()


def signature(key: str, timestamp: str, idempotency_key: str, body: bytes) -> str:
    """What a post must be signed with, in hex: HMAC-SHA256 over its time, its idempotency key and its body."""
    said = timestamp.encode() + b"." + idempotency_key.encode() + b"." + body
    return hmac.new(key.encode(), said, hashlib.sha256).hexdigest()


def find(connection: Connection, name: str) -> WebSource | None:
    """An active source by its name."""
    c = t.web_sources.c
    row = connection.execute(sa.select(c.id, c.name, c.key_number).where(c.name == name, c.active)).one_or_none()
    return WebSource(*row) if row else None


def find_or_add(connection: Connection, name: str) -> WebSource:
    """The source of that name, added if there is none.

    Raises
    ------
    ValueError
        When the name is not of letters, digits and hyphens.
    """
    if not name.replace("-", "").isalnum() or not name.isascii() or len(name) > 40:
        raise ValueError(
            f"{name!r} cannot name a web form; use letters, digits and hyphens, for example clinician-form"
        )
    if found := find(connection, name):
        return found
    added = sa.insert(t.web_sources).values(name=name, key_number=1, active=True).returning(t.web_sources.c.id)
    return WebSource(int(connection.execute(added).scalar_one()), name, 1)


def renew_key(connection: Connection, source: WebSource) -> WebSource:
    """Give a source another key; what is signed with the old one is refused from now on."""
    number = source.key_number + 1
    connection.execute(sa.update(t.web_sources).where(t.web_sources.c.id == source.id).values(key_number=number))
    return WebSource(source.id, source.name, number)


def recent(connection: Connection, source: WebSource, now: datetime) -> int:
    """How many posts of a source came within the last minute."""
    c = t.web_posts.c
    query = sa.select(sa.func.count()).where(c.web_source_id == source.id, c.received_at > now - timedelta(minutes=1))
    return int(connection.scalar(query) or 0)


def in_turn(connection: Connection, source: WebSource) -> None:
    """Let the posts of one source be logged one after another, so that one sent twice at once finds the other."""
    connection.execute(
        sa.select(t.web_sources.c.id).where(t.web_sources.c.id == source.id).with_for_update(key_share=True)
    )


def accepted(connection: Connection, source: WebSource, idempotency_key: str) -> dict[str, Any] | None:
    """The post with this key that became an inquiry: `lead_id` and `body_digest`; None where there is none."""
    c = t.web_posts.c
    query = sa.select(c.lead_id, c.body_digest).where(
        c.web_source_id == source.id, c.idempotency_key == idempotency_key, c.lead_id.is_not(None)
    )
    row = connection.execute(query).mappings().first()
    return dict(row) if row else None


def keep(
    connection: Connection,
    source: WebSource,
    idempotency_key: str,
    body: bytes,
    now: datetime,
    *,
    lead_id: int | None = None,
    refused_because: str | None = None,
) -> None:
    """Note a post. One that became an inquiry leaves its digest; one that was refused is kept whole, for a look."""
    connection.execute(
        sa.insert(t.web_posts).values(
            web_source_id=source.id,
            received_at=now,
            idempotency_key=idempotency_key,
            body_digest=hashlib.sha256(body).hexdigest(),
            body=body.decode("utf-8", "replace").replace("\x00", "\ufffd") if refused_because else None,
            refused_because=refused_because,
            lead_id=lead_id,
        )
    )


def refused(connection: Connection) -> list[dict[str, Any]]:
    """Posts that were refused and that nobody has looked at, the oldest first; without what they said: `said_by`."""
    c, source = t.web_posts.c, t.web_sources.c
    query = (
        sa.select(c.id, c.received_at, source.name.label("source"), c.refused_because)
        .join(t.web_sources, source.id == c.web_source_id)
        .where(c.refused_because.is_not(None), c.looked_at.is_(None))
        .order_by(c.id)
        .limit(50)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def said_by(connection: Connection, post_id: int) -> str:
    """What a refused post said; empty once somebody was done with it."""
    return connection.scalar(sa.select(t.web_posts.c.body).where(t.web_posts.c.id == post_id)) or ""


def looked_at(connection: Connection, post_id: int, now: datetime, staff_id: int | None) -> None:
    """Somebody looked at a refused post and did what was to be done; its text is let go."""
    connection.execute(
        sa.update(t.web_posts)
        .where(t.web_posts.c.id == post_id, t.web_posts.c.looked_at.is_(None))
        .values(looked_at=now, staff_id=staff_id, body=None)
    )
