"""What can be done on a lead, from what was typed to what happened."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from dashboard.lead_forms import ACTIONS, NEXT, Stands, others, usual
from data_access import events as e
from data_access.vocabulary import (
    AppointmentStatus,
    CancelledBy,
    Check,
    CloseReason,
    Eligibility,
    Kind,
    Need,
    NextStep,
    NotEligibleReason,
)

NEW_YORK = ZoneInfo("America/New_York")
DAY = date(2026, 3, 9)  # the Monday after the clocks went forward


def test_every_need_has_something_to_do_next() -> None:
    """And every button that is named exists."""
    assert set(NEXT) == set(Need)
    assert all(name in ACTIONS for names in NEXT.values() for name in names)
    for need in Need:
        lead = Stands(need, Kind.INFORMATION, AppointmentStatus.SCHEDULED)
        assert all(name in ACTIONS for name in (*usual(lead), *others(lead)))
        assert not set(usual(lead)) & set(others(lead))


def test_an_appointment_is_meant_by_the_clock_of_its_location() -> None:
    """Ten in New York on a summer-time day is two in the afternoon UTC; without a time only the day is known."""
    booked = ACTIONS["booked"].parse({"day": DAY, "time": time(10), "preparation": True}, NEW_YORK)
    assert booked == e.Booked(starts_at=datetime(2026, 3, 9, 14, tzinfo=UTC), starts_on=DAY, preparation_sent=True)
    assert ACTIONS["booked"].parse({"day": DAY}, NEW_YORK) == e.Booked(starts_on=DAY)
    moved = ACTIONS["moved"].parse({"day": DAY, "by": CancelledBy.PRACTICE}, NEW_YORK)
    assert moved == e.Rescheduled(by=CancelledBy.PRACTICE, starts_on=DAY)


def test_what_was_put_off_is_due_at_noon_of_its_day() -> None:
    """With the reason where one was given."""
    raw = {"until": DAY, "step": NextStep.CALL, "put_off": None}
    assert ACTIONS["put_off"].parse(raw, NEW_YORK) == e.Planned(
        step=NextStep.CALL, due_at=datetime(2026, 3, 9, 16, tzinfo=UTC)
    )


@pytest.mark.parametrize("name", [name for name, action in ACTIONS.items() if action.asks and name != "wishes"])
def test_what_is_missing_is_said_at_its_field(name: str) -> None:
    """Nothing was chosen: a message for a field that was asked for, and nothing happened."""
    errors = ACTIONS[name].parse({}, NEW_YORK)
    assert isinstance(errors, dict)
    assert set(errors) <= set(ACTIONS[name].asks)
    assert all(text.startswith(("Choose", "Answer at least one")) for text in errors.values())


def test_only_a_duplicate_goes_on_as_another_inquiry() -> None:
    """And a duplicate does: it wants its number; with another reason, the number is asked about and not let go in silence."""
    parse = ACTIONS["closed"].parse
    assert parse({"close_reason": CloseReason.DUPLICATE, "duplicate_of": 7}, NEW_YORK) == e.Closed(
        reason=CloseReason.DUPLICATE, duplicate_of=7
    )
    for reason, other in ((CloseReason.DUPLICATE, None), (CloseReason.WITHDRAWN, 7)):
        assert set(parse({"close_reason": reason, "duplicate_of": other}, NEW_YORK)) == {"duplicate_of"}


def test_who_was_missed_is_given_another_day_and_keeps_the_chain() -> None:
    """After a cancellation it is a new booking; while one stands it can be moved and not booked twice."""
    missed, cancelled, standing = (
        Stands(need, Kind.SCHEDULING, status)
        for need, status in (
            (Need.REBOOK, AppointmentStatus.NO_SHOW), (Need.REBOOK, AppointmentStatus.CANCELLED),
            (Need.VISIT, AppointmentStatus.SCHEDULED),
        )
    )  # fmt: skip
    assert usual(missed)[0] == "moved"
    assert usual(cancelled)[0] == "booked"
    assert "booked" not in (*usual(standing), *others(standing))
    assert {"moved", "cancelled"} <= {*usual(standing), *others(standing)}


def test_once_the_visit_has_begun_its_outcome_comes_first() -> None:
    """And a closed lead can only be reopened."""
    assert usual(Stands(Need.VISIT, Kind.SCHEDULING, AppointmentStatus.SCHEDULED, begun=True)) == (
        "attended",
        "no_show",
    )
    assert usual(Stands(None, Kind.SCHEDULING, None)) == ("reopened",)
    assert others(Stands(None, Kind.SCHEDULING, None)) == ()


@pytest.mark.parametrize(
    ("checks", "outcome", "reason"),
    [
        (("ok", "ok", "ok"), Eligibility.ELIGIBLE, None),
        (("ok", "unknown", "ok"), Eligibility.NOT_CHECKED, None),
        (("not_ok", "ok", "not_ok"), Eligibility.NOT_ELIGIBLE, NotEligibleReason.SERVICE_NOT_OFFERED),
        (("ok", "not_ok", None), Eligibility.NOT_ELIGIBLE, NotEligibleReason.DEMOGRAPHICS),
        ((None, None, "not_ok"), Eligibility.NOT_ELIGIBLE, NotEligibleReason.SCHEDULING_NEEDS),
    ],
)
def test_eligibility_follows_from_the_three_checks(
    checks: tuple[str | None, ...], outcome: Eligibility, reason: NotEligibleReason | None
) -> None:
    """Eligible when all hold, not eligible when one does not, open until then; each answer is kept."""
    raw = dict(zip(("service_fit", "demographics", "scheduling_needs"), checks, strict=True))
    made = ACTIONS["checked"].parse(raw, NEW_YORK)
    assert isinstance(made, e.EligibilityChecked)
    assert (made.outcome, made.reason) == (outcome, reason)
    assert [made.service_fit, made.demographics, made.scheduling_needs] == [Check(c or "unknown") for c in checks]
