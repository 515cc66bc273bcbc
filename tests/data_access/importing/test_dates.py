"""Dates as files write them: settled per column, never guessed row by row."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.importing import dates
from data_access.importing.dates import NotADate, Order, Unsettled
from data_access.vocabulary import Precision


def test_the_order_is_settled_by_all_rows() -> None:
    """One day beyond twelve settles the whole column."""
    assert dates.settle("c", [(2, "02/03/2026"), (3, "13/03/2026")]) == Order.DAY_FIRST
    assert dates.settle("c", [(2, "02/03/2026"), (3, "03/13/2026")]) == Order.MONTH_FIRST
    assert dates.settle("c", [(2, "2026-03-02"), (3, "05/05/2026"), (4, "")]) is None


def test_a_column_that_fits_both_orders_is_asked_about() -> None:
    """With an example and the line to write."""
    with pytest.raises(Unsettled, match=r"02/03/2026 in line 2.*order = \"dmy\""):
        dates.settle("Received", [(2, "02/03/2026"), (3, "04/05/2026")])


def test_a_column_that_contradicts_itself_shows_both_lines() -> None:
    """Counterexamples, not a guess."""
    with pytest.raises(Unsettled, match=r"line 2 \(13/01/2026\).*line 5 \(01/13/2026\)"):
        dates.settle("Received", [(2, "13/01/2026"), (5, "01/13/2026")])


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2026-03-02", None, "2026-03-02"),
        ("2026-03-02T09:30:15Z", None, "2026-03-02 09:30:15"),
        ("2026-03-02 09:30", None, "2026-03-02 09:30:00"),
        ("02-03-2026 19:58", Order.DAY_FIRST, "2026-03-02 19:58:00"),
        ("3/2/2026 7:05 PM", Order.MONTH_FIRST, "2026-03-02 19:05:00"),
        ("02.03.2026", Order.DAY_FIRST, "2026-03-02"),
    ],
)
def test_dates_are_read_as_they_were_written(text: str, order: Order | None, expected: str) -> None:
    """ISO, dashes, slashes and dots, with and without a time."""
    written = dates.read(text, order)
    assert f"{written.on} {written.at}" == expected if written.at else str(written.on) == expected


@pytest.mark.parametrize(
    "text",
    [
        "31/02/2026",
        "13/13/2026",
        "May-20",
        "tomorrow",
        "02/03/6",
        "1/2/126",
        "1/2-2026",
        "2026-02-30",
        "9999-12-31",
        "0001-01-01",
        "01/02/2999",
    ],
)
def test_what_is_no_date_is_said_to_be_none(text: str) -> None:
    """Damaged numbers are not guessed at."""
    with pytest.raises(NotADate):
        dates.read(text, Order.DAY_FIRST)


@given(st.dates(date(1970, 1, 1), date(2199, 12, 31)))
def test_a_date_written_either_way_comes_back(day: date) -> None:
    """With its order known, every date survives."""
    assert dates.read(day.strftime("%d/%m/%Y"), Order.DAY_FIRST).on == day
    assert dates.read(day.strftime("%m-%d-%Y"), Order.MONTH_FIRST).on == day
    assert dates.read(day.isoformat(), None).on == day


def test_a_date_with_a_false_z_is_not_shifted() -> None:
    """Midnight Z in Brazil is that day, not the evening before."""
    zone = ZoneInfo("America/Sao_Paulo")
    at, precision = dates.moment(dates.read("2016-04-29T00:00:00Z", None), zone, day_only=True)
    assert precision == Precision.DAY
    assert at.astimezone(zone).date() == date(2016, 4, 29)
    at, _ = dates.moment(dates.read("2016-04-29T18:38:08Z", None), zone, ignore_offset=True)
    assert at.astimezone(zone).hour == 18
