"""Records checklists: versions that hold from a day on; inquiries keep the one with which they were opened."""

from datetime import timedelta

import sqlalchemy as sa

from data_access import checklists
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.vocabulary import Pathway, RecordItem
from tests.factories import LONG_AGO, NOW, World, log

DAY = timedelta(days=1)
TODAY = NOW.date()
NOTES, LABS = RecordItem.CLINICAL_NOTES, RecordItem.IMAGING_OR_LABS


def revise(world: World, items: dict, day=TODAY, line: int | None = None) -> int:
    with writing(world.engine) as c:
        return checklists.set_checklist(c, items, effective_from=day, service_line_id=line)


def items_of(world: World, line: int | None, day=TODAY) -> dict[RecordItem, bool]:
    with reading(world.engine) as c:
        found = checklists.checklist_on(c, line, day)
    return dict(found.items) if found else {}


def needed(world: World, lead: int) -> dict[str, bool]:
    with reading(world.engine) as c:
        rows = c.execute(sa.select(t.records.c.item, t.records.c.required).where(t.records.c.lead_id == lead))
        return {row.item: row.required for row in rows}


def clinicians(world: World, at=NOW, **changes: object) -> int:
    return log(world, at, pathway=Pathway.CLINICIAN, partner_id=world.lakeside, **changes)


def test_a_new_version_holds_from_its_day_on(world: World) -> None:
    """What is not named is not asked for."""
    assert revise(world, {NOTES: True, LABS: False}) == 2
    assert items_of(world, None, TODAY - DAY) == dict.fromkeys(RecordItem, True)
    assert items_of(world, None) == {NOTES: True, LABS: False}


def test_a_service_line_has_its_own_list_or_the_practices(world: World) -> None:
    """Its versions count for themselves."""
    assert revise(world, {LABS: True}, LONG_AGO, world.imaging) == 1
    assert items_of(world, world.imaging) == {LABS: True}
    assert items_of(world, world.cardiology) == dict.fromkeys(RecordItem, True)


def test_a_list_that_asks_for_nothing_is_a_list(world: World) -> None:
    """A service line that needs no records does not fall back to the practice's own."""
    revise(world, {}, LONG_AGO, world.imaging)
    assert items_of(world, world.imaging) == {}
    assert needed(world, clinicians(world, service_line_id=world.imaging)) == {}


def test_a_version_planned_for_later_does_not_hide_one_that_holds_sooner(world: World) -> None:
    """Written first for next month, then another for today."""
    revise(world, {NOTES: True}, TODAY + 30 * DAY)
    revise(world, {LABS: True}, TODAY)
    assert items_of(world, None) == {LABS: True}
    assert items_of(world, None, TODAY + 30 * DAY) == {NOTES: True}


def test_an_inquiry_keeps_the_list_with_which_it_was_opened(world: World) -> None:
    """The next one has the new list."""
    first = clinicians(world)
    revise(world, {NOTES: True, LABS: False})
    assert needed(world, first) == dict.fromkeys(RecordItem, True)
    assert needed(world, clinicians(world)) == {NOTES: True, LABS: False}


def test_every_version_can_be_read(world: World) -> None:
    """The newest first; none at all where nothing was set."""
    revise(world, {NOTES: True})
    with reading(world.engine) as c:
        assert [one.version for one in checklists.versions(c, None)] == [2, 1]
        assert checklists.versions(c, world.imaging) == []
        assert checklists.checklist_on(c, None, LONG_AGO - DAY) is None
