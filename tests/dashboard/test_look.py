"""A page counts and names everything as of one moment, and what it wrote itself it sees."""

from dashboard import loaders, look
from dashboard.acting import acting
from dashboard.auth import Viewer
from data_access.dimensions import LEADS, Moment
from data_access.lead_state import epoch_minute
from data_access.tally import Where
from data_access.vocabulary import Role
from tests.dashboard.conftest import NOW
from tests.factories import World, log


def leads() -> int:
    return int(loaders.counted([], Where(), Moment(epoch_minute(NOW), 0), LEADS)["count"].sum())


def test_what_others_write_while_a_page_is_drawn_is_on_the_next_one(shown_world: World) -> None:
    """Within a look nothing changes; after it, and outside of any, the newest is read."""
    log(shown_world)
    with look.one():
        before = (leads(), loaders.revision())
        log(shown_world)
        assert (leads(), loaders.revision()) == before
    assert leads() == before[0] + 1
    assert loaders.revision() > before[1]


def test_what_a_page_writes_itself_it_sees_at_once(shown_world: World) -> None:
    """A write through the page's own door ends what was seen so far."""
    viewer = Viewer("Bob", Role.MANAGER, None, shown_world.bob)
    with look.one():
        assert loaders.revision() > 0
        with acting(loaders.database(), viewer, "a test"):
            pass
        seen = loaders.revision()
    assert seen == loaders.revision()


def test_a_look_within_a_look_does_not_outlive_it() -> None:
    """What was seen outside is known again afterwards."""
    numbers = iter(range(9))
    with look.one():
        assert look.seen("x", lambda: next(numbers)) == 0
        with look.one():
            assert look.seen("x", lambda: next(numbers)) == 1
        assert look.seen("x", lambda: next(numbers)) == 0
    assert [look.seen("x", lambda: next(numbers)) for _ in range(2)] == [2, 3]
