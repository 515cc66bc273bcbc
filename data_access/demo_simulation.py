"""How a demo practice's leads arrive and fare: each is simulated by the practice's own staffed hours, step by step."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Connection

from data_access import events as happened
from data_access import stamping
from data_access.demo_practice import DAYS, LEADS, DemoPractice
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
    NextStep,
    NotEligibleReason,
    PartnerCategory,
    Pathway,
    Precision,
    Priority,
    RecordItem,
    StallReason,
)

_MINUTES_TO_LOG = {Channel.PHONE: 4, Channel.WALK_IN: 6, Channel.WEB_FORM: 0, Channel.FAX: 95}
"""Median minutes from receipt to record; others take 25."""
_COMES_WITH_IT = {
    RecordItem.REASON_FOR_REFERRAL: 0.95,
    RecordItem.CLINICAL_NOTES: 0.86,
    RecordItem.MEDICATIONS_OR_PROBLEMS: 0.74,
    RecordItem.IMAGING_OR_LABS: 0.5,
}

_EVENT = 4
"""The place of "Event" among a demo practice's sources."""
_REMIND_AFTER, _MOST_REMINDERS = timedelta(days=4), 3


class Simulation(DemoPractice):
    """One practice, and the leads that arrive at it."""

    def __init__(self, connection: Connection, profile: Profile, name: str, until: datetime) -> None:
        super().__init__(connection, profile, name, until)
        self._arrivals = self._arrive()
        self.size = len(self._arrivals)

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
            asked = self._asked(number, received_at)
            wait = _MINUTES_TO_LOG.get(asked.channel, 25)
            logged_at = received_at + timedelta(minutes=self._skewed(wait, 1.1) if wait else 0)
            yield Draft(asked, received_at, Precision.MINUTE, min(logged_at, self.until))

    def promised(self, connection: Connection, clock: ResponseClock, draft: Draft) -> Draft:
        """The draft with its promise and with what happens next."""
        draft.received = stamping.promised(connection, clock, draft.received, draft.received_at, draft.precision)
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
            campaign_id=self._campaign(day, source, partner.category if partner else None, number),
            topic=self._one_of(profile.topics) if kind == Kind.INFORMATION or self._chance(0.35) else None,
            owner_id=self.owners[0] if self._chance(0.7) else self.owners[2] if self._chance(0.85) else None,
            # Now and then somebody calls again, and is logged again.
            reference=None if kind == Kind.PARTNER_REQUEST else f"D-{10_000 + number - self._chance(0.01)}",
            answered_live=channel in (Channel.PHONE, Channel.WALK_IN) and self._chance(0.38),
        )

    def _campaign(self, day: date, source: int, category: PartnerCategory | None, number: int) -> int | None:
        """What people say brought them: the open house while it runs, and now and then the mailing to primary care."""
        house, mailing = self.campaigns
        if source == _EVENT and house.first <= day <= house.last:
            return house.id
        told = category == PartnerCategory.PRIMARY_CARE and number % 3 == 0
        return mailing.id if told and mailing.first <= day <= mailing.last else None

    def _live(
        self, clock: ResponseClock, asked: Received, received_at: datetime
    ) -> Iterator[tuple[datetime, Happening]]:
        """What happens to one lead, step by step, until it ends. Each step may be the last."""
        partner = next((p for p in self.partners if p.id == asked.partner_id), None)
        fit, now = partner.fit if partner else 0.0, received_at
        came = tuple(
            item
            for item in (*asked.required_records, *asked.optional_records)
            if self._passes(_COMES_WITH_IT[item], partner.care if partner else 0.0)
        )
        if came:
            yield received_at, happened.RecordsReceived(items=came)
        missing = tuple(item for item in asked.required_records if item not in came)
        if self._chance(0.012):
            yield (
                now + self._days(0.2),
                happened.Closed(reason=CloseReason.SPAM if self._chance(0.6) else CloseReason.DUPLICATE),
            )
            return
        if not asked.answered_live:
            answer = self._answer(clock, asked, received_at)
            if answer is None:
                if self._chance(0.8):  # dropped: nobody ever answered, and somebody tidies up at last
                    yield received_at + self._days(45), happened.Closed(reason=CloseReason.OTHER)
                return
            yield answer
            now = answer[0]
            if isinstance(answer[1], happened.Attempted):
                if self._chance(0.09):
                    yield from self._plan(NextStep.CALL, now, 2)
                    yield now + self._days(9), happened.Closed(reason=CloseReason.UNREACHABLE)
                    return
                now += self._days(0.8)
                yield now, self._contact(clock, asked, received_at, now, happened.Reached)
        if asked.lead_kind in (Kind.INFORMATION, Kind.PARTNER_REQUEST):
            yield now + self._days(0.1), happened.Closed(reason=CloseReason.ANSWERED)
            return
        yield from self._to_visit(asked, now + self._days(0.4), fit, missing)

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
        self, asked: Received, now: datetime, fit: float, missing: tuple[RecordItem, ...]
    ) -> Iterator[tuple[datetime, Happening]]:
        if self._chance(0.07):
            yield now, happened.EligibilityChecked(outcome=Eligibility.NEEDS_CLINICAL_REVIEW)
            yield from self._plan(NextStep.CLINICAL_REVIEW, now, 2)
            now += self._days(2.5)
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
        if missing:
            now += self._days(0.3)
            yield now, happened.RecordsRequested(items=missing)
            yield from self._plan(NextStep.REQUEST_RECORDS, now, 5)
            asked_at, now = now, now + self._days(self.profile.records_days)
            yield from self._reminders(asked_at, now)
            if not self._passes(0.9, fit):
                if self._chance(0.3):
                    yield now + self._days(3), happened.Stalled(reason=StallReason.UNCLEAR_INSTRUCTIONS)
                yield now + self._days(18), happened.Closed(reason=CloseReason.RECORDS_MISSING)
                return
            yield now, happened.RecordsReceived(items=missing)
            now += self._days(0.6)
        yield now, happened.Contacted()
        now += self._days(0.7)
        yield now, happened.Offered()
        yield from self._plan(NextStep.CALL, now, 4)
        if not self._passes(0.86, fit):
            gone = {
                CloseReason.WITHDRAWN: 0.35,
                CloseReason.WENT_ELSEWHERE: 0.35,
                CloseReason.UNREACHABLE: 0.2,
                CloseReason.NO_CAPACITY: 0.1,
            }
            if self._chance(0.3):
                yield now + self._days(6), happened.Stalled(reason=StallReason.NO_CAPACITY)
            if not self._chance(0.06):  # those stay open: nobody ever closes them
                yield now + self._days(12 if self._chance(0.7) else 60), happened.Closed(reason=self._one_of(gone))
            return
        now += self._days(2.2)
        starts = self._start(now + self._days(self.profile.wait_days, spread=0.6))
        yield (
            now,
            happened.Booked(starts_at=starts, starts_on=self._local(asked, starts), preparation_sent=self._chance(0.8)),
        )
        if self._chance(0.08):  # they call once more before the visit, and are answered as they call
            again = now + (starts - now) * 0.4
            yield again, happened.AskedAgain(channel=Channel.PHONE, topic=self._one_of(self.profile.topics))
            yield again, happened.Reached(method=ContactMethod.CALL)
        yield from self._visits(asked, now, starts, fit)

    def _visits(
        self, asked: Received, now: datetime, starts: datetime, fit: float
    ) -> Iterator[tuple[datetime, Happening]]:
        for _ in range(3):
            if self._chance(0.1):
                now = now + (starts - now) * (0.7 if self._chance(0.7) else 0.985)
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

    def _reminders(self, asked_at: datetime, until: datetime) -> Iterator[tuple[datetime, Happening]]:
        """Records that do not come are asked for again, and somebody says when to look next."""
        for number in range(1, _MOST_REMINDERS + 1):
            at = asked_at + number * _REMIND_AFTER
            if at >= until:
                return
            yield at, happened.RecordsRequested()
            yield (
                at + timedelta(minutes=1),
                happened.Planned(step=NextStep.REMIND_OF_RECORDS, due_at=at + _REMIND_AFTER),
            )

    def _plan(self, step: NextStep, now: datetime, days: float) -> Iterator[tuple[datetime, Happening]]:
        """Mostly, somebody plans what to do next."""
        if self._chance(0.75):
            yield (
                now + timedelta(minutes=1),
                happened.Planned(step=step, due_at=self._start(now + self._days(days, 0.3))),
            )

    def _local(self, asked: Received, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.profile.places[self.places.index(asked.location_id)].zone)).date()
