"""My day and the page of an inquiry: a lead is worked to its visit, with undo, and nobody's work is lost."""

import re
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from dashboard import actions, auth, loaders
from dashboard.auth import NotAllowed, Viewer
from data_access import audit, event_log, leads, web_forms
from data_access import events as e
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.leads import Stale
from data_access.vocabulary import Channel, CloseReason, ContactMethod, Eligibility, Pathway, Priority, Role
from tests import demos, factories
from tests.dashboard.conftest import NOW
from tests.dashboard.test_pages import ENTRY, ROOT, visit, words
from tests.factories import World, log

DAY = timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def desk(shown_world: World) -> World:
    """Two leads at North, one of them Bob's, who looks at it."""
    world = shown_world
    log(world, NOW - 2 * DAY, reference="A-1", owner_id=world.bob)
    log(world, NOW - timedelta(hours=1), reference="A-2", pathway=Pathway.CLINICIAN, partner_id=world.lakeside)
    return world


def row(world: World, reference: str) -> dict:
    with reading(world.engine) as c:
        return dict(c.execute(sa.select(t.leads).where(t.leads.c.reference == reference)).mappings().one())


def press(at: AppTest, label: str, nth: int = 0) -> AppTest:
    [button for button in at.button if button.label == label][nth].click().run()
    assert not at.exception
    return at


def numbers(at: AppTest) -> dict[str, int]:
    """The choices above the list and how many leads each leaves."""
    return {m[1]: int(m[2]) for text in at.get("button_group")[0].options if (m := re.fullmatch(r"(.+) (\d+)", text))}


def test_the_most_urgent_lead_stands_on_top_and_says_what_to_do(desk: World) -> None:
    """Bob's own leads first chosen; the one that is overdue, with its button."""
    at = visit("my_day")
    assert "**2 leads** are open, **1** with a next step that is overdue; **1 unowned, 1 at a dead end**" in words(at)
    assert numbers(at)["Mine"] == 1
    assert "**Answer the inquiry** · :orange[overdue by" in words(at)


def test_a_lead_is_worked_with_one_click_and_taken_back_with_another(desk: World) -> None:
    """Reached: it is noted, it counts, and undo leaves both entries in its history."""
    at = press(visit("my_day"), "Reached")
    assert "Inquiry 1 (A-1): reached by call." in words(at)
    assert row(desk, "A-1")["first_contact_at"] == NOW
    press(at, "Undo")
    assert row(desk, "A-1")["first_contact_at"] is None
    with reading(desk.engine) as c:
        assert [type(event.what) for event in event_log.log_of(c, 1)] == [e.Received, e.Reached, e.Voided]


def test_an_action_that_asks_says_what_is_missing_and_keeps_what_was_typed(desk: World) -> None:
    """Booked without a day; with one, it stands in the list as booked."""
    with writing(desk.engine) as c:
        leads.record(c, 1, e.Offered(), occurred_at=NOW, now=NOW, version=1)
    at = press(visit("my_day"), "Booked")
    at.time_input[0].set_value(time(10))
    press(at, "Booked", 1)
    assert "Choose the day of the appointment." in words(at)
    assert at.time_input[0].value == time(10)
    at.date_input(key="desk_day_of_1").set_value(date(2026, 12, 1))
    press(at, "Booked", 1)
    assert "Inquiry 1 (A-1): booked for Tue 01 Dec 2026, 10:00." in words(at)
    with reading(desk.engine) as c:
        starts = c.scalar(sa.select(t.appointments.c.starts_at))
    assert starts == datetime(2026, 12, 1, 15, tzinfo=UTC)


def test_a_colleagues_change_in_between_is_said_and_nothing_is_lost(desk: World) -> None:
    """Bob's list is a minute old; Alice closed the lead meanwhile."""
    at = visit("my_day")
    with writing(desk.engine) as c:
        leads.record(c, 1, e.Closed(reason=CloseReason.WITHDRAWN), occurred_at=NOW, now=NOW, version=1)
    press(at, "Reached")
    assert "was changed by somebody else (you saw version 1, it is now 2)" in words(at)
    assert row(desk, "A-1")["first_contact_at"] is None
    assert "**1 lead** is open" in words(at)


def test_the_choices_count_what_the_stalls_page_counts(
    at_the_demo_moment: None, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the demo practice, every number."""
    monkeypatch.setenv("HANDOFF_DATABASE_URL", f"sqlite:///{demos.copy(tmp_path_factory, 'specialty')}")
    day = numbers(visit("my_day"))
    stalls = visit("stalls")
    steps = next(frame.value for frame in stalls.dataframe if "overdue" in frame.value.columns).iloc[0]
    assert (day["All"], day["Overdue"], day["No next step"]) == (steps["open"], steps["overdue"], steps["no_step"])
    assert f"**{day['Stalled']:,} (" in words(stalls)


def test_an_unowned_lead_is_taken_with_one_click(desk: World) -> None:
    """And is Bob's from then on."""
    at = visit("my_day")
    at.get("button_group")[0].set_value("Unowned").run()
    press(at, "Take it")
    assert row(desk, "A-2")["owner_id"] == desk.bob


def test_the_page_of_an_inquiry_tells_everything_and_takes_an_entry_back(desk: World) -> None:
    """Who, when, and both the entry and what took it back."""
    with writing(desk.engine) as c:
        leads.record(
            c, 2, e.Attempted(method=ContactMethod.CALL), occurred_at=NOW - timedelta(minutes=30), now=NOW, version=1,
            staff_id=desk.alice,
        )  # fmt: skip
    at = visit("lead", lead="2")
    assert "**Scheduling inquiry** by web form" in words(at)
    shown = at.dataframe[0].value
    assert shown["What"].tolist() == ["Tried by call", "Received by web form"]
    assert shown["By"].tolist() == ["Alice", "The system"]
    press(at, "Take it back")
    assert at.dataframe[0].value["What"].tolist()[0] == "Took back: Tried by call"
    assert "(taken back) Tried by call" in at.dataframe[0].value["What"].tolist()


def test_one_record_at_a_time_comes_in_on_the_page_of_the_inquiry(desk: World) -> None:
    """The others stay missing."""
    at = press(visit("lead", lead="2"), "Is here")
    with reading(desk.engine) as c:
        statuses = c.execute(sa.select(t.records.c.status)).scalars().all()
    assert sorted(statuses) == ["pending", "pending", "pending", "received"]
    assert "Inquiry 2 (A-2): records received: clinical notes." in words(at)


def test_what_happened_earlier_is_dated_then(desk: World) -> None:
    """By the location's clock; a time before the inquiry is refused in words."""
    at = visit("lead", lead="2")
    when = at.get("date_time_input")[0] if at.get("date_time_input") else at.datetime_input[0]
    when.set_value(datetime(2026, 11, 24, 9, 30)).run()  # noqa: DTZ001  # what a widget gives; half past two UTC
    press(at, "Reached")
    assert row(desk, "A-2")["first_contact_at"] == datetime(2026, 11, 24, 14, 30, tzinfo=UTC)


def test_an_unknown_inquiry_is_said_to_be_unknown(desk: World) -> None:
    """By a number in the address or typed."""
    assert "There is no such inquiry" in words(visit("lead", lead="999"))
    at = visit("lead")
    at.text_input(key="lead_find").set_value("Z-9").run()
    assert "No inquiry has this number or reference" in words(at)
    at.text_input(key="lead_find").set_value("A-2").run()
    assert "**Scheduling inquiry**" in words(at)


def test_nobody_works_on_a_lead_beyond_their_locations_or_role(desk: World) -> None:
    """Alice sees North, not South; marketing works on none; only clinical review makes an urgent lead routine."""
    south = log(desk, NOW, location_id=desk.south, priority=Priority.URGENT)
    alice = Viewer("Alice", Role.FRONT_DESK, frozenset({desk.north}), desk.alice)
    charlie = Viewer("Charlie", Role.MARKETING, None, desk.charlie)
    bob = Viewer("Bob", Role.MANAGER, None, desk.bob)
    for viewer, what in (
        (alice, e.Offered()),
        (charlie, e.Offered()),
        (bob, e.Reprioritised(priority=Priority.ROUTINE)),
    ):
        with pytest.raises(NotAllowed):
            actions.record(desk.engine, viewer, south, what, version=1, now=NOW)
    with pytest.raises(NotAllowed):
        actions.plan_by_rule(desk.engine, alice, [south], now=NOW)
    review = Viewer("Dana", Role.CLINICAL_REVIEW, None, None)
    actions.record(desk.engine, review, south, e.Reprioritised(priority=Priority.ROUTINE), version=1, now=NOW)
    assert auth.LOWER_PRIORITY in auth.PERMISSIONS


def test_the_same_click_twice_is_one_entry(desk: World) -> None:
    """And a click on what somebody saw before is refused, not lost."""
    bob = Viewer("Bob", Role.MANAGER, None, desk.bob)
    said = e.Reached(method=ContactMethod.CALL)
    first, again = (actions.record(desk.engine, bob, 1, said, version=1, now=NOW, key="k") for _ in range(2))
    assert first == again
    with pytest.raises(Stale):
        actions.record(desk.engine, bob, 1, e.Offered(), version=1, now=NOW)
    with reading(desk.engine) as c:
        assert len(event_log.log_of(c, 1)) == 2


def test_what_was_noted_wrongly_is_put_right_and_the_past_counts_it_so(desk: World) -> None:
    """Another partner and a time an hour earlier: one inquiry, both entries in its history, and undo brings the first back."""
    at = visit("lead", lead="2")
    at.selectbox(key="lead_partner_of_2_1").set_value(desk.harbor)
    at.text_input(key="lead_reference_of_2_1").set_value("B-7")
    press(at, "Correct it")
    assert "Inquiry 2 (A-2): corrected." in words(at)
    corrected = row(desk, "B-7")
    assert (corrected["partner_id"], corrected["received_at"], corrected["version"]) == (
        desk.harbor, NOW - timedelta(hours=1), 2,
    )  # fmt: skip
    press(at, "Undo")
    assert row(desk, "A-2")["partner_id"] == desk.lakeside
    with reading(desk.engine) as c:
        assert [type(event.what) for event in event_log.log_of(c, 2)] == [e.Received, e.Received, e.Voided]


def test_a_correction_is_held_to_the_rules_of_the_form(desk: World) -> None:
    """A name in place of a reference is refused beside the fields, and nothing is written."""
    at = visit("lead", lead="2")
    at.text_input(key="lead_reference_of_2_1").set_value("John Smith")
    press(at, "Correct it")
    assert "This looks like a name" in words(at)
    assert row(desk, "A-2")["version"] == 1


def test_a_refused_post_of_a_web_form_is_shown_until_somebody_is_done_with_it(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its reason, and what it said to those who may see contact details; others cannot put it away unread."""
    with writing(desk.engine) as c:
        source = web_forms.find_or_add(c, "clinician-form")
        web_forms.keep(c, source, "post-0001", b'{"reference": "x"}', NOW, refused_because="reference: too long")
    at = visit("my_day")
    assert "reference: too long" in words(at)
    assert not at.expander[0].button
    bob = Viewer("Bob", Role.INTAKE_COORDINATOR, None, desk.bob)
    monkeypatch.setattr(loaders, "viewer", lambda *, touch=True: bob)
    at = visit("my_day")
    assert not at.code
    press(at, "Show what it said")
    assert at.code[0].value == '{"reference": "x"}'
    with reading(desk.engine) as c:
        assert audit.lines(c, limit=1)[0]["about"] == "read a refused post of a web form"
    press(at, "Done with it")
    assert "reference: too long" not in words(at)


def test_a_duplicate_is_merged_on_the_list_and_undone_with_one_click(desk: World) -> None:
    """The later one is closed, the first goes on with what was done; undo leaves both as they were."""
    with writing(desk.engine) as c:
        leads.record(c, 2, e.Offered(), occurred_at=NOW, now=NOW, version=1)
    bob = Viewer("Bob", Role.MANAGER, None, desk.bob)
    done = actions.record(
        desk.engine, bob, 2, e.Closed(reason=CloseReason.DUPLICATE, duplicate_of=1), version=2, now=NOW
    )
    assert row(desk, "A-1")["offered_at"] == NOW
    assert row(desk, "A-2")["duplicate_of"] == 1
    assert "Offered an appointment (from a duplicate)" in visit("lead", lead="1").dataframe[0].value["What"].tolist()
    actions.take_back(desk.engine, bob, done, now=NOW)
    assert row(desk, "A-1")["offered_at"] is None
    assert row(desk, "A-2")["closed_at"] is None


def test_nobody_merges_into_an_inquiry_that_they_do_not_see(desk: World) -> None:
    """Alice sees North; the first one is at South."""
    south = log(desk, NOW - 3 * DAY, location_id=desk.south)
    alice = Viewer("Alice", Role.FRONT_DESK, frozenset({desk.north}), desk.alice)
    closed = e.Closed(reason=CloseReason.DUPLICATE, duplicate_of=south)
    with pytest.raises(NotAllowed):
        actions.record(desk.engine, alice, 2, closed, version=1, now=NOW)
    assert row(desk, "A-2")["closed_at"] is None


def test_pairs_that_may_be_one_are_merged_where_they_are_listed(desk: World) -> None:
    """On the data quality page; the pair is gone from the list."""
    second = log(desk, NOW - timedelta(minutes=30), reference="a1")
    at = visit("data_quality", period="All time")
    assert "Perhaps the same inquiry twice: 1 pair" in words(at)
    press(at, "Merge them")
    assert "closed: duplicate of inquiry 1." in words(at)
    assert "Perhaps the same inquiry twice: 0 pairs" in words(at)
    with reading(desk.engine) as c:
        assert c.scalar(sa.select(t.leads.c.duplicate_of).where(t.leads.c.id == second)) == 1


def test_who_asks_again_takes_a_closed_inquiry_up_again_once(desk: World) -> None:
    """Reopened, noted, and spoken with where it was answered at once; sent twice, it is noted once."""
    with writing(desk.engine) as c:
        leads.record(c, 1, e.Closed(reason=CloseReason.UNREACHABLE), occurred_at=NOW, now=NOW, version=1)
    bob = Viewer("Bob", Role.MANAGER, None, desk.bob)
    what = e.AskedAgain(channel=Channel.PHONE)
    first, again = (
        actions.ask_again(desk.engine, bob, 1, what, live=True, now=NOW + timedelta(minutes=1), nonce="n")
        for _ in range(2)
    )
    with reading(desk.engine) as c:
        kinds = [type(event.what).__name__ for event in event_log.log_of(c, 1)]
    assert kinds == ["Received", "Closed", "Reopened", "AskedAgain", "Reached"]
    assert [done.event_id for done in again] == [done.event_id for done in first][1:]


def test_what_was_dropped_is_listed_and_taken_with_one_click(desk: World) -> None:
    """The promised time is over and nobody tried: whoever takes it owns it, whoever owned it before."""
    with writing(desk.engine) as c:
        leads.record(c, 1, e.Assigned(owner_id=desk.alice), occurred_at=NOW, now=NOW, version=1)
    at = visit("my_day")
    assert numbers(at)["Dropped"] == 1
    at.get("button_group")[0].set_value("Dropped").run()
    press(at, "Take it")
    assert row(desk, "A-1")["owner_id"] == desk.bob
    press(at, "Reached")
    assert numbers(at)["Dropped"] == 0


@pytest.mark.parametrize(
    ("role", "page", "choice"),
    [
        (Role.MANAGER, "Funnel", "All"),
        (Role.CLINICAL_REVIEW, "My day", "Clinical review"),
        (Role.FRONT_DESK, "My day", "Mine"),
        (Role.MARKETING, "Shared numbers", None),
    ],
)
def test_each_role_sees_first_what_it_works_on(
    desk: World, role: Role, page: str, choice: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page behind the bare address, and the first choice of the list."""
    with writing(desk.engine) as c:
        needs_review = e.EligibilityChecked(outcome=Eligibility.NEEDS_CLINICAL_REVIEW)
        leads.record(c, 2, needs_review, occurred_at=NOW, now=NOW, version=1)
    somebody = Viewer("Somebody", role, None, desk.bob)
    monkeypatch.setattr(loaders, "viewer", lambda *, touch=True: somebody)
    at = AppTest.from_file(ENTRY, default_timeout=60).run()
    assert [title.value for title in at.title] == [page]
    if choice:
        assert str(visit("my_day").get("button_group")[0].value).startswith(choice)


OFFERING = """
import sys
from datetime import datetime
from dashboard import actions
from dashboard.auth import Viewer
from data_access import engine, events as e
from data_access.leads import Stale
from data_access.vocabulary import Role
url, now, lead = sys.argv[1], datetime.fromisoformat(sys.argv[2]), int(sys.argv[3])
with engine.opened(url) as database:
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        actions.record(database, Viewer("Bob", Role.MANAGER, None, None), lead, e.Offered(), version=1, now=now)
        print("written")
    except Stale as lost:
        print(lost)
"""
"""What each of several processes does on a word: note that a lead was offered an appointment."""


def test_of_four_processes_that_change_one_lead_at_once_one_writes_and_the_others_are_told(database: sa.Engine) -> None:
    """On both databases: no lost update, and a message with both versions."""
    lead = log(factories.found(database))
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", OFFERING, url, NOW.isoformat(), str(lead)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    running = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in range(4)]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = sorted(process.communicate(timeout=120)[0].strip() for process in running)
    assert said.count("written") == 1
    assert all("you saw version 1, it is now 2" in text for text in said if text != "written")
    with reading(database) as c:
        assert [type(event.what) for event in event_log.log_of(c, lead)] == [e.Received, e.Offered]


def test_a_visit_that_is_recorded_later_took_place_when_it_was_booked_for(desk: World) -> None:
    """Not at the moment of the click; where a time is given, then."""
    with writing(desk.engine) as c:
        leads.record(c, 1, e.Booked(starts_at=NOW - DAY), occurred_at=NOW - 2 * DAY, now=NOW, version=1)
    press(visit("my_day"), "Came")
    assert row(desk, "A-1")["attended_at"] == NOW - DAY


def test_the_second_click_of_two_notes_nothing_on_the_row_that_slid_under_the_pointer(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, and a click after a moment counts."""
    at = visit("my_day")
    at.get("button_group")[0].set_value("All").run()
    press(at, "Reached")
    for label in ("Reached", "Take it"):  # the third of three, too
        press(at, label)
        assert "The list had just moved: nothing was noted" in words(at)
    assert "Inquiry 1 (A-1): reached by call." in words(at), "what was done first can still be undone"
    assert "Undo" in [button.label for button in at.button]
    assert row(desk, "A-2")["owner_id"] is None
    with reading(desk.engine) as c:
        assert c.scalar(sa.select(sa.func.count()).where(t.events.c.kind == "reached")) == 1
    monkeypatch.setattr("dashboard.clock.now", lambda: NOW + timedelta(seconds=2))
    press(at, "Reached")
    with reading(desk.engine) as c:
        assert c.scalar(sa.select(sa.func.count()).where(t.events.c.kind == "reached")) == 2


def test_a_time_that_was_given_for_one_thing_does_not_date_the_next(desk: World) -> None:
    """The field is empty again."""
    at = visit("lead", lead="2")
    earlier = (NOW - timedelta(minutes=30)).astimezone(NEW_YORK).replace(tzinfo=None)
    at.datetime_input[0].set_value(earlier).run()
    press(at, "Reached")
    press(at, "Eligible")
    with reading(desk.engine) as c:
        moments = c.execute(sa.select(t.events.c.occurred_at).where(t.events.c.lead_id == 2).order_by(t.events.c.id))
        assert list(moments.scalars())[1:] == [NOW - timedelta(minutes=30), NOW]


def test_nobody_takes_back_on_a_lead_that_they_do_not_see(desk: World) -> None:
    """Alice sees North; what she takes back there would count no longer at South."""
    south = log(desk, NOW - 3 * DAY, location_id=desk.south)
    bob = Viewer("Bob", Role.MANAGER, None, desk.bob)
    booked = actions.record(desk.engine, bob, 2, e.Booked(starts_at=NOW + DAY), version=1, now=NOW)
    closed = e.Closed(reason=CloseReason.DUPLICATE, duplicate_of=south)
    actions.record(desk.engine, bob, 2, closed, version=2, now=NOW)
    alice = Viewer("Alice", Role.FRONT_DESK, frozenset({desk.north}), desk.alice)
    with pytest.raises(NotAllowed):
        actions.take_back(desk.engine, alice, booked, now=NOW)
    with reading(desk.engine) as c:
        assert c.scalar(sa.select(t.leads.c.scheduled_at).where(t.leads.c.id == south)) == NOW
