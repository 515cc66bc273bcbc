"""Our rules: a change says from when it holds and what it will change, and the past is not judged anew."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from dashboard import changes
from dashboard.auth import NotAllowed, Viewer
from dashboard.changes import Change, Difference
from dashboard.screens import rules
from dashboard.screens import texts as text_screen
from data_access import engine as databases
from data_access import follow_up, promises, routing, texts
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.vocabulary import Channel, Kind, Need, NextStep, Pathway, Role, TextUse
from tests.dashboard.conftest import NOW
from tests.dashboard.test_pages import visit, words
from tests.factories import LONG_AGO, World, log

TODAY, DAY = NOW.date(), timedelta(days=1)
BOB = Viewer("Bob", Role.MANAGER, None, None)


@pytest.fixture
def shown(shown_world: World) -> World:
    """With a route for patients only, and one rule of follow-up."""
    world = shown_world
    with writing(world.engine) as c:
        routing.set_route(c, world.alice, backup_id=world.bob, effective_from=LONG_AGO, pathway=Pathway.PATIENT)
        follow_up.set_rule(c, Need.REACH, NextStep.CALL, wait_days=1, at_most=3, effective_from=LONG_AGO)
    return world


def window(minutes: int, day=TODAY, **keys: object) -> Change:
    return Change(
        "What is promised",
        lambda c: promises.set_window(c, minutes, effective_from=day, **keys),
        rules.windows_shown,
        day,
    )


def made(world: World, change: Change) -> None:
    """Looked at, and saved as it was shown."""
    changes.save(world.engine, BOB, change, changes.preview(world.engine, BOB, change, today=TODAY), today=TODAY)


def test_gaps_stand_out_in_the_matrix_and_are_counted(shown: World) -> None:
    """Nobody owns what clinicians ask: four kinds at two locations."""
    at = visit("rules")
    assert "**8 of 16** kinds of inquiry have nobody who owns them" in words(at)
    matrix = at.table[0].value
    assert set(matrix["Clinician"]) == {rules.NOBODY}
    assert set(matrix["Patient"]) == {"Alice (backup Bob)"}


def test_a_change_is_shown_before_it_is_made_and_nothing_is_written_by_looking(shown: World) -> None:
    """On the page: asked, shown, saved; the window holds from today on."""
    at = visit("rules")
    at.number_input(key="rules_window").set_value(60).run()
    before = databases.current_revision(shown.engine.connect())
    at.button(key="rules_ask_windows").click().run()
    assert "this changes **1 line**" in words(at)
    assert databases.current_revision(shown.engine.connect()) == before
    at.button(key="rules_save_windows").click().run()
    with reading(shown.engine) as c:
        assert [rule["window_minutes"] for rule in promises.windows_on(c, TODAY)] == [60]
        assert [rule["window_minutes"] for rule in promises.windows_on(c, TODAY - DAY)] == [240]


def test_what_came_before_keeps_its_promise(shown: World) -> None:
    """A lead of an hour ago is due as it was promised; the next one as is promised now."""
    first = log(shown, NOW - timedelta(hours=1))
    made(shown, window(60))
    second = log(shown, NOW)
    with reading(shown.engine) as c:
        windows = dict(c.execute(sa.select(t.leads.c.id, t.leads.c.window_minutes)).all())
    assert windows == {first: 240, second: 60}


def test_a_preview_says_what_would_differ_and_leaves_everything_as_it_is(shown: World) -> None:
    """One line that changes, one that is new; on both databases a look writes nothing."""
    found = changes.preview(shown.engine, BOB, window(60, channel=Channel.FAX), today=TODAY)
    assert found == [Difference("Fax", "", "within 1 h")]
    with reading(shown.engine) as c:
        assert len(promises.windows_on(c, TODAY)) == 1


def test_a_route_change_names_every_kind_of_inquiry_that_changes_hands(shown: World) -> None:
    """Warm introductions of patients at both locations go to Bob."""
    change = Change(
        "Who owns what",
        lambda c: routing.set_route(c, shown.bob, effective_from=TODAY, kind=Kind.WARM_INTRO, pathway=Pathway.PATIENT),
        rules.owners_shown,
        TODAY,
    )
    found = changes.preview(shown.engine, BOB, change, today=TODAY)
    assert [(one.before, one.after) for one in found] == [("Alice (backup Bob)", "Bob")] * 2


@pytest.mark.parametrize(
    "viewer", [Viewer("Dana", Role.FRONT_DESK, None, None), Viewer("Eve", Role.MANAGER, frozenset({1}), None)]
)
def test_only_who_manages_the_whole_practice_changes_its_rules(shown: World, viewer: Viewer) -> None:
    """Looking at a change needs the same."""
    with pytest.raises(NotAllowed):
        changes.preview(shown.engine, viewer, window(60), today=TODAY)
    with pytest.raises(NotAllowed):
        changes.save(shown.engine, viewer, window(60), [], today=TODAY)


def test_no_change_holds_in_the_past(shown: World) -> None:
    """Yesterday is over."""
    with pytest.raises(ValueError, match="not judged anew"):
        changes.save(shown.engine, BOB, window(60, TODAY - DAY), [], today=TODAY)


def test_a_rule_that_could_not_win_is_refused_in_words_beside_it(shown: World) -> None:
    """As specific as another that a lead can fit too."""
    at = visit("rules")
    at.selectbox(key="rules_kind").set_value(Kind.WARM_INTRO).run()
    at.button(key="rules_ask_owners").click().run()
    assert "name one thing more, or one thing less" in words(at)


def test_an_absence_is_noted_and_seen(shown: World) -> None:
    """From today until the day back."""
    at = visit("rules")
    at.selectbox(key="rules_away").set_value(shown.alice).run()
    at.button(key="rules_ask_away").click().run()
    at.button(key="rules_save_away").click().run()
    assert "**Alice**: 24 Nov until back on 25 Nov 2026" in words(at)


def test_a_change_that_would_do_something_else_by_now_is_refused(shown: World) -> None:
    """A colleague promised another window after the look: nothing is overwritten unseen."""
    seen = changes.preview(shown.engine, BOB, window(60), today=TODAY)
    made(shown, window(90))
    with pytest.raises(ValueError, match="Somebody changed this meanwhile"):
        changes.save(shown.engine, BOB, window(60), seen, today=TODAY)
    with reading(shown.engine) as c:
        assert [rule["window_minutes"] for rule in promises.windows_on(c, TODAY)] == [90]


def test_a_change_that_is_saved_twice_is_made_once(shown: World) -> None:
    """A double click writes no second version."""
    change = Change(
        "The text",
        lambda c: texts.write(c, TextUse.SCRIPT, "Hello", effective_from=TODAY, now=NOW),
        text_screen.shown,
        TODAY,
    )
    seen = changes.preview(shown.engine, BOB, change, today=TODAY)
    for _ in range(2):
        changes.save(shown.engine, BOB, change, seen, today=TODAY)
    with reading(shown.engine) as c:
        assert len(texts.versions(c, TextUse.SCRIPT)) == 1


def test_what_was_edited_after_the_look_is_shown_again_and_not_saved_unseen(shown: World) -> None:
    """Neither the old value nor the new one, until it was seen."""
    at = visit("rules")
    at.number_input(key="rules_window").set_value(60).run()
    at.button(key="rules_ask_windows").click().run()
    at.number_input(key="rules_window").set_value(90)
    at.button(key="rules_save_windows").click().run()
    assert "something was changed after you had looked" in words(at)
    with reading(shown.engine) as c:
        assert [rule["window_minutes"] for rule in promises.windows_on(c, TODAY)] == [240]
    at.button(key="rules_save_windows").click().run()
    with reading(shown.engine) as c:
        assert [rule["window_minutes"] for rule in promises.windows_on(c, TODAY)] == [90]
