"""Bringing leads in: dates settled over whole columns, nothing lost, nothing doubled, and the figures come out right."""

import csv
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from data_access import event_log, leads, merging, practice, promises
from data_access import events as e
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.fact_tables import lead_facts
from data_access.importing import batches, dates, mapping
from data_access.importing import reading as files
from data_access.importing.batches import Result
from data_access.importing.dates import NotADate, Order, Unsettled
from data_access.importing.mapping import BadMapping
from data_access.importing.reading import Unreadable
from data_access.vocabulary import Channel, ContactMethod, Kind, Pathway, Precision, Role
from tests.cases import SHARED
from tests.factories import NOW

MAPPING: dict[str, Any] = {
    "source_system": "spreadsheet",
    "zone": "America/New_York",
    "fields": {
        "id": "No",
        "received": "Received",
        "kind": {"constant": "scheduling"},
        "pathway": {"constant": "patient"},
        "channel": {"column": "How", "values": {"Tel": "phone", "Mail": "email"}},
        "location": "Site",
        "partner": "From",
        "booked": "Booked",
        "attended": {"column": "Seen"},
        "closed": {"column": "Ended", "when": {"Status": ["Lost"]}},
    },
}
HEAD = "No,Received,How,Site,From,Booked,Seen,Ended,Status"


@pytest.fixture
def empty(database: sa.Engine) -> sa.Engine:
    with writing(database) as c:
        practice.found(c, "Spreadsheet practice", "America/New_York")
    return database


def run(
    engine: sa.Engine, folder: Path, *rows: str, now: datetime = NOW, changes: dict | None = None, **options: Any
) -> Result:
    file = folder / "leads.csv"
    file.write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    plan = batches.plan([file], mapping.parse(MAPPING))
    return batches.run(engine, plan, now=now, rejects=folder / "rejects.csv", **options)


def counts(result: Result) -> tuple[int, ...]:
    return (result.read, result.added, result.updated, result.unchanged, result.flagged, result.rejected)


def rejects(folder: Path) -> list[dict[str, str]]:
    with (folder / "rejects.csv").open(newline="") as file:
        return list(csv.DictReader(file))


ROWS = (
    "1,13/01/2026,Tel,North,Lakeside,15/01/2026,20/01/2026,,",
    "2,02/02/2026,Mail,South,,,,20/02/2026,Lost",
)


def test_the_same_file_twice_adds_nothing(empty: sa.Engine, tmp_path: Path) -> None:
    """The second time every row is unchanged."""
    assert counts(run(empty, tmp_path, *ROWS)) == (2, 2, 0, 0, 0, 0)
    assert counts(run(empty, tmp_path, *ROWS)) == (2, 0, 0, 2, 0, 0)
    with reading(empty) as c:
        assert c.scalar(sa.select(sa.func.count()).select_from(t.leads)) == 2


def test_campaigns_come_in_by_name_as_they_first_appear(empty: sa.Engine, tmp_path: Path) -> None:
    """Once each; a row without one is put down to none."""
    file = tmp_path / "leads.csv"
    ads = ("Open house", "", "Fair", "Open house")
    lines = [f"{n},13/01/2026,Tel,North,Lakeside,,,,,{ad}" for n, ad in enumerate(ads, start=1)]
    file.write_text("\n".join([HEAD + ",Ad", *lines]))
    plan = batches.plan([file], mapping.parse(MAPPING | {"fields": MAPPING["fields"] | {"campaign": "Ad"}}))
    assert batches.run(empty, plan, now=NOW, rejects=tmp_path / "rejects.csv").added == 4
    with reading(empty) as c:
        names = {one["id"]: (one["name"], one["began_on"]) for one in practice.entries(c, t.campaigns)}
        found = [names.get(i) for i in c.scalars(sa.select(t.leads.c.campaign_id).order_by(t.leads.c.id))]
    assert found == [("Open house", None), None, ("Fair", None), ("Open house", None)]


def test_a_changed_row_updates_its_lead_and_history_shows_both(empty: sa.Engine, tmp_path: Path) -> None:
    """A new booking is appended, a withdrawn one voided, and what staff recorded in between stays."""
    run(empty, tmp_path, *ROWS)
    with reading(empty) as c:
        lead, version = c.execute(sa.select(t.leads.c.id, t.leads.c.version).where(t.leads.c.source_key == "1")).one()
    with writing(empty) as c:
        leads.record(c, lead, e.Contacted(), occurred_at=NOW, now=NOW, version=version)
    changed = ROWS[0].replace("15/01/2026", "16/01/2026")
    assert counts(run(empty, tmp_path, changed, ROWS[1], now=NOW + timedelta(days=1))) == (2, 0, 1, 1, 0, 0)
    with reading(empty) as c:
        kinds = [type(event.what).__name__ for event in event_log.log_of(c, lead)]
        booked = c.scalar(sa.select(t.leads.c.scheduled_at).where(t.leads.c.id == lead))
    assert kinds == ["Received", "Booked", "Attended", "Contacted", "Voided", "Booked"]
    assert booked.astimezone(ZoneInfo("America/New_York")).date() == date(2026, 1, 16)


def test_what_a_revised_row_says_goes_on_with_the_inquiry_into_which_it_was_merged(
    empty: sa.Engine, tmp_path: Path
) -> None:
    """The booking moved in the source moves on the other inquiry too; nothing stands twice."""
    run(empty, tmp_path, *ROWS)
    with writing(empty) as c:
        lead, version, place, at = c.execute(
            sa.select(t.leads.c.id, t.leads.c.version, t.leads.c.location_id, t.leads.c.received_at).where(
                t.leads.c.source_key == "1"
            )
        ).one()
        asked = e.Received(lead_kind=Kind.SCHEDULING, pathway=Pathway.PATIENT, channel=Channel.PHONE, location_id=place)
        earlier = at - timedelta(days=1)
        first = leads.log_inquiry(c, asked, received_at=earlier, now=NOW).lead_id
        merging.merge_leads(c, lead, first, now=NOW, version=version)
    run(empty, tmp_path, ROWS[0].replace("15/01/2026", "16/01/2026"), ROWS[1], now=NOW + timedelta(days=1))
    with reading(empty) as c:
        booked = c.scalar(sa.select(t.leads.c.scheduled_at).where(t.leads.c.id == first))
        number = c.scalar(sa.select(sa.func.count()).where(t.appointments.c.lead_id == first))
    assert booked.astimezone(ZoneInfo("America/New_York")).date() == date(2026, 1, 16)
    assert number == 1


TIMED = MAPPING | {"fields": MAPPING["fields"] | {"attempted": "Called"}}
TIMED_HEAD = f"{HEAD},Called"


def run_timed(engine: sa.Engine, folder: Path, *rows: str, now: datetime = NOW) -> Result:
    file = folder / "timed.csv"
    file.write_text("\n".join([TIMED_HEAD, *rows]), encoding="utf-8")
    return batches.run(engine, batches.plan([file], mapping.parse(TIMED)), now=now, rejects=folder / "rejects.csv")


def stored(engine: sa.Engine, key: str) -> sa.RowMapping:
    with reading(engine) as c:
        return c.execute(sa.select(t.leads).where(t.leads.c.source_key == key)).mappings().one()


@pytest.fixture
def staffed(empty: sa.Engine) -> sa.Engine:
    """The practice has North, open from nine to five, and promises an answer within four hours."""
    with writing(empty) as c:
        practice.add_location(c, "North", "America/New_York", {day: [("09:00", "17:00")] for day in range(5)})
        promises.set_window(c, 240, effective_from=date(2020, 1, 1))
    return empty


TIMED_ROW = "1,13/01/2026 10:00,Tel,North,,,,,,13/01/2026 12:00"  # a Tuesday


def test_the_same_file_after_an_edit_of_hours_and_promises_changes_nothing(staffed: sa.Engine, tmp_path: Path) -> None:
    """What was promised and measured when it was first read stays."""
    run_timed(staffed, tmp_path, TIMED_ROW)
    before = stored(staffed, "1")
    with writing(staffed) as c:
        promises.set_window(c, 60, effective_from=date(2020, 1, 1))
        practice.add(c, t.closures, closed_on=date(2026, 1, 13), from_minute=0, until_minute=1440, label="Storm")
    assert counts(run_timed(staffed, tmp_path, TIMED_ROW)) == (1, 0, 0, 1, 0, 0)
    assert stored(staffed, "1") == before
    other_partner = TIMED_ROW.replace("North,", "North,Harbor")
    assert counts(run_timed(staffed, tmp_path, other_partner)) == (1, 0, 1, 0, 0, 0)
    after = stored(staffed, "1")
    assert (after["window_minutes"], after["respond_by"], after["attempt_seconds"]) == (240, before["respond_by"], 7200)


def test_a_corrected_receipt_is_promised_and_measured_anew_but_was_logged_when_it_was(
    staffed: sa.Engine, tmp_path: Path
) -> None:
    """A day earlier than first written: the call that staff recorded came ten staffed hours after it."""
    silent = TIMED_ROW.rsplit(",", 1)[0].replace("13/01", "20/01") + ","
    run_timed(staffed, tmp_path, silent)
    lead = stored(staffed, "1")
    called_at = datetime(2026, 1, 20, 17, 0, tzinfo=UTC)
    with writing(staffed) as c:
        who = practice.add_staff(c, "Alice", Role.FRONT_DESK)
        call = e.Attempted(method=ContactMethod.CALL)
        leads.record(c, lead["id"], call, occurred_at=called_at, now=NOW, version=1, staff_id=who)
    earlier = silent.replace("20/01/2026 10:00", "19/01/2026 10:00")
    assert counts(run_timed(staffed, tmp_path, earlier, now=NOW + timedelta(days=1))) == (1, 0, 1, 0, 0, 0)
    row = stored(staffed, "1")
    assert row["attempt_seconds"] == 10 * 3600
    assert row["respond_by"] == datetime(2026, 1, 19, 19, 0, tzinfo=UTC)
    assert row["logged_at"] == lead["logged_at"]
    with reading(staffed) as c:
        last = event_log.log_of(c, lead["id"])[-1]
    assert (type(last.what), last.staff_id, last.batch_id) == (e.Attempted, who, None)
    assert counts(run_timed(staffed, tmp_path, earlier)) == (1, 0, 0, 1, 0, 0)


def test_what_staff_took_back_is_not_brought_in_again(empty: sa.Engine, tmp_path: Path) -> None:
    """The visit in the file was a mistake; another column of the row changes, and the visit stays taken back."""
    run(empty, tmp_path, *ROWS)
    lead = stored(empty, "1")
    with writing(empty) as c:
        visit = next(event for event in event_log.log_of(c, lead["id"]) if isinstance(event.what, e.Attended))
        leads.record(c, lead["id"], e.Voided(event_id=visit.id), occurred_at=NOW, now=NOW, version=lead["version"])
    assert stored(empty, "1")["attended_at"] is None
    run(empty, tmp_path, ROWS[0].replace("Lakeside", "Harbor"), ROWS[1], now=NOW + timedelta(days=1))
    assert stored(empty, "1")["attended_at"] is None


def test_an_answer_dated_before_its_inquiry_is_kept_and_flagged(staffed: sa.Engine, tmp_path: Path) -> None:
    """One such row among others stops nothing."""
    early = "2,13/01/2026 10:00,Tel,North,,,,,,12/01/2026 09:00"
    assert counts(run_timed(staffed, tmp_path, TIMED_ROW, early)) == (2, 2, 0, 0, 1, 0)


def test_a_dry_run_counts_and_writes_nothing(empty: sa.Engine, tmp_path: Path) -> None:
    """Not even a location or a batch."""
    assert counts(run(empty, tmp_path, *ROWS, dry_run=True)) == (2, 2, 0, 0, 0, 0)
    with reading(empty) as c:
        for table in (t.leads, t.events, t.locations, t.partners, t.import_batches, lead_facts):
            assert c.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_a_row_that_cannot_be_a_lead_is_kept_with_its_reason(empty: sa.Engine, tmp_path: Path) -> None:
    """Rejected rows stand in a file of their own, whole, with file, line and reason; the others come in."""
    result = run(
        empty, tmp_path, *ROWS, "3,31/02/2026,Tel,North,,,,,", "4,01/03/2026,Pigeon,North,,,,,", "5,,Tel,North,,,,,",
        "6,01/03/2026,Tel,,,,,,", "2,01/03/2026,Tel,North,,,,,", "7,01/03/2026,Tel", ",01/03/2026,Tel,North,,,,,",
    )  # fmt: skip
    assert counts(result) == (9, 2, 0, 0, 0, 7)
    reasons = {row["line"]: row["reason"] for row in rejects(tmp_path)}
    assert "'31/02/2026' is not a date" in reasons["4"]
    assert "channel 'Pigeon' is not known" in reasons["5"]
    assert "receipt is empty" in reasons["6"]
    assert "location is empty" in reasons["7"]
    assert "the id 2 occurs before, in line 3" in reasons["8"]
    assert "has 3 fields, the headings have 9" in reasons["9"]
    assert "the id is empty" in reasons["10"]
    assert next(row for row in rejects(tmp_path) if row["line"] == "5")["How"] == "Pigeon"


def test_without_an_id_equal_rows_are_distinct_leads_and_a_second_run_adds_none(
    empty: sa.Engine, tmp_path: Path
) -> None:
    """Equal rows are kept; the count tells them apart next time."""
    data = MAPPING | {"fields": {k: v for k, v in MAPPING["fields"].items() if k != "id"}}
    file = tmp_path / "leads.csv"
    file.write_text("\n".join([HEAD, ROWS[0], ROWS[0], ROWS[1]]))
    for expected in ((3, 3, 0, 0, 0, 0), (3, 0, 0, 3, 0, 0)):
        plan = batches.plan([file], mapping.parse(data))
        assert counts(batches.run(empty, plan, now=NOW, rejects=tmp_path / "r.csv")) == expected


def test_without_an_id_a_row_is_known_in_whatever_order_its_columns_stand(empty: sa.Engine, tmp_path: Path) -> None:
    """The same spreadsheet with two columns swapped adds nothing."""
    data = MAPPING | {"fields": {k: v for k, v in MAPPING["fields"].items() if k != "id"}}
    file = tmp_path / "leads.csv"
    cells = [line.split(",") for line in (HEAD, *ROWS)]
    for order, expected in ((slice(0, 2), (2, 2, 0, 0, 0, 0)), (slice(1, None, -1), (2, 0, 0, 2, 0, 0))):
        file.write_text("\n".join(",".join([*line[order], *line[2:]]) for line in cells))
        plan = batches.plan([file], mapping.parse(data))
        assert counts(batches.run(empty, plan, now=NOW, rejects=tmp_path / "r.csv")) == expected


def test_a_quote_that_is_never_closed_costs_one_line(empty: sa.Engine, tmp_path: Path) -> None:
    """The lines after it come in, and the line itself is kept as it stands."""
    broken = '3,13/01/2026,Tel,"North,,,,,'
    later = [f"{n},13/01/2026,Tel,North,,,,," for n in range(10, 60)]
    result = run(empty, tmp_path, ROWS[0], broken, *later)
    assert counts(result) == (52, 51, 0, 0, 0, 1)
    assert rejects(tmp_path)[0]["text"] == broken


def test_what_a_ragged_row_has_too_much_is_kept(empty: sa.Engine, tmp_path: Path) -> None:
    """Whole, with its reason; empty cells beyond the headings are no fault."""
    result = run(empty, tmp_path, f"{ROWS[0]},,,", f"{ROWS[1]},a note")
    assert counts(result) == (2, 1, 0, 0, 0, 1)
    assert rejects(tmp_path)[0]["text"].endswith("a note")


def test_the_rejects_file_never_overwrites_what_is_read(empty: sa.Engine, tmp_path: Path) -> None:
    """Refused before anything is read or written."""
    file = tmp_path / "leads.csv"
    file.write_text("\n".join([HEAD, *ROWS, "3,soon,Tel,North,,,,,"]))
    before = file.read_bytes()
    plan = batches.plan([file], mapping.parse(MAPPING))
    with pytest.raises(Unreadable, match="is read by this import"):
        batches.run(empty, plan, now=NOW, rejects=file)
    assert file.read_bytes() == before


def test_contradicting_dates_are_kept_flagged_and_counted(empty: sa.Engine, tmp_path: Path) -> None:
    """Booked before it was received: still a lead, still booked."""
    result = run(empty, tmp_path, "1,13/01/2026,Tel,North,,12/01/2026,,,", "2,13/01/2026,Tel,North,,13/01/2026,,,")
    assert counts(result) == (2, 2, 0, 0, 1, 0)


def test_a_row_from_the_future_is_flagged(empty: sa.Engine, tmp_path: Path) -> None:
    """Received next year, or booked next year: kept and counted."""
    result = run(empty, tmp_path, "1,13/01/2027,Tel,North,,,,,", "2,13/01/2026,Tel,North,,13/01/2027,,,")
    assert counts(result) == (2, 2, 0, 0, 2, 0)


def test_bare_dates_are_days_and_carry_no_invented_time(empty: sa.Engine, tmp_path: Path) -> None:
    """Known to the day; its response cannot be judged."""
    run(empty, tmp_path, *ROWS)
    with reading(empty) as c:
        row = c.execute(sa.select(t.leads).where(t.leads.c.source_key == "1")).mappings().one()
    assert row["received_precision"] == Precision.DAY
    assert row["received_at"] == datetime(2026, 1, 13, 5, 0, tzinfo=UTC)
    assert row["respond_by"] is None


def test_two_files_are_joined_and_what_matches_nothing_is_rejected(empty: sa.Engine, tmp_path: Path) -> None:
    """In whatever order they are given; a second match and an orphan are kept with their reasons."""
    (tmp_path / "people.csv").write_text("key,came\nA,2026-01-05\nB,2026-01-06\n")
    (tmp_path / "visits.csv").write_text("key,seen\nA,2026-01-09\nA,2026-01-10\nZ,2026-01-11\n")
    data = {
        "source_system": "two", "zone": "Europe/London", "join": "key",
        "fields": {
            "id": "key", "received": "came", "attended": "seen", "kind": {"constant": "scheduling"},
            "pathway": {"constant": "patient"}, "channel": {"constant": "phone"}, "location": {"constant": "Here"},
        },
    }  # fmt: skip
    plan = batches.plan([tmp_path / "visits.csv", tmp_path / "people.csv"], mapping.parse(data))
    result = batches.run(empty, plan, now=NOW, rejects=tmp_path / "rejects.csv")
    assert counts(result) == (2, 2, 0, 0, 0, 2)
    assert {row["reason"] for row in rejects(tmp_path)} == {"key A occurs before, in line 2", "no lead has key Z"}


def test_an_import_that_breaks_off_goes_on_when_it_is_run_again(empty: sa.Engine, tmp_path: Path, monkeypatch) -> None:
    """Finished chunks stay, the batch says that it failed, and the second run adds only the rest."""
    monkeypatch.setattr(batches, "CHUNK", 2)
    rows = [f"{n},13/01/2026,Tel,North,,,,," for n in range(1, 6)]

    def pull_the_plug(done: int, total: int) -> None:
        assert total == 5
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(empty, tmp_path, *rows, progress=pull_the_plug)
    assert counts(run(empty, tmp_path, *rows)) == (5, 1, 0, 4, 0, 0)
    with reading(empty) as c:
        assert list(c.execute(sa.select(t.import_batches.c.status).order_by(t.import_batches.c.id)).scalars()) == [
            "failed", "finished",
        ]  # fmt: skip


# ---------------------------------------------------------------- dates


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
        "02/03/26",
        "1/2-2026",
        "2026-02-30",
        "9999-12-31",
        "0001-01-01",
        "01/02/2999",
    ],
)
def test_what_is_no_date_is_said_to_be_none(text: str) -> None:
    """Damaged numbers and two-digit years are not guessed at."""
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


# ---------------------------------------------------------------- mappings and files

TWO_ORDERS = (("booked", "dmy"), ("attended", "mdy"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"fields": {"recieved": "x"}}, "did you mean 'received'"),
        ({"zone": "Mars/Olympus"}, "not a time zone"),
        ({"source_system": None}, "lacks 'source_system'"),
        ({"fields": MAPPING["fields"] | {"kind": {"constant": "sceduling"}}}, "did you mean 'scheduling'"),
        ({"fields": MAPPING["fields"] | {"booked": {"column": "Booked", "order": "ymd"}}}, "dmy"),
        ({"fields": MAPPING["fields"] | {"partner": {"colum": "From"}}}, "did you mean 'column'"),
        ({"fields": MAPPING["fields"] | {"received": {"constant": "2026-01-01"}}}, "needs a column"),
        ({"fields": MAPPING["fields"] | {"kind": {"constant": 5}}}, "constant must be a text"),
        ({"fields": MAPPING["fields"] | {"closed": {"column": "Ended", "when": "Lost"}}}, "when must be a table"),
        ({"fields": MAPPING["fields"] | {"booked": {"earliest": 5}}}, "must be a list"),
        ({"join": ["No"]}, "join must be a text"),
        ({"fields": 5}, r"must be a table"),
        ({"fields": MAPPING["fields"] | {f: {"column": "d", "order": o} for f, o in TWO_ORDERS}}, "two orders"),
    ],
)
def test_a_wrong_mapping_names_the_nearest_valid_entry(change: dict, says: str) -> None:
    """Before a row is read."""
    data = {k: v for k, v in (MAPPING | change).items() if v is not None}
    with pytest.raises(BadMapping, match=says):
        mapping.parse(data)


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    """And nothing is written."""
    (tmp_path / "x.csv").write_text("No,Received\n1,2026-01-01\n")
    with pytest.raises(Unreadable, match=r"no column 'Booked'.*found: No, Received"):
        batches.plan([tmp_path / "x.csv"], mapping.parse(MAPPING))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"a,a\n1,2\n", "more than once"),
        (b"a,,b,,c\n1,2,3,4,5\n", "without a heading"),
        (b"n\xe4me\n1\n", "not UTF-8"),
        (b"x" * 1_000_001, "headings"),
    ],
    ids=["nothing", "blank lines", "a heading twice", "no headings", "not utf-8", "no end of a heading"],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, says: str) -> None:
    """One sentence."""
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(Unreadable, match=says):
        list(files.lines(tmp_path / "x.csv"))


def test_blank_lines_above_and_blank_headings_at_the_end_are_no_fault(tmp_path: Path) -> None:
    """As spreadsheets write them."""
    (tmp_path / "x.csv").write_text("\n\nNo,Came,,\n1,2026-01-01,,\n")
    assert [(line.number, line.values) for line in files.lines(tmp_path / "x.csv")] == [
        (4, {"No": "1", "Came": "2026-01-01"})
    ]


def test_a_damaged_or_protected_archive_says_so(tmp_path: Path) -> None:
    """One sentence, no traceback."""
    path = tmp_path / "x.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.csv", "No,Came\n1,2026-01-01\n" * 50)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"2026-01-01", b"2026-01-02", 1))
    with pytest.raises(Unreadable, match="damaged"):
        list(files.lines(path))
    flagged = bytearray(whole)
    flagged[6] |= 1  # the local header's flags, and the directory's
    flagged[whole.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(flagged)
    with pytest.raises(Unreadable, match="password"):
        list(files.lines(path))


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_read(tmp_path: Path, monkeypatch) -> None:
    """Some hundred bytes can say a gigabyte; and an archive that lies about its size is read no further than it says."""
    path = tmp_path / "x.csv.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.csv", "No,Came\n" + "1,2026-01-01\n" * 100_000)
    whole = path.read_bytes()
    assert len(whole) < 10_000
    monkeypatch.setattr(files, "MOST_BYTES", 1_300_007)
    with pytest.raises(Unreadable, match="unpacks to 1,300,008 bytes, the most is 1,300,007; give it in parts"):
        list(files.lines(path))
    lies = bytearray(whole)
    size_at = whole.index(b"PK\x01\x02") + 24
    lies[size_at : size_at + 4] = (100).to_bytes(4, "little")
    path.write_bytes(lies)
    with pytest.raises(Unreadable, match="damaged"):
        list(files.lines(path))


def test_a_nul_character_rejects_its_row(tmp_path: Path) -> None:
    """A database may not keep it."""
    (tmp_path / "x.csv").write_bytes(b"No,Came\n1,20\x0026\n2,x\n")
    found = list(files.lines(tmp_path / "x.csv"))
    assert [bool(line.fault) for line in found] == [True, False]


def test_a_mapped_column_in_two_files_is_asked_about(tmp_path: Path) -> None:
    """Which of them was meant cannot be known."""
    (tmp_path / "a.csv").write_text("key,came,seen\nA,2026-01-05,\n")
    (tmp_path / "b.csv").write_text("key,seen\nA,2026-01-09\n")
    constants = {"kind": "scheduling", "pathway": "patient", "channel": "phone", "location": "Here"}
    fields = {name: {"constant": value} for name, value in constants.items()} | {"received": "came", "attended": "seen"}
    made = mapping.parse(MAPPING | {"join": "key", "fields": fields})
    with pytest.raises(Unreadable, match="both have the column 'seen'"):
        batches.plan([tmp_path / "a.csv", tmp_path / "b.csv"], made)


@pytest.mark.parametrize("name", ["referrals", "olist", "noshow"])
def test_shipped_mappings_load(name: str) -> None:
    """By name."""
    assert mapping.load(name).fields["received"].columns


# ---------------------------------------------------------------- the three real files

FILES = {
    "referrals": ["referrals/referrals.csv"],
    "olist": ["olist/olist_marketing_qualified_leads_dataset__dmy.csv", "olist/olist_closed_deals_dataset__dmy.csv"],
    "noshow": ["noshow/appointments.csv.zip"],
}


def real(name: str) -> list[Path]:
    return [beside(file) for file in FILES[name]]


def beside(file: str) -> Path:
    """A shared file; where the folder is not, the test is left out, and says so."""
    path = SHARED / "data" / file
    if not path.exists():
        pytest.skip(
            "the shared real files are not beside this checkout; the tests above hold the behaviour on made ones"
        )
    return path


def expected(name: str) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(beside("expected.json").read_text())[name]
    return figures


def metrics(engine: sa.Engine, *arguments: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    from dashboard.cli import main

    url = engine.url.render_as_string(hide_password=False)
    assert main(["metrics", *arguments, "--json", "--database", url]) == 0
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed


def bring_in(engine: sa.Engine, name: str, folder: Path) -> Result:
    plan = batches.plan(real(name), mapping.load(name))
    return batches.run(engine, plan, now=NOW, rejects=folder / "rejects.csv")


def test_the_referral_file_gives_its_figures(empty: sa.Engine, tmp_path: Path, capsys) -> None:
    """Own entries at each stage, contradictions, and the sources' rates within ninety days."""
    figures, result = expected("referrals_seed1"), bring_in(empty, "referrals", tmp_path)
    assert counts(result) == (figures["rows"], figures["rows"], 0, 0, figures["scheduled_before_sent"], 0)
    funnel = metrics(empty, "funnel", "--as-of", "2023-03-01", capsys=capsys)
    entered = {row["stage_name"]: row["entered"] for row in funnel["rows"]}
    wanted = figures["funnel_as_of (all rows)"]
    assert entered["captured"] == wanted["sent"]
    assert entered["eligibility"] == wanted["accepted"]
    assert entered["scheduled"] == wanted["scheduled (linked or similar)"]
    assert entered["attended"] == wanted["seen (seen or checked in)"]
    for row in funnel["rows"]:
        assert row["reached"] - row["entered"] == row["skipped"]
    league = metrics(empty, "partners", "--as-of", "2023-03-01", "--horizon", "90", capsys=capsys)
    rows = {row["partner"]: row for row in league["rows"]}
    for name, source in figures["source_top10_seen90_of_all"].items():
        assert (rows[name]["n"], rows[name]["k"]) == (source["n"], source["hits"])
    assert sum(row["partners"] for row in league["rows"]) == figures["sources"]
    clinics = metrics(empty, "funnel", "--as-of", "2023-03-01", "--by", "location", capsys=capsys)
    captured = {row["location"]: row["reached"] for row in clinics["rows"] if row["stage_name"] == "captured"}
    assert captured == {name: clinic["n"] for name, clinic in figures["clinic_seen90_of_all"].items()}


def test_the_marketing_files_give_their_figures(empty: sa.Engine, tmp_path: Path, capsys) -> None:
    """842 of 8,000, by origin; unknown and blank stay apart; one deal closed before it began."""
    figures, result = expected("olist_dmy"), bring_in(empty, "olist", tmp_path)
    assert counts(result) == (8000, 8000, 0, 0, len(figures["won_before_first_contact"]), 0)
    funnel = metrics(empty, "funnel", "--by", "source", capsys=capsys)
    got = {}
    for row in funnel["rows"]:
        if row["stage_name"] in ("captured", "attended"):
            got.setdefault(row["source"], []).append(row["reached"])
    wanted = {name: [origin["n"], origin["hits"]] for name, origin in figures["by_origin"].items()}
    wanted["Not given"] = wanted.pop("(blank)")
    assert got == wanted
    assert counts(bring_in(empty, "olist", tmp_path)) == (8000, 0, 0, 8000, 1, 0)


def test_the_appointment_file_gives_its_figures(sqlite_database: sa.Engine, tmp_path: Path, capsys) -> None:
    """88,208 of 110,527 came; by the weekday as written, by location, and five booked after their day."""
    with writing(sqlite_database) as c:
        practice.found(c, "Clinics", "America/Sao_Paulo")
    figures, result = expected("noshow"), bring_in(sqlite_database, "noshow", tmp_path)
    n = figures["appointments"]
    assert counts(result) == (n, n, 0, 0, len(figures["booked_after_appointment_rows"]), 0)
    for by, wanted in (("visit_weekday", figures["show_by_weekday"]), ("location", figures["show_by_location_top10"])):
        rows = metrics(sqlite_database, "funnel", "--by", by, capsys=capsys)["rows"]
        reached = {(row[by], row["stage_name"]): row["reached"] for row in rows}
        assert sum(v for (_, stage), v in reached.items() if stage == "attended") == figures["attended"]
        for name, group in wanted.items():
            assert (reached[name, "captured"], reached[name, "attended"]) == (group["n"], group["hits"])
        if by == "location":
            assert len({name for name, _ in reached}) == figures["locations"]
    bins = {"Same day": "0", "1-3 days": "1-3", "4-7 days": "4-7", "8-14 days": "8-14", "15-30 days": "15-30",
            "31-60 days": "31-60", "Over 60 days": "61+", "Not known": "negative (invalid)"}  # fmt: skip
    for by, wanted, names in (
        ("lead_time", figures["show_by_lead_time_days"], bins),
        ("start_weekday", figures["show_by_weekday"], {day: day for day in figures["show_by_weekday"]}),
    ):
        rows = metrics(sqlite_database, "attendance", "--by", by, capsys=capsys)["rows"]
        assert {names[row[by]]: (row["counted"], row["attended"]) for row in rows} == {
            name: (group["n"], group["hits"]) for name, group in wanted.items()
        }
