"""The meeting's page: decisions are written where they are made, ended and moved; a frozen week stays as it was seen."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from dashboard import auth, review_actions
from dashboard.auth import Viewer
from data_access import engine as databases
from data_access import reviews
from data_access import tables as t
from data_access.days import week_number
from data_access.engine import reading
from data_access.events import Reached
from data_access.vocabulary import ActionEnding, ContactMethod, Role, TrendSeries
from tests import factories
from tests.dashboard.conftest import NOW
from tests.dashboard.test_pages import demo_file, visit, words  # noqa: F401  # a fixture
from tests.factories import World

TODAY = NOW.date()
WEEK = week_number(TODAY) - 1


@pytest.fixture
def on_copy(demo_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_the_demo_moment: None) -> Path:  # noqa: F811
    own = tmp_path / "own.db"
    shutil.copy(demo_file, own)
    with databases.opened(f"sqlite:///{own}") as engine, databases.writing(engine) as c:
        c.execute(sa.delete(t.review_actions))
    monkeypatch.setenv("HANDOFF_DATABASE_URL", f"sqlite:///{own}")
    return own


def press(at: AppTest, label: str) -> AppTest:
    """Press the first button that is called so."""
    next(button for button in at.button if button.label == label).click().run()
    assert not at.exception
    return at


def rows(file: Path, query: str) -> list[tuple]:
    with databases.opened(f"sqlite:///{file}") as engine, reading(engine) as c:
        return [tuple(row) for row in c.execute(sa.text(query))]


def opened(at: AppTest, name: str) -> str:
    """Open a form; the beginning of its fields' keys."""
    key = f"{name}_{at.session_state['weekly_meeting'].turn}"
    at.session_state[f"{key}_open"] = True
    at.run()
    return key


def decide(at: AppTest, text: str, block: str = "response") -> AppTest:
    """Fill in the form of a block, and write it down."""
    key = opened(at, f"weekly_new_{block}")
    at.text_input(key=f"{key}_text").set_value(text)
    at.selectbox(key=f"{key}_owner").select_index(0)
    next(button for button in at.button if button.label == "Write it down" and block in button.form_id).click().run()
    assert not at.exception
    return at


def test_two_meetings_that_end_one_action_are_told_of_each_other(on_copy: Path) -> None:
    """Who saw it open and drops what somebody else has done is told so, and it stays done."""
    decide(visit("weekly_review"), "Second person on the phones")
    one, other = visit("weekly_review"), visit("weekly_review")
    press(one, "Done")
    assert "Somebody else changed it meanwhile: it is done now." in words(press(other, "Drop"))
    assert rows(on_copy, "SELECT ending FROM review_actions") == [("done",)]
    assert "Somebody else" not in words(press(other, "Take up again"))


def test_a_decision_is_written_where_it_is_made_and_carried_over(on_copy: Path) -> None:
    """With the number of its block, to the review of the next week; there it is ended."""
    at = decide(visit("weekly_review"), "Second person on the phones")
    assert "**1 action** decided in this review." in words(at)
    assert rows(on_copy, "SELECT text, series, week, due_on FROM review_actions") == [
        ("Second person on the phones", "in_time", WEEK, str(TODAY + timedelta(days=7)))
    ]
    earlier = visit("weekly_review", week="2026-W46")
    assert "Second person" not in words(earlier), "it was not decided yet"
    with databases.opened(f"sqlite:///{on_copy}") as engine, databases.writing(engine) as c:
        c.execute(sa.update(t.review_actions).values(week=WEEK - 1))
    at = visit("weekly_review")
    assert "**1** open; 0 done since the last review. As they stand today:" in words(at)
    assert "Answered in time · " in words(at)
    assert "1 done" in words(press(at, "Done"))
    assert "**1** open" in words(press(at, "Take up again"))
    press(at, "Drop")
    assert rows(on_copy, "SELECT ending FROM review_actions") == [("dropped",)]


def test_a_decision_without_words_or_owner_says_so_and_writes_nothing(on_copy: Path) -> None:
    """Beside the field."""
    at = visit("weekly_review")
    assert not at.text_input, "no form is drawn before somebody opens it"
    opened(at, "weekly_new_response")
    press(at, "Write it down")
    assert "one owner and one due day" in words(at)
    assert "An action has 1 to 160 characters" in words(decide(at, "  ", "numbers"))
    assert rows(on_copy, "SELECT count(*) FROM review_actions") == [(0,)]


def test_an_action_is_moved(on_copy: Path) -> None:
    """To somebody else, and another day."""
    at = decide(visit("weekly_review"), "Call Harbor")
    opened(at, "weekly_move_1")
    at.selectbox(key="weekly_owner_1").select_index(2)
    at.date_input(key="weekly_due_1").set_value(TODAY + timedelta(days=20))
    press(at, "Move it")
    (found,) = rows(on_copy, "SELECT name, due_on FROM review_actions JOIN staff ON staff.id = owner_id")
    assert found[1] == str(TODAY + timedelta(days=20))
    assert f"due {TODAY + timedelta(days=20):%a %d %b}" in words(at)


def test_a_frozen_week_shows_what_the_meeting_saw_and_what_was_revised(shown_world: World) -> None:
    """A call that is noted late changes what is counted today, and not what was seen."""
    lead = factories.log(shown_world, NOW - timedelta(days=6))
    assert "0 % (0 of 1)" in words(visit("weekly_review")).replace("**", "")
    press(visit("weekly_review"), "Freeze this week")
    at = visit("weekly_review")
    assert "Nothing was revised since." in words(at)
    at_once = NOW - timedelta(days=6)
    factories.record(shown_world, lead, Reached(method=ContactMethod.CALL, staffed_seconds=0), at_once)
    at = visit("weekly_review")
    assert "revised since" in words(at)
    assert "0 % (0 of 1)" in words(at).replace("**", "")
    at.toggle(key="weekly_today").set_value(True).run()
    assert "100 % (1 of 1)" in words(at).replace("**", "")
    press(at, "Freeze it again, as it is counted today")
    assert "100 % (1 of 1)" in words(visit("weekly_review")).replace("**", "")
    assert "100 % (1 of 1)" in words(visit("weekly_review", location="North")).replace("**", ""), (
        "another filter, not frozen"
    )
    assert "Frozen on" not in words(visit("weekly_review", location="North"))


def test_a_link_opens_the_week_and_the_filters(on_copy: Path) -> None:
    """As it was copied from the address bar."""
    at = visit("weekly_review", week="2026-W40", location="Riverside")
    said = words(at)
    assert "Mon 28 Sep to Sun 04 Oct 2026; location Riverside" in said
    table = next(one.value for one in at.table if "Location" in one.value)
    assert set(table["Location"]) == {"Riverside"}


@pytest.mark.parametrize(
    ("role", "scope", "write", "says"),
    [
        (Role.FRONT_DESK, None, "decide", "decide in the weekly review"), (Role.MARKETING, None, "freeze", "weekly review"),
        (Role.MANAGER, "north", "decide south", "not one of yours"), (Role.MANAGER, "north", "freeze", "whole practice"),
        (Role.MANAGER, "north", "end south", "not one of yours"), (Role.MANAGER, "north", "decide", "whole practice"),
        (Role.MANAGER, "north", "end", "whole practice"),
    ],
)  # fmt: skip
def test_who_may_not_decide_is_told_so(
    shown_world: World, role: Role, scope: str | None, write: str, says: str
) -> None:
    """Behind the page too, and nothing is written."""
    viewer = Viewer("X", role, frozenset({shown_world.north}) if scope else None, shown_world.alice)
    options = {"owner_id": shown_world.bob, "due_on": TODAY, "week": WEEK, "today": TODAY, "now": NOW}
    bob = Viewer("Bob", Role.MANAGER, None, shown_world.bob)
    if "end" in write:
        south = shown_world.south if "south" in write else None
        review_actions.decide(shown_world.engine, bob, "x", location_id=south, **options)
    place, engine = shown_world.south if "south" in write else None, shown_world.engine
    with reading(shown_world.engine) as c:
        seen = next(iter(reviews.actions_of(c, WEEK, NOW, None)), None)
    writes = {
        "decide": lambda: review_actions.decide(engine, viewer, "x", location_id=place, **options),
        "end": lambda: review_actions.end_action(engine, viewer, seen, ActionEnding.DONE, now=NOW),
        "freeze": lambda: review_actions.freeze(engine, viewer, WEEK, "", {}, now=NOW),
    }
    with pytest.raises(auth.NotAllowed, match=says):
        writes[write.split()[0]]()
    with reading(shown_world.engine) as c:
        assert not reviews.frozen_weeks(c, "")
        assert not [one for one in reviews.actions_of(c, WEEK, NOW, None) if one.ending]


def test_a_target_of_any_share_is_set_from_a_day_on(on_copy: Path) -> None:
    """With what others found beside the empty field, and its source; the charts and the review know it."""
    at = visit("rules")
    at.selectbox(key="rules_target_metric").set_value("shown").run()
    assert "Dantas" in words(at)
    assert at.number_input(key="rules_target").value is None
    at.number_input(key="rules_target").set_value(97).run()
    at.button(key="rules_ask_target").click().run()
    (line,) = [one.value for one in at.table if "Then" in one.value]
    assert line.values.tolist() == [["Came to their appointment", "85%", "97%"]]
    at.button(key="rules_save_target").click().run()
    with databases.opened(f"sqlite:///{on_copy}") as engine, reading(engine) as c:
        found = c.execute(
            sa.text("SELECT value, effective_from FROM targets WHERE metric = 'shown' ORDER BY id DESC")
        ).first()
    assert tuple(found) == (0.97, str(date(TODAY.year, TODAY.month, TODAY.day)))


def test_every_series_can_be_what_an_action_is_about() -> None:
    """One vocabulary for both."""
    from dashboard.series import SERIES

    assert set(SERIES) == {str(one) for one in TrendSeries}
