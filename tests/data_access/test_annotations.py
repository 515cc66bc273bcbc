"""Notes on the charts: as they stood at a moment, for the locations that one sees."""

from datetime import timedelta

import pytest

from data_access import annotations, reviews
from data_access.engine import reading, writing
from data_access.vocabulary import TrendSeries
from tests.factories import NOW, World


def texts(world: World, when, locations) -> list[str]:
    with reading(world.engine) as c:
        return [note.text for note in annotations.standing(c, when, locations)]


def test_a_note_stands_from_its_writing_until_it_is_taken_back(world: World) -> None:
    """At any moment those that stood then are shown, whatever came later."""
    with writing(world.engine) as c:
        first = annotations.write(c, " New   script ", (NOW - timedelta(days=9)).date(), now=NOW, staff_id=world.bob)
    with writing(world.engine) as c:
        annotations.withdraw(c, first, NOW + timedelta(days=2))
    found = [texts(world, NOW + timedelta(days=n), None) for n in (-1, 0, 1, 3)]
    assert found == [[], ["New script"], ["New script"], []]
    with pytest.raises(LookupError), writing(world.engine) as c:
        annotations.withdraw(c, first, NOW)


def test_a_note_on_one_location_is_seen_by_those_who_see_it(world: World) -> None:
    """One on the whole practice is seen by all; it names who wrote it."""
    with writing(world.engine) as c:
        annotations.write(c, "everywhere", NOW.date(), now=NOW, rebases=TrendSeries.SEEN, staff_id=world.bob)
        annotations.write(c, "south", NOW.date(), now=NOW, location_id=world.south)
    assert texts(world, NOW, None) == ["everywhere", "south"]
    assert texts(world, NOW, (world.north,)) == ["everywhere"]
    with reading(world.engine) as c:
        note = annotations.standing(c, NOW, None)[0]
    assert (note.author, note.rebases) == ("Bob", TrendSeries.SEEN)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Mrs. Miller waited", "who a patient is"),
        ("the patient called Ann", "who a patient is"),
        ("ring 555 010 1234", "a phone number"),
        ("ask ann@mail.example", "an e-mail address"),
        ("DOB missing on faxes", "who a patient is"),
    ],
)
def test_a_text_that_everybody_reads_points_to_no_patient(text: str, seen: str, world: World) -> None:
    """Neither a note on a chart nor an action of the review."""
    with writing(world.engine) as c:
        with pytest.raises(ValueError, match=seen):
            annotations.write(c, text, NOW.date(), now=NOW)
        with pytest.raises(ValueError, match=seen):
            reviews.decide(c, text, owner_id=world.bob, due_on=NOW.date(), week=1, today=NOW.date(), now=NOW)


@pytest.mark.parametrize("text", ["Dr. Smith joined on 2026-03-02", "Osteopathy moved to North", "48 of 120 in 2025"])
def test_dates_clinicians_and_what_is_treated_may_be_said(text: str, world: World) -> None:
    """They are what a note is about."""
    with writing(world.engine) as c:
        assert annotations.write(c, text, NOW.date(), now=NOW)
