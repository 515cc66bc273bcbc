"""The audit log is appended to, follows from itself, and takes no revision."""

import pytest
import sqlalchemy as sa

from data_access import audit
from data_access import engine as databases
from data_access import tables as t
from data_access.audit import Head, Tampered
from data_access.engine import reading, writing
from data_access.vocabulary import AuditKind
from tests.factories import NOW, World


def noted(world: World, lines: int = 3) -> Head:
    with writing(world.engine, counted=False) as c:
        for number in range(lines):
            audit.note(
                c, AuditKind.OPENED, "opened inquiry", now=NOW, staff_id=world.bob, lead_id=number, address="10.0.0.1"
            )
        return audit.verify(c)


def test_lines_are_numbered_without_gaps_and_take_no_revision(world: World) -> None:
    """Nobody's numbers are counted anew because somebody looked."""
    with reading(world.engine) as c:
        before = databases.current_revision(c)
    assert noted(world).number == 3
    with reading(world.engine) as c:
        assert databases.current_revision(c) == before
        newest = audit.lines(c, limit=2)
        assert [(line["number"], line["who"], line["lead_id"]) for line in newest] == [(3, "Bob", 2), (2, "Bob", 1)]
        assert [line["number"] for line in audit.lines(c, limit=9, lead_id=0)] == [1]


@pytest.mark.parametrize("change", ["UPDATE audit_lines SET about = 'nothing'", "DELETE FROM audit_lines"])
def test_the_database_refuses_to_change_a_line(world: World, change: str) -> None:
    """And keeps what was written."""
    noted(world)
    with pytest.raises(sa.exc.DBAPIError, match="never changed"), writing(world.engine) as c:
        c.exec_driver_sql(change)
    with reading(world.engine) as c:
        assert audit.verify(c).number == 3


def test_what_the_owner_of_the_database_changes_breaks_the_chain(world: World) -> None:
    """A line that is put past the head, or a chain that is not the one that was noted elsewhere."""
    head = noted(world)
    with reading(world.engine) as c:
        assert audit.verify(c, head) == head
        with pytest.raises(Tampered, match="not the one that was noted"):
            audit.verify(c, Head(2, "0" * 64))
    forged = {"number": 4, "at": NOW, "kind": AuditKind.OPENED, "about": "forged", "digest": "0" * 64}
    with writing(world.engine) as c:
        c.execute(sa.insert(t.audit_lines).values(forged))
    with reading(world.engine) as c, pytest.raises(Tampered, match="line 4"):
        audit.verify(c)
