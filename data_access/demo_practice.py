"""A demo practice without its leads: its places, hours, promises, people, partners and openings for new patients."""

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import checklists, demo_life, follow_up, partners, planned_openings, practice, promises, routing, texts
from data_access import tables as t
from data_access.demo_profiles import Profile
from data_access.demo_texts import HOW_TO_REFER, PRIORITY, SCRIPTS, SECOND_RECORDS_SCRIPT, WHAT_TO_EXPECT
from data_access.vocabulary import (
    Kind,
    Need,
    NextStep,
    PartnerCategory,
    Pathway,
    Priority,
    RecordItem,
    Role,
    TargetMetric,
    TextUse,
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

_FOLLOW_UP = {
    # need: the step, after how many staffed days (ahead of a visit: days before), and how many tries
    Need.ANSWER: (NextStep.ANSWER, 1, None),
    Need.REACH: (NextStep.CALL, 1, 3),
    Need.CHECK: (NextStep.CHECK_ELIGIBILITY, 1, None),
    Need.REVIEW: (NextStep.CLINICAL_REVIEW, 2, None),
    Need.REQUEST_RECORDS: (NextStep.REQUEST_RECORDS, 1, None),
    Need.RECORDS: (NextStep.REMIND_OF_RECORDS, 3, 3),
    Need.OFFER: (NextStep.OFFER_APPOINTMENT, 1, None),
    Need.BOOKING: (NextStep.CALL, 3, 3),
    Need.VISIT: (NextStep.CONFIRM_APPOINTMENT, 3, 1),
    Need.REBOOK: (NextStep.CALL, 1, 3),
    Need.CLOSE: (NextStep.DECIDE, 1, None),
}


@dataclass(frozen=True)
class _Partner:
    id: int
    category: PartnerCategory
    weight: float
    fit: float  # added to the log odds of every step: some partners' referrals truly turn out better
    care: float  # added to the log odds that a record comes with the referral
    first: date
    last: date


class Chance:
    """The dice of a demo practice: the same name throws the same."""

    def __init__(self, name: str, zone: str) -> None:
        self.random = np.random.default_rng(zlib.crc32(name.encode()))
        self._zone = ZoneInfo(zone)

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
        local = around.astimezone(self._zone)
        day = local.date() + timedelta(days=max(0, 7 - local.isoweekday() + 1) if local.isoweekday() > 5 else 0)
        half_hours = int(self.random.integers(18, 34))
        return datetime.combine(day, time(half_hours // 2, 30 * (half_hours % 2)), tzinfo=local.tzinfo).astimezone(UTC)


class Campaign(NamedTuple):
    """A marketing action, and the days on which people name it."""

    id: int
    first: date
    last: date


class DemoPractice(Chance):
    """The practice's lists, written on construction."""

    def __init__(self, connection: Connection, profile: Profile, name: str, until: datetime) -> None:
        super().__init__(name, profile.zone)
        self.profile, self.until = profile, until
        self.today = until.astimezone(ZoneInfo(profile.zone)).date()
        self.first = self.today - timedelta(days=DAYS)
        self._found(connection)

    def _found(self, c: Connection) -> None:
        profile, since = self.profile, date(2020, 1, 1)
        practice.found(c, profile.title, profile.zone, demo_until=self.today)
        self.places = [
            practice.add_location(
                c, place.name, place.zone, place.hours,
                address=f"{100 + 20 * i} Example Avenue", phone=f"(555) 010-{1000 + i}",
                fax=f"(555) 010-{2000 + i}", secure_email=f"referrals{i + 1}@secure.example",
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
        self.lines = [practice.add(c, t.service_lines, name=line) for line in profile.service_lines]
        self.sources = [
            practice.add(c, t.sources, name=source)
            for source in ("Referral partner", "Existing patient", "Website", "Search", "Event")
        ]
        self.campaigns = [
            Campaign(practice.add(c, t.campaigns, name=title, began_on=began), began, began + timedelta(days=length))
            for title, began, length in (
                ("Open house", self.today - timedelta(days=210), 75),
                ("Mailing to primary care", self.today - timedelta(days=120), 60),
            )
        ]
        self.owners = [
            practice.add_staff(c, title, role)
            for title, role in (
                ("Intake desk", Role.INTAKE_COORDINATOR),
                ("Scheduling desk", Role.SCHEDULING_LEAD),
                ("Front desk", Role.FRONT_DESK),
            )
        ]
        self.reviewer = practice.add_staff(c, "Clinical review", Role.CLINICAL_REVIEW)
        self.manager = practice.add_staff(c, "Practice manager", Role.MANAGER)
        intake, _, front = self.owners
        routing.set_route(c, intake, backup_id=front, effective_from=since)
        routing.set_route(c, front, backup_id=intake, effective_from=since, pathway=Pathway.PATIENT)
        for need, (step, days, tries) in _FOLLOW_UP.items():
            quiet = 5 if need in (Need.REACH, Need.BOOKING) else None
            follow_up.set_rule(c, need, step, wait_days=days, at_most=tries, quiet_days=quiet, effective_from=since)
        promises.set_window(c, 360, effective_from=since)
        for channel, minutes in profile.windows.items():
            promises.set_window(c, minutes, effective_from=since, channel=channel)
            promises.set_window(c, 60, effective_from=since, channel=channel, priority=Priority.URGENT)
        if not profile.windows:
            promises.set_window(c, 90, effective_from=since, priority=Priority.URGENT)
        for metric, value in ((TargetMetric.RESPONSE_IN_TIME, 0.85), (TargetMetric.RECORDS_COMPLETE, 0.6),
                              (TargetMetric.SHOWN, 0.85)):  # fmt: skip
            promises.set_target(c, metric, value, effective_from=since)
        checklists.set_checklist(
            c, {item: item != RecordItem.IMAGING_OR_LABS for item in RecordItem}, effective_from=since
        )
        self._texts(c, since)
        self.partners = list(self._partners(c))
        self._slots(c)
        often = [partner.id for partner in sorted(self.partners, key=lambda one: -one.weight)]
        demo_life.add(c, self.until, self.today, partners=often, staff=(*self.owners, self.manager), places=self.places)

    def _texts(self, c: Connection, since: date) -> None:
        def write(use: TextUse, body: str, day: date = since, **keys: Any) -> None:
            texts.write(c, use, body, effective_from=day, now=self.until, **keys)

        for line, (fits, other) in zip(self.lines, self.profile.fits, strict=True):
            write(TextUse.CRITERIA, f"Fits: {fits}.  \nBetter elsewhere: {other}.", service_line_id=line)
        for key, body in SCRIPTS.items():
            kind, need = key if isinstance(key, tuple) else (key, None)
            write(TextUse.SCRIPT, body, kind=kind, need=need)
        write(TextUse.SCRIPT, SECOND_RECORDS_SCRIPT, self.today - timedelta(days=60), kind=Kind.SCHEDULING,
              need=Need.RECORDS)  # fmt: skip
        write(TextUse.WHAT_TO_EXPECT, WHAT_TO_EXPECT)
        write(TextUse.PRIORITY, PRIORITY)
        for place in self.places:
            write(TextUse.HOW_TO_REFER, HOW_TO_REFER, location_id=place)

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
                float(self.random.normal(0, 0.8)),
                joined,
                left,
            )

    def _slots(self, c: Connection) -> None:
        """Openings for new patients, week by week, from the first day to two months ahead, most of them taken in time; there
        are enough of them, but for the first service line at the second location.
        """
        ahead, rows = timedelta(days=60), []
        for place, of in zip(self.places, self.profile.places, strict=True):
            for line, weight in zip(self.lines, self.profile.service_lines.values(), strict=True):
                scarce = 0.62 if place == self.places[1] and line == self.lines[0] else 1
                weekly = max(2, round(LEADS / DAYS * 7 * 1.05 * of.share * weight * scarce))
                if of.plans:
                    planned_openings.plan(c, weekly, effective_from=self.first, location_id=place, service_line_id=line)
                    continue
                for week in range(-8, (DAYS + 60) // 7):
                    monday = self.first + timedelta(days=7 * week - self.first.weekday())
                    for _ in range(weekly):
                        day = monday + timedelta(days=int(self.random.integers(0, 5)))
                        starts = self._start(datetime.combine(day, time(12), tzinfo=ZoneInfo(self.profile.zone)))
                        opened = starts - ahead
                        taken = max(opened, starts - self._days(self.profile.wait_days, 0.5))
                        rows.append(
                            {
                                "location_id": place,
                                "service_line_id": line,
                                "starts_at": starts,
                                "opened_at": opened,
                                "taken_at": taken if taken <= self.until and self._chance(0.93) else None,
                            }
                        )
        c.execute(sa.insert(t.slots), rows)


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
