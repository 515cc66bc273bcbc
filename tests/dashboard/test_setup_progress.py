"""The setup's progress ticks itself: every step is open on an empty practice, and done once what it looks at is there."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from dashboard import setup_progress
from dashboard.filters import moment
from dashboard.setup_progress import FIRST, LATER, STALE_DAYS, Step
from data_access import (
    checklists,
    follow_up,
    planned_openings,
    practice,
    promises,
    reviews,
    routing,
    staffed_hours,
    texts,
    web_forms,
)
from data_access import tables as t
from data_access.days import week_number
from data_access.dimensions import LEADS
from data_access.engine import reading, writing
from data_access.events import EligibilityChecked
from data_access.tally import tally
from data_access.vocabulary import (
    Channel,
    Eligibility,
    Kind,
    Need,
    NextStep,
    PartnerCategory,
    Pathway,
    RecordItem,
    TargetMetric,
    TextUse,
    Topic,
)
from tests import factories
from tests.conftest import Engine
from tests.dashboard.conftest import NOW
from tests.dashboard.test_pages import demo_file, on_demo, visit, words  # noqa: F401  # fixtures
from tests.factories import World

TODAY = NOW.date()
SINCE = date(2020, 1, 1)


def steps_of(engine: Engine) -> dict[str, Step]:
    with reading(engine) as c:
        then = moment(NOW, "America/New_York", 30)
        made = setup_progress.steps(c, lambda keys, where, unit=LEADS: tally(c, keys, where, then, unit), NOW, TODAY)
    return {step.title: step for step in made}


def test_an_empty_practice_has_every_step_before_it(database: Engine) -> None:
    """Each says what was looked for."""
    with writing(database) as c:
        practice.found(c, "New", "America/New_York")
    found = steps_of(database)
    assert not [step.title for step in found.values() if step.done]
    assert all(step.found for step in found.values())
    assert {step.stage for step in found.values()} == {FIRST, LATER}


def hours(world: World, c) -> None:
    staffed_hours.set_hours(c, world.south, {}, effective_from=TODAY)


@pytest.mark.parametrize(
    ("title", "undo", "says"),
    [
        ("Every location has its staffed hours", hours, "1 of 2 locations"),
        ("Every kind of inquiry has an owner",
         lambda w, c: routing.set_route(c, None, effective_from=TODAY, kind=Kind.WARM_INTRO), "of 112 kinds"),
        ("Calls, e-mails and web forms have a promised response time",
         lambda w, c: promises.set_window(c, None, effective_from=TODAY, channel=Channel.EMAIL), "2 of 3 channels"),
        ("Every kind of inquiry has a script",
         lambda w, c: texts.write(c, TextUse.SCRIPT, "", effective_from=TODAY, now=NOW, kind=Kind.INFORMATION),
         "3 of 4 kinds"),
        (f"Every topic that is asked about has a page, looked at within {STALE_DAYS} days",
         lambda w, c: c.execute(t.content_items.update().values(reviewed_on=TODAY - timedelta(days=STALE_DAYS + 1))),
         "0 of 1 topic"),
        ("Openings for new patients are kept, or planned", lambda w, c: c.execute(t.slots.delete()), "0 openings ahead"),
    ],
)  # fmt: skip
def test_a_practice_that_is_set_up_has_them_done_and_one_gap_opens_one(
    sqlite_database: Engine, title: str, undo: Callable, says: str
) -> None:
    """Nothing is ticked by hand: what is taken away opens its step again, and no other."""
    world = factories.found(sqlite_database)
    with writing(sqlite_database) as c:
        c.execute(t.locations.update().values(details_verified_on=TODAY - timedelta(days=180)))
        staffed_hours.close_on(c, {TODAY + timedelta(days=2): "Holiday"})
        routing.set_route(c, world.alice, effective_from=SINCE)
        for need in Need:
            follow_up.set_rule(c, need, NextStep.CALL, wait_days=1, effective_from=SINCE)
        promises.set_target(c, TargetMetric.RESPONSE_IN_TIME, 0.9, effective_from=SINCE)
        checklists.set_checklist(c, {RecordItem.CLINICAL_NOTES: True}, effective_from=SINCE)
        for kind in Kind:
            texts.write(c, TextUse.SCRIPT, "Thank you.", effective_from=SINCE, now=NOW, kind=kind)
        for line in (world.cardiology, world.imaging):
            texts.write(c, TextUse.CRITERIA, "Adults.", effective_from=SINCE, now=NOW, service_line_id=line)
        for use in (TextUse.HOW_TO_REFER, TextUse.WHAT_TO_EXPECT):
            texts.write(c, use, "As follows.", effective_from=SINCE, now=NOW)
        practice.add(c, t.content_items, name="What happens next", topic=Topic.TRIAGE, published_on=SINCE,
                     reviewed_on=TODAY - timedelta(days=STALE_DAYS))  # fmt: skip
        web_forms.find_or_add(c, "patient-form")
        practice.add(
            c, t.slots, location_id=world.north, starts_at=NOW + timedelta(days=3), opened_at=NOW - timedelta(days=1)
        )
        for ago in range(1, 5):
            reviews.freeze(c, week_number(TODAY) - ago, "", {"a": ago}, now=NOW, staff_id=None)
        reviews.decide(c, "x", owner_id=world.bob, due_on=TODAY, week=1, today=TODAY, now=NOW)
    for way in Pathway:
        lead = factories.log(
            world, NOW - timedelta(days=5), pathway=way, partner_id=world.lakeside, service_line_id=world.cardiology,
            source_id=world.website, owner_id=world.alice, topic=Topic.TRIAGE, partner_category=PartnerCategory.PRIMARY_CARE,
        )  # fmt: skip
        factories.record(world, lead, EligibilityChecked(outcome=Eligibility.ELIGIBLE), NOW - timedelta(days=4))
    found = steps_of(sqlite_database)
    assert not [step for step in found.values() if not step.done]
    with writing(sqlite_database) as c:
        undo(world, c)
    found = steps_of(sqlite_database)
    assert [step.title for step in found.values() if not step.done] == [title]
    assert says in found[title].found


def test_openings_that_are_planned_by_the_week_are_enough(sqlite_database: Engine) -> None:
    """A practice that keeps no single openings says how many it plans; a plan of none is none."""
    world, title = factories.found(sqlite_database), "Openings for new patients are kept, or planned"
    for per_week, done, says in ((0, False, "0 openings ahead"), (6, True, "0 openings ahead, 6 a week planned")):
        with writing(sqlite_database) as c:
            planned_openings.plan(c, per_week, effective_from=SINCE, location_id=world.north)
        step = steps_of(sqlite_database)[title]
        assert (step.done, step.found) == (done, says)


def test_the_page_says_what_comes_next(at_the_demo_moment: None, on_demo: str) -> None:  # noqa: F811
    """The first step that is not done, with what was found."""
    said = words(visit("setup"))
    assert "steps are done. Next: every location's details were verified within 180 days (2 of 3 locations)" in said
    assert "Nothing is ticked by hand" in said
