"""What points to a person is let go of by rule or on request, and no number changes."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from data_access import contact_details, contacts, event_log, facts, leads, retention
from data_access import events as e
from data_access import tables as t
from data_access.contact_details import Keys, Locked
from data_access.engine import reading, writing
from data_access.vocabulary import CloseReason, ContactField, DeidentifiedBecause, Ending
from tests.factories import NOW, World, log, record

FIRST, SECOND = "A" * 43 + "=", "B" * 42 + "A="
LONG_AGO = NOW - timedelta(days=400)
DETAILS = {ContactField.NAME: "Maria Canary", ContactField.PHONE: "555 010 1234"}


def ended(world: World, reference: str = "A-1") -> int:
    lead = log(world, LONG_AGO, reference=reference)
    record(world, lead, e.Closed(reason=CloseReason.UNREACHABLE), LONG_AGO)
    return lead


def test_only_what_ended_longer_ago_than_its_rule_is_let_go_of(world: World) -> None:
    """To the day; open ones, later ones and other endings stay."""
    old, open_ = ended(world), log(world, LONG_AGO, reference="A-2")
    late = log(world, NOW, reference="A-3")
    record(world, late, e.Closed(reason=CloseReason.UNREACHABLE), NOW)
    with writing(world.engine) as c:
        assert retention.due(c, NOW, NOW.date()) == []
        retention.set_rule(c, Ending.NOT_VISITED, 13, effective_from=LONG_AGO.date())
        (found,) = retention.due(c, NOW, NOW.date())
        assert found.leads == (old,)
        assert retention.deidentify(c, found.leads, DeidentifiedBecause.RETENTION, NOW) == 1
        assert retention.due(c, NOW, NOW.date())[0].leads == ()
        with pytest.raises(ValueError, match="still open"):
            retention.deidentify(c, [open_], DeidentifiedBecause.REQUEST, NOW)


def test_nothing_that_is_counted_changes_and_nothing_points_to_the_person(world: World) -> None:
    """Row, log, contact and fingerprint are bare; facts are the same, also when they are made anew from the events."""
    lead, keys = ended(world, "CANARY-7"), Keys.parse(FIRST)
    with writing(world.engine) as c:
        contact_details.keep(c, keys, lead, DETAILS)
        contacts.note(c, lead, "p" * 64)
    before = facts.load(world.engine)
    with writing(world.engine) as c:
        retention.deidentify(c, [lead], DeidentifiedBecause.REQUEST, NOW)
    with reading(world.engine) as c:
        held = [str(row) for table in t.metadata.sorted_tables for row in c.execute(sa.select(table))]
        assert not [row for row in held if "CANARY" in row or "Canary" in row or "p" * 64 in row]
        assert event_log.log_of(c, lead)[0].what.reference is None
    with writing(world.engine) as c:
        leads.rebuild(c, [lead])
    after = facts.load(world.engine)
    for unit in facts.UNITS:
        for name in unit.kinds:
            if name != "revision":
                assert (before.rows(unit)[name] == after.rows(unit)[name]).all(), (unit, name)


def test_contact_details_open_only_with_their_key_and_in_their_place(world: World) -> None:
    """A sealed value that is moved to another inquiry, or changed, cannot be read; a new key takes over by rotation."""
    one, other, keys = log(world), log(world), Keys.parse(FIRST)
    with writing(world.engine) as c:
        contact_details.keep(c, keys, one, DETAILS)
        assert contact_details.of_lead(c, keys, one) == DETAILS
        sealed = c.execute(sa.select(t.contact_details)).all()
        assert not any(b"Canary" in row.sealed for row in sealed)
        c.execute(sa.update(t.contact_details).values(lead_id=other))
        with pytest.raises(Locked, match="belongs to another"):
            contact_details.of_lead(c, keys, other)
        contact_details.keep(c, keys, other, {})
        contact_details.keep(c, keys, one, DETAILS)
    both = replace(Keys.parse(f"{SECOND} {FIRST}"))
    assert contact_details.rotate(world.engine, both) == 2
    assert contact_details.rotate(world.engine, both) == 0
    with reading(world.engine) as c:
        assert contact_details.of_lead(c, Keys.parse(SECOND), one) == DETAILS
        with pytest.raises(Locked, match="not among"):
            contact_details.of_lead(c, keys, one)


@pytest.mark.parametrize("text", ["short", "A" * 43, f"{FIRST} nonsense"])
def test_what_is_no_key_is_refused_with_the_way_to_make_one(text: str) -> None:
    """Before anything is sealed with it."""
    with pytest.raises(ValueError, match="openssl rand"):
        Keys.parse(text)
