"""The headless twin: the same numbers as the pages, clear words for mistakes, nothing but JSON on standard output."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from dashboard import cli, cli_metrics, clock, settings
from dashboard.metrics.arrivals import ARRIVAL_COLUMNS
from dashboard.metrics.attendance import ATTENDANCE_COLUMNS, BY_LEAD_COLUMNS, NEW_PATIENT_COLUMNS
from dashboard.metrics.capacity import AGE_COLUMNS, BACKLOG_COLUMNS, NEXT_AVAILABLE_COLUMNS
from dashboard.metrics.case_mix import CASE_MIX_COLUMNS
from dashboard.metrics.cohorts import COHORT_COLUMNS
from dashboard.metrics.demand import DEMAND_COLUMNS
from dashboard.metrics.funnel import FUNNEL_COLUMNS, LOST_COLUMNS
from dashboard.metrics.funnel_plot import FUNNEL_PLOT_COLUMNS
from dashboard.metrics.loop import LOOP_COLUMNS
from dashboard.metrics.partners import LEAGUE_COLUMNS
from dashboard.metrics.quality import FILL_COLUMNS, FLAG_COLUMNS, LAG_COLUMNS
from dashboard.metrics.records import COMPLETENESS_COLUMNS, MISSING_COLUMNS, REQUEST_COLUMNS
from dashboard.metrics.referral_volume import VOLUME_COLUMNS
from dashboard.metrics.response import RESPONSE_COLUMNS
from dashboard.metrics.sources import MIX_COLUMNS, TOPIC_COLUMNS
from dashboard.metrics.stalls import FOLLOW_UP_COLUMNS, STALL_COLUMNS, TIME_IN_STAGE_COLUMNS
from dashboard.metrics.timing import ANSWER_COLUMNS, CONVERSION_COLUMNS, CURVE_COLUMNS
from dashboard.metrics.trends import TREND_COLUMNS
from data_access import engine as databases
from data_access import partners
from data_access.importing import saved
from data_access.slots import SLOT_KEYS
from tests import demos, factories
from tests.conftest import sqlite

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
COLUMNS = {
    "funnel": FUNNEL_COLUMNS,
    "conversion": CONVERSION_COLUMNS,
    "curve": CURVE_COLUMNS,
    "cohorts": COHORT_COLUMNS,
    "response": RESPONSE_COLUMNS,
    "answers": ANSWER_COLUMNS,
    "arrivals": ARRIVAL_COLUMNS,
    "attendance": ATTENDANCE_COLUMNS,
    "new-patients": NEW_PATIENT_COLUMNS,
    "lost": LOST_COLUMNS,
    "flags": FLAG_COLUMNS,
    "field-fill": FILL_COLUMNS,
    "trends": ("series", "week", *TREND_COLUMNS),
    "partners": LEAGUE_COLUMNS,
    "mix": ("channel", *MIX_COLUMNS),
    "topics": TOPIC_COLUMNS,
    "loops": LOOP_COLUMNS,
    "case-mix": CASE_MIX_COLUMNS,
    "funnel-plot": FUNNEL_PLOT_COLUMNS,
    "volume": VOLUME_COLUMNS,
    "visits-by-lead": BY_LEAD_COLUMNS,
    "records": COMPLETENESS_COLUMNS,
    "missing-records": MISSING_COLUMNS,
    "records-speed": ("at_arrival", *CONVERSION_COLUMNS),
    "time-in-stage": TIME_IN_STAGE_COLUMNS,
    "stalls": STALL_COLUMNS,
    "next-steps": FOLLOW_UP_COLUMNS,
    "backlog": BACKLOG_COLUMNS,
    "demand": (*SLOT_KEYS, *DEMAND_COLUMNS),
    "backlog-age": AGE_COLUMNS,
    "next-available": (*SLOT_KEYS, *NEXT_AVAILABLE_COLUMNS),
    "next-available-weeks": (*SLOT_KEYS, "week", *NEXT_AVAILABLE_COLUMNS),
    "record-requests": REQUEST_COLUMNS,
    "log-lag": LAG_COLUMNS,
}


@pytest.fixture(scope="module")
def demo_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{demos.copy(tmp_path_factory, 'therapy')}"


@pytest.fixture(autouse=True)
def a_still_clock_and_an_empty_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setenv("HANDOFF_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HANDOFF_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert cli.main([*arguments, "--json"]) == 0
    made: dict = json.loads(capsys.readouterr().out)
    return made


@pytest.mark.parametrize("metric", COLUMNS)
def test_json_has_the_documented_shape(metric: str, demo_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Metric, moment, filters, what is left out, and rows with every documented column."""
    out = printed(capsys, "metrics", metric, "--database", demo_url)
    assert list(out) == ["metric", "as_of", "filters", "left_out", "rows"]
    assert out["metric"] == metric
    assert datetime.fromisoformat(out["as_of"]) == NOW
    assert out["rows"]
    assert all(list(row) == list(COLUMNS[metric]) for row in out["rows"])


def test_csv_has_the_same_rows(demo_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a row, headings first."""
    rows = printed(capsys, "metrics", "funnel", "--by", "channel", "--database", demo_url)["rows"]
    assert cli.main(["metrics", "funnel", "--by", "channel", "--csv", "--database", demo_url]) == 0
    lines = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(r["channel"], r["reached"]) for r in lines] == [(r["channel"], str(r["reached"])) for r in rows]


def test_a_campaign_is_filtered_by_its_name(demo_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As many as its row of the mix says."""
    mix = printed(capsys, "metrics", "mix", "--by", "campaign", "--database", demo_url)["rows"]
    (house,) = (row for row in mix if row["campaign"] == "Open house")
    assert house["inquiries"] > 0
    out = printed(capsys, "metrics", "mix", "--campaign", "Open house", "--database", demo_url)
    assert sum(row["inquiries"] for row in out["rows"]) == house["inquiries"]
    assert out["filters"]["campaign"] == ["Open house"]


def test_the_parts_add_up_to_the_whole(demo_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Both pathways, all locations, all partners with those without: the same leads."""
    whole = printed(capsys, "metrics", "funnel", "--database", demo_url)["rows"]
    for by in ("pathway", "location", "partner", "source", "priority", "received_week"):
        parts = printed(capsys, "metrics", "funnel", "--by", by, "--database", demo_url)["rows"]
        for stage in whole:
            same = [row for row in parts if row["stage"] == stage["stage"]]
            for column in ("reached", "entered", "lost", "waiting", "skipped"):
                assert sum(row[column] for row in same) == stage[column], (by, column)


def test_filters_narrow_and_are_told(demo_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Dates are half-open; names are those of the practice."""
    arguments = ("--from", "2026-01-01", "--to", "2026-07-01", "--location", "Telehealth", "--database", demo_url)
    out = printed(capsys, "metrics", "response", *arguments)
    assert out["filters"] == {
        "from": "2026-01-01",
        "to": "2026-07-01",
        "location": ["Telehealth"],
    }
    by_hand = sa.text(
        "SELECT count(*) FROM leads JOIN locations ON locations.id = location_id WHERE locations.name = 'Telehealth' "
        "AND received_at >= '2026-01-01 06:00' AND received_at < '2026-07-01 05:00'"  # midnights in Chicago
    )
    engine = databases.connect(demo_url)
    with engine.connect() as c:
        leads = c.scalar(by_hand)
    row = out["rows"][0]
    counted = ("judged", "pending_answered", "pending_waiting", "answered_live", "left_out", "not_judged")
    assert sum(row[column] for column in counted) == leads


def test_weeks_are_written_as_iso_weeks(demo_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By the week due, a period takes the weeks whose Monday lies in it."""
    arguments = ("--by", "due_week", "--from", "2026-06-01", "--to", "2026-07-01", "--database", demo_url)
    rows = printed(capsys, "metrics", "response", *arguments)["rows"]
    assert [row["due_week"] for row in rows] == ["2026-W23", "2026-W24", "2026-W25", "2026-W26", "2026-W27"]


def test_a_league_by_location_is_the_league_of_each_location(demo_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The same rows as with a filter, in the order that was asked for."""
    options = ("metrics", "partners", "--order", "shrunken", "--database", demo_url)
    rows = printed(capsys, *options, "--by", "location")["rows"]
    assert {row["location"] for row in rows} == {"Main Street", "Telehealth"}
    for place in ("Main Street", "Telehealth"):
        alone = printed(capsys, *options, "--location", place)["rows"]
        assert [row for row in rows if row["location"] == place] == [{"location": place} | row for row in alone]
        shrunken = [row["shrunken"] for row in alone if row["shrunken"] is not None]
        assert shrunken == sorted(shrunken, reverse=True)


def test_conversion_within_the_horizon_is_the_plain_share_where_every_lead_is_old_enough(
    demo_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Leads of the first half year, by SQL: booked within thirty local days, of all that are no spam."""
    arguments = ("--from", "2025-07-01", "--to", "2026-01-01", "--database", demo_url)
    row = printed(capsys, "metrics", "conversion", *arguments)["rows"][0]
    by_hand = sa.text(
        "SELECT count(*), sum(scheduled_at IS NOT NULL AND julianday(date(scheduled_at, '-6 hours')) - "
        "julianday(date(received_at, '-6 hours')) <= 30) FROM leads WHERE kind IN ('scheduling', 'warm_intro') "
        "AND received_at >= '2025-07-01 05:00' AND received_at < '2026-01-01 06:00' "
        "AND coalesce(close_reason, '') NOT IN ('spam', 'duplicate', 'test')"
    )
    engine = databases.connect(demo_url)
    with engine.connect() as c:
        leads, booked = c.execute(by_hand).one()
    assert row["leads"] == leads
    assert row["by_horizon"] == pytest.approx(booked / leads, abs=0.004)  # leads that nobody closed or booked are open
    qualified = printed(capsys, "metrics", "conversion", "--qualified", *arguments)["rows"][0]
    assert qualified["leads"] < leads
    assert qualified["by_horizon"] > row["by_horizon"]


def test_a_past_moment_leaves_out_what_came_later(demo_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Fewer leads half a year ago, and its end of day in the practice's zone."""
    out = printed(capsys, "metrics", "funnel", "--as-of", "2026-05-31", "--database", demo_url)
    assert out["as_of"] == "2026-06-01T04:59:00+00:00"
    now = printed(capsys, "metrics", "funnel", "--database", demo_url)
    assert out["rows"][0]["reached"] < now["rows"][0]["reached"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("metrics", "funnel", "--location", "Telehelth"), "near are: Telehealth"),
        (("metrics", "funnel", "--by", "locaton"), "near are: location"),
        (("metrics", "funnel", "--by", "due_week"), "no dimension"),
        (("metrics", "funnel", "--as-of", "yesterday"), "neither a date nor a moment"),
        (("metrics", "partners", "--by", "due_week"), "no dimension"),
        (("import", "nothing.csv", "--mapping", "olits"), "shipped are noshow, olist, referrals"),
    ],
)
def test_a_mistake_is_one_sentence(arguments, says: str, demo_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, with the nearest valid answer, and exit code 1."""
    assert cli.main([*arguments, "--database", demo_url]) == 1
    captured = capsys.readouterr()
    assert says in captured.err
    assert captured.out == ""
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("metrics", "funnel", "--as-of", "9999-12-31"), "from 1970 to 2199"),
        (("metrics", "funnel", "--database", "demo:nope"), "there is no demo practice 'nope'"),
        (("metrics", "funnel", "--database", "nonsense"), "cannot be read"),
        (("metrics", "funnel", "--database", "sqlite:///there/is/none.db"), "there is no database"),
        (("metrics", "funnel", "--database", "sqlite:///text.db"), "not a database"),
        (("import", "leads.csv", "--mapping", "own.toml", "--rejects", "."), "is a folder"),
    ],
)
def test_what_cannot_be_opened_is_one_sentence_and_leaves_nothing_behind(
    arguments, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, no empty database where a path was mistyped."""
    write_example(tmp_path)
    (tmp_path / "text.db").write_text("this is no database" * 100)
    before = sorted(path.name for path in tmp_path.iterdir())
    if arguments[:2] == ("metrics", "funnel") and "--as-of" in arguments:
        assert cli.main(["demo", "--practice", "empty", "--no-serve"]) == 0
        arguments = (*arguments, "--database", "demo:empty")
    assert cli.main(arguments) == 1
    captured = capsys.readouterr()
    assert says.lower() in captured.err.lower()
    assert captured.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "home") == before


def test_a_text_that_begins_like_a_formula_is_inert_in_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A spreadsheet shows it and does not run it."""
    world = factories.found(sqlite(tmp_path / "own.db"))
    with databases.writing(world.engine) as c:
        wicked = partners.find_or_add(c, '=HYPERLINK("x")')
    factories.log(world, partner_id=wicked)
    url = f"sqlite:///{tmp_path / 'own.db'}"
    now = str(factories.NOW.date())
    assert cli.main(["metrics", "funnel", "--by", "partner", "--as-of", now, "--csv", "--database", url]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows[0]["partner"] == '\'=HYPERLINK("x")'


def write_example(folder: Path) -> None:
    (folder / "leads.csv").write_text("No,Came\n1,2026-03-13\n2,2026-03-14\n3,soon\n")
    (folder / "own.toml").write_text(
        'source_system = "x"\nzone = "America/Chicago"\n[fields]\nid = "No"\nreceived = "Came"\n'
        'kind = {constant = "scheduling"}\npathway = {constant = "patient"}\n'
        'channel = {constant = "phone"}\nlocation = {constant = "Here"}\n'
    )


def test_a_dry_run_before_there_is_a_database_makes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What would be added is counted; the folder stays as it was, but for the rejected row."""
    write_example(tmp_path)
    out = printed(capsys, "import", "leads.csv", "--mapping", "own.toml", "--dry-run")
    counted = {"batch": None, "read": 3, "added": 2, "updated": 0, "unchanged": 0, "flagged": 0, "rejected": 1}
    assert {name: out[name] for name in counted} == counted
    assert (out["before"]["funnel"]["captured"], out["after"]["funnel"]["captured"]) == (0, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["leads.csv", "leads.rejects.csv", "own.toml"]


def test_an_import_founds_its_own_database_and_metrics_read_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without any setting: what was imported is what the next command counts."""
    write_example(tmp_path)
    out = printed(capsys, "import", "leads.csv", "--mapping", "own.toml")
    counted = {"batch": 1, "read": 3, "added": 2, "updated": 0, "unchanged": 0, "flagged": 0, "rejected": 1}
    assert {name: out[name] for name in counted} == counted
    assert "'soon' is not a date" in (tmp_path / "leads.rejects.csv").read_text()
    assert printed(capsys, "metrics", "funnel")["rows"][0]["reached"] == 2


def test_a_dry_run_is_said_to_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And has no batch."""
    test_an_import_founds_its_own_database_and_metrics_read_it(tmp_path, capsys)
    assert cli.main(["import", "leads.csv", "--mapping", "own.toml", "--dry-run"]) == 0
    assert "Nothing was written" in capsys.readouterr().out


def test_a_mapping_is_guessed_with_its_reasons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it prints is a mapping, but for what has to be said by hand."""
    (tmp_path / "leads.csv").write_text(
        "Lead ID,Created,Lead source\n1,2026-03-13,Web\n2,2026-03-14,Web\n3,2026-03-15,web\n"
    )
    assert cli.main(["guess", "leads.csv"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("# ? Where does the location come from?\n# ? source: is web the same as Web?\n")
    assert '# its heading says so\n[fields.received]\ncolumn = "Created"\n' in text
    (tmp_path / "leads.toml").write_text(text + '\n[fields.location]\nconstant = "Here"\n')
    assert printed(capsys, "import", "leads.csv", "--mapping", "leads.toml")["added"] == 3


def test_imports_are_listed_and_undone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """First it is said what that would do; then it is done, and not twice."""
    write_example(tmp_path)
    printed(capsys, "import", "leads.csv", "--mapping", "own.toml")
    assert [(one["id"], one["status"], one["added_rows"]) for one in printed(capsys, "imports")] == [(1, "finished", 2)]
    assert cli.main(["undo-import", "1"]) == 0
    assert "2 leads would be removed" in capsys.readouterr().out
    assert printed(capsys, "metrics", "funnel")["rows"][0]["reached"] == 2
    assert cli.main(["undo-import", "1", "--apply"]) == 0
    assert "2 leads removed" in capsys.readouterr().out
    assert printed(capsys, "metrics", "funnel")["rows"][0]["reached"] == 0
    assert printed(capsys, "imports")[0]["status"] == "undone"
    assert cli.main(["undo-import", "1", "--apply"]) == 1
    assert "undone already" in capsys.readouterr().err


def test_a_mapping_that_was_kept_on_the_page_is_used_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a file is; one that is not there is told with those that are."""
    write_example(tmp_path)
    printed(capsys, "import", "leads.csv", "--mapping", "own.toml")
    with databases.opened(settings.own_url()) as engine, databases.writing(engine) as c:
        saved.save(c, "Weekly sheet", (tmp_path / "own.toml").read_text(), now=factories.NOW)
    assert printed(capsys, "import", "leads.csv", "--mapping", "Weekly sheet")["unchanged"] == 2
    assert cli.main(["import", "leads.csv", "--mapping", "Daily sheet"]) == 1
    assert "saved are Weekly sheet; shipped are noshow" in capsys.readouterr().err


def test_a_sync_brings_in_what_is_new_and_says_where_that_is_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the database that HANDOFF_SYNC_URL names; its rejected rows get a file of their own each time."""
    write_example(tmp_path)
    crm = sa.create_engine(f"sqlite:///{tmp_path / 'crm.db'}")
    with crm.begin() as c:
        c.exec_driver_sql("CREATE TABLE asked (No INTEGER, Came TEXT, changed TEXT)")
        c.exec_driver_sql(
            "INSERT INTO asked VALUES (1, '2026-03-13', '2026-03-13 10:00:00'), (2, 'soon', '2026-03-14')"
        )
    crm.dispose()
    (tmp_path / "asked.sql").write_text("SELECT * FROM asked WHERE changed >= :since")
    asked = ("sync", "--query", "asked.sql", "--mapping", "own.toml", "--watermark", "changed", "--overlap", "0m")
    assert cli.main([*asked]) == 1
    assert "--from URL, or HANDOFF_SYNC_URL" in capsys.readouterr().err
    monkeypatch.setenv("HANDOFF_SYNC_URL", f"sqlite:///{tmp_path / 'crm.db'}")
    done = printed(capsys, *asked)
    assert (done["read"], done["added"], done["rejected"]) == (2, 1, 1)
    assert len(list(tmp_path.glob("asked.*.rejects.csv"))) == 1
    assert printed(capsys, *asked)["read"] == 1
    assert printed(capsys, *asked, "--full")["read"] == 2
    with crm.begin() as c:
        c.exec_driver_sql("DELETE FROM asked")
    assert printed(capsys, *asked) == {"read": 0}


def test_a_practices_own_database_is_not_served_before_sign_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`handoff serve` refuses, and says where the numbers are."""
    factories.found(sqlite(tmp_path / "own.db"))
    assert cli.main(["serve", "--database", f"sqlite:///{tmp_path / 'own.db'}"]) == 1
    assert "sign-in is not configured" in capsys.readouterr().err


def test_a_backup_is_restored_into_a_new_file_and_counts_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both say what is in the file; over a database that is there, nothing is restored."""
    own, other = (f"sqlite:///{tmp_path / name}" for name in ("own.db", "other.db"))
    factories.log(factories.found(sqlite(tmp_path / "own.db")))
    assert cli.main(["backup", "leads.backup", "--database", own]) == 0
    assert cli.main(["restore", "leads.backup", "--database", other]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == ["leads.backup: revision 2, 1 lead, 1 event"] * 2
    assert printed(capsys, "metrics", "funnel", "--database", other)["rows"][0]["reached"] == 1
    assert cli.main(["restore", "leads.backup", "--database", own]) == 1
    assert cli.main(["backup", "more.backup", "--database", f"sqlite:///{tmp_path / 'nowhere.db'}"]) == 1
    assert "own.db is there already" in (told := capsys.readouterr().err)
    assert "there is no database" in told


def test_a_backup_of_another_version_is_restored_with_what_to_do_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it holds is there; the server would refuse it until then."""
    engine = sqlite(tmp_path / "own.db")
    factories.found(engine)
    with databases.writing(engine) as c:
        c.execute(sa.text("UPDATE alembic_version SET version_num = '0006'"))
    assert cli.main(["backup", "old.backup", "--database", f"sqlite:///{tmp_path / 'own.db'}"]) == 0
    assert cli.main(["restore", "old.backup", "--database", f"sqlite:///{tmp_path / 'other.db'}"]) == 0
    assert "Before it is used: the database has schema 0006" in capsys.readouterr().out


def test_demos_are_made_once_and_anew_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """What was tried out in a demo stays until `--fresh`."""
    from dashboard import settings

    file = settings.demo_file("empty")
    assert cli.main(["demo", "--practice", "empty", "--no-serve"]) == 0
    first = file.stat().st_mtime_ns
    assert cli.main(["demo", "--practice", "empty", "--no-serve"]) == 0
    assert file.stat().st_mtime_ns == first
    assert cli.main(["demo", "--practice", "empty", "--no-serve", "--fresh"]) == 0
    assert file.stat().st_mtime_ns > first
    assert cli.main(["metrics", "funnel", "--json", "--database", "demo:empty"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["of_captured"] is None


def test_every_metric_of_the_command_line_is_held_to_its_columns() -> None:
    """None is forgotten here."""
    assert set(COLUMNS) == set(cli_metrics._METRICS)


def test_a_note_is_written_and_fixes_limits_anew(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the week of the note on, the series is judged by its own first weeks; before it, as before."""
    file = demos.copy(tmp_path_factory, "therapy")
    database = ("--database", f"sqlite:///{file}")

    def centres() -> dict[str, float]:
        rows = printed(capsys, "metrics", "trends", *database)["rows"]
        return {row["week"]: row["centre"] for row in rows if row["series"] == "received"}

    before = centres()
    assert cli.main(["annotate", "2026-06-03", "Second intake desk", "--rebases", "received", *database]) == 0
    after = centres()
    changed = [week for week in before if before[week] != after[week]]
    assert changed == [week for week in before if week >= "2026-W23"]
    assert len(set(after.values())) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["annotate", "2026-12-24", "Christmas"], "lies ahead"),
        (["annotate", "2026-06-01", " "], "1 to 120 characters"),
        (["annotate", "2026-06-01", "x", "--location", "Telehelth"], "Telehealth"),
        (["annotate", "2026-06-01", "x", "--location", "Telehealth", "--rebases", "seen"], "whole practice"),
    ],
)
def test_a_note_that_cannot_be_is_refused_in_words(
    arguments: list[str], says: str, demo_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was given, and what to do."""
    assert cli.main([*arguments, "--database", demo_url]) == 1
    assert says in capsys.readouterr().err


def test_new_patients_for_others_hide_small_cells(demo_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No number from 1 to 10 leaves the practice."""
    arguments = ("metrics", "new-patients", "--from", "2026-11-10", "--database", demo_url)
    inside = [row["new_patients"] for row in printed(capsys, *arguments)["rows"]]
    outside = [row["new_patients"] for row in printed(capsys, *arguments, "--for-others")["rows"]]
    assert any(0 < count < 11 for count in inside)
    assert all(not told.isdecimal() or int(told) == 0 or int(told) > 10 for told in outside)


@pytest.mark.parametrize("kind", ["html", "pdf", "xlsx", "csv"])
def test_a_report_is_written_twice_alike(demo_url: str, kind: str, tmp_path: Path, capsys) -> None:
    """Counted or frozen, the same week gives the same bytes; what is said goes to standard error."""
    files = [tmp_path / f"{number}.{kind}" for number in range(2)]
    for file in files:
        asked = ["report", "--week", "2026-W46", "--format", kind, "--out", str(file), "--database", demo_url]
        assert cli.main(asked) == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    said = capsys.readouterr()
    assert not said.out
    assert f"{files[1]}: " in said.err


def test_a_report_for_others_says_so_and_one_of_a_location_is_of_that_location(demo_url: str, tmp_path: Path) -> None:
    """By the filters of the metrics."""
    file = tmp_path / "x.html"
    asked = ["report", "--location", "Telehealth", "--for-others", "--out", str(file), "--database", demo_url]
    assert cli.main(asked) == 0
    assert "location Telehealth" in file.read_text()
    assert "For others" in file.read_text()
    assert "Main Street" not in file.read_text()


@pytest.mark.parametrize(
    ("week", "says"),
    [("2026-W48", "is not over; the last week that is over is 2026-W47"), ("47", "is not an ISO week; write 2026-W47"),
     ("2025-W53", "is not an ISO week"), ("0001-W10", "is not a week from")],
)  # fmt: skip
def test_a_week_that_cannot_be_reported_is_refused_in_words(demo_url: str, week: str, says: str, capsys) -> None:
    """One that is not over, and one that is none."""
    assert cli.main(["report", "--week", week, "--database", demo_url]) == 1
    assert says in capsys.readouterr().err
