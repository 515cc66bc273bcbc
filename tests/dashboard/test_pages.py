"""Every page: signed out, empty, on the demo practice, and one test per promise."""

import json
import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import streamlit as st
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from dashboard import auth, loaders, series
from dashboard.capacity_reports import NEXT_WEEKS
from data_access import demo
from data_access import engine as databases
from data_access import tables as t
from data_access.engine import writing
from data_access.vocabulary import Channel, Kind, Role
from tests import demos, factories
from tests.cases import SHARED
from tests.conftest import empty, sqlite
from tests.dashboard.conftest import NOW

ROOT = Path(__file__).parents[2]
ENTRY = str(ROOT / "dashboard" / "app.py")
SET_UP = ("setup", "rules", "texts", "checklists", "places", "lists", "imports")
WITHOUT_A_CHART = ("log_inquiry", "data_quality", "partner", "my_day", "lead", "loop", "outreach", "shared", *SET_UP)
ABOUT_NOW = ("my_day", "lead", "weekly_review", "loop", "outreach", *SET_UP)
WHENEVER = ("stalls", "backlog", "capacity", "trends", "my_day", "weekly_review", "loop", "outreach")
"""Pages to which the period says nothing."""
WITHOUT_FILTERS = ("shared", "privacy", "imports")
FOR_ADMINISTRATORS = ("privacy",)
"""Not for the manager, as whom a demo practice is looked at; test_privacy looks at them."""
PAGES = sorted(p.stem for p in (ROOT / "pages").glob("*.py"))
pytestmark = pytest.mark.usefixtures("at_the_demo_moment")


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first demo practice, made once."""
    return demos.copy(tmp_path_factory, "specialty")


@pytest.fixture
def on_demo(demo_file: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{demo_file}"
    monkeypatch.setenv("HANDOFF_DATABASE_URL", url)
    return url


@pytest.fixture
def on_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    demo.make(tmp_path / "empty.db", "empty", NOW)
    monkeypatch.setenv("HANDOFF_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    return "empty"


@pytest.fixture
def signed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> factories.World:
    """A practice's own database: not a demo, so nobody is let in."""
    world = factories.found(sqlite(tmp_path / "own.db"))
    factories.log(world, reference="SECRET-1")
    monkeypatch.setenv("HANDOFF_DATABASE_URL", f"sqlite:///{tmp_path / 'own.db'}")
    return world


def visit(page: str, **query: str) -> AppTest:
    """Open a page through the entry, as a browser would."""
    at = AppTest.from_file(ENTRY, default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    at.switch_page(f"../pages/{page}.py").run()
    assert not at.exception, at.exception
    return at


def words(at: AppTest) -> str:
    """Everything that a page says."""
    kinds = (at.title, at.header, at.subheader, at.markdown, at.caption, at.info, at.success, at.error, at.warning)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


@pytest.mark.parametrize("page", PAGES)
def test_signed_out_visitors_see_nothing(page: str, signed_out: factories.World) -> None:
    """On every page: the refusal, no table, no chart, no widget and no name of the practice."""
    at = AppTest.from_file(ENTRY, default_timeout=60).run()
    assert [t.value for t in at.title] == ["Not signed in"]
    run_alone = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=60).run()
    for shown in (at, run_alone):
        assert not shown.exception
        assert [t.value for t in shown.title] == ["Not signed in"]
        assert not shown.dataframe
        assert not shown.get("plotly_chart")
        assert not [*shown.selectbox, *shown.multiselect, *shown.text_input, *shown.button]
        assert "SECRET" not in words(shown)
        assert "Two Doors" not in words(shown)


@pytest.mark.parametrize("page", [p for p in PAGES if p not in (*SET_UP, *FOR_ADMINISTRATORS) or p == "rules"])
def test_an_empty_practice_is_told_what_to_do(page: str, on_empty: str) -> None:
    """No zeros and no empty axes: a sentence with the next step."""
    at = visit(page)
    assert "under **Import**" in words(at) or page == "imports"
    assert not at.get("plotly_chart")


@pytest.mark.parametrize("page", [p for p in PAGES if p not in ("log_inquiry", "lead", *SET_UP, *WITHOUT_FILTERS)])
def test_filters_that_match_nothing_say_so(page: str, on_demo: str) -> None:
    """Before there was anything, and on a day that is still to come: the way back is named."""
    whenever = page in WHENEVER
    narrow = (
        {"pathway": "Patient", "channel": "Fax"}
        if whenever
        else {"period": "Between two days", "between": "2026-12-24"}
    )
    before = ({"as_of": "2020-01-01"}, "No lead had been received by 01 Jan 2020")
    for query, says in ((narrow, "No lead matches"), *(() if page in ABOUT_NOW else (before,))):
        at = visit(page, **query)
        assert not at.get("plotly_chart")
        assert says in words(at)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_runs_on_the_demo_practice(page: str, on_demo: str) -> None:
    """And shows its title, and a chart where there is one."""
    at = visit(page)
    assert len(at.title) == 1
    assert page in (*WITHOUT_A_CHART, *FOR_ADMINISTRATORS) or at.get("plotly_chart")


def test_the_funnel_says_its_finding_with_counts(on_demo: str) -> None:
    """Numbers of the sentence are those of the table."""
    at = visit("funnel", period="All time")
    table = at.dataframe[0].value
    captured = table.loc[table["at"] == "Captured", "reached"].sum()
    assert f"**{captured:,} leads**" in words(at)


def test_a_location_filter_holds_on_the_next_page(on_demo: str) -> None:
    """Filters live in the URL and go with the viewer from page to page."""
    at = visit("funnel", location="Riverside")
    assert "location Riverside" in words(at)
    at.switch_page("../pages/response_times.py").run()
    assert "location Riverside" in words(at)
    groups = at.dataframe[0].value
    assert list(groups["group"]) == ["Riverside"]


def test_an_unknown_filter_value_in_a_link_is_dropped(on_demo: str) -> None:
    """A link to a location that was renamed shows everything, not an error."""
    assert "location" not in words(visit("funnel", location="Atlantis")).split("As of")[0].lower()


def test_the_past_is_shown_as_it_stood(on_demo: str) -> None:
    """As of half a year ago there are fewer leads, and the page says which day it shows."""
    now = visit("funnel", period="All time")
    then = visit("funnel", period="All time", as_of="2026-05-24")
    assert "As of 24 May 2026, 23:59." in words(then)
    assert then.dataframe[0].value["reached"].max() < now.dataframe[0].value["reached"].max()


def test_partners_can_be_ordered_and_judged_by_bookings(on_demo: str) -> None:
    """More leads are booked than seen within the same days."""
    visits = visit("partners").dataframe[0].value
    bookings = visit("partners", partners_outcome="Bookings", partners_order="Shrunken rate").dataframe[0].value
    assert bookings["k"].sum() > visits["k"].sum()
    assert bookings["shrunken"].dropna().is_monotonic_decreasing


def test_a_partners_own_page_says_what_the_league_says(on_demo: str) -> None:
    """The busiest partner: the same referrals and visits, and a chart of its own."""
    row = visit("partners").dataframe[0].value.iloc[0]
    at = visit("partner", partner_page=row["name"])
    assert f"({row['k']:,} of {row['n']:,};" in words(at)
    assert f"place **{row['place'].split(' of ')[0]}**" in words(at)
    assert len(at.get("plotly_chart")) >= 2
    assert set(at.dataframe[-1].value["Partner"]) == {row["name"]}


def test_without_a_partner_its_page_asks_for_one(on_demo: str) -> None:
    """And shows nobody's figures."""
    at = visit("partner")
    assert "Choose a partner" in words(at)
    assert not at.dataframe


def fill(at: AppTest, **fields: object) -> AppTest:
    for name, value in fields.items():
        key = re.compile(rf"log_{name}(_\d+)?")
        for kind in (at.button_group, at.selectbox, at.text_input, at.toggle, at.text_area):
            for element in kind:
                if key.fullmatch(str(element.key)):
                    element.set_value(value)
    return at


def test_a_logged_inquiry_is_counted_at_once_and_its_deadline_is_said(on_copy: str, demo_file: Path) -> None:
    """Log one, and the funnel has one more; the entry stands under the form."""
    before = visit("funnel", period="All time").dataframe[0].value["reached"].max()
    at = visit("log_inquiry")
    fill(at, channel=Channel.WEB_FORM, reference="A-1047")
    at.button[0].click().run()
    assert not at.exception
    assert "was saved, patient pathway. Respond by **" in words(at), words(at)
    assert at.dataframe[0].value["Reference"].iloc[0] == "A-1047"
    after = at.switch_page("../pages/funnel.py").run()
    after.sidebar.selectbox[0].set_value("All time").run()
    totals = after.dataframe[0].value
    assert totals["reached"].max() in (before, before + 1)
    assert totals[totals["at"] == "Captured"]["reached"].sum() == visit_total(demo_file) + 1


def visit_total(demo_file: Path) -> int:
    engine = databases.connect(f"sqlite:///{demo_file}")
    with engine.connect() as c:
        return int(
            c.scalar(
                sa.text(
                    "SELECT count(*) FROM leads WHERE kind IN ('scheduling', 'warm_intro') AND "
                    "(close_reason IS NULL OR close_reason NOT IN ('duplicate', 'spam', 'test'))"
                )
            )
            or 0
        )


def test_what_is_missing_is_said_beside_the_field_and_what_was_typed_is_kept(on_demo: str) -> None:
    """Nothing is saved; the reference stays in its box."""
    at = visit("log_inquiry")
    fill(at, reference="Maria Lopez 3")
    at.button[0].click().run()
    assert "Choose how it arrived." in words(at)
    assert "looks like a name" in words(at)
    assert next(t for t in at.text_input if "log_reference" in t.key).value == "Maria Lopez 3"
    assert "was saved" not in words(at)


def logged(url: str) -> int:
    with databases.opened(url) as engine, engine.connect() as c:
        return int(c.scalar(sa.text("SELECT count(*) FROM leads")) or 0)


@pytest.fixture
def on_copy(demo_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The demo practice, to write into."""
    shutil.copy(demo_file, tmp_path / "copy.db")
    url = f"sqlite:///{tmp_path / 'copy.db'}"
    monkeypatch.setenv("HANDOFF_DATABASE_URL", url)
    return url


def test_a_second_click_on_the_fresh_form_saves_nothing(on_copy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes within three seconds and nothing was typed. Later, or with something typed, it is an inquiry."""
    before = logged(on_copy)
    at = visit("log_inquiry")
    fill(at, channel=Channel.EMAIL, reference="A-1").button[0].click().run()
    at.button[0].click().run()
    assert logged(on_copy) == before + 1
    fill(at, reference="A-2").button[0].click().run()
    assert logged(on_copy) == before + 2
    monkeypatch.setattr("dashboard.clock.now", lambda: NOW + timedelta(seconds=4))
    at.button[0].click().run()
    assert logged(on_copy) == before + 3


def test_the_form_asks_what_the_kind_needs_and_nothing_else(on_demo: str) -> None:
    """A partner's request has no patient, a warm introduction has expectations, an information request a topic."""
    at = visit("log_inquiry")

    def asked(kind: Kind) -> tuple[bool, bool, bool]:
        fill(at, kind=kind).run()
        expander = at.expander[0]
        topic_in_view = any(b.label == "Topic" for b in at.button_group) and not any(
            b.label == "Topic" for b in expander.button_group
        )
        return any("reference" in t.key for t in at.text_input), bool(at.text_area), topic_in_view

    assert asked(Kind.SCHEDULING) == (True, False, False)
    assert asked(Kind.PARTNER_REQUEST) == (False, False, False)
    assert asked(Kind.WARM_INTRO) == (True, True, False)
    assert asked(Kind.INFORMATION) == (True, False, True)
    live = [t.label.startswith("Answered as it came in") for t in at.main.toggle]
    assert not any(live)
    assert any(t.label.startswith("Answered as it came in") for t in fill(at, channel=Channel.PHONE).run().main.toggle)


def test_the_channel_stays_as_chosen_from_page_to_page_and_old_words_do_not(on_copy: str) -> None:
    """After a look at the funnel, the form has the channel still, and says nothing of the last inquiry."""
    at = visit("log_inquiry")
    fill(at, channel=Channel.FAX, reference="A-1").button[0].click().run()
    assert "was saved" in words(at)
    at.switch_page("../pages/funnel.py").run()
    at.switch_page("../pages/log_inquiry.py").run()
    assert "was saved" not in words(at)
    assert next(b for b in at.button_group if b.key == "log_channel").value == Channel.FAX


def test_one_day_means_that_day(on_demo: str) -> None:
    """A range of which only one end is chosen never means all leads."""
    at = visit("funnel", period="Between two days", between="2026-11-02")
    assert "Received 2 Nov 2026 to 2 Nov 2026" in words(at)


def test_a_list_of_the_past_shows_leads_as_they_stood(on_demo: str) -> None:
    """As of June, nobody in the overdue list had been answered or closed, whatever happened since."""
    at = visit("response_times", period="All time", as_of="2026-06-30")
    shown = at.dataframe[-1].value
    assert len(shown) > 5
    assert set(shown["Stands"]) == {"Open"}
    assert shown["First attempt"].isna().all()
    assert shown["Received"].is_monotonic_increasing


def test_a_viewer_with_one_location_sees_only_that_one(on_demo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scope comes from the viewer: other locations are neither counted nor offered, whatever the link says."""
    from data_access.vocabulary import Role

    only = auth.Viewer("Alice", Role.FRONT_DESK, frozenset({2}), 1)
    monkeypatch.setattr(auth, "demo_viewer", lambda connection: only)
    at = visit("response_times", location="Downtown", period="All time")
    assert list(at.dataframe[0].value["group"]) == ["Riverside"]
    assert list(at.sidebar.multiselect[0].options) == ["Riverside"]
    assert set(at.dataframe[-1].value["Location"]) == {"Riverside"}


@pytest.mark.parametrize("asked", [None, (1,), (1, 2)])
def test_a_loader_refuses_to_count_beyond_the_viewers_locations(asked, on_demo: str) -> None:
    """Whoever calls it: a filter without the scope, or wider than it, is an error and not an answer."""
    from data_access.dimensions import Moment
    from data_access.tally import Where
    from data_access.vocabulary import Role

    alice = auth.Viewer("Alice", Role.FRONT_DESK, frozenset({2}), 1)
    for load in (loaders.count, loaders.leads_behind):
        keys = ([],) if load is loaders.count else ()
        with pytest.raises(auth.NotAllowed):
            load(alice, *keys, Where(locations=asked), Moment(0, 0))
    marketing = auth.Viewer("Charlie", Role.MARKETING, None)
    with pytest.raises(auth.NotAllowed):
        loaders.leads_behind(marketing, Where(), Moment(0, 0))
    with pytest.raises(auth.NotAllowed):
        loaders.my_entries(marketing)


def test_the_demo_is_refused_at_an_address_that_others_can_reach(on_demo: str) -> None:
    """Served to the network, even the demo shows nothing."""
    before = st.get_option("server.address")
    st._config.set_option("server.address", "0.0.0.0")  # noqa: S104
    try:
        at = AppTest.from_file(ENTRY, default_timeout=60).run()
    finally:
        st._config.set_option("server.address", before)
    assert [t.value for t in at.title] == ["Not signed in"]


def test_the_database_engine_shows_the_same_numbers(on_demo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted inside the database, the funnel is the same to the last lead."""
    here = visit("funnel").dataframe[0].value
    monkeypatch.setenv("HANDOFF_COUNT_IN", "database")
    there = visit("funnel").dataframe[0].value
    assert here.equals(there)


def test_an_imported_file_shows_its_figures_on_the_pages(on_empty: str, tmp_path: Path) -> None:
    """The referral file in the empty demo: own entries at each stage, and the busiest source, as of the end of a day."""
    from dashboard import cli

    figures = SHARED / "data" / "expected.json"
    if not figures.exists():
        pytest.skip(
            "the shared real files are not beside this checkout; test_importing holds the behaviour on made ones"
        )
    wanted = json.loads(figures.read_text())["referrals_seed1"]
    file = str(SHARED / "data" / "referrals" / "referrals.csv")
    assert cli.main(["import", file, "--mapping", "referrals", "--rejects", str(tmp_path / "r.csv")]) == 0
    table = visit("funnel", period="All time", as_of="2023-03-01").dataframe[0].value
    entered = table.groupby("at")["entered"].sum()
    stages = wanted["funnel_as_of (all rows)"]
    assert entered["Captured"] == stages["sent"]
    assert entered["Eligible"] == stages["accepted"]
    assert entered["Scheduled"] == stages["scheduled (linked or similar)"]
    assert entered["Attended"] == stages["seen (seen or checked in)"]
    league = visit("partners", period="All time", as_of="2023-03-01", partners_within="90").dataframe[0].value
    busiest = league.iloc[0]
    assert (busiest["name"], busiest["n"], busiest["k"]) == ("Org3", 118, 90)


def test_on_postgresql_the_pages_show_the_same_numbers(on_demo: str, postgres: Engine, monkeypatch) -> None:
    """The demo made in a PostgreSQL database: every page runs, and its tables are those of SQLite."""
    from dashboard import cli

    pages = [p for p in PAGES if p not in ("log_inquiry", "partner", *ABOUT_NOW, *WITHOUT_FILTERS)]
    here = {page: visit(page).dataframe[0].value for page in pages}
    empty(postgres)
    url = postgres.url.render_as_string(hide_password=False)
    assert cli.main(["demo", "--practice", "specialty", "--no-serve", "--database", url]) == 0
    assert cli.main(["demo", "--practice", "specialty", "--no-serve", "--database", url]) == 0, "it is there already"
    monkeypatch.setenv("HANDOFF_DATABASE_URL", url)
    for page in pages:
        assert visit(page).dataframe[0].value.equals(here[page]), page
    at = visit("log_inquiry")
    fill(at, channel=Channel.EMAIL, reference="A-2")
    at.button[0].click().run()
    assert "was saved, patient pathway. Respond by **" in words(at)


def test_writing_takes_a_new_revision_so_that_names_are_never_stale(tmp_path: Path) -> None:
    """A new partner is offered at once."""
    world = factories.found(sqlite(tmp_path / "x.db"))
    from data_access import partners
    from data_access.engine import reading

    with reading(world.engine) as c:
        before = databases.current_revision(c)
    with writing(world.engine) as c:
        partners.find_or_add(c, "Newcomer Clinic")
    with reading(world.engine) as c:
        assert databases.current_revision(c) == before + 1


def forget_notes(file: Path) -> None:
    """Without the notes that come with the demo practice."""
    with databases.opened(f"sqlite:///{file}") as engine, writing(engine) as c:
        c.execute(sa.delete(t.annotations))


def test_a_manager_writes_a_note_on_the_trends_and_takes_it_back(demo_file: Path, tmp_path: Path, monkeypatch) -> None:
    """It stands on the page with its author, fixes limits anew where that was decided, and goes when it is taken back."""
    own = tmp_path / "own.db"
    shutil.copy(demo_file, own)
    monkeypatch.setenv("HANDOFF_DATABASE_URL", f"sqlite:///{own}")
    forget_notes(own)
    at = visit("trends")
    assert "None yet. A note says" in words(at)
    at.text_input(key="trends_note_text_0").set_value("New phone script")
    at.date_input(key="trends_note_day_0").set_value(date(2026, 6, 3))
    at.selectbox(key="trends_note_series_0").set_value("in_time")
    at.button[0].click().run()
    assert not at.exception
    (note,) = at.dataframe[0].value.to_dict("records")
    assert (note["Note"], note["By"], note["Limits fixed anew"]) == (
        "New phone script",
        "Practice manager",
        "Answered in time",
    )
    past = visit("trends", as_of="2026-11-20")
    assert "None yet" in words(past), "it was not written by then"
    assert not past.button, "the past is looked at, not written"
    at.button(key="trends_note_back_button").click().run()
    assert "None yet" in words(at)


def test_a_note_without_words_is_refused_beside_the_form(demo_file: Path, tmp_path: Path, monkeypatch) -> None:
    """Nothing is saved, and the reason is said."""
    own = tmp_path / "own.db"
    shutil.copy(demo_file, own)
    forget_notes(own)
    monkeypatch.setenv("HANDOFF_DATABASE_URL", f"sqlite:///{own}")
    at = visit("trends")
    at.button[0].click().run()
    assert "1 to 120 characters" in words(at)
    assert "None yet" in words(at)
    at.date_input(key="trends_note_day_0").set_value(date(2026, 7, 6))
    at.button[0].click().run()
    assert at.date_input(key="trends_note_day_0").value == date(2026, 7, 6), "what was chosen is kept"


def test_the_capacity_page_says_where_no_openings_are_kept(at_the_demo_moment, tmp_path: Path, monkeypatch) -> None:
    """And how they come in; the three numbers are there all the same."""
    world = factories.found(sqlite(tmp_path / "world.db"))
    with writing(world.engine) as c:
        c.execute(sa.update(t.practice).values(is_demo=True, demo_until=NOW.date()))
    factories.log(world, NOW - timedelta(days=9))
    monkeypatch.setenv("HANDOFF_DATABASE_URL", f"sqlite:///{tmp_path / 'world.db'}")
    said = words(at := visit("capacity"))
    assert "No openings for new patients are known" in said
    assert "Third next available" not in said
    assert at.table[0].value.loc[0, "Capacity: ready / openings a week"] == "not known"


def test_the_capacity_page_shows_openings_against_demand(on_demo: str) -> None:
    """The sentence adds up what the table shows, and one row is short."""
    at = visit("capacity")
    said, table = words(at), at.dataframe[0].value
    assert "Third next available" in said
    ready = re.search(r"\*\*(\d+)\*\* leads a week become ready", said)
    assert abs(int(ready[1]) - table["ready"].astype(float).sum()) < 1
    assert "Does not fit" in set(table["stands"])
    weeks = at.dataframe[1].value
    assert all(len(line) == NEXT_WEEKS for line in weeks["Weeks"])
    assert set(weeks["12 weeks ago"]) > {"8 days"}


def test_sources_and_topics_add_up(on_demo: str) -> None:
    """The sentence is the table's, the shares are of all, and the questions of the week are of that week."""
    at = visit("sources", period="Last 13 weeks")
    mix, topics = (frame.value for frame in at.dataframe[:2])
    said = re.search(r"Of \*\*([\d,]+) inquiries\*\*, by channel: \*\*(\w+)\*\* (\d+) %", words(at))
    assert int(said[1].replace(",", "")) == mix["inquiries"].sum() == topics["inquiries"].sum()
    assert said[2] == mix["name"].iloc[0]
    assert mix["rate"].sum() == pytest.approx(100)
    assert topics["again"].sum() > 0
    by_place = visit("sources", period="Last 13 weeks", sources_by="Location").dataframe[0].value
    assert by_place["inquiries"].sum() == mix["inquiries"].sum()
    assert by_place["headed"].sum() == mix["headed"].sum()
    at = visit("sources", period="All time", sources_by="Campaign")
    by_campaign = at.dataframe[0].value.set_index("name")
    assert set(by_campaign.index) == {"Open house", "Mailing to primary care", "Not given"}
    assert by_campaign.loc["Open house", "inquiries"] > 5


def test_the_weeks_of_each_series_are_in_tables_that_are_sent_when_they_are_opened(on_demo: str) -> None:
    """One for each chart."""
    at = visit("trends")
    shut = len(at.dataframe)
    at.session_state["trends_weeks"] = True
    assert len(at.run().dataframe) == shut + len(series.SERIES)


def test_promises_and_hours_in_force_are_shown_beside_what_they_judge(on_demo: str) -> None:
    """Every window, and every location's week."""
    at = visit("response_times")
    assert not [frame for frame in at.dataframe if "Answer within" in frame.value], "nothing is read for a closed one"
    at.session_state["response_rules"] = True
    tables = [frame.value for frame in at.run().dataframe]
    windows = next(table for table in tables if "Answer within" in table)
    hours = next(table for table in tables if "Mon" in table)
    assert "Everything else" in set(windows["For"])
    assert set(hours["Location"]) == {"Downtown", "Riverside", "Lake County"}
    assert hours.set_index("Location").loc["Downtown", "Mon"] == "08:30-12:30, 13:15-17:00"


def test_who_stands_out_is_said_against_the_whole_and_in_whole_numbers(on_demo: str) -> None:
    """The common share is that of the page's first sentence, whatever the chart has room for."""
    said = words(visit("records"))
    overall = float(re.search(r"\*\*([\d.]+) % \(\d", said)[1])
    named = re.search(r"(?:Clearly \w+|None lies further from) the (\d+) % that came complete overall", said)
    assert int(named[1]) == round(overall)
    assert not re.search(r" % of [\d,]+\.0\)", said)


def save(at: AppTest) -> AppTest:
    next(button for button in at.button if button.label.startswith("Save inquiry")).click().run()
    assert not at.exception
    return at


def test_a_reference_that_is_there_already_is_asked_about(on_copy: str) -> None:
    """While it is typed, however it is spelled, and when it is saved; said to be another one, it is saved."""
    at = save(fill(visit("log_inquiry"), channel=Channel.EMAIL, reference="A-1234"))
    fill(at, reference="a1234").run()
    assert "may be the same one. Is this the same person again?" in words(at)
    assert "Not saved yet" in words(save(at))
    assert "was saved" in words(save(fill(at, sure=True)))


def test_who_asks_again_is_noted_on_the_inquiry_that_is_there_and_undone_with_one_click(on_copy: str) -> None:
    """No second inquiry; its next step is to answer today, and the note can be taken back."""
    at = save(fill(visit("log_inquiry"), channel=Channel.EMAIL, reference="A-1234"))
    before = logged(on_copy)
    fill(at, reference="A1234").run()
    next(button for button in at.button if button.label.startswith("Add to inquiry")).click().run()
    assert "got in touch again. Next: answer the inquiry, by **" in words(at)
    assert logged(on_copy) == before
    with databases.opened(on_copy) as engine, databases.reading(engine) as c:
        assert c.execute(sa.text("SELECT kind FROM events ORDER BY id DESC LIMIT 1")).scalar() == "asked_again"
    next(button for button in at.button if button.label == "Undo").click().run()
    assert "The note was taken back." in words(at)
    with databases.opened(on_copy) as engine, databases.reading(engine) as c:
        assert c.execute(sa.text("SELECT kind FROM events ORDER BY id DESC LIMIT 1")).scalar() == "voided"


def test_a_script_that_is_gone_by_is_noted_on_the_inquiry(on_copy: str) -> None:
    """Off by default; once somebody goes by it, the version stands on what they log."""
    at = visit("log_inquiry")
    save(fill(at, channel=Channel.EMAIL, reference="A-1"))
    at.toggle(key="texts_by_script").set_value(True).run()
    save(fill(at, reference="A-2"))
    with databases.opened(on_copy) as engine, databases.reading(engine) as c:
        noted = c.execute(sa.text("SELECT text_id IS NOT NULL FROM events ORDER BY id DESC LIMIT 2")).scalars().all()
    assert [bool(by_text) for by_text in noted] == [True, False]


def test_a_contact_is_asked_for_only_where_fingerprints_are_set_up(
    on_copy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same number, written otherwise, is asked about; the number itself is nowhere in the database."""
    assert not [t for t in visit("log_inquiry").text_input if "contact" in t.key]
    monkeypatch.setenv("HANDOFF_CONTACT_SECRET", "x" * 32)
    at = save(fill(visit("log_inquiry"), channel=Channel.EMAIL, contact="(555) 010-7777"))
    assert "neither a phone number nor" in words(save(fill(at, contact="Maria Lopez")))
    fill(at, contact="+1 555 010 7777").run()
    assert "may be the same one. Is this the same person again?" in words(at)
    assert b"0107777" not in Path(on_copy.removeprefix("sqlite:///")).read_bytes()


def test_what_was_just_logged_is_taken_back_with_one_click(on_copy: str) -> None:
    """It counts nowhere, and the same reference is no doubt any more."""
    at = visit("log_inquiry")
    fill(at, channel=Channel.EMAIL, reference="A-1234")
    at.button[0].click().run()
    next(button for button in at.button if button.label == "Undo").click().run()
    assert "was taken back: it counts nowhere." in words(at)
    fill(at, channel=Channel.EMAIL, reference="A-1234")
    at.button[0].click().run()
    assert "was saved" in words(at)


def test_what_was_wrong_is_said_only_as_long_as_it_stands_there(on_copy: str) -> None:
    """A channel that is chosen, a reference that is mended: neither is marked any more, before the next save too."""
    at = save(fill(visit("log_inquiry"), reference="Maria Lopez"))
    assert "Choose how it arrived." in words(at)
    fill(at, channel=Channel.EMAIL, reference="A-1").run()
    assert "Choose how it arrived." not in words(at)
    assert "looks like a name" not in words(at)
    assert "Not saved yet" not in words(at)


def test_a_doubt_about_the_reference_goes_with_it(on_copy: str) -> None:
    """Another reference is another inquiry; a partner's request has none, and no doubt about one."""
    at = save(fill(visit("log_inquiry"), channel=Channel.EMAIL, reference="A-1234"))
    at = save(fill(at, reference="A1234"))
    assert "may be the same one" in words(at)
    fill(at, reference="B-9").run()
    assert "may be the same one" not in words(at)
    assert not [toggle for toggle in at.main.toggle if toggle.label.startswith("It is another")]
    fill(at, reference="A1234").run()
    fill(at, kind=Kind.PARTNER_REQUEST).run()
    assert "may be the same one" not in words(at)


def test_a_page_that_is_not_for_somebody_shows_none_of_the_lists_either(
    on_demo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agency that types another page's address sees no partner, location or service line in the filters."""
    agency = auth.Viewer("Agency", Role.MARKETING, None)
    monkeypatch.setattr("dashboard.loaders.viewer", lambda *, touch=True: agency)
    at = visit("funnel", partner="Nobody")
    assert "not for your role" in words(at)
    assert not at.multiselect
    assert not at.warning


def test_what_a_link_holds_is_shown_as_it_is(on_demo: str) -> None:
    """And not as a link of somebody else's."""
    at = AppTest.from_file(ENTRY, default_timeout=60)
    at.query_params["partner"] = "[Sign in](https://else.example)"
    at.run()
    assert r"\[Sign in\](https\://else.example) is not there any more" in at.warning[0].value
