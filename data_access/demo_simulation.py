"""How a demo practice's leads arrive and fare: each is simulated by the practice's own staffed hours, step by step."""

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Connection

from data_access import events as happened
from data_access import leads, partners, practice, promises
from data_access import tables as t
from data_access.demo_profiles import Profile
from data_access.events import Event, Happening, Received
from data_access.leads import Draft
from data_access.promises import ResponseClock
from data_access.vocabulary import (
    Asker,
    CancelledBy,
    Channel,
    Check,
    CloseReason,
    ContactMethod,
    Eligibility,
    Kind,
    NotEligibleReason,
    PartnerCategory,
    Pathway,
    Precision,
    Priority,
    RecordItem,
    Role,
    TargetMetric,
)

DAYS = 548
LEADS = 6_000

_PLACES = ("Lakeside", "Harbor", "Maple Street", "Riverbend", "Hillcrest", "Old Mill", "Northfield", "Stonebridge",
           "Fairview", "Brookside", "Westgate", "Summit", "Orchard", "Pinewood", "Elm Grove", "Canal Street", "Juniper",
           "Meadow", "Eastport", "Granite")  # fmt: skip
_TITLES = {
    PartnerCategory.PRIMARY_CARE: ("Family Medicine", "Primary Care"),
    PartnerCategory.SPECIALIST: ("Orthopedics", "Neurology"),
    PartnerCategory.THERAPIST: ("Counseling", "Physical Therapy"),
    PartnerCategory.HOSPITAL: ("Hospital", "Medical Center"),
    PartnerCategory.CARE_COORDINATOR: ("Care Coordination", "Community Health"),
    PartnerCategory.OTHER: ("School Health", "Employer Clinic"),
}


@dataclass(frozen=True)
class _Partner:
    id: int
    category: PartnerCategory
    weight: float
    fit: float  # added to the log odds of every step: some partners' referrals truly turn out better
    first: date
    last: date


class Simulation:
    """One practice: its lists, written on construction, and the leads that arrive at it."""

    def __init__(self, connection: Connection, profile: Profile, name: str, until: datetime) -> None:
        self.profile, self.until = profile, until
        self.random = np.random.default_rng(zlib.crc32(name.encode()))
        self.today = until.astimezone(ZoneInfo(profile.zone)).date()
        self.first = self.today - timedelta(days=DAYS)
        self._found(connection)
        self._arrivals = self._arrive()
        self.size = len(self._arrivals)
        self._clock = ResponseClock(connection)
        self._connection = connection

    def _found(self, c: Connection) -> None:
        profile, since = self.profile, date(2020, 1, 1)
        practice.found(c, profile.title, profile.zone, demo_until=self.today)
        self.places = [
            practice.add_location(
                c, place.name, place.zone, place.hours,
                address=f"{100 + 20 * i} Example Avenue", phone=f"(555) 010-{1000 + i}",
                details_verified_on=self.today - timedelta(days=40 + 300 * (i == 1)),
            )
            for i, place in enumerate(profile.places)
        ]  # fmt: skip
        for day, label in _holidays(self.first.year, self.today.year + 1):
            practice.add(c, t.closures, closed_on=day, from_minute=0, until_minute=1440, label=label)
        self.gap = (self.today - timedelta(days=130), self.today - timedelta(days=95))
        practice.add(
            c, t.closures, location_id=self.places[0], closed_on=self.today - timedelta(days=200), from_minute=720,
            until_minute=1440, label="Staff training",
        )  # fmt: skip
        saturday = self.today - timedelta(days=(self.today.weekday() - 5) % 7 + 63)
        practice.add(
            c,
            t.openings,
            location_id=self.places[-1],
            open_on=saturday,
            opens_minute=540,
            closes_minute=780,
            label="Extra Saturday",
        )
        self.lines = [
            practice.add(c, t.service_lines, name=line, appropriate_for=f"New patients for {line.lower()}.")
            for line in profile.service_lines
        ]
        self.sources = [
            practice.add(c, t.sources, name=source)
            for source in ("Referral partner", "Existing patient", "Website", "Search", "Event")
        ]
        self.owners = [
            practice.add_staff(c, title, role)
            for title, role in (
                ("Intake desk", Role.INTAKE_COORDINATOR),
                ("Scheduling desk", Role.SCHEDULING_LEAD),
                ("Front desk", Role.FRONT_DESK),
            )
        ]
        practice.add_staff(c, "Clinical review", Role.CLINICAL_REVIEW)
        self.manager = practice.add_staff(c, "Practice manager", Role.MANAGER)
        promises.set_window(c, 360, effective_from=since)
        for channel, minutes in profile.windows.items():
            promises.set_window(c, minutes, effective_from=since, channel=channel)
            promises.set_window(c, 60, effective_from=since, channel=channel, priority=Priority.URGENT)
        if not profile.windows:
            promises.set_window(c, 90, effective_from=since, priority=Priority.URGENT)
        promises.set_target(c, TargetMetric.RESPONSE_IN_TIME, 0.85, effective_from=since)
        practice.set_checklist(
            c, {item: item != RecordItem.IMAGING_OR_LABS for item in RecordItem}, effective_from=since
        )
        self.partners = list(self._partners(c))

    def _partners(self, c: Connection) -> Iterator[_Partner]:
        taken: set[str] = set()
        for number in range(self.profile.partners):
            category = self._one_of(self.profile.categories)
            while (name := f"{self._any(_PLACES)} {self._any(_TITLES[category])}") in taken:
                pass
            taken.add(name)
            joined = self.first + timedelta(days=int(self.random.integers(0, 480))) if number % 9 == 4 else self.first
            left = self.today - timedelta(days=int(self.random.integers(60, 200))) if number % 11 == 7 else self.today
            weight = 1 / (number + 2) ** 1.35
            yield _Partner(
                partners.find_or_add(c, name, category),
                category,
                weight,
                float(self.random.normal(0, 0.55)),
                joined,
                left,
            )

    def _arrive(self) -> list[datetime]:
        """Arrival moments: busy Mondays and mornings, quiet weekends, a summer dip, slow growth."""
        days = np.arange(DAYS)
        on = [self.first + timedelta(days=int(d)) for d in days]
        weekday = np.array([1.25, 1.12, 1.05, 1.0, 0.85, 0.22, 0.12])[[d.weekday() for d in on]]
        season = 1 + 0.16 * np.cos((np.array([d.timetuple().tm_yday for d in on]) - 45) / 365 * 2 * np.pi)
        weight = weekday * season * (1 + 0.25 * days / DAYS)
        counts = self.random.poisson(weight / weight.sum() * LEADS)
        hours = np.array([0.2] * 6 + [0.5, 1.2, 3.5, 6, 7, 6.5, 4, 5, 6, 5.5, 4.5, 3, 1.8, 1.4, 1.2, 0.9, 0.5, 0.3])
        zone, moments = ZoneInfo(self.profile.zone), []
        for day, count in zip(on, counts, strict=True):
            for hour in self.random.choice(24, size=count, p=hours / hours.sum()):
                minute, second = (int(x) for x in self.random.integers(0, 60, 2))
                moments.append(datetime.combine(day, time(int(hour), minute, second), tzinfo=zone).astimezone(UTC))
        return sorted(m for m in moments if m < self.until)

    def drafts(self) -> Iterator[Draft]:
        """Every lead with its history up to `until`; promises are stamped when they are saved."""
        for number, received_at in enumerate(self._arrivals):
            yield Draft(self._asked(number, received_at), received_at, Precision.MINUTE, received_at)

    def promised(self, connection: Connection, clock: ResponseClock, draft: Draft) -> Draft:
        """The draft with its promise and with what happens next."""
        draft.received = leads.promised(connection, clock, draft.received, draft.received_at, draft.precision)
        history = self._live(clock, draft.received, draft.received_at)
        standing = [(at, what) for at, what in history if at <= self.until]
        draft.then = [Event(what, at, at, id=number) for number, (at, what) in enumerate(standing, start=1)]
        return draft

    def _asked(self, number: int, received_at: datetime) -> Received:
        day, profile = received_at.date(), self.profile
        kind = self._one_of(profile.kinds)
        clinician = self._chance(profile.clinician_share)
        known = [p for p in self.partners if p.first <= day <= p.last]
        partner = None
        if kind in (Kind.WARM_INTRO, Kind.PARTNER_REQUEST) or self._chance(0.97 if clinician else 0.25):
            weights = np.array([p.weight for p in known])
            partner = known[int(self.random.choice(len(known), p=weights / weights.sum()))]
        channel = self._one_of(profile.channels)
        if not clinician and channel == Channel.FAX:
            channel = Channel.PHONE
        line = int(self.random.choice(len(self.lines), p=list(profile.service_lines.values())))
        place = int(self.random.choice(len(self.places), p=[p.share for p in profile.places]))
        asks_as = Asker.CLINICIAN if clinician else Asker.CAREGIVER if self._chance(0.2) else Asker.PATIENT
        source = 0 if partner else 1 + int(self.random.choice(4, p=[0.3, 0.35, 0.28, 0.07]))
        return Received(
            lead_kind=kind,
            pathway=Pathway.CLINICIAN if clinician else Pathway.PATIENT,
            channel=channel,
            location_id=self.places[place],
            asker=asks_as,
            priority=self._one_of({Priority.ROUTINE: 0.82, Priority.SOON: 0.13, Priority.URGENT: 0.05}),
            partner_id=partner.id if partner else None,
            partner_category=partner.category if partner else None,
            service_line_id=self.lines[line],
            source_id=self.sources[source],
            topic=self._one_of(profile.topics) if kind == Kind.INFORMATION or self._chance(0.35) else None,
            owner_id=self.owners[0] if self._chance(0.7) else self.owners[2] if self._chance(0.85) else None,
            reference=None if kind == Kind.PARTNER_REQUEST else f"D-{10_000 + number}",
            answered_live=channel in (Channel.PHONE, Channel.WALK_IN) and self._chance(0.38),
        )

    def _live(
        self, clock: ResponseClock, asked: Received, received_at: datetime
    ) -> Iterator[tuple[datetime, Happening]]:
        """What happens to one lead, step by step, until it ends. Each step may be the last."""
        profile, fit = self.profile, next((p.fit for p in self.partners if p.id == asked.partner_id), 0.0)
        now = received_at
        if self._chance(0.012):
            yield (
                now + self._days(0.2),
                happened.Closed(reason=CloseReason.SPAM if self._chance(0.6) else CloseReason.DUPLICATE),
            )
            return
        if not asked.answered_live:
            answer = self._answer(clock, asked, received_at)
            if answer is None:
                return  # dropped: nobody ever answered
            yield answer
            now = answer[0]
            if isinstance(answer[1], happened.Attempted):
                if self._chance(0.09):
                    yield now + self._days(9), happened.Closed(reason=CloseReason.UNREACHABLE)
                    return
                now += self._days(0.8)
                yield now, self._contact(clock, asked, received_at, now, happened.Reached)
        if asked.lead_kind in (Kind.INFORMATION, Kind.PARTNER_REQUEST):
            yield now + self._days(0.1), happened.Closed(reason=CloseReason.ANSWERED)
            return
        yield from self._to_visit(asked, now + self._days(0.4), fit, profile)

    def _answer(
        self, clock: ResponseClock, asked: Received, received_at: datetime
    ) -> tuple[datetime, Happening] | None:
        place = self.places.index(asked.location_id)
        short_staffed = place == 0 and self.gap[0] <= received_at.date() < self.gap[1]
        if self._chance(0.16 if short_staffed else 0.025):
            return None
        slow = (
            (3.4 if short_staffed else 1.0)
            * (1.0, 1.3, 0.8, 1.15)[place]
            * (0.35 if asked.priority == Priority.URGENT else 1.0)
        )
        slow *= {Channel.PHONE: 0.6, Channel.WEB_FORM: 0.9, Channel.FAX: 1.7, Channel.EMAIL: 1.2}.get(
            asked.channel, 1.0
        )
        seconds = int(3600 * self._skewed(self.profile.answer_hours * slow, 0.95))
        at = clock.after(asked.location_id, received_at, seconds)
        if at is None:
            return None
        at = max(at, received_at + timedelta(minutes=1))
        what = happened.Reached if self._chance(0.55) else happened.Attempted
        return at, self._contact(clock, asked, received_at, at, what)

    def _contact(
        self, clock: ResponseClock, asked: Received, received_at: datetime, at: datetime, what: Any
    ) -> Happening:
        by = ContactMethod.VOICEMAIL if what is happened.Attempted and self._chance(0.6) else ContactMethod.CALL
        seconds = clock.staffed_seconds(asked.location_id, received_at, at)
        contact: Happening = what(method=ContactMethod.EMAIL if self._chance(0.25) else by, staffed_seconds=seconds)
        return contact

    def _to_visit(
        self, asked: Received, now: datetime, fit: float, profile: Profile
    ) -> Iterator[tuple[datetime, Happening]]:
        if not self._chance(0.06):  # booked on the phone without a check: a skipped stage
            if not self._passes(0.9, fit):
                yield now, happened.EligibilityChecked(
                    outcome=Eligibility.NOT_ELIGIBLE, service_fit=Check.NOT_OK,
                    reason=self._one_of({NotEligibleReason.SERVICE_NOT_OFFERED: 0.5, NotEligibleReason.COVERAGE: 0.3,
                                         NotEligibleReason.DEMOGRAPHICS: 0.2}),
                )  # fmt: skip
                yield now + self._days(0.5), happened.Closed(reason=CloseReason.NOT_ELIGIBLE)
                return
            yield (
                now,
                happened.EligibilityChecked(
                    outcome=Eligibility.ELIGIBLE, service_fit=Check.OK, demographics=Check.OK, scheduling_needs=Check.OK
                ),
            )
        if asked.required_records:
            if not self._chance(0.35 + 0.1 * fit):
                yield now + self._days(0.3), happened.RecordsRequested()
                now += self._days(profile.records_days)
                if not self._passes(0.93, fit):
                    yield now + self._days(18), happened.Closed(reason=CloseReason.RECORDS_MISSING)
                    return
            yield now, happened.RecordsReceived()
            now += self._days(0.6)
        yield now, happened.Contacted()
        now += self._days(0.7)
        yield now, happened.Offered()
        if not self._passes(0.86, fit):
            gone = {
                CloseReason.WITHDRAWN: 0.35,
                CloseReason.WENT_ELSEWHERE: 0.35,
                CloseReason.UNREACHABLE: 0.2,
                CloseReason.NO_CAPACITY: 0.1,
            }
            if not self._chance(0.3):  # the others stay open: nobody has closed them
                yield now + self._days(12), happened.Closed(reason=self._one_of(gone))
            return
        now += self._days(2.2)
        starts = self._start(now + self._days(profile.wait_days, spread=0.6))
        yield (
            now,
            happened.Booked(starts_at=starts, starts_on=self._local(asked, starts), preparation_sent=self._chance(0.8)),
        )
        yield from self._visits(asked, now, starts, fit)

    def _visits(
        self, asked: Received, now: datetime, starts: datetime, fit: float
    ) -> Iterator[tuple[datetime, Happening]]:
        for _ in range(3):
            if self._chance(0.1):
                now = now + (starts - now) * 0.7
                if self._chance(0.3):
                    yield now, happened.Cancelled(by=CancelledBy.PATIENT if self._chance(0.8) else CancelledBy.PRACTICE)
                    if self._chance(0.7):
                        yield now + self._days(3), happened.Closed(reason=CloseReason.WITHDRAWN)
                    return
                moved = self._start(starts + self._days(9))
                yield (
                    now,
                    happened.Rescheduled(by=CancelledBy.PATIENT, starts_at=moved, starts_on=self._local(asked, moved)),
                )
                starts = moved
                continue
            if self._chance(0.02):
                return  # the outcome was never recorded
            if self._passes(self.profile.show, 0.5 * fit):
                yield starts + timedelta(minutes=5), happened.Attended()
                return
            now = starts + timedelta(minutes=30)
            yield now, happened.NoShow()
            if not self._chance(0.55):
                yield now + self._days(10), happened.Closed(reason=CloseReason.UNREACHABLE)
                return
            now += self._days(2)
            starts = self._start(now + self._days(10))
            yield (
                now,
                happened.Rescheduled(by=CancelledBy.PATIENT, starts_at=starts, starts_on=self._local(asked, starts)),
            )

    # ---- chance

    def _chance(self, p: float) -> bool:
        return bool(self.random.random() < p)

    def _passes(self, p: float, fit: float) -> bool:
        odds = math.log(p / (1 - p)) + fit
        return self._chance(1 / (1 + math.exp(-odds)))

    def _one_of(self, shares: dict[Any, float]) -> Any:
        options, weights = list(shares), np.array(list(shares.values()))
        return options[int(self.random.choice(len(options), p=weights / weights.sum()))]

    def _any(self, options: Sequence[str]) -> str:
        return options[int(self.random.integers(0, len(options)))]

    def _skewed(self, median: float, spread: float) -> float:
        return float(median * math.exp(self.random.normal(0, spread)))

    def _days(self, median: float, spread: float = 0.7) -> timedelta:
        return timedelta(seconds=round(86_400 * self._skewed(median, spread)))

    def _start(self, around: datetime) -> datetime:
        """An appointment near a moment: a weekday, on a half hour between nine and half past four."""
        local = around.astimezone(ZoneInfo(self.profile.zone))
        day = local.date() + timedelta(days=max(0, 7 - local.isoweekday() + 1) if local.isoweekday() > 5 else 0)
        half_hours = int(self.random.integers(18, 34))
        return datetime.combine(day, time(half_hours // 2, 30 * (half_hours % 2)), tzinfo=local.tzinfo).astimezone(UTC)

    def _local(self, asked: Received, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.profile.places[self.places.index(asked.location_id)].zone)).date()


def _holidays(first_year: int, last_year: int) -> Iterator[tuple[date, str]]:
    def nth(year: int, month: int, weekday: int, n: int) -> date:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))

    for year in range(first_year, last_year + 1):
        yield date(year, 1, 1), "New Year's Day"
        yield nth(year, 6, 0, 1) - timedelta(days=7), "Memorial Day"
        yield date(year, 7, 4), "Independence Day"
        yield nth(year, 9, 0, 1), "Labor Day"
        yield nth(year, 11, 3, 4), "Thanksgiving"
        yield date(year, 12, 25), "Christmas Day"
