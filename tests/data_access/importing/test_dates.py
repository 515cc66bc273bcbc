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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15 Apr, 2021 00:03:00", "2021-04-15 00:03:00"),
        ("2012/10/09 14:50:17.000", "2012-10-09 14:50:17"),
        ("15-Jan-2024", "2024-01-15"),
        ("Mar 20 2024", "2024-03-20"),
        ("July 1st, 2015", "2015-07-01"),
        ("1 de janeiro de 2024", "2024-01-01"),
        ("3. März 2025", "2025-03-03"),
        ("Monday, 3 March 2025", "2025-03-03"),
        ("Wed Jan 19 11:42:16 2022", "2022-01-19 11:42:16"),
        ("20240115", "2024-01-15"),
        ("1.2.2024 7:05 p.m.", "2024-02-01 19:05:00"),
        ("2024-1-5", "2024-01-05"),
    ],
)
def test_dates_with_names_and_without_separators_are_read(text: str, expected: str) -> None:
    """As exports, spreadsheets and people of seven languages write them."""
    written = dates.read(text, None)
    assert f"{written.on} {written.at}" == expected if written.at else str(written.on) == expected


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("1704067200", Order.UNIX, "2024-01-01 00:00:00+00:00"),
        ("1704067200123", Order.UNIX_MILLISECONDS, "2024-01-01 00:00:00+00:00"),
        ("45306.5", Order.EXCEL, "2024-01-15 12:00:00"),
        ("45306", Order.EXCEL, "2024-01-15"),
    ],
)
def test_moments_as_one_number_are_read_where_that_is_said(text: str, order: Order, expected: str) -> None:
    """Seconds and milliseconds since 1970, and days as spreadsheets count them."""
    written = dates.read(text, order)
    said = f"{written.on} {written.at}" if written.at else str(written.on)
    assert said + ("+00:00" if written.offset is not None else "") == expected


def test_years_of_two_digits_can_stand_anywhere() -> None:
    """One value that fits only one order settles it; otherwise it is asked about."""
    assert dates.settle("c", [(2, "31-07-45"), (3, "01-02-15")]) == Order.DAY_FIRST
    assert dates.settle("c", [(2, "07-31-45")]) == Order.MONTH_FIRST
    assert dates.settle("c", [(2, "75-07-31")]) == Order.YEAR_FIRST
    with pytest.raises(Unsettled, match=r"every date fits all orders, for example 01-07-15 in line 2.*year first"):
        dates.settle("c", [(2, "01-07-15")])
    with pytest.raises(Unsettled, match="every date fits both orders, for example 02-03-15 in line 3"):
        dates.settle("c", [(2, "05-05-06"), (3, "02-03-15"), (4, "11-12-32"), (5, "10-10-99")])
    assert (dates.read("01-07-15", Order.YEAR_FIRST).on, dates.read("01-07-75", Order.DAY_FIRST).on) == (
        date(2001, 7, 15), date(1975, 7, 1),
    )  # fmt: skip


def test_a_column_of_which_some_times_tell_their_offset_is_asked_about() -> None:
    """Whether those without one are local, or none is true: with a line of each."""
    evidence = dates.Evidence("Came")
    for line, value in ((2, "2026-01-05T09:00:00Z"), (3, "2026-01-06"), (4, "2026-01-06 10:00")):
        evidence.add(line, value)
    with pytest.raises(
        Unsettled, match=r"line 2 \(2026-01-05T09:00:00Z\) tells its offset.*line 4 \(2026-01-06 10:00\)"
    ):
        evidence.require_one_zone()
