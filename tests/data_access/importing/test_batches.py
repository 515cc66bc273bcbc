"""An import: dates settled over whole columns, nothing lost, nothing doubled, wholly there or not at all."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from data_access import event_log, leads, merging, practice, promises
from data_access import events as e
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.fact_tables import lead_facts, spell_facts
from data_access.importing import batches, mapping
from data_access.importing.batches import Result
from data_access.vocabulary import Channel, ContactMethod, Kind, Pathway, Precision, Role
from tests.factories import NOW
from tests.imports import HEAD, MAPPING, ROWS, bring, counts, rejected, run


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
    with_ads = mapping.parse(MAPPING | {"fields": MAPPING["fields"] | {"campaign": "Ad"}})
    assert bring(empty, [file], with_ads, tmp_path / "rejects.csv").added == 4
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
    return bring(engine, [file], mapping.parse(TIMED), folder / "rejects.csv", now=now)


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
    reasons = {row["rejected line"]: row["rejected because"] for row in rejected(tmp_path)}
    assert "'31/02/2026' is not a date" in reasons["4"]
    assert "channel 'Pigeon' is not known" in reasons["5"]
    assert "receipt is empty" in reasons["6"]
    assert "location is empty" in reasons["7"]
    assert "the id 2 occurs before, in line 3" in reasons["8"]
    assert "has 3 fields, the headings have 9" in reasons["9"]
    assert "the id is empty" in reasons["10"]
    assert next(row for row in rejected(tmp_path) if row["rejected line"] == "5")["How"] == "Pigeon"


def test_without_an_id_equal_rows_are_distinct_leads_and_a_second_run_adds_none(
    empty: sa.Engine, tmp_path: Path
) -> None:
    """Equal rows are kept; the count tells them apart next time."""
    data = MAPPING | {"fields": {k: v for k, v in MAPPING["fields"].items() if k != "id"}}
    file = tmp_path / "leads.csv"
    file.write_text("\n".join([HEAD, ROWS[0], ROWS[0], ROWS[1]]))
    for expected in ((3, 3, 0, 0, 0, 0), (3, 0, 0, 3, 0, 0)):
        assert counts(bring(empty, [file], mapping.parse(data), tmp_path / "r.csv")) == expected


def test_without_an_id_a_row_is_known_in_whatever_order_its_columns_stand(empty: sa.Engine, tmp_path: Path) -> None:
    """The same spreadsheet with two columns swapped adds nothing."""
    data = MAPPING | {"fields": {k: v for k, v in MAPPING["fields"].items() if k != "id"}}
    file = tmp_path / "leads.csv"
    cells = [line.split(",") for line in (HEAD, *ROWS)]
    for order, expected in ((slice(0, 2), (2, 2, 0, 0, 0, 0)), (slice(1, None, -1), (2, 0, 0, 2, 0, 0))):
        file.write_text("\n".join(",".join([*line[order], *line[2:]]) for line in cells))
        assert counts(bring(empty, [file], mapping.parse(data), tmp_path / "r.csv")) == expected


def test_a_quote_that_is_never_closed_costs_one_line(empty: sa.Engine, tmp_path: Path) -> None:
    """The lines after it come in, and the line itself is kept as it stands."""
    broken = '3,13/01/2026,Tel,"North,,,,,'
    later = [f"{n},13/01/2026,Tel,North,,,,," for n in range(10, 60)]
    result = run(empty, tmp_path, ROWS[0], broken, *later)
    assert counts(result) == (52, 51, 0, 0, 0, 1)
    assert rejected(tmp_path)[0]["rejected text"] == broken


def test_what_a_ragged_row_has_too_much_is_kept(empty: sa.Engine, tmp_path: Path) -> None:
    """Whole, with its reason; empty cells beyond the headings are no fault."""
    result = run(empty, tmp_path, f"{ROWS[0]},,,", f"{ROWS[1]},a note")
    assert counts(result) == (2, 1, 0, 0, 0, 1)
    assert rejected(tmp_path)[0]["rejected text"].endswith("a note")


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
    files = [tmp_path / "visits.csv", tmp_path / "people.csv"]
    result = bring(empty, files, mapping.parse(data), tmp_path / "rejects.csv")
    assert counts(result) == (2, 2, 0, 0, 0, 2)
    assert {row["rejected because"] for row in rejected(tmp_path)} == {
        "key A occurs before, in line 2",
        "no lead has key Z",
    }


def test_an_import_that_is_broken_off_leaves_nothing(empty: sa.Engine, tmp_path: Path, monkeypatch) -> None:
    """Neither a lead nor a location nor a batch, and no file of rejected rows; the next one brings in all."""
    monkeypatch.setattr(batches, "CHUNK", 2)
    rows = [f"{n},{13 if n > 1 else 33}/01/2026,Tel,North,,,,," for n in range(1, 6)]

    def pull_the_plug(done: int, total: int) -> None:
        assert total == 5
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(empty, tmp_path, *rows, progress=pull_the_plug)
    with reading(empty) as c:
        for table in (t.leads, t.events, t.locations, t.import_batches, lead_facts):
            assert c.scalar(sa.select(sa.func.count()).select_from(table)) == 0
    assert not list(tmp_path.glob("rejects*"))
    assert counts(run(empty, tmp_path, *rows)) == (5, 4, 0, 0, 0, 1)


CONSTANTS = {"kind": {"constant": "scheduling"}, "pathway": {"constant": "patient"}, "channel": {"constant": "phone"}}


def import_text(engine: sa.Engine, folder: Path, text: str, fields: dict, **more: object) -> Result:
    file = folder / "text.csv"
    file.write_text(text, encoding="utf-8")
    data = {"source_system": "text", "zone": "America/New_York", "fields": CONSTANTS | fields} | more
    return bring(engine, [file], mapping.parse(data), folder / "rejects.csv")


def local(engine: sa.Engine, key: str, column: str = "received_at") -> str:
    at = stored(engine, key)[column]
    return f"{at.astimezone(ZoneInfo('America/New_York')):%Y-%m-%d %H:%M}"


def test_a_log_of_events_becomes_a_lead_for_each_case(empty: sa.Engine, tmp_path: Path) -> None:
    """In whatever order its rows stand: the first and the last of each event, the first value of each other column."""
    text = (
        "Case,What,When,Who\nc1,Booked,2026-01-07 10:00,Bob\nc2,Asked,2026-01-06 09:00,Ada\nc1,Asked,2026-01-05 09:00,Ada\n"
        "c1,Called,2026-01-05 11:00,Bob\nc1,Called,2026-01-06 11:00,Bob\nc2,,2026-01-06 12:00,Ada\nc3,Asked,soon,Ada\n"
    )
    fields = {"received": "first", "attempted": "first Called", "reached": "last Called", "booked": "first Booked",
              "location": {"constant": "Desk"}, "owner": "Who"}  # fmt: skip
    log = {"lead": "Case", "event": "What", "at": "When"}
    result = import_text(empty, tmp_path, text, fields, log=log)
    assert counts(result) == (7, 2, 0, 0, 0, 2)
    assert {row["rejected because"][:13] for row in rejected(tmp_path)} == {"What is empty", "When: 'soon' "}
    assert (local(empty, "c1"), local(empty, "c1", "first_attempt_at")) == ("2026-01-05 09:00", "2026-01-05 11:00")
    assert (local(empty, "c1", "first_contact_at"), local(empty, "c1", "scheduled_at")) == (
        "2026-01-06 11:00", "2026-01-07 10:00",
    )  # fmt: skip
    assert import_text(empty, tmp_path, text, fields, log=log).unchanged == 2


def test_a_date_in_three_columns_a_time_apart_and_days_before_it_are_one_moment(
    empty: sa.Engine, tmp_path: Path
) -> None:
    """Months by name too; what is none is rejected."""
    text = "No,Y,M,D,At,Ahead\n1,2026,January,1,9:30 AM,3\n2,2026,2,30,09:30,0\n3,2026,3,30,noon,0\n4,2026,3,30,09:30,some\n"
    parts = {"parts": {"year": "Y", "month": "M", "day": "D"}, "time": "At", "minus_days": "Ahead"}
    result = import_text(empty, tmp_path, text, {"id": "No", "received": parts, "location": {"constant": "Desk"}})
    assert counts(result) == (4, 1, 0, 0, 0, 3)
    assert local(empty, "1") == "2025-12-29 09:30"
    assert [row["rejected because"] for row in rejected(tmp_path)] == [
        "Y, M, D: '2026', '2', '30' is not a date", "At: 'noon' is not a time of day; known are 14:05 and 2:05 PM",
        "Ahead: 'some' is not a number of days",
    ]  # fmt: skip


def test_times_are_read_in_the_zone_of_the_file_and_days_are_never_shifted(empty: sa.Engine, tmp_path: Path) -> None:
    """A system that keeps UTC says so; a bare date stays the day that it is."""
    fields = {"id": "No", "received": "Came", "location": {"constant": "Desk"}}
    import_text(empty, tmp_path, "No,Came\n1,2026-01-05 02:00\n2,2026-01-05\n", fields, times_in="UTC")
    assert (local(empty, "1"), local(empty, "2")) == ("2026-01-04 21:00", "2026-01-05 00:00")
    assert stored(empty, "2")["received_precision"] == Precision.DAY


def test_what_means_nothing_is_nothing_and_what_is_unknown_is_a_value(empty: sa.Engine, tmp_path: Path) -> None:
    """As the file means it: NULL is nobody, unknown is a source of its own, and an empty cell is another."""
    text = "No,Came,From,Source\n1,2026-01-05,NULL,unknown\n2,2026-01-05,?,\n3,2026-01-05,Null Clinic,Unknown\n"
    fields = {"id": "No", "received": "Came", "location": {"constant": "Desk"}, "partner": "From", "source": "Source"}
    import_text(empty, tmp_path, text, fields, empty=["NULL", "?"])
    with reading(empty) as c:
        assert set(practice.names(c, t.partners).values()) == {"Null Clinic"}
        assert set(practice.names(c, t.sources).values()) == {"unknown", "Unknown"}
        assert [c.scalar(sa.select(t.leads.c.source_id.is_(None)).where(t.leads.c.source_key == k)) for k in "123"] == [
            False, True, False,
        ]  # fmt: skip


def test_an_owner_who_is_not_on_the_list_is_known_by_name_and_not_offered(empty: sa.Engine, tmp_path: Path) -> None:
    """Their leads count as theirs; nobody can be given work by it, or sign in."""
    fields = {"id": "No", "received": "Came", "location": {"constant": "Desk"}, "owner": "Who"}
    import_text(empty, tmp_path, "No,Came,Who\n1,2026-01-05,Ada\n2,2026-01-05,Ada\n", fields)
    with reading(empty) as c:
        person = c.execute(sa.select(t.staff)).mappings().one()
    assert (person["name"], person["active"], person["email"]) == ("Ada", False, None)
    assert stored(empty, "1")["owner_id"] == stored(empty, "2")["owner_id"] == person["id"]


def test_an_appointment_without_a_booking_is_rejected(empty: sa.Engine, tmp_path: Path) -> None:
    """When it was made cannot be made up."""
    fields = {"id": "No", "received": "Came", "location": {"constant": "Desk"}, "booked": "Made", "appointment": "Day"}
    result = import_text(empty, tmp_path, "No,Came,Made,Day\n1,2026-01-05,,2026-01-09\n", fields)
    assert (result.added, list(result.reasons)) == (0, ["there is an appointment, and no day on which it was booked"])


def test_a_rejected_row_adds_nothing_to_the_lists(empty: sa.Engine, tmp_path: Path) -> None:
    """A location that only a rejected row names is not there afterwards."""
    fields = {"id": "No", "received": "Came", "location": "Site", "attended": "Seen"}
    import_text(empty, tmp_path, "No,Came,Site,Seen\n1,2026-01-05,Ghost,soon\n2,2026-01-05,North,2026-01-06\n", fields)
    with reading(empty) as c:
        assert set(practice.names(c, t.locations).values()) == {"North"}


def test_years_that_lie_ten_apart_are_flagged_and_leave_time_in_stage(empty: sa.Engine, tmp_path: Path) -> None:
    """A visit in 2036 for an inquiry of 2026, as a file says it; what staff do now to an old lead is no slip."""
    fields = {"id": "No", "received": "Came", "location": {"constant": "Desk"}, "attended": "Seen"}
    text = "No,Came,Seen\n1,2006-01-05,2026-01-09\n2,2006-01-05,\n"
    result = import_text(empty, tmp_path, text, fields)
    assert (result.flagged, {flag.name for flag in result.flags}) == (1, {"TEN_YEARS_APART"})
    with writing(empty) as c:
        lead = stored(empty, "2")
        leads.record(c, lead["id"], e.Contacted(), occurred_at=NOW, now=NOW, version=lead["version"])
    assert stored(empty, "2")["flags"] == 0
    with reading(empty) as c:
        spoiled = sa.select(spell_facts.c.lead_id, spell_facts.c.spoiled).order_by(spell_facts.c.lead_id)
        assert [row.spoiled for row in c.execute(spoiled)] == [1, 0]
