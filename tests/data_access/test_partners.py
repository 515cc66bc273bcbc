"""Partners are one however they are spelled, and those that are nearly alike are asked about."""

import pytest

from data_access import partners
from data_access.engine import reading, writing
from data_access.vocabulary import PartnerCategory
from tests.factories import World


@pytest.mark.parametrize(
    "typed",
    ["lakeside fam medicine", "Family Medicine Lakeside", "LAKESIDE  FAMILY MEDICINE", "Lakeside Family Medicine LLC",
     "Lakeside Famly Medicine"],
)  # fmt: skip
def test_a_name_that_is_nearly_one_that_is_there_is_found(world: World, typed: str) -> None:
    """Words left out, swapped, misspelled or added."""
    with reading(world.engine) as c:
        assert partners.near(c, typed)[:1] == [(world.lakeside, "Lakeside Family Medicine")]


@pytest.mark.parametrize("typed", ["Riverside Orthopedics", "Harbor", "Lake", "Zenith Sports Medicine"])
def test_another_name_is_another_partner(world: World, typed: str) -> None:
    """Nobody is asked in vain; a whole name that is one word of another is asked about."""
    with reading(world.engine) as c:
        found = [name for _, name in partners.near(c, typed)]
    assert found == (["Harbor Hospital"] if typed == "Harbor" else [])


def test_case_width_and_spaces_make_no_new_partner(world: World) -> None:
    """The same id comes back, and none that is retired is offered as alike."""
    with writing(world.engine) as c:
        assert partners.find_or_add(c, "  lakeside FAMILY medicine", PartnerCategory.OTHER) == world.lakeside
        assert partners.find(c, "nobody") is None
        c.execute(partners.partners.update().values(active=False))
        assert partners.near(c, "Lakeside Family Medicine LLC") == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("lakeside fam", 1), ("LAKES", 1), ("l f m", 1), ("fam", None), ("harbor", None), ("harbor hos", 2), ("", None),
     ("lakeside family medicine group", None)],
)  # fmt: skip
def test_a_few_letters_mean_the_one_partner_that_begins_so(typed: str, expected: int | None) -> None:
    """Word by word; where two begin so, nobody guesses."""
    known = {1: "Lakeside Family Medicine", 2: "Harbor Hospital", 3: "Harbor Imaging"}
    assert partners.meant(typed, known) == expected
