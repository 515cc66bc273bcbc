"""The audit log: who saw, changed or exported what, when, and from where. Lines are appended and never changed.

Each line carries a digest of itself and of the digest of the line before it, so a line that is changed, left out or put in
between breaks the chain. Whoever can rewrite the whole log could make the chain anew; against that, the number and digest
of the last line are noted elsewhere now and then (`handoff audit --verify` prints them), and given back as the anchor.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from data_access import tables as t
from data_access.vocabulary import AuditKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAGE = 5_000


@dataclass(frozen=True)
class Head:
    """The last line of the log: its number (0: there is none) and its digest."""

    number: int
    digest: str


class Tampered(ValueError):
    """The log is not what was once written."""


def note(
    connection: Connection,
    kind: AuditKind,
    about: str,
    *,
    now: datetime,
    staff_id: int | None = None,
    lead_id: int | None = None,
    address: str | None = None,
) -> None:
    """Append a line. `about`: what, in words, without anybody's identity but that of staff."""
    c = t.audit_head.c
    last = connection.execute(sa.select(c.number, c.digest).with_for_update()).one()
    line = {
        "number": last.number + 1, "at": now, "kind": str(kind), "staff_id": staff_id, "lead_id": lead_id,
        "about": about, "address": address,
    }  # fmt: skip
    digest = _digest(line, last.digest)
    connection.execute(sa.insert(t.audit_lines).values(**line, digest=digest))
    connection.execute(sa.update(t.audit_head).values(number=line["number"], digest=digest))


def lines(
    connection: Connection,
    *,
    limit: int,
    lead_id: int | None = None,
    staff_id: int | None = None,
    kind: AuditKind | None = None,
) -> list[dict[str, Any]]:
    """The newest lines with the names of staff, the newest first; of one lead, one person or one kind where given."""
    c = t.audit_lines.c
    query = sa.select(t.audit_lines, t.staff.c.name.label("who")).outerjoin(t.staff, t.staff.c.id == c.staff_id)
    for column, wanted in ((c.lead_id, lead_id), (c.staff_id, staff_id), (c.kind, kind)):
        query = query.where(column == wanted) if wanted is not None else query
    return [dict(row) for row in connection.execute(query.order_by(c.number.desc()).limit(limit)).mappings()]


def verify(connection: Connection, anchor: Head | None = None) -> Head:
    """Follow the chain from its first line to its last.

    Parameters
    ----------
    anchor : Head, optional
        A last line as it was noted elsewhere: the log must still hold it.

    Raises
    ------
    Tampered
        When a line was changed, is missing or was put in, or the anchor is not there; the message names the first such line.
    """
    number, digest, held = 0, "", anchor is None or anchor.number == 0
    for row in _all(connection):
        if row.number != number + 1:
            raise Tampered(f"line {number + 1} of the audit log is missing")
        digest = _digest(row._asdict(), digest)
        if digest != row.digest:
            raise Tampered(f"line {row.number} of the audit log was changed, or the one before it")
        number = row.number
        held = held or (anchor is not None and (number, digest) == (anchor.number, anchor.digest))
    last = connection.execute(sa.select(t.audit_head.c.number, t.audit_head.c.digest)).one()
    if (last.number, last.digest) != (number, digest):
        raise Tampered(f"the audit log ends at line {number}, and its last one was {last.number}")
    if anchor and not held:
        raise Tampered(f"line {anchor.number} of the audit log is not the one that was noted")
    return Head(number, digest)


def _all(connection: Connection) -> Iterator[Row[Any]]:
    last = 0
    while rows := connection.execute(
        sa.select(t.audit_lines).where(t.audit_lines.c.number > last).order_by(t.audit_lines.c.number).limit(_PAGE)
    ).all():
        yield from rows
        last = rows[-1].number


def _digest(line: dict[str, Any], before: str) -> str:
    """SHA-256 of a line's fields and of the digest before it."""
    moment = (line["at"] - _EPOCH) // timedelta(microseconds=1)
    names = ("number", "kind", "staff_id", "lead_id", "about", "address")
    plain = json.dumps([before, moment, *(line[name] for name in names)], ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()
