"""Outreach and the notes that close the loop: once, with whom they may be, and taken back."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from data_access import merging, outreach, partner_notes
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.lead_rules import NotPossible
from data_access.vocabulary import ContactMethod, Outreach, PartnerCategory
from tests import factories
from tests.conftest import Engine
from tests.factories import NOW, World

TODAY = NOW.date()
CYCLE = (date(2026, 1, 1), date(2026, 3, 1))


def plan(world: World, text: str = "How to send records", **changes) -> int:
    fields = {"owner_id": world.alice, "now": NOW, "partner_id": world.lakeside}
    with writing(world.engine) as c:
        return outreach.plan(c, Outreach.CALL, text, TODAY, **(fields | changes))


def act(world: World, act_id: int) -> outreach.Act:
    with reading(world.engine) as c:
        (found,) = (one for one in outreach.acts(c) if one.id == act_id)
    return found


def note(world: World, partner: int, **changes) -> int:
    fields = {"method": ContactMethod.EMAIL, "today": TODAY, "now": NOW, "staff_id": world.bob}
    with writing(world.engine) as c:
        return partner_notes.sent(c, partner, changes.pop("cycle", CYCLE), "Thank you.", **(fields | changes))


def quiet(world: World, partner: int) -> None:
    with writing(world.engine) as c:
        c.execute(sa.update(t.partners).where(t.partners.c.id == partner).values(may_contact=False))


def test_an_outreach_is_due_until_it_is_done_and_counts_no_more_when_it_is_taken_back(database: Engine) -> None:
    """A double click writes it once."""
    world = factories.found(database)
    first = plan(world)
    assert plan(world) == first
    general = plan(world, partner_id=None, category=PartnerCategory.HOSPITAL)
    with writing(database) as c:
        outreach.done(c, act(world, first), TODAY - timedelta(days=2), today=TODAY)
    with reading(database) as c:
        found = {act.id: (act.done_on, act.partner_id, act.category, act.owner) for act in outreach.acts(c)}
    assert found == {
        first: (TODAY - timedelta(days=2), world.lakeside, None, "Alice"),
        general: (None, None, PartnerCategory.HOSPITAL, "Alice"),
    }
    was = act(world, general)
    with writing(database) as c:
        outreach.done(c, act(world, first), None, today=TODAY)
        outreach.withdraw(c, was, NOW)
    with reading(database) as c:
        assert [(act.id, act.done_on) for act in outreach.acts(c)] == [(first, None)]
    with pytest.raises(NotPossible, match="Somebody else changed it"), writing(database) as c:
        outreach.done(c, was, TODAY, today=TODAY)


def test_of_two_who_saw_the_same_outreach_the_second_is_told(database: Engine) -> None:
    """Who says the same again is not bothered; what is done is not taken back by somebody who saw it due."""
    world = factories.found(database)
    seen = act(world, plan(world))
    with writing(database) as c:
        outreach.done(c, seen, TODAY, today=TODAY)
        outreach.done(c, seen, TODAY, today=TODAY)
    for other in (
        lambda c: outreach.done(c, seen, TODAY - timedelta(days=1), today=TODAY),
        lambda c: outreach.withdraw(c, seen, NOW),
    ):
        with pytest.raises(NotPossible, match="look at how it stands"), writing(database) as c:
            other(c)
    assert act(world, seen.id).done_on == TODAY
    with pytest.raises(ValueError, match="lies ahead"), writing(database) as c:
        outreach.done(c, act(world, seen.id), TODAY + timedelta(days=1), today=TODAY)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"partner_id": None}, "a partner, or a category"), ({"category": PartnerCategory.OTHER}, "a partner, or a category"),
        ({"text": " "}, "1 to 160 characters"), ({"owner_id": 99}, "one owner"),
        ({"text": "Ask about patient John, born 03/04/1961"}, "may name a person"),
    ],
)  # fmt: skip
def test_what_is_no_outreach_is_refused_in_words(sqlite_database: Engine, changes: dict, says: str) -> None:
    """It is about how one works together: no person and no diagnosis is in it."""
    world = factories.found(sqlite_database)
    with pytest.raises(ValueError, match=says):
        plan(world, **changes)
    with reading(sqlite_database) as c:
        assert not outreach.acts(c)


def test_who_wants_no_contact_gets_none(database: Engine) -> None:
    """No outreach and no note, also by the name of one that was merged into it."""
    world = factories.found(database)
    with writing(database) as c:
        merging.merge_partners(c, world.harbor, world.lakeside, now=NOW, staff_id=world.bob)
    quiet(world, world.lakeside)
    for partner in (world.lakeside, world.harbor):
        with pytest.raises(NotPossible, match="asked not to be contacted"):
            plan(world, partner_id=partner)
        with pytest.raises(NotPossible, match="asked not to be contacted"):
            note(world, partner)


def test_a_note_is_sent_once_a_cycle_and_can_be_taken_back(database: Engine) -> None:
    """It stands for the partner that goes on where two became one."""
    world = factories.found(database)
    first = note(world, world.harbor)
    assert note(world, world.harbor) == first
    assert note(world, world.harbor, cycle=(date(2025, 10, 1), date(2026, 1, 1))) != first
    with reading(database) as c:
        assert partner_notes.of_cycle(c, CYCLE) == {world.harbor: (first, NOW, "Bob")}
    with writing(database) as c:
        merging.merge_partners(c, world.harbor, world.lakeside, now=NOW, staff_id=world.bob)
    with reading(database) as c:
        assert set(partner_notes.of_cycle(c, CYCLE)) == {world.lakeside}
    with writing(database) as c:
        partner_notes.take_back(c, first, NOW)
    with reading(database) as c:
        assert not partner_notes.of_cycle(c, CYCLE)
    with pytest.raises(LookupError), writing(database) as c:
        partner_notes.take_back(c, first, NOW)


def test_a_cycle_that_is_not_over_has_no_note(sqlite_database: Engine) -> None:
    """Its numbers still change."""
    world = factories.found(sqlite_database)
    with pytest.raises(ValueError, match="not over yet"):
        note(world, world.harbor, cycle=(date(2026, 3, 1), date(2026, 4, 1)))
