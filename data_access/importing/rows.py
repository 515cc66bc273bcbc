"""One row of a file to one lead with its history."""

import hashlib
from collections.abc import Mapping as Dict
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import events as happened
from data_access import partners, practice
from data_access import tables as t
from data_access.events import Event, Received
from data_access.importing import dates
from data_access.importing.dates import NotADate, Order
from data_access.importing.mapping import WORDS, Field, Mapping
from data_access.lead_rules import reference_problem
from data_access.leads import Draft
from data_access.promises import ResponseClock
from data_access.vocabulary import (
    CancelledBy,
    CloseReason,
    ContactMethod,
    Eligibility,
    Kind,
    PartnerCategory,
    Precision,
)

Moment = tuple[datetime, Precision]

# In the order in which they follow each other where a day says no more.
_STEPS: dict[str, Any] = {
    "attempted": lambda row: happened.Attempted(method=ContactMethod.EMAIL),
    "reached": lambda row: happened.Reached(method=ContactMethod.CALL),
    "eligible": lambda row: happened.EligibilityChecked(outcome=Eligibility.ELIGIBLE),
    "records_received": lambda row: happened.RecordsReceived(),
    "booked": lambda row: happened.Booked(starts_on=row.starts_on, starts_at=row.starts_at),
    "attended": lambda row: happened.Attended(),
    "no_show": lambda row: happened.NoShow(),
    "cancelled": lambda row: happened.Cancelled(by=CancelledBy.PATIENT),
    "closed": lambda row: happened.Closed(reason=CloseReason(row.words.get("close_reason", CloseReason.OTHER))),
}


class Rejected(ValueError):
    """A row cannot become a lead; the message says why."""


class _Row:
    """What one row says, before it is put together."""

    words: dict[str, str]
    starts_on: date | None = None
    starts_at: datetime | None = None


_LISTS = {"service_line": t.service_lines, "source": t.sources, "campaign": t.campaigns}


class RowReader:
    """Reads rows in one transaction; what the practice's lists do not have yet is added as it first appears."""

    def __init__(
        self, connection: Connection, mapping: Mapping, orders: Dict[str, Order | None], now: datetime
    ) -> None:
        self._connection, self._mapping, self._orders, self._now = connection, mapping, orders, now
        self._known: dict[tuple[str, str], int] = {}
        self._zones: dict[int, ZoneInfo] = {}
        self._clock: ResponseClock | None = None

    def draft(self, values: Dict[str, str]) -> Draft:
        """The lead that a row describes.

        Raises
        ------
        Rejected
            When a value is not known, a date is none, or something is missing that every lead needs.
        """
        row = _Row()
        row.words = {name: word for name in WORDS if (word := self._word(name, values)) is not None}
        for needed in ("kind", "pathway", "channel"):
            if needed not in row.words:
                raise Rejected(f"{needed} is empty")
        location = self._name("location", values)
        if location is None:
            raise Rejected("location is empty")
        zone = self._zone(location)
        received = self._moment("received", values, zone)
        if received is None:
            raise Rejected("the moment of receipt is empty")
        if appointment := self._moment("appointment", values, zone):
            row.starts_on = appointment[0].astimezone(zone).date()
            row.starts_at = appointment[0] if appointment[1] == Precision.MINUTE else None
        asked = self._received(row, values, location)
        steps = [
            (make(row), at) for name, make in _STEPS.items() if (at := self._moment(name, values, zone)) is not None
        ]
        said = repr((asked, received, steps))
        then = [
            Event(self._promises().measured(what, location, received, at), at[0], self._now, at[1], id=number)
            for number, (what, at) in enumerate(steps, start=1)
        ]
        key = self._mapping.fields["id"].text(values) if "id" in self._mapping.fields else None
        if "id" in self._mapping.fields and not key:
            raise Rejected("the id is empty")
        return Draft(
            self._promises().stamped(asked, *received),
            received[0],
            received[1],
            self._now,
            then,
            source_system=self._mapping.source_system,
            source_key=key,
            source_digest=hashlib.sha256(said.encode()).hexdigest(),
        )

    def _received(self, row: _Row, values: Dict[str, str], location: int) -> Received:
        words = {name: WORDS[name](word) for name, word in row.words.items() if name != "close_reason"}
        kind, partner = words.pop("kind"), self._name("partner", values)
        if kind in (Kind.PARTNER_REQUEST, Kind.WARM_INTRO) and partner is None:
            raise Rejected(f"a {kind.replace('_', ' ')} needs a partner")
        if kind == Kind.INFORMATION and "topic" not in words:
            raise Rejected("an information request needs a topic")
        reference = self._text("reference", values)
        if reference and (problem := reference_problem(reference)):
            raise Rejected(f"the reference cannot be kept. {problem}")
        fields: dict[str, Any] = words
        return Received(
            lead_kind=Kind(kind),
            location_id=location,
            partner_id=partner,
            service_line_id=self._name("service_line", values),
            source_id=self._name("source", values),
            campaign_id=self._name("campaign", values),
            reference=reference if kind != Kind.PARTNER_REQUEST else None,
            **fields,
        )

    def _promises(self) -> ResponseClock:
        if self._clock is None:
            self._clock = ResponseClock(self._connection)
        return self._clock

    def _text(self, name: str, values: Dict[str, str]) -> str | None:
        return self._mapping.fields[name].text(values) if name in self._mapping.fields else None

    def _word(self, name: str, values: Dict[str, str]) -> str | None:
        text = self._text(name, values)
        if text is not None and text not in list(WORDS[name]):
            known = ", ".join(WORDS[name])
            raise Rejected(f"{name} {text!r} is not known; map it to one of {known} under fields.{name}.values")
        return text

    def _name(self, name: str, values: Dict[str, str]) -> int | None:
        text = self._text(name, values)
        if text is None or not text.strip():
            return None
        if (name, text) not in self._known:
            self._known[name, text] = self._find_or_add(name, text)
        return self._known[name, text]

    def _find_or_add(self, name: str, text: str) -> int:
        if name == "partner":
            return partners.find_or_add(self._connection, text, PartnerCategory.OTHER)
        if name == "location":
            self._clock = None  # it has not heard of this location
            return practice.find_or_add(self._connection, t.locations, text, zone=self._mapping.zone)
        return practice.find_or_add(self._connection, _LISTS[name], text)

    def _zone(self, location: int) -> ZoneInfo:
        if location not in self._zones:
            zone = self._connection.scalar(sa.select(t.locations.c.zone).where(t.locations.c.id == location))
            self._zones[location] = ZoneInfo(str(zone))
        return self._zones[location]

    def _moment(self, name: str, values: Dict[str, str], zone: ZoneInfo) -> Moment | None:
        field: Field | None = self._mapping.fields.get(name)
        if field is None or not field.applies(values):
            return None
        found = []
        for column in field.columns:
            if value := values.get(column, ""):
                try:
                    written = dates.read(value, self._orders[column])
                except NotADate as error:
                    raise Rejected(f"{column}: {error}") from None
                found.append(dates.moment(written, zone, day_only=field.day_only, ignore_offset=field.ignore_offset))
        return min(found) if found else None
