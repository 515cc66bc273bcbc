"""One row of a file to one lead with its history."""

import hashlib
from collections.abc import Callable
from collections.abc import Mapping as Dict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from data_access import events as happened
from data_access import partners, practice
from data_access import tables as t
from data_access.events import Event, Received
from data_access.importing import dates
from data_access.importing.dates import NotADate, Order, Written
from data_access.importing.mapping import NAMES, WORDS, Field, Mapping
from data_access.lead_rules import reference_problem
from data_access.leads import Draft
from data_access.promises import ResponseClock
from data_access.vocabulary import (
    CancelledBy,
    CloseReason,
    ContactMethod,
    Eligibility,
    Kind,
    NotEligibleReason,
    PartnerCategory,
    Precision,
    Role,
)

LONGEST_NAME = 200
Moment = tuple[datetime, Precision]

# In the order in which they follow each other where a day says no more.
_STEPS: dict[str, Callable[["_Row"], happened.Happening]] = {
    "attempted": lambda row: happened.Attempted(method=ContactMethod.EMAIL),
    "reached": lambda row: happened.Reached(method=ContactMethod.CALL),
    "eligible": lambda row: happened.EligibilityChecked(outcome=Eligibility.ELIGIBLE),
    "not_eligible": lambda row: happened.EligibilityChecked(
        outcome=Eligibility.NOT_ELIGIBLE, reason=NotEligibleReason(row.words.get("not_eligible_reason", "other"))
    ),
    "records_requested": lambda row: happened.RecordsRequested(),
    "records_received": lambda row: happened.RecordsReceived(),
    "contacted": lambda row: happened.Contacted(),
    "offered": lambda row: happened.Offered(),
    "booked": lambda row: happened.Booked(starts_on=row.starts_on, starts_at=row.starts_at),
    "attended": lambda row: happened.Attended(),
    "no_show": lambda row: happened.NoShow(),
    "cancelled": lambda row: happened.Cancelled(by=CancelledBy(row.words.get("cancelled_by", CancelledBy.PATIENT))),
    "closed": lambda row: happened.Closed(reason=CloseReason(row.words.get("close_reason", CloseReason.OTHER))),
}
_OF_STEPS = ("close_reason", "not_eligible_reason", "cancelled_by")
"""Words that belong to a step, and not to what was asked."""


class Rejected(ValueError):
    """A row cannot become a lead; the message says why."""


class _Row:
    """What one row says, before it is put together."""

    words: dict[str, str]
    starts_on: date | None = None
    starts_at: datetime | None = None


_PERSON = {"role": Role.FRONT_DESK, "active": False}
"""An owner who is not on the list of people yet: known by name, and not offered."""


def _plain(at: Moment) -> tuple[float, str]:
    return at[0].timestamp(), at[1].value


class RowReader:
    """Reads rows in one transaction; what the practice's lists do not have yet is added as it first appears."""

    def __init__(
        self, connection: Connection, mapping: Mapping, orders: Dict[str, Order | None], now: datetime, batch: int
    ) -> None:
        self._connection, self._mapping, self._orders = connection, mapping, orders
        self._now, self._batch = now, batch
        self._known: dict[tuple[str, str], int] = {}
        self._zones: dict[int, ZoneInfo] = {}
        self._clock: ResponseClock | None = None
        self._times_in = ZoneInfo(mapping.times_in) if mapping.times_in else None
        fields = mapping.fields
        self._words = [(name, fields[name]) for name in WORDS if name in fields]
        self._steps = [(name, make, fields[name]) for name, make in _STEPS.items() if name in fields]
        self._appointment = fields.get("appointment")
        self.added: dict[str, list[int]] = {name: [] for name in NAMES}

    @property
    def clock(self) -> ResponseClock:
        """The promises and hours of the locations that are known by now."""
        if self._clock is None:
            self._clock = ResponseClock(self._connection)
        return self._clock

    def draft(self, values: Dict[str, str]) -> Draft:
        """The lead that a row describes.

        Raises
        ------
        Rejected
            When a value is not known, a date is none, or something is missing that every lead needs.
        """
        row = _Row()
        row.words = {name: word for name, field in self._words if (word := self._word(name, field, values)) is not None}
        received = self._received_at(values)
        for needed in ("kind", "pathway", "channel"):
            if needed not in row.words:
                raise Rejected(f"{needed} is empty")
        key, reference = self._key(values), self._reference(values)
        written = [
            (name, make, field, told)
            for name, make, field in self._steps
            if (told := self._written(field, values)) is not None
        ]
        appointment = self._written(self._appointment, values) if self._appointment else None
        if appointment and not any(name == "booked" for name, *_ in written):
            raise Rejected("there is an appointment, and no day on which it was booked")
        location = self._name("location", values)  # from here on, the practice's lists may grow
        if location is None:
            raise Rejected("location is empty")
        zone = self._zone(location)
        came = self._moment_of(received, self._mapping.fields["received"], zone)
        asked = self._received(row, values, location, reference)
        if appointment and self._appointment:
            at, precision = self._moment_of(appointment, self._appointment, zone)
            row.starts_on = at.astimezone(zone).date()
            row.starts_at = at if precision == Precision.MINUTE else None
        steps = [(name, make, self._moment_of(told, field, zone)) for name, make, field, told in written]
        said = (
            row.words, location, asked.partner_id, asked.service_line_id, asked.source_id, asked.campaign_id, asked.owner_id,
            reference, *_plain(came), str(row.starts_on), row.starts_at and row.starts_at.timestamp(),
            [(name, *_plain(at)) for name, _, at in steps],
        )  # fmt: skip
        then = [
            Event(
                self.clock.measured(make(row), location, came, at),
                at[0],
                self._now,
                at[1],
                id=number,
                batch_id=self._batch,
            )
            for number, (_, make, at) in enumerate(steps, start=1)
        ]
        return Draft(
            self.clock.stamped(asked, *came),
            came[0],
            came[1],
            self._now,
            then,
            source_system=self._mapping.source_system,
            source_key=key,
            source_digest=hashlib.sha256(repr(said).encode()).hexdigest(),
            batch_id=self._batch,
        )

    def _key(self, values: Dict[str, str]) -> str | None:
        if "id" not in self._mapping.fields:
            return None
        key = self._mapping.fields["id"].text(values)
        if not key:
            raise Rejected("the id is empty")
        if len(key) > LONGEST_NAME:
            raise Rejected(f"the id is longer than {LONGEST_NAME} characters")
        return key

    def _reference(self, values: Dict[str, str]) -> str | None:
        reference = self._text("reference", values)
        if reference and (problem := reference_problem(reference)):
            raise Rejected(f"the reference cannot be kept. {problem}")
        return reference

    def _received(self, row: _Row, values: Dict[str, str], location: int, reference: str | None) -> Received:
        words: dict[str, Any] = {name: WORDS[name](word) for name, word in row.words.items() if name not in _OF_STEPS}
        kind, partner = Kind(words.pop("kind")), self._name("partner", values)
        if kind in (Kind.PARTNER_REQUEST, Kind.WARM_INTRO) and partner is None:
            raise Rejected(f"a {kind.replace('_', ' ')} needs a partner")
        if kind == Kind.INFORMATION and "topic" not in words:
            raise Rejected("an information request needs a topic")
        return Received(
            lead_kind=kind,
            location_id=location,
            partner_id=partner,
            service_line_id=self._name("service_line", values),
            source_id=self._name("source", values),
            campaign_id=self._name("campaign", values),
            owner_id=self._name("owner", values),
            reference=reference if kind != Kind.PARTNER_REQUEST else None,
            **words,
        )

    # ---------------------------------------------------------------- words and names

    def _text(self, name: str, values: Dict[str, str]) -> str | None:
        return self._mapping.fields[name].text(values) if name in self._mapping.fields else None

    def _word(self, name: str, field: Field, values: Dict[str, str]) -> str | None:
        text = field.text(values)
        if text is not None and text not in WORDS[name]._value2member_map_:
            known = ", ".join(WORDS[name])
            raise Rejected(f"{name} {text!r} is not known; map it to one of {known} under fields.{name}.values")
        return text

    def _name(self, name: str, values: Dict[str, str]) -> int | None:
        text = " ".join((self._text(name, values) or "").split())
        if not text:
            return None
        if (name, text) not in self._known:
            if len(text) > LONGEST_NAME:
                raise Rejected(f"the {name.replace('_', ' ')} is longer than {LONGEST_NAME} characters")
            self._known[name, text] = self._find_or_add(name, text)
        return self._known[name, text]

    def _find_or_add(self, name: str, text: str) -> int:
        c, table = self._connection, t.LISTS[name]
        found = partners.find(c, text) if name == "partner" else practice.find(c, table, text)
        if found:
            return found
        if name == "partner":
            made = partners.find_or_add(c, text, PartnerCategory.OTHER)
        else:
            more: dict[str, dict[str, Any]] = {"location": {"zone": self._mapping.zone}, "owner": _PERSON}
            made = practice.add(c, table, name=text, **more.get(name, {}))
        if name == "location":
            self._clock = None  # it has not heard of this one
        self.added[name].append(made)
        return made

    def _zone(self, location: int) -> ZoneInfo:
        if location not in self._zones:
            self._zones[location] = self.clock.zone(location)
        return self._zones[location]

    # ---------------------------------------------------------------- moments

    def _received_at(self, values: Dict[str, str]) -> Written:
        received = self._written(self._mapping.fields["received"], values)
        if received is None:
            told = [value for column in self._mapping.columns if (value := values.get(column))]
            footer = " and little else is there: a total, or a footer?" if len(told) <= 1 else ""
            raise Rejected(f"the moment of receipt is empty{footer}")
        return received

    def _written(self, field: Field, values: Dict[str, str]) -> Written | None:
        """What a field says of a moment: the earliest of what its columns say."""
        if not field.applies(values):
            return None
        found: list[Written] = []
        if field.parts and (told := self._of_parts(field, values)):
            found.append(told)
        for column in field.columns:
            if value := field.said(values, column):
                try:
                    found.append(dates.read(value, self._orders[column]))
                except NotADate as error:
                    raise Rejected(f"{column}: {error}") from None
        if not found:
            return None
        written = found[0] if len(found) == 1 else min(found, key=dates.place)
        if field.time and (clock := field.said(values, field.time)):
            try:
                written = Written(written.on, dates.read_time(clock), written.offset)
            except NotADate as error:
                raise Rejected(f"{field.time}: {error}") from None
        if field.minus_days:
            written = Written(written.on - self._days(field.minus_days, values), written.at, written.offset)
        return written

    def _of_parts(self, field: Field, values: Dict[str, str]) -> Written | None:
        year, month, day = (field.said(values, column) for column in field.parts)
        if not (year or month or day):
            return None
        try:
            return dates.read(date(int(year), dates.month_of(month), int(day)).isoformat(), None)
        except ValueError:
            raise Rejected(f"{', '.join(field.parts)}: {year!r}, {month!r}, {day!r} is not a date") from None

    def _days(self, column: str, values: Dict[str, str]) -> timedelta:
        text = values.get(column, "")
        try:
            return timedelta(days=int(text))
        except (ValueError, OverflowError):
            raise Rejected(f"{column}: {text!r} is not a number of days") from None

    def _moment_of(self, written: Written, field: Field, zone: ZoneInfo) -> Moment:
        own = zone if written.at is None or field.day_only else self._times_in or zone
        return dates.moment(written, own, day_only=field.day_only, ignore_offset=bool(field.ignore_offset))
