"""What the practice set up of itself: lists that are retired and not deleted, and words on offer."""

import pytest

from data_access import practice
from data_access import tables as t
from data_access.engine import writing
from data_access.vocabulary import Topic
from tests.factories import World


def test_an_entry_is_renamed_retired_and_taken_up_again(world: World) -> None:
    """Its id, and so every count of it, stays."""
    with writing(world.engine) as c:
        assert (
            practice.change_entry(c, t.service_lines, world.imaging, name=" Imaging  lab ", active=False)
            == world.imaging
        )
        assert "Imaging lab" not in [line["name"] for line in practice.active(c, t.service_lines)]
        assert practice.names(c, t.service_lines)[world.imaging] == "Imaging lab"
        practice.change_entry(c, t.service_lines, world.imaging, name="Imaging lab", active=True)
        added = practice.change_entry(c, t.service_lines, None, name="Sleep")
        assert [line["id"] for line in practice.active(c, t.service_lines)] == [world.cardiology, world.imaging, added]


@pytest.mark.parametrize(
    ("name", "said"), [("", "1 to 80"), ("x" * 81, "1 to 80"), ("CARDIOLOGY", "there is CARDIOLOGY already")]
)
def test_a_name_that_would_confuse_is_refused(world: World, name: str, said: str) -> None:
    """Blank, too long, or another entry's, whatever its case."""
    with writing(world.engine) as c, pytest.raises(ValueError, match=said):
        practice.change_entry(c, t.service_lines, world.imaging, name=name)


def test_words_are_withheld_and_offered_again(world: World) -> None:
    """At least one stays; what another vocabulary offers is not touched."""
    with writing(world.engine) as c:
        practice.offer_words(c, Topic, [Topic.TRIAGE])
        assert practice.withheld(c, Topic) == frozenset(set(Topic) - {Topic.TRIAGE})
        practice.offer_words(c, Topic, list(Topic))
        assert practice.withheld(c, Topic) == frozenset()
        with pytest.raises(ValueError, match="at least one"):
            practice.offer_words(c, Topic, [])


def test_a_name_is_another_entrys_whatever_its_case_in_any_script(world: World) -> None:
    """Not only in letters that a database folds by itself."""
    with writing(world.engine) as c:
        practice.change_entry(c, t.sources, None, name="Ärzteblatt")
        with pytest.raises(ValueError, match="there is ÄRZTEBLATT already"):
            practice.change_entry(c, t.sources, None, name="ÄRZTEBLATT")
