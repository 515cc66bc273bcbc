"""The work queue: every open lead once, the one whose staffed time runs out first on top."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access import events as e
from data_access import lead_lists, leads
from data_access.engine import reading, writing
from data_access.lead_state import epoch_minute
from data_access.promises import ResponseClock
from data_access.tally import Where, tally
from data_access.units import SITUATIONS
from data_access.vocabulary import CloseReason, ContactMethod, NextStep, Pathway
from data_access.work_queue import queue
from tests import factories
from tests.conftest import empty
from tests.data_access.test_tally import moment
from tests.factories import NOW, World, log, record
from tests.histories import START, drafts

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def rows(world: World, now=NOW, locations=None, **keys: tuple[int, ...]) -> tuple[int, list[dict]]:
    with reading(world.engine) as c:
        return queue(c, Where(keys=keys, locations=locations), moment(now), now, locations=locations)


def test_the_order_is_staffed_time_and_not_the_clock(world: World) -> None:
    """South opens three hours after North: due at the same moment, South has less staffed time left, and comes first."""
    morning = NOW - 3 * HOUR  # nine in New York, six in Los Angeles
    due = e.Planned(step=NextStep.CALL, due_at=NOW + 4 * HOUR)
    north, south = log(world, morning), log(world, morning, location_id=world.south)
    for lead in (north, south):
        record(world, lead, due, morning)
    total, found = rows(world, morning)
    assert (total, [row["id"] for row in found]) == (2, [south, north])
    assert [row["left_minutes"] for row in found] == [4 * 60, 7 * 60]


def test_what_is_overdue_is_counted_in_staffed_time_since(world: World) -> None:
    """Four hours promised at noon were over at four; the next morning at ten that is two staffed hours ago."""
    log(world)
    _, found = rows(world, NOW + 22 * HOUR)
    assert found[0]["left_minutes"] == -2 * 60


def test_a_closed_lead_is_in_no_queue_and_a_scope_hides_the_rest(world: World) -> None:
    """Alice sees North."""
    log(world, location_id=world.south)
    seen, closed = log(world), log(world)
    record(world, closed, e.Closed(reason=CloseReason.WITHDRAWN), NOW)
    total, found = rows(world, locations=(world.north,))
    assert (total, [row["id"] for row in found]) == (1, [seen])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_queue_agrees_with_the_counts_of_the_metrics_pages(sqlite_database, data) -> None:
    """Whatever happened: as many leads as the situations count, and each left time as the staffed clock measures it."""
    empty(sqlite_database)
    world = factories.found(sqlite_database)
    with writing(sqlite_database) as c:
        leads.add_many(c, data.draw(st.lists(drafts(world), min_size=1, max_size=6)))
    now = START + timedelta(days=60)
    keys = data.draw(st.sampled_from([{}, {"owner": (0,)}, {"due": (1,)}, {"waits_for": (2, 3)}, {"stalled": (1,)}]))
    total, found = rows(world, now, **keys)
    with reading(sqlite_database) as c:
        counted = tally(c, [], Where(keys=keys), moment(now), SITUATIONS)["count"].sum()
        clock = ResponseClock(c)
        for row in found:
            if due := row["next_step_by"]:
                late = clock.elapsed_minutes(row["location_id"], [epoch_minute(due)], [epoch_minute(now)])
                ahead = clock.elapsed_minutes(row["location_id"], [epoch_minute(now)], [epoch_minute(due)])
                assert row["left_minutes"] == ahead[0] - late[0]
    assert total == len(found) == counted
    assert [row["left_minutes"] for row in found] == sorted(row["left_minutes"] for row in found)


def test_a_lead_is_found_by_its_number_or_a_part_of_its_reference_within_the_scope(world: World) -> None:
    """Wildcards mean themselves; nothing typed finds nothing."""
    first, second = log(world, reference="A-1047"), log(world, reference="B-1047", location_id=world.south)
    with reading(world.engine) as c:
        for typed, locations, expected in (
            ("1047", None, [second, first]), ("a-10", None, [first]), (str(second), None, [second]), ("%", None, []),
            ("", None, []), ("1047", (world.north,), [first]), ("9" * 30, None, []),
        ):  # fmt: skip
            assert [row["id"] for row in lead_lists.find(c, typed, locations=locations)] == expected, typed


def test_one_lead_comes_with_all_that_is_written_down_about_it(world: World) -> None:
    """Its row, events, checklist and appointments; nothing outside the scope."""
    lead = log(world, pathway=Pathway.CLINICIAN)
    record(world, lead, e.Reached(method=ContactMethod.CALL))
    record(world, lead, e.Booked(starts_at=NOW + DAY, starts_on=(NOW + DAY).date()))
    with reading(world.engine) as c:
        whole = lead_lists.whole(c, lead, locations=None)
        assert whole is not None
        assert [len(part) for part in (whole.log, whole.records, whole.appointments)] == [3, 4, 1]
        assert whole.row["starts_at"] == NOW + DAY
        assert lead_lists.whole(c, lead, locations=(world.south,)) is None
        assert lead_lists.whole(c, lead + 999, locations=None) is None
