"""Who owns an inquiry: by the route in force, and by who is there."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from data_access import event_log, facts, practice, routing
from data_access import events as e
from data_access import tables as t
from data_access.dimensions import LEADS
from data_access.engine import reading, writing
from data_access.lead_rules import NotPossible
from data_access.tally import Where, tally
from data_access.vocabulary import ContactMethod, Kind, Pathway, Priority, Topic
from tests import factories
from tests.data_access.test_tally import cells, moment
from tests.factories import LONG_AGO, NOW, World, log, record

TODAY, DAY = NOW.date(), timedelta(days=1)


def route(world: World, owner: int | None, **options: object) -> None:
    with writing(world.engine) as c:
        routing.set_route(c, owner, **({"effective_from": LONG_AGO} | options))


def owner_of(world: World, lead: int) -> int | None:
    with reading(world.engine) as c:
        return c.scalar(sa.select(t.leads.c.owner_id).where(t.leads.c.id == lead))


def test_the_most_specific_route_gives_the_owner(world: World) -> None:
    """Bob by default, Alice for patients at North; who is named on the form stays."""
    route(world, world.bob)
    route(world, world.alice, pathway=Pathway.PATIENT, location_id=world.north)
    owners = [owner_of(world, log(world, **options)) for options in (
        {}, {"pathway": Pathway.CLINICIAN}, {"location_id": world.south}, {"owner_id": world.charlie},
    )]  # fmt: skip
    assert owners == [world.alice, world.bob, world.bob, world.charlie]


def test_without_a_route_nobody_owns_it(world: World) -> None:
    """Which is counted as unowned, and not hidden."""
    lead = log(world)
    counted = tally(facts.load(world.engine), ["owner"], Where(), moment(), LEADS)
    assert (owner_of(world, lead), cells(counted)) == (None, {(0,): 1})


def test_a_route_holds_from_its_day_on(world: World) -> None:
    """What came before stays whose it was."""
    route(world, world.bob)
    before = log(world)
    route(world, world.alice, effective_from=TODAY + DAY)
    same_day, next_day = log(world), log(world, NOW + DAY)
    assert [owner_of(world, lead) for lead in (before, same_day, next_day)] == [world.bob, world.bob, world.alice]


def test_whoever_stands_in_gets_what_comes_while_the_owner_is_away(world: World) -> None:
    """From the first day away until the day before the first day back, and for no longer."""
    route(world, world.alice, backup_id=world.bob)
    with writing(world.engine) as c:
        routing.set_absence(c, world.alice, TODAY, TODAY + 2 * DAY)
    owners = [owner_of(world, log(world, NOW + n * DAY)) for n in (-1, 0, 1, 2)]
    assert owners == [world.alice, world.bob, world.bob, world.alice]
    with reading(world.engine) as c:
        assert routing.stands_in_for(c, world.bob, TODAY) == {world.alice}
        assert routing.stands_in_for(c, world.bob, TODAY + 2 * DAY) == set()


def test_somebody_who_left_owns_nothing_new(world: World) -> None:
    """The backup does; where neither is left, nobody, which is an alarm."""
    route(world, world.alice, backup_id=world.bob)
    for gone, expected in ((world.alice, world.bob), (world.bob, None)):
        with writing(world.engine) as c:
            c.execute(sa.update(t.staff).where(t.staff.c.id == gone).values(active=False))
        assert owner_of(world, log(world)) == expected


def test_two_routes_that_could_both_win_are_refused(world: World) -> None:
    """A lead at North by a patient would fit both, and neither is more specific."""
    route(world, world.bob, location_id=world.north)
    with pytest.raises(ValueError, match="name one thing more"):
        route(world, world.alice, pathway=Pathway.PATIENT)


@pytest.mark.parametrize(
    ("what", "said"), [({"colour": "red"}, "cannot depend on colour"), ({"backup_id": 1}, "stand in for themselves")]
)
def test_a_route_that_makes_no_sense_is_refused(world: World, what: dict, said: str) -> None:
    """With a word on what to choose."""
    with writing(world.engine) as c, pytest.raises(ValueError, match=said):
        routing.set_route(c, 1, effective_from=LONG_AGO, **what)


def test_an_absence_ends_after_it_begins(world: World) -> None:
    """The first day back lies after the first day away."""
    with writing(world.engine) as c, pytest.raises(ValueError, match="must lie after"):
        routing.set_absence(c, world.alice, TODAY, TODAY)


def test_taking_a_lead_is_an_event_and_counts_from_then_on(world: World) -> None:
    """Yesterday nobody owned it."""
    lead = log(world)
    record(world, lead, e.Assigned(owner_id=world.alice), NOW + DAY)
    snapshot = facts.load(world.engine)
    counted = [cells(tally(snapshot, ["owner"], Where(), moment(NOW + n * DAY), LEADS)) for n in (0, 1)]
    assert counted == [{(0,): 1}, {(world.alice,): 1}]
    with pytest.raises(NotPossible, match="theirs already"):
        record(world, lead, e.Assigned(owner_id=world.alice), NOW + DAY)


def test_a_lead_that_moves_is_owned_there_and_keeps_its_clock(world: World) -> None:
    """Its deadline stays, the route of the new location names the owner, and each location counts it in its own time."""
    route(world, world.alice, location_id=world.north)
    route(world, world.bob, location_id=world.south)
    lead = log(world)
    with reading(world.engine) as c:
        due = c.scalar(sa.select(t.leads.c.respond_by))
    record(world, lead, e.Transferred(location_id=world.south), NOW + timedelta(hours=1))
    record(world, lead, e.Reached(method=ContactMethod.CALL), NOW + timedelta(hours=2))
    with reading(world.engine) as c:
        row = c.execute(sa.select(t.leads)).mappings().one()
    assert (row["location_id"], row["owner_id"], row["respond_by"]) == (world.south, world.bob, due)
    assert row["attempt_seconds"] == 2 * 3600  # by the hours under which it was promised: South opens an hour later
    snapshot = facts.load(world.engine)
    counted = [cells(tally(snapshot, ["location"], Where(), moment(NOW + timedelta(hours=n)), LEADS)) for n in (0, 1)]
    assert counted == [{(world.north,): 1}, {(world.south,): 1}]
    with pytest.raises(NotPossible, match="at this location already"):
        record(world, lead, e.Transferred(location_id=world.south), NOW + DAY)


def test_an_information_request_becomes_a_scheduling_inquiry_with_its_clock_and_topic(world: World) -> None:
    """It needs records from then on, and was an information request before."""
    lead = log(world, lead_kind=Kind.INFORMATION, pathway=Pathway.CLINICIAN, topic=Topic.SELF_PAY)
    with reading(world.engine) as c:
        before = c.execute(sa.select(t.leads)).mappings().one()
    record(world, lead, e.Promoted(service_line_id=world.cardiology), NOW + DAY)
    with reading(world.engine) as c:
        after = c.execute(sa.select(t.leads)).mappings().one()
        items = c.execute(sa.select(sa.func.count()).select_from(t.records)).scalar()
    same = ("received_at", "respond_by", "window_minutes", "topic", "channel")
    assert [before[name] for name in same] == [after[name] for name in same]
    assert (after["kind"], after["service_line_id"], items) == (Kind.SCHEDULING, world.cardiology, 4)
    with pytest.raises(NotPossible, match="Only an information request"):
        record(world, lead, e.Promoted(), NOW + DAY)


def test_a_higher_priority_shortens_the_window_from_now_on_and_never_lengthens_it(world: World) -> None:
    """Four staffed hours were promised at noon; urgent is one hour, from the change on; routine again changes nothing."""
    with writing(world.engine) as c:
        factories.promises.set_window(c, 60, effective_from=date(2020, 1, 1), priority=Priority.URGENT)
    lead = log(world)
    due = []
    for priority, at in ((Priority.URGENT, 2), (Priority.ROUTINE, 3)):
        record(world, lead, e.Reprioritised(priority=priority), NOW + timedelta(hours=at) - timedelta(minutes=5))
        with reading(world.engine) as c:
            due.append(c.scalar(sa.select(t.leads.c.respond_by)))
    assert due == [NOW + timedelta(hours=2, minutes=55)] * 2
    late = log(world)
    record(world, late, e.Reprioritised(priority=Priority.URGENT), NOW + timedelta(hours=3, minutes=30))
    with reading(world.engine) as c:
        assert c.scalar(sa.select(t.leads.c.respond_by).where(t.leads.c.id == late)) == NOW + timedelta(hours=4)


def test_what_changed_hands_is_taken_back_like_anything_else(world: World) -> None:
    """The transfer was a mistake: the lead is back where it was, and history shows both."""
    lead = log(world)
    record(world, lead, e.Transferred(location_id=world.south), NOW)
    with reading(world.engine) as c:
        wrong = event_log.log_of(c, lead)[-1].id
    record(world, lead, e.Voided(event_id=wrong), NOW)
    with reading(world.engine) as c:
        assert c.scalar(sa.select(t.leads.c.location_id)) == world.north
        assert len(event_log.log_of(c, lead)) == 3


def test_an_absence_is_corrected_by_the_next_and_ended_by_coming_back(world: World) -> None:
    """Two that overlap are one; back today, or never away."""
    day = NOW.date()
    with writing(world.engine) as c:
        routing.set_absence(c, world.alice, day, day + 5 * DAY)
        routing.set_absence(c, world.alice, day, day + 2 * DAY)
        routing.set_absence(c, world.bob, day + DAY, day + 3 * DAY)
        assert [(a["name"], a["until_on"]) for a in routing.absences(c, day)] == [
            ("Alice", day + 2 * DAY), ("Bob", day + 3 * DAY),
        ]  # fmt: skip
        alice, bob = (a["id"] for a in routing.absences(c, day))
        routing.end_absence(c, alice, day + DAY)
        routing.end_absence(c, bob, day)
        assert routing.away(c, day) == {world.alice}
        assert routing.away(c, day + DAY) == frozenset()


def test_the_backup_of_somebody_who_has_left_stands_in(world: World) -> None:
    """Their open inquiries are seen by somebody."""
    with writing(world.engine) as c:
        routing.set_route(c, world.alice, backup_id=world.bob, effective_from=LONG_AGO)
        assert routing.stands_in_for(c, world.bob, NOW.date()) == frozenset()
        practice.change_entry(c, t.staff, world.alice, name="Alice", active=False)
        assert routing.stands_in_for(c, world.bob, NOW.date()) == {world.alice}
