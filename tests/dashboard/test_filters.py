"""Choices become one filter, and never more than the viewer may see."""

from datetime import UTC, date, datetime

import pytest

from dashboard.filters import Filters, end_of_day, moment
from data_access.days import day_number, week_number
from data_access.vocabulary import Channel, PartnerCategory


def test_words_and_ids_become_keys_of_the_facts() -> None:
    """Codes that start at 1 where 0 means that nothing was given."""
    where = Filters(location=(3,), channel=("email",), partner_category=("hospital",)).where(None)
    assert where.keys == {
        "location": (3,),
        "channel": (list(Channel).index(Channel.EMAIL),),
        "partner_category": (list(PartnerCategory).index(PartnerCategory.HOSPITAL) + 1,),
    }


def test_the_period_is_half_open_in_local_days() -> None:
    """From the first day to the day before the last."""
    where = Filters(first=date(2026, 3, 1), last=date(2026, 4, 1)).where(None)
    assert where.days == (day_number(date(2026, 3, 1)), day_number(date(2026, 4, 1)))


def test_a_period_of_due_weeks_takes_those_whose_monday_lies_in_it() -> None:
    """March 2026 begins on a Sunday: its first week is that of the 2nd."""
    where = Filters(first=date(2026, 3, 1), last=date(2026, 3, 30)).where(None, by_due_week=True)
    assert where.days is None
    assert where.due_weeks == (week_number(date(2026, 3, 2)), week_number(date(2026, 3, 30)))


def test_a_period_that_ends_before_it_begins_is_empty() -> None:
    """And counts nothing rather than failing."""
    first, last = Filters(first=date(2026, 3, 2), last=date(2026, 3, 1)).where(None).days
    assert first == last


@pytest.mark.parametrize("scope", [frozenset({1}), frozenset(), None])
def test_the_scope_comes_from_the_viewer_and_not_from_the_choice(scope) -> None:
    """Choosing a location never widens it."""
    assert Filters(location=(9,)).where(scope).locations == scope


def test_a_bare_day_means_its_last_minute() -> None:
    """In the practice's zone, in winter and in summer."""
    assert end_of_day(date(2023, 3, 1), "America/New_York") == datetime(2023, 3, 2, 4, 59, tzinfo=UTC)
    assert end_of_day(date(2023, 7, 1), "America/New_York") == datetime(2023, 7, 2, 3, 59, tzinfo=UTC)


def test_the_day_of_a_moment_is_the_practices_own() -> None:
    """Three in the morning UTC is still yesterday in New York."""
    assert moment(datetime(2026, 3, 11, 3, 0, tzinfo=UTC), "America/New_York", 30).day == day_number(date(2026, 3, 10))
