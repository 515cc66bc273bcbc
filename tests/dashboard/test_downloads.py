"""What is taken away from a page as a file."""

from dashboard import display
from dashboard.auth import Viewer
from data_access import audit
from data_access.engine import reading
from data_access.events import Consented
from data_access.lead_lists import listing
from data_access.vocabulary import Role
from tests.dashboard.conftest import NOW
from tests.factories import World, log, record


def test_a_table_that_is_taken_away_is_written_down_and_inert(shown_world: World) -> None:
    """Who took how much of what; a name that begins like a formula is marked as text; what is unknown is empty."""
    bob = Viewer("Bob", Role.MANAGER, None, shown_world.bob)
    rows = [{"Partner": "=HYPERLINK(1)", "Came": 3, "Rate": None}]
    told = display._written(bob, lambda: rows, "Partner league").decode("utf-8-sig")
    assert told == "Partner,Came,Rate\n'=HYPERLINK(1),3,\n"
    with reading(shown_world.engine) as c:
        (line,) = audit.lines(c, limit=5)
    assert (line["kind"], line["about"], line["staff_id"]) == ("exported", "1 row of Partner league", shown_world.bob)


def test_a_list_of_leads_is_taken_away_without_those_who_want_no_contact(shown_world: World) -> None:
    """They stand on the page, where it says so; of each of the others the log says who took it."""
    asked, silent = log(shown_world, NOW), log(shown_world, NOW)
    record(shown_world, silent, Consented(may_contact=False), NOW)
    with reading(shown_world.engine) as c:
        rows = listing(c, locations=None)
    assert {row["id"] for row in rows} == {asked, silent}
    taken = display._to_take_away(rows, "Stage now")
    assert [row["Lead"] for row in taken] == [asked]
    display._written(Viewer("Bob", Role.MANAGER, None, shown_world.bob), lambda: taken, "All leads")
    with reading(shown_world.engine) as c:
        assert [line["kind"] for line in audit.lines(c, limit=5, lead_id=asked)] == ["exported"]
        assert not audit.lines(c, limit=5, lead_id=silent)
