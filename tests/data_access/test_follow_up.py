"""Follow-up by rule: every open lead has one next step, until its need ends, somebody decides, or the person wants none."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from data_access import event_log, follow_up, leads, partners
from data_access import events as e
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.lead_rules import NotPossible
from data_access.vocabulary import (
    CancelledBy,
    Channel,
    CloseReason,
    ContactMethod,
    Eligibility,
    Kind,
    Need,
    NextStep,
    Pathway,
    PauseReason,
    StallReason,
)
from tests.factories import LONG_AGO, NOW, World, log, record

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLOSING = timedelta(hours=5)  # from noon until five
CALLED = e.Attempted(method=ContactMethod.CALL)
SPOKEN = e.Reached(method=ContactMethod.CALL)


@pytest.fixture
def ruled(world: World) -> World:
    rules = {
        Need.REACH: (NextStep.CALL, 1, 2),
        Need.CHECK: (NextStep.CHECK_ELIGIBILITY, 0, None),
        Need.RECORDS: (NextStep.REMIND_OF_RECORDS, 3, 2),
        Need.OFFER: (NextStep.OFFER_APPOINTMENT, 1, None),
        Need.BOOKING: (NextStep.CALL, 2, 3),
        Need.VISIT: (NextStep.CONFIRM_APPOINTMENT, 3, 1),
        Need.REBOOK: (NextStep.CALL, 1, 3),
    }
    with writing(world.engine) as c:
        for need, (step, days, tries) in rules.items():
            follow_up.set_rule(c, need, step, wait_days=days, at_most=tries, effective_from=LONG_AGO)
    return world


def step(world: World, lead: int) -> tuple[NextStep | None, datetime | None]:
    with reading(world.engine) as c:
        row = c.execute(sa.select(t.leads).where(t.leads.c.id == lead)).mappings().one()
    return (NextStep(row["next_step"]) if row["next_step"] else None), row["next_step_by"]


def test_the_first_step_is_the_answer_by_its_deadline(ruled: World) -> None:
    """Four staffed hours from noon."""
    assert step(ruled, log(ruled)) == (NextStep.ANSWER, NOW + 4 * HOUR)


def test_who_was_not_reached_is_called_again_so_many_times_and_then_somebody_decides(ruled: World) -> None:
    """By the end of the next staffed day; Friday's try is due on Monday, and the second is the last."""
    lead = log(ruled)
    record(ruled, lead, CALLED, NOW + HOUR)
    assert step(ruled, lead) == (NextStep.CALL, NOW + CLOSING + DAY)
    record(ruled, lead, CALLED, NOW + 2 * DAY)
    assert step(ruled, lead) == (NextStep.DECIDE, NOW + CLOSING + 5 * DAY)


def test_a_step_ends_with_its_need(ruled: World) -> None:
    """Reminders end with the receipt of the records, calls with the booking, and everything with a close."""
    lead = log(ruled, pathway=Pathway.CLINICIAN)
    record(ruled, lead, SPOKEN)
    assert step(ruled, lead) == (NextStep.CHECK_ELIGIBILITY, NOW + CLOSING)  # the end of the same day
    record(ruled, lead, e.EligibilityChecked(outcome=Eligibility.ELIGIBLE))
    assert step(ruled, lead) == (None, None)  # nobody made a rule for records that are to be asked for
    record(ruled, lead, e.RecordsRequested())
    assert step(ruled, lead)[0] == NextStep.REMIND_OF_RECORDS
    record(ruled, lead, e.RecordsReceived(), NOW + DAY)
    assert step(ruled, lead) == (NextStep.OFFER_APPOINTMENT, NOW + CLOSING + 2 * DAY)
    record(ruled, lead, e.Offered(), NOW + 2 * DAY)
    assert step(ruled, lead)[0] == NextStep.CALL
    record(ruled, lead, e.Closed(reason=CloseReason.WITHDRAWN), NOW + 2 * DAY)
    assert step(ruled, lead) == (None, None)


def test_a_visit_is_confirmed_once_some_days_ahead_and_then_its_outcome_is_recorded(ruled: World) -> None:
    """Three days before; after the call, the appointment itself is the next step."""
    lead, visit = log(ruled, answered_live=True), NOW + 14 * DAY
    record(ruled, lead, e.Booked(starts_at=visit, starts_on=visit.date()))
    assert step(ruled, lead) == (
        NextStep.CONFIRM_APPOINTMENT,
        visit - 2 * DAY + CLOSING,
    )  # three days before is a Sunday
    record(ruled, lead, SPOKEN, NOW + 11 * DAY)
    assert step(ruled, lead) == (NextStep.RECORD_OUTCOME, visit)
    record(ruled, lead, e.NoShow(), visit)
    assert step(ruled, lead) == (NextStep.CALL, visit + CLOSING + DAY)


def test_a_visit_of_the_same_day_is_confirmed_before_it_begins(ruled: World) -> None:
    """Never after."""
    lead = log(ruled, answered_live=True)
    record(ruled, lead, e.Booked(starts_at=NOW + 2 * HOUR, starts_on=NOW.date()))
    assert step(ruled, lead) == (NextStep.CONFIRM_APPOINTMENT, NOW + 2 * HOUR)


def test_what_somebody_put_off_stands_until_the_practice_does_something(ruled: World) -> None:
    """Records that come in meanwhile do not change what was agreed; a call does."""
    lead = log(ruled, pathway=Pathway.CLINICIAN)
    record(ruled, lead, SPOKEN)
    agreed = e.Planned(step=NextStep.CALL, due_at=NOW + 20 * DAY, put_off=PauseReason.PERSON_ASKED)
    record(ruled, lead, agreed)
    record(ruled, lead, e.RecordsReceived(), NOW + DAY)
    assert step(ruled, lead) == (NextStep.CALL, NOW + 20 * DAY)
    with reading(ruled.engine) as c:
        assert c.scalar(sa.select(t.leads.c.put_off)) == PauseReason.PERSON_ASKED
    record(ruled, lead, e.EligibilityChecked(outcome=Eligibility.ELIGIBLE), NOW + 2 * DAY)
    assert step(ruled, lead)[0] == NextStep.OFFER_APPOINTMENT


def test_what_changes_no_need_leaves_the_step_as_it_is(ruled: World) -> None:
    """Somebody takes the lead, or says what holds it up."""
    lead = log(ruled)
    record(ruled, lead, CALLED)
    before = step(ruled, lead)
    for what in (e.Assigned(owner_id=ruled.alice), e.Stalled(reason=StallReason.PATIENT), e.Acknowledged()):
        record(ruled, lead, what, NOW + DAY)
        assert step(ruled, lead) == before, what


def test_taking_an_entry_back_takes_its_step_with_it(ruled: World) -> None:
    """The call was noted on the wrong lead: the answer is due again by its deadline."""
    lead = log(ruled)
    record(ruled, lead, CALLED, NOW + HOUR)
    with reading(ruled.engine) as c:
        wrong = event_log.log_of(c, lead)[-1].id
    record(ruled, lead, e.Voided(event_id=wrong), NOW + HOUR)
    assert step(ruled, lead) == (NextStep.ANSWER, NOW + 4 * HOUR)


def test_nobody_is_to_be_called_who_wants_no_contact(ruled: World) -> None:
    """The rules set no such step, and a try is refused; somebody decides instead."""
    lead = log(ruled)
    record(ruled, lead, CALLED)
    record(ruled, lead, e.Consented(may_contact=False))
    with pytest.raises(NotPossible, match="asked not to be contacted"):
        record(ruled, lead, CALLED, NOW + DAY)
    assert step(ruled, lead)[0] == NextStep.DECIDE
    record(ruled, lead, e.Consented(may_contact=True), NOW + DAY)
    record(ruled, lead, CALLED, NOW + DAY)


def test_who_prefers_it_in_writing_is_written_to(ruled: World) -> None:
    """A call becomes a message."""
    lead = log(ruled)
    record(ruled, lead, e.Consented(may_contact=True, preferred=ContactMethod.EMAIL))
    record(ruled, lead, CALLED)
    assert step(ruled, lead)[0] == NextStep.WRITE


def test_a_rule_for_a_kind_wins_and_holds_from_its_day_on(ruled: World) -> None:
    """Warm introductions are called the same day, from tomorrow on."""
    with writing(ruled.engine) as c:
        follow_up.set_rule(
            c, Need.REACH, NextStep.CALL, wait_days=0, kind=Kind.WARM_INTRO, effective_from=NOW.date() + DAY
        )
    due = []
    for n in (0, 1):
        lead = log(ruled, NOW + n * DAY, lead_kind=Kind.WARM_INTRO, partner_id=ruled.lakeside)
        record(ruled, lead, CALLED, NOW + n * DAY)
        due.append(step(ruled, lead)[1])
    assert due == [NOW + CLOSING + DAY, NOW + CLOSING + DAY]


def test_open_leads_without_a_step_are_given_one_by_rule(ruled: World) -> None:
    """Those that came in before there were rules; who has one keeps it, and it is an entry that can be taken back."""
    first, second = log(ruled, answered_live=True), log(ruled)
    with writing(ruled.engine) as c:
        c.execute(sa.update(t.events).values(next_step=None, next_step_by=None))
        leads.rebuild(c, [first, second])
    assert step(ruled, first) == (None, None)
    with writing(ruled.engine) as c:
        assert leads.plan_by_rule(c, [first, second], now=NOW + DAY, staff_id=ruled.bob) == 1
    assert step(ruled, first) == (NextStep.CHECK_ELIGIBILITY, NOW + CLOSING + DAY)
    assert step(ruled, second) == (NextStep.ANSWER, NOW + 4 * HOUR)


def test_where_nobody_is_ever_there_days_are_counted_by_the_calendar(ruled: World) -> None:
    """A rule still sets a step."""
    with writing(ruled.engine) as c:
        c.execute(sa.delete(t.staffed_hours))
    lead = log(ruled)
    record(ruled, lead, CALLED)
    assert step(ruled, lead) == (NextStep.CALL, NOW + DAY)


def test_a_cancelled_visit_is_to_be_booked_again(ruled: World) -> None:
    """And counts its tries from there."""
    lead = log(ruled, answered_live=True)
    record(ruled, lead, e.Booked(starts_at=NOW + 9 * DAY, starts_on=(NOW + 9 * DAY).date()))
    record(ruled, lead, e.Cancelled(by=CancelledBy.PATIENT), NOW + DAY)
    assert step(ruled, lead) == (NextStep.CALL, datetime(2026, 3, 13, 21, tzinfo=UTC))


@pytest.mark.parametrize(("days", "tries"), [(-1, None), (366, None), (1, 0)])
def test_a_rule_out_of_range_is_refused(world: World, days: int, tries: int | None) -> None:
    """With what is allowed."""
    with writing(world.engine) as c, pytest.raises(ValueError, match="out of range; choose"):
        follow_up.set_rule(c, Need.REACH, NextStep.CALL, wait_days=days, at_most=tries, effective_from=LONG_AGO)


def test_after_the_last_try_nobody_gets_in_touch_for_the_days_of_quiet(ruled: World) -> None:
    """Two tries, then five staffed days of quiet, and then somebody decides."""
    with writing(ruled.engine) as c:
        follow_up.set_rule(c, Need.REACH, NextStep.CALL, wait_days=1, at_most=2, quiet_days=5, effective_from=LONG_AGO)
    lead = log(ruled)
    record(ruled, lead, CALLED, NOW + HOUR)
    assert step(ruled, lead) == (NextStep.CALL, NOW + CLOSING + DAY)
    record(ruled, lead, CALLED, NOW + DAY)
    assert step(ruled, lead) == (
        NextStep.DECIDE,
        NOW + CLOSING + DAY + 7 * DAY,
    )  # five staffed days, a weekend among them


@pytest.mark.parametrize(
    "wrong", [{"quiet_days": 5}, {"quiet_days": -1, "at_most": 2}, {"quiet_days": 366, "at_most": 2}]
)
def test_quiet_follows_a_last_try_and_is_no_longer_than_a_year(ruled: World, wrong: dict) -> None:
    """Without an end of the tries there is no quiet after it."""
    with writing(ruled.engine) as c, pytest.raises(ValueError, match="days of quiet"):
        follow_up.set_rule(c, Need.REACH, NextStep.CALL, wait_days=1, effective_from=LONG_AGO, **wrong)


def test_a_partner_that_wants_no_contact_is_asked_for_nothing(ruled: World) -> None:
    """By no rule, and by nobody: somebody decides instead. Once they have changed their mind, it is as before."""
    with writing(ruled.engine) as c:
        follow_up.set_rule(c, Need.REQUEST_RECORDS, NextStep.REQUEST_RECORDS, wait_days=1, effective_from=LONG_AGO)
        partners.change(c, ruled.lakeside, "Lakeside Family Medicine", may_contact=False)
    silent = log(ruled, pathway=Pathway.CLINICIAN, partner_id=ruled.lakeside)
    other = log(ruled, pathway=Pathway.CLINICIAN, partner_id=ruled.harbor)
    for lead in (silent, other):
        record(ruled, lead, SPOKEN)
        record(ruled, lead, e.EligibilityChecked(outcome=Eligibility.ELIGIBLE))
    assert (step(ruled, silent)[0], step(ruled, other)[0]) == (NextStep.DECIDE, NextStep.REQUEST_RECORDS)
    with pytest.raises(NotPossible, match="Lakeside Family Medicine asked not to be contacted"):
        record(ruled, silent, e.RecordsRequested())
    with writing(ruled.engine) as c:
        partners.change(c, ruled.lakeside, "Lakeside Family Medicine", may_contact=True)
    record(ruled, silent, e.RecordsRequested())


def test_who_asks_again_is_answered_on_the_same_staffed_day(ruled: World) -> None:
    """Whatever had been planned for later; what is due sooner stands, and who wants no contact is not called."""
    later, sooner, silent = log(ruled), log(ruled), log(ruled)
    again = e.AskedAgain(channel=Channel.PHONE)
    record(ruled, later, CALLED, NOW)
    record(ruled, later, again, NOW + HOUR)
    assert step(ruled, later) == (NextStep.CALL, NOW + CLOSING)
    record(ruled, sooner, again, NOW + HOUR)
    assert step(ruled, sooner) == (NextStep.ANSWER, NOW + 4 * HOUR)
    record(ruled, silent, CALLED)
    record(ruled, silent, e.Consented(may_contact=False))
    record(ruled, silent, again, NOW + HOUR)
    assert step(ruled, silent)[0] == NextStep.DECIDE


def test_the_answer_that_was_promised_comes_first_whatever_a_rule_says(ruled: World) -> None:
    """A rule of one staffed day makes no promise of four hours later; asking for records does not hide what is owed."""
    with writing(ruled.engine) as c:
        follow_up.set_rule(c, Need.ANSWER, NextStep.ANSWER, wait_days=1, effective_from=LONG_AGO)
    lead = log(ruled, pathway=Pathway.CLINICIAN)
    assert step(ruled, lead) == (NextStep.ANSWER, NOW + 4 * HOUR)
    record(ruled, lead, e.RecordsRequested(), NOW + HOUR)
    assert step(ruled, lead) == (NextStep.ANSWER, NOW + 4 * HOUR)
    record(ruled, lead, CALLED, NOW + 2 * HOUR)
    assert step(ruled, lead)[0] == NextStep.DECIDE  # answered; and that was the second try for the records


def test_a_visit_of_which_only_the_day_is_known_is_confirmed_too(ruled: World) -> None:
    """Three days ahead of its noon."""
    lead, visit = log(ruled, answered_live=True), NOW + 14 * DAY
    record(ruled, lead, e.Booked(starts_on=visit.date()))
    assert step(ruled, lead)[0] == NextStep.CONFIRM_APPOINTMENT
