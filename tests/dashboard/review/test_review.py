"""The weekly review: its numbers against SQL and the pages, what late records revise, and what leaves the practice."""

import csv
import io
import itertools
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pypdf
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from dashboard import exports, reports, series
from dashboard.exports import outside
from dashboard.filters import Filters, moment
from dashboard.metrics.small_cells import SMALLEST
from dashboard.review import building, reading, wording
from dashboard.review.blocks import STANDS
from dashboard.review.document import (
    Alarm,
    Block,
    Drawn,
    Holds,
    Number,
    Review,
    Table,
    Tone,
    Week,
    count,
    from_content,
    revised,
    share,
    table_of,
    text,
    to_content,
)
from dashboard.review.sources import Sources, ended
from data_access import engine as databases
from data_access import practice, reviews, slots, staffed_hours
from data_access import tables as t
from data_access.days import week_number
from data_access.engine import reading as reads
from data_access.engine import writing
from data_access.events import Booked, Reached
from data_access.tally import tally
from data_access.vocabulary import ActionEnding, ContactMethod, TrendSeries
from tests import demos, factories
from tests.conftest import Engine
from tests.demos import UNTIL
from tests.factories import World

WEEK = week_number(UNTIL.date()) - 1


def made_of(connection, week: int = WEEK, filters: Filters = Filters(), scope=None) -> Sources:  # noqa: B008  # frozen
    every_slot = slots.every(connection)
    return reading.sources(connection, lambda *what: tally(connection, *what), week, filters, scope, every_slot)


@pytest.fixture(scope="module")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demos.copy(tmp_path_factory, "specialty")


@pytest.fixture(scope="module")
def review(demo_file: Path) -> Review:
    with databases.opened(f"sqlite:///{demo_file}") as engine, reads(engine) as c:
        return building.build(made_of(c))


# ---------------------------------------------------------------- the numbers


def test_the_headline_numbers_are_what_sql_counts_by_hand(demo_file: Path, review: Review) -> None:
    """Inquiries received, and answered in time of those whose window ended, in the week from Monday to Sunday in New York."""
    numbers = {one.name: one for one in review.block("numbers").numbers}
    monday, after = "2026-11-16 05:00:00", "2026-11-23 06:00:00"  # as of midnight in Chicago
    real = "(close_reason IS NULL OR close_reason NOT IN ('duplicate', 'spam', 'test', 'mistake'))"
    with databases.opened(f"sqlite:///{demo_file}") as engine, reads(engine) as c:
        places = dict(c.execute(sa.select(t.locations.c.id, t.locations.c.zone)).all())
        hours = {place: 6 if zone == "America/Chicago" else 5 for place, zone in places.items()}
        received = judged = met = 0
        for place, hour in hours.items():
            start, end = monday.replace("05:", f"0{hour}:"), after.replace("06:", f"0{hour}:")
            received += c.scalar(sa.text(
                f"SELECT count(*) FROM leads WHERE location_id = {place} AND received_at >= '{start}' "
                f"AND received_at < '{end}' "
                f"AND received_at < '{after}' AND ({real} OR closed_at > '{after}')"))  # fmt: skip
            rows = c.execute(sa.text(
                f"SELECT respond_by, first_attempt_at FROM leads WHERE location_id = {place} AND respond_by >= '{start}' "
                f"AND respond_by < '{end}' AND respond_by < '{after}' AND NOT answered_live "
                f"AND NOT (closed_at IS NOT NULL AND closed_at < respond_by AND close_reason IN "
                f"('duplicate', 'spam', 'test', 'mistake', 'withdrawn') AND (close_reason <> 'withdrawn' OR "
                f"first_attempt_at IS NULL OR first_attempt_at > closed_at))")).all()  # fmt: skip
            judged += len(rows)
            met += sum(tried is not None and tried <= by for by, tried in rows)
    assert numbers["received"].now.k == received
    assert (numbers["in_time"].now.k, numbers["in_time"].now.n) == (met, judged)


def test_every_number_is_the_pages_own(demo_file: Path, review: Review) -> None:
    """The same series as on Trends, and the same tables as the pages, as of the moment at which the week ended."""
    at = ended(WEEK, "America/Chicago")
    then = moment(at, "America/New_York", 30)
    with databases.opened(f"sqlite:///{demo_file}") as engine, reads(engine) as c:
        s = made_of(c)
        for one in review.block("numbers").numbers:
            last = series.trend(one.name, s.asked()).table.iloc[-1]
            assert one.now.value == pytest.approx(last["value"])
        plain = reports.stalls(
            lambda keys, where, unit=None: tally(c, keys, where, then, *([unit] if unit else [])), Filters(), None
        )
        told = re.search(r"\*\*([\d,]+) of ([\d,]+)\*\*", review.block("stalls").said[0])
        sums = plain.table[["stalled", "open"]].sum()
        assert [int(part.replace(",", "")) for part in told.groups()] == [int(sums["stalled"]), int(sums["open"])]
    funnel = review.block("funnel").tables[0].records()
    assert all(row["reached"] == row["on"] + row["waiting"] + row["lost"] for row in funnel)
    assert all(row["clinician"] + row["patient"] == row["reached"] for row in funnel)


def test_locations_and_channels_add_up_to_the_number(review: Review) -> None:
    """Whichever way it is split."""
    now = next(one for one in review.block("numbers").numbers if one.name == "in_time").now
    for table in review.block("response").tables:
        rows = table.records()
        assert (sum(row["met"] for row in rows), sum(row["judged"] for row in rows)) == (now.k, now.n)


def test_a_review_is_the_same_whenever_it_is_counted(demo_file: Path, review: Review) -> None:
    """Nothing in it is read off the clock: it is as of the end of its week."""
    with databases.opened(f"sqlite:///{demo_file}") as engine, reads(engine) as c:
        assert building.build(made_of(c)) == review
    assert review.as_of == "23 Nov 2026, 01:00", "when it had ended in Chicago too"


def test_what_does_not_fit_stands_first(review: Review) -> None:
    """Of a long table the page shows the first rows: those that need a decision, the busiest of them on top."""
    rows = review.block("capacity").tables[0].records()
    order = [list(STANDS.values()).index(row["stands"]) for row in rows]
    assert order == sorted(order)
    assert len(set(order)) > 1
    assert all(
        one["ready_a_week"] >= other["ready_a_week"]
        for one, other in itertools.pairwise(rows)
        if one["stands"] == other["stands"]
    )


def test_every_block_says_something_and_nobody_is_named(review: Review) -> None:
    """In the order of the meeting."""
    names = [block.name for block in review.blocks]
    assert names == ["numbers", "actions", "red", "response", "stalls", "funnel", "partners", "capacity"]
    assert all(block.said for block in review.blocks)
    assert "D-1" not in json.dumps(to_content(review)), "no reference of a patient"


# ---------------------------------------------------------------- actions, and late records


def looked_at(world: World, week: int, **filters) -> Review:
    with reads(world.engine) as c:
        return building.build(made_of(c, week, Filters(**filters)))


def test_an_action_is_shown_with_what_its_number_did_since(database: Engine) -> None:
    """By the slice that it is about; overdue from the day after its due day."""
    world = factories.found(database)
    at = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    week = week_number(at.date())
    for number, weeks in ((4, 0), (6, 1)):
        for minute in range(number):
            factories.log(world, at + timedelta(weeks=weeks, minutes=minute))
    factories.log(world, at + timedelta(weeks=1), location_id=world.south)
    now = at + timedelta(days=8)
    with writing(database) as c:
        reviews.decide(
            c, "Ask the desk", owner_id=world.alice, due_on=now.date(), week=week, today=now.date(), now=now,
            series=TrendSeries.RECEIVED, location_id=world.north,
        )  # fmt: skip
    (row,) = looked_at(world, week + 1).block("actions").tables[0].records()
    assert (row["since"], row["about"], row["owner"]) == ("4 → 6", "Inquiries received, North", "Alice")
    assert row["stands"] == "Overdue", "its due day is a Tuesday, and the review is of the Monday after"
    assert not looked_at(world, week).block("actions").tables, "its own review does not carry it over"


def test_what_an_action_did_since_begins_with_what_its_review_could_see(database: Engine) -> None:
    """A share within the horizon is known a month later: the week that was judged then, and the one that is now."""
    world = factories.found(database)
    monday = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
    for weeks in range(12):
        booked = factories.log(world, monday + timedelta(weeks=weeks))
        factories.log(world, monday + timedelta(weeks=weeks, minutes=1))
        if weeks >= 4:
            at = monday + timedelta(weeks=weeks, days=1)
            factories.record(
                world, booked, Booked(starts_at=at + timedelta(days=3), starts_on=(at + timedelta(days=3)).date()), at
            )
    week = week_number(monday.date()) + 7  # its horizon of 30 days reaches the week number 2
    with writing(database) as c:
        now = monday + timedelta(weeks=8)
        reviews.decide(
            c,
            "x",
            owner_id=world.bob,
            due_on=now.date(),
            week=week,
            today=now.date(),
            now=now,
            series=TrendSeries.BOOKED,
        )
    (row,) = looked_at(world, week + 4).block("actions").tables[0].records()
    assert row["since"].startswith("0.0 % → 50.0 %")


def test_late_records_are_named_as_revised_since(database: Engine) -> None:
    """What the meeting saw stays; a call noted later changes the count of today, and nothing else."""
    world = factories.found(database)
    monday = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    week = week_number(monday.date())
    first, _ = (factories.log(world, monday + timedelta(minutes=m)) for m in (0, 1))
    then = looked_at(world, week)
    content = json.loads(json.dumps(to_content(then)))
    assert from_content(content) == then
    assert revised(from_content(content), looked_at(world, week)) == []
    factories.record(
        world, first, Reached(method=ContactMethod.CALL, staffed_seconds=60), monday + timedelta(minutes=1)
    )
    changed = {one.about: (one.then, one.now) for one in revised(then, looked_at(world, week))}
    assert changed["Answered in time"] == (0, 1)
    assert changed["Response: By location, North, In time".replace("In time", "in time")] == (0, 1)
    assert "Inquiries received" not in changed


def test_a_review_is_built_again_only_where_an_answer_is_another(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes in today changes nothing of a week that is over; a late record, a name, the hours and an action do."""
    world = factories.found(database)
    monday = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    week, later, anew = week_number(monday.date()), monday + timedelta(days=8), building.build
    first, _ = (factories.log(world, monday + timedelta(minutes=m)) for m in (0, 1))
    built: list[Sources] = []
    monkeypatch.setattr(building, "build", lambda s: built.append(s) or anew(s))

    def times() -> int:
        with reads(database) as c:
            assert building.build_once(made_of(c, week)) == anew(made_of(c, week))
        return len(built)

    assert [times(), times()] == [1, 1]
    factories.log(world, later)
    assert times() == 1
    factories.record(
        world, first, Reached(method=ContactMethod.CALL, staffed_seconds=60), monday + timedelta(minutes=1)
    )
    assert times() == 2
    with writing(database) as c:
        practice.change_entry(c, t.locations, world.north, name="Northern")
    assert times() == 3
    with writing(database) as c:
        staffed_hours.close_on(c, {monday.date() + timedelta(days=1): "Storm"})
    assert times() == 4
    with writing(database) as c:
        reviews.decide(
            c, "Ask", owner_id=world.bob, due_on=later.date(), week=week - 1, today=monday.date(), now=monday
        )
    assert times() == 5


def test_a_viewer_of_one_location_is_told_of_that_one(database: Engine) -> None:
    """In every block."""
    world = factories.found(database)
    monday = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    factories.log(world, monday)
    factories.log(world, monday, location_id=world.south, partner_id=world.harbor)
    with reads(database) as c:
        told = building.build(made_of(c, week_number(monday.date()), Filters(), frozenset({world.north})))
    assert "South" not in json.dumps(to_content(told))
    assert told.block("numbers").numbers[0].now.k == 1


def test_a_frozen_week_of_one_location_tells_nothing_of_another(database: Engine) -> None:
    """Whoever sees only that location may open it: the actions of others are not in it."""
    world = factories.found(database)
    at = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    week, now = week_number(at.date()), at + timedelta(days=8)
    with writing(database) as c:
        for text_, place in (("north", world.north), ("SOUTH", world.south), ("all", None)):
            reviews.decide(
                c, text_, owner_id=world.bob, due_on=now.date(), week=week, today=now.date(), now=now, location_id=place
            )
    told = looked_at(world, week + 1, location=(world.north,))
    assert [row["text"] for row in told.block("actions").tables[0].records()] == ["north", "all"]


def test_a_past_review_knows_nothing_of_how_its_actions_ended_later(database: Engine) -> None:
    """Done in the week after the meeting is done; done a month later is open."""
    world = factories.found(database)
    at = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    week, now = week_number(at.date()), at + timedelta(days=8)
    with writing(database) as c:
        action = reviews.decide(c, "x", owner_id=world.bob, due_on=now.date(), week=week, today=now.date(), now=now)
        reviews.end(c, reviews.get(c, action), ActionEnding.DONE, now=now + timedelta(days=30))
    assert looked_at(world, week + 1).block("actions").said[0].startswith("**1** open")
    assert "1 done" in looked_at(world, week + 5).block("actions").said[0]


def test_a_review_of_another_shape_is_not_read() -> None:
    """It says so, and nothing is guessed."""
    with pytest.raises(ValueError, match="another version of Handoff"):
        from_content({"version": 0})


# ---------------------------------------------------------------- files


def test_the_same_review_gives_the_same_bytes(review: Review) -> None:
    """In every format, whatever the hour."""
    for name, write in exports.writers().items():
        assert write(review) == write(review), name


def test_the_web_page_needs_no_network_and_runs_nothing(review: Review) -> None:
    """No script, no address, no picture from elsewhere; what is said is in it."""
    page = exports.writers()["html"](review).decode()
    assert "<script" not in page
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?!#)", page.replace("xlink:href", ""))
    assert not re.search(r"url\((?!#)", page)
    assert page.count("<svg") >= len(review.block("numbers").numbers)
    assert len(re.findall(r'id="clip-', page)) == len(set(re.findall(r'id="(clip-[^"]+)"', page)))


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_the_pdf_is_two_pages_and_the_definitions(review: Review, paper: str) -> None:
    """Nothing is cut: every block's title, and every row that is told, can be read in it."""
    pages = pypdf.PdfReader(io.BytesIO(exports.writers(paper)["pdf"](review))).pages
    read = " ".join(" ".join(page.extract_text() for page in pages[:2]).split())  # however its lines are broken
    assert len(pages) == 3
    for block in review.blocks:
        assert block.title in read
        for table in block.tables:
            for row in table.rows[:10]:
                assert str(row[0]).split(",")[0] in read
    assert "How is this counted?" in pages[2].extract_text()


def test_the_workbook_has_a_sheet_a_block_and_its_numbers_are_numbers(review: Review) -> None:
    """And one with the definitions."""
    book = openpyxl.load_workbook(io.BytesIO(exports.writers()["xlsx"](review)))
    assert book.sheetnames == [*(block.title[:31] for block in review.blocks), "Definitions"]
    cells = [[cell.value for cell in row] for row in book["Response"].iter_rows()]
    for row in review.block("response").tables[0].rows:
        assert list(row) in [line[: len(row)] for line in cells]


def test_the_csv_has_every_value_with_its_counts(review: Review) -> None:
    """A share comes with its k and n; the definitions stand below."""
    lines = list(csv.DictReader(io.StringIO(exports.writers()["csv"](review).decode())))
    (line,) = [x for x in lines if (x["table"], x["row"], x["column"]) == ("By location", "Downtown", "Share")]
    row = review.block("response").tables[0].records()[0]
    assert (float(line["value"]), int(line["k"]), int(line["n"])) == (row["rate"], row["met"], row["judged"])
    assert any(x["block"] == "Stalls" for x in lines), "a definition"


NASTY = "=1+1 <b>&\"' Łódź 東 *x*"


def nasty() -> Review:
    """A review whose every text tries to be something else."""
    week = Week("2026-W47", 3, 20, 0.15, 0.1, 0.4, "outside")
    number = Number("in_time", NASTY, "%", (week, week), "signal", -1, 0.5, True, NASTY)
    table = table_of(
        "a", NASTY, (text("name", NASTY), count("n", "n", Tone.GOOD), count("k", "k", Tone.BAD), share("s", "s", "k", "n")),
        [{"name": NASTY, "n": 20, "k": 3, "s": 0.15}, {"name": "@x", "n": 0, "k": 0, "s": None}], drawn=Drawn.STACK,
    )  # fmt: skip
    block = Block("a", "Block", (NASTY,), "trends", (number,), (table,), (Alarm(NASTY, "trends"),))
    return Review(NASTY, "2026-W47", NASTY, NASTY, (block,), ((NASTY, NASTY),))


def test_what_a_column_holds_is_shown_as_people_read_it() -> None:
    """Counts with separators, days whole, shares in per cent, and nothing where nothing is known."""
    shown = {Holds.COUNT: (1_234, "1,234"), Holds.RATE: (18.04, "18.0"), Holds.DAYS: (32.0, "32"), Holds.SHARE: (0.5, "50 %"),
             Holds.TEXT: ("as it is", "as it is")}  # fmt: skip
    assert set(shown) == set(Holds)
    assert {holds: wording.cell(holds, value) for holds, (value, _) in shown.items()} == {
        holds: said for holds, (_, said) in shown.items()
    }
    assert wording.cell(Holds.DAYS, None) == "–"


def test_texts_stay_texts_in_every_format() -> None:
    """No formula, no mark-up, no letter that is lost in silence."""
    written = {name: write(nasty()) for name, write in exports.writers().items()}
    assert b"<b>&" not in written["html"].replace(b"<b>15 %</b>", b"")
    assert "&lt;b&gt;" in written["html"].decode()
    sheet = openpyxl.load_workbook(io.BytesIO(written["xlsx"]))["Block"]
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert not re.search(r"(?m)(^|,)\"?[=@]", written["csv"].decode())
    assert "Łódź" in pypdf.PdfReader(io.BytesIO(written["pdf"])).pages[0].extract_text()


def test_an_empty_practice_has_a_review_and_it_can_be_exported(database: Engine) -> None:
    """Nothing is divided by nothing."""
    factories.found(database)
    with reads(database) as c:
        told = building.build(made_of(c))
    assert told.block("red").said == ("Nothing is red.",)
    assert all(write(told) for write in exports.writers().values())


# ---------------------------------------------------------------- what leaves the practice


cells = st.integers(0, 60)


@given(rows=st.lists(st.tuples(cells, cells), max_size=9))
def test_no_small_count_leaves_and_none_can_be_worked_out(rows: list[tuple[int, int]]) -> None:
    """Every count told, the counts of those who did not, and what a total leaves for the rest, is 0 or large."""
    made = [
        {"name": f"row {i}", "n": a + b, "k": a, "s": a / (a + b) if a + b else None} for i, (a, b) in enumerate(rows)
    ]
    columns = (text("name", "Name"), count("n", "n"), count("k", "k"), share("s", "s", "k", "n"))
    table = table_of("a", "A", columns, made)
    told = outside.told_table(table)
    total = (sum(a + b for a, b in rows), sum(a for a, _ in rows))
    if told is None:
        return
    assert (sum(row[1] for row in told.rows), sum(row[2] for row in told.rows)) == total, "nothing is lost"
    for _, n, k, rate in told.rows:
        assert all(part == 0 or part >= SMALLEST for part in (n, k, n - k))
        assert rate == (k / n if n else None)
    hidden = {row["name"] for row in made} - {row[0] for row in told.rows}
    assert len(hidden) != 1, "a row that is added up alone would be that row"


def test_a_funnel_with_a_small_loss_does_not_leave() -> None:
    """Its rows are parts of each other: how many were lost on the way is a difference."""

    def funnel(*reached: int) -> Table:
        rows = [{"name": str(i), "reached": n} for i, n in enumerate(reached)]
        return table_of("f", "F", (text("name", "Stage"), count("reached", "Came")), rows, divisible=False)

    assert outside.told_table(funnel(100, 60, 60, 30)) is not None
    assert outside.told_table(funnel(100, 95, 60, 30)) is None
    assert outside.told_table(funnel(100, 60, 5)) is None


def test_a_review_for_others_tells_each_population_once(review: Review) -> None:
    """No sentence, no action, no earlier week and no count beside a share: nothing to subtract from anything."""
    told = outside.for_others(review)
    assert [block.name for block in told.blocks] == ["numbers", "response"]
    for block in told.blocks:
        assert not block.alarms
        assert not any(char.isdigit() for said in block.said for char in said)
        for number in block.numbers:
            (week,) = number.history
            assert (week.k, week.n, week.low, week.high, number.target, number.signal, number.direction) == (
                None, None, None, None, None, "", 0,
            )  # fmt: skip
            assert round(week.value * 20, 6) == round(week.value * 20), "rounded to 5 %"
        for table in block.tables:
            assert {column.name for column in table.columns} <= set(outside._TOLD[table.name])
            assert not [column for column in table.columns if column.holds in (Holds.RATE, Holds.DAYS)]
            for row in table.records():
                assert not [v for name, v in row.items() if isinstance(v, int) and 0 < v < SMALLEST], (table.name, row)


def test_a_share_of_few_is_not_told_outside(database: Engine) -> None:
    """Nor is that there were few."""
    world = factories.found(database)
    monday = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    for minute in range(9):
        factories.log(world, monday + timedelta(minutes=minute), partner_id=world.lakeside)
    told = outside.for_others(looked_at(world, week_number(monday.date())))
    assert not [number for block in told.blocks for number in block.numbers]
    assert not [table for block in told.blocks for table in block.tables]
    assert all(write(told) for write in exports.writers().values())


def test_long_names_fit_on_paper() -> None:
    """They are cut, and nothing else is."""
    names = [f"{'Far away ' * 14}{i}" for i in range(10)]
    columns = (text("name", "Name"), count("n", "n", Tone.GOOD))
    tables = tuple(table_of(t, t, columns, [{"name": one, "n": 3} for one in names], drawn=Drawn.STACK) for t in "ab")
    told = Review("P", "2026-W47", "", "", (Block("a", "Block", (), "trends", (), tables),), ())
    assert len(pypdf.PdfReader(io.BytesIO(exports.writers()["pdf"](told))).pages) <= 3
