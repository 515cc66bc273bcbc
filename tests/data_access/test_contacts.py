"""Contacts are kept as fingerprints: one person is found again however the number was written, and nobody can read it."""

from datetime import timedelta

import pytest

from data_access import contacts, merging
from data_access import events as e
from data_access.engine import reading, writing
from data_access.lead_lists import CROWD, twin_of
from tests.factories import NOW, World, log, record

SECRET = "s" * 32
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    "typed", ["555 010 1234", "(555) 010-1234", "+1 555.010.1234", "1-555-010-1234", " 5550101234 "]
)
def test_a_phone_number_is_one_however_it_is_written(typed: str) -> None:
    """With or without the country."""
    assert contacts.plain(typed) == "5550101234"


@pytest.mark.parametrize("typed", ["", "Maria Lopez", "12345", "a@b", "call me 5550101234", "a b@c.de"])
def test_what_is_neither_a_number_nor_an_address_is_none(typed: str) -> None:
    """A name is not hashed either."""
    assert contacts.plain(typed) is None


def test_a_fingerprint_says_nothing_without_the_key() -> None:
    """Another key, another print; case of an address makes no difference."""
    one = contacts.fingerprint(SECRET, contacts.plain("Ann@Example.org") or "")
    assert one == contacts.fingerprint(SECRET, contacts.plain("ann@example.ORG ") or "")
    assert one != contacts.fingerprint("t" * 32, "ann@example.org")
    assert "ann" not in one
    assert len(one) == 64


def test_an_inquiry_of_the_same_person_is_found_wherever_it_was_logged(world: World) -> None:
    """At the other location too, within two weeks, unless the viewer does not see it."""
    lead = log(world, location_id=world.south)
    with writing(world.engine) as c:
        contacts.note(c, lead, "p" * 64)
    with reading(world.engine) as c:
        assert twin_of(c, None, world.north, NOW + DAY, print_="p" * 64) == lead
        assert twin_of(c, None, world.north, NOW + 15 * DAY, print_="p" * 64) is None
        assert twin_of(c, None, world.north, NOW + DAY, print_="q" * 64) is None
        assert twin_of(c, None, world.north, NOW + DAY, print_="p" * 64, locations=[world.north]) is None


def test_the_same_reference_from_one_partner_is_found_at_any_location(world: World) -> None:
    """Without the partner only at the same location."""
    lead = log(world, reference="A-1", partner_id=world.lakeside)
    with reading(world.engine) as c:
        assert twin_of(c, "a1", world.south, NOW, partner_id=world.lakeside) == lead
        assert twin_of(c, "a1", world.south, NOW, partner_id=world.harbor) is None
        assert twin_of(c, "a1", world.north, NOW) == lead


def test_what_a_crowd_shares_tells_nobody_apart(world: World) -> None:
    """Twenty ask, the twenty-first does not."""
    for n in range(CROWD + 1):
        with reading(world.engine) as c:
            assert (twin_of(c, "T-0", world.north, NOW) is not None) == (0 < n <= CROWD)
        log(world, reference="T-0")
    with reading(world.engine) as c:
        assert twin_of(c, "T-0", world.north, NOW) is None


def test_who_comes_back_after_the_visit_begins_anew_and_a_duplicate_means_the_one_that_goes_on(world: World) -> None:
    """A reference that is used again after the visit asks nobody; one of a merged inquiry finds the first."""
    first, second = log(world, reference="A-1"), log(world, NOW + DAY / 24, reference="B-2")
    with writing(world.engine) as c:
        contacts.note(c, second, "p" * 64)
        merging.merge_leads(c, second, first, now=NOW + DAY / 12, version=1)
    with reading(world.engine) as c:
        assert twin_of(c, None, world.north, NOW + DAY, print_="p" * 64) == first
    record(world, first, e.Booked(starts_at=NOW + DAY), NOW + DAY / 6)
    record(world, first, e.Attended(), NOW + DAY)
    with reading(world.engine) as c:
        assert twin_of(c, "A-1", world.north, NOW + 2 * DAY) is None
