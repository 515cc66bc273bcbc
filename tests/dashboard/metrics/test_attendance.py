"""Attendance: twelve appointments as worked, from the record to the rate; and what a rate may not count."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.metrics.attendance import (
    ATTENDANCE_COLUMNS,
    BY_LEAD_COLUMNS,
    attendance,
    by_lead,
    left_out,
    new_patients,
    too_many_missing,
)
from data_access import events as e
from data_access import facts, leads
from data_access.counted import Attendance
from data_access.days import day_number
from data_access.dimensions import Moment
from data_access.engine import reading, writing
from data_access.lead_state import epoch_minute
from data_access.leads import Draft
from data_access.tally import Where, tally
from data_access.units import APPOINTMENTS
from data_access.vocabulary import CancelledBy, PartnerCategory, Precision
from tests import factories
from tests.cases import case
from tests.factories import NOW, World, log, record

ZONE = ZoneInfo("America/New_York")
ENDS = {
    "attended": lambda _: e.Attended(),
    "no_show": lambda _: e.NoShow(),
    "cancelled_by_patient": lambda _: e.Cancelled(by=CancelledBy.PATIENT),
    "cancelled_by_practice": lambda _: e.Cancelled(by=CancelledBy.PRACTICE),
    "rescheduled": lambda later: e.Rescheduled(by=CancelledBy.PATIENT, starts_at=later),
}


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def counted(world: World, as_of: datetime, *by: str) -> pd.DataFrame:
    when = Moment(epoch_minute(as_of), day_number(as_of.date()))
    here = tally(facts.load(world.engine), ["attendance", *by], Where(), when, APPOINTMENTS)
    with reading(world.engine) as c:
        assert here.equals(tally(c, ["attendance", *by], Where(), when, APPOINTMENTS))
    return here


def test_twelve_appointments_come_out_as_worked(world: World) -> None:
    """Future ones, unrecorded ones, cancelled in time and late, moved, by the practice: recorded and counted."""
    given_, expected = case("A01")["inputs"], case("A01")["expected"]
    by_id = {a["id"]: a for a in given_["appointments"]}
    replacements = {a["replaced_by"] for a in by_id.values() if "replaced_by" in a}
    for a in by_id.values():
        if a["id"] in replacements:
            continue
        start = local(a["start"])
        then = [e.Event(e.Booked(starts_at=start), local("2026-03-02T09:00"), NOW, id=1)]
        if a["status"] in ENDS:
            at = local(a["changed"]) if "changed" in a else start + timedelta(minutes=5)
            later = local(by_id[a["replaced_by"]]["start"]) if "replaced_by" in a else start
            then.append(e.Event(ENDS[a["status"]](later), at, NOW, id=2))
        with writing(world.engine) as c:
            draft = Draft(factories.asked(world), local("2026-03-02T08:00"), Precision.MINUTE, NOW, then)
            leads.add_many(c, [draft])
    row = attendance(counted(world, local(given_["as_of"]))).iloc[0]
    for column, name in (
        ("attended", "attended"), ("no_show", "no_show"), ("late_cancel", "late_cancel"), ("missing", "outcome_missing"),
        ("future", "future"), ("cancelled_in_time", "cancelled_in_time"), ("by_practice", "cancelled_by_practice"),
        ("rescheduled", "rescheduled"),
    ):  # fmt: skip
        assert row[column] == expected[name], column
    assert row.rate == pytest.approx(expected["show_rate"])
    assert [row.at_least, row.at_most] == pytest.approx(expected["bounds"])
    assert too_many_missing(attendance(counted(world, local(given_["as_of"])))).all()


@pytest.mark.parametrize(
    ("hours_before", "column"),
    [(25, "cancelled_in_time"), (24, "cancelled_in_time"), (23, "late_cancel"), (-1, "late_cancel")],
)
def test_exactly_a_day_before_is_in_time(world: World, hours_before: int, column: str) -> None:
    """An hour less, or after it began, is late."""
    start = NOW + timedelta(days=3)
    lead = log(world)
    record(world, lead, e.Booked(starts_at=start))
    record(world, lead, e.Cancelled(by=CancelledBy.PATIENT), start - timedelta(hours=hours_before))
    assert attendance(counted(world, start + timedelta(days=1)))[column].tolist() == [1]


def test_a_no_show_that_gets_another_day_stays_a_no_show(world: World) -> None:
    """The second appointment counts on its own day, and so does its visit."""
    lead = log(world)
    record(world, lead, e.Booked(starts_at=NOW + timedelta(hours=2)))
    record(world, lead, e.NoShow(), NOW + timedelta(hours=3))
    record(
        world, lead, e.Rescheduled(by=CancelledBy.PATIENT, starts_at=NOW + timedelta(days=2)), NOW + timedelta(hours=4)
    )
    assert attendance(counted(world, NOW + timedelta(days=1)))[["no_show", "future"]].values.tolist() == [[1, 1]]
    record(world, lead, e.Attended(), NOW + timedelta(days=2))
    row = attendance(counted(world, NOW + timedelta(days=3))).iloc[0]
    assert (row.no_show, row.attended, row.rescheduled) == (1, 1, 0)


def test_a_bare_day_is_past_when_it_is_over(world: World) -> None:
    """In the evening of that day nobody can say yet that it was missed."""
    lead = log(world)
    record(world, lead, e.Booked(starts_on=date(2026, 3, 12)))
    evening = datetime(2026, 3, 13, 2, 0, tzinfo=UTC)  # ten at night in New York
    assert attendance(counted(world, evening))["future"].tolist() == [1]
    assert attendance(counted(world, evening + timedelta(hours=3)))["missing"].tolist() == [1]
    weeks = counted(world, evening, "start_weekday", "lead_time")
    assert weeks[["start_weekday", "lead_time"]].values.tolist() == [[4, 2]]


tallies = st.lists(st.tuples(st.integers(1, 3), st.sampled_from(Attendance), st.integers(1, 50)), max_size=25)


@given(rows=tallies)
def test_every_appointment_is_in_one_column_and_the_rate_within_its_bounds(rows) -> None:
    """Whatever the mix; groups add up to the whole."""
    counts = pd.DataFrame(rows, columns=["location", "attendance", "count"])
    whole, parts = attendance(counts), attendance(counts, ["location"])
    assert list(whole.columns) == list(ATTENDANCE_COLUMNS)
    for table in (whole, parts):
        assert table["counted"].sum() + sum(left_out(table).values()) == counts["count"].sum()
        known = table.dropna(subset=["rate"])
        assert ((known["at_least"] <= known["rate"] + 1e-12) & (known["rate"] <= known["at_most"] + 1e-12)).all()
    assert parts["attended"].sum() == whole["attended"].sum()


def test_a_first_visit_is_counted_once_for_its_category(world: World) -> None:
    """A second visit of the same person is none."""
    lead = log(world, partner_id=world.lakeside, partner_category=PartnerCategory.PRIMARY_CARE)
    record(world, lead, e.Booked(starts_at=NOW))
    record(world, lead, e.Attended(), NOW + timedelta(hours=1))
    record(world, lead, e.Booked(starts_at=NOW + timedelta(days=1)), NOW + timedelta(hours=2))
    record(world, lead, e.Attended(), NOW + timedelta(days=1))
    made = new_patients(counted(world, NOW + timedelta(days=2), "partner_category", "first_visit"))
    assert made.values.tolist() == [[1, 1]]


def test_new_patients_come_out_as_worked(world: World) -> None:
    """A first visit counts once, in the period in which it was; whoever came before is not new; unknown is a row."""
    given_, expected = case("A05")["inputs"], case("A05")["expected"]
    patients: dict[str, list[dict]] = {}
    for visit in given_["visits"]:
        patients.setdefault(visit["patient"], []).append(visit)
    for visits in patients.values():
        then = []
        for n, visit in enumerate(visits):
            start = local(f"{visit['attended']}T10:00")
            then.append(e.Event(e.Booked(starts_at=start), start - timedelta(days=3), NOW, id=2 * n + 1))
            then.append(e.Event(e.Attended(), start + timedelta(minutes=5), NOW, id=2 * n + 2))
        category = visits[0]["category"]
        asked = factories.asked(
            world, partner_category=PartnerCategory(category.replace(" ", "_")) if category else None
        )
        with writing(world.engine) as c:
            leads.add_many(c, [Draft(asked, local("2026-02-01T09:00"), Precision.MINUTE, NOW, then)])
    first, until = (date.fromisoformat(day) for day in given_["period"])
    when = Moment(epoch_minute(local("2026-04-05T12:00")), day_number(date(2026, 4, 5)))
    where = Where(days=(day_number(first), day_number(until)))
    counts = tally(
        facts.load(world.engine), ["partner_category", "attendance", "first_visit"], where, when, APPOINTMENTS
    )
    names = {0: "(unknown)", 1: "primary care", 3: "therapist"}
    found = {names[code]: n for code, n in new_patients(counts).values.tolist()}
    assert found == expected["new_patients"]
    assert sum(found.values()) == expected["total"]


def test_a_lead_is_followed_to_the_appointment_that_took_the_place_of_its_first(world: World) -> None:
    """Moved, missed, given another day and kept at last: one lead, two moves, and it came."""
    lead = log(world)
    day = timedelta(days=1)
    record(world, lead, e.Booked(starts_at=NOW + 3 * day), NOW)
    record(world, lead, e.Rescheduled(by=CancelledBy.PATIENT, starts_at=NOW + 5 * day), NOW + day)
    record(world, lead, e.NoShow(), NOW + 5 * day)
    record(world, lead, e.Rescheduled(by=CancelledBy.PATIENT, starts_at=NOW + 8 * day), NOW + 6 * day)
    record(world, lead, e.Attended(), NOW + 8 * day)
    expected = {2: (0, 0, 1, 1), 5: (0, 1, 0, 1), 6: (0, 0, 1, 2), 9: (1, 0, 0, 2)}  # day: came, did not, open, moves
    for later, row in expected.items():
        when = Moment(epoch_minute(NOW + later * day), day_number((NOW + later * day).date()))
        counts = tally(
            facts.load(world.engine), ["moves", "attendance"], Where(keys={"of_chain": (1,)}), when, APPOINTMENTS
        )
        table = by_lead(counts)
        assert list(table.columns) == list(BY_LEAD_COLUMNS)
        assert tuple(table[["came", "did_not", "undecided", "moves"]].iloc[0]) == row, later
        assert table["leads"].iloc[0] == 1
