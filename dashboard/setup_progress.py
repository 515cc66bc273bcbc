"""How far the practice has come in setting itself up: steps that tick themselves, from what is there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from dashboard import labels, reports
from dashboard.filters import Filters
from dashboard.formats import plural
from dashboard.reports import Count
from data_access import (
    checklists,
    follow_up,
    planned_openings,
    practice,
    promises,
    reviews,
    routing,
    rules,
    slots,
    staffed_hours,
    texts,
)
from data_access import tables as t
from data_access.counted import Standing
from data_access.days import week_number
from data_access.vocabulary import Channel, Kind, Need, Pathway, TargetMetric, TextUse, Topic, code

FIRST, LATER = "The first 30 days", "60 to 90 days"
STALE_DAYS, RECENT_DAYS = 180, 90
"""What nobody looked at for this long wants a look; what is recorded is judged over this long."""
_STANDARDS = (Channel.PHONE, Channel.EMAIL, Channel.WEB_FORM)
_FILLED = ("service_line", "source", "owner")
_ENOUGH = 0.8
"""A field or step that is recorded for so many of the leads counts as done."""


@dataclass(frozen=True)
class Step:
    """One step: in which stage, what is done, whether it is, what was found, and the page to do it on."""

    stage: str
    title: str
    done: bool
    found: str
    page: str


def steps(connection: Connection, count: Count, now: datetime, today: date) -> list[Step]:
    """Every step in order, as it stands now.

    Parameters
    ----------
    count : callable
        Counts leads of the whole practice at `now`.
    today : date
        The practice's own day.
    """
    places = practice.active(connection, t.locations)
    recent = Filters(first=today - timedelta(days=RECENT_DAYS), last=today + timedelta(days=1))
    return [
        *_places(connection, places, today),
        *_agreed(connection, today),
        *_recorded(count, recent),
        *_written(connection, places, today),
        *_lived(connection, count, recent, now, today),
    ]


def _places(connection: Connection, places: list[dict[str, Any]], today: date) -> Iterator[Step]:
    hours = staffed_hours.hours_on(connection, today)
    staffed = sum(bool(hours.get(place["id"])) for place in places)
    yield _every(FIRST, "Every location has its staffed hours", staffed, len(places), "location", "places")
    verified = (place["details_verified_on"] for place in places)
    fresh = sum(day is not None and (today - day).days <= STALE_DAYS for day in verified)
    title = f"Every location's details were verified within {STALE_DAYS} days"
    yield _every(FIRST, title, fresh, len(places), "location", "places")
    ahead = len(staffed_hours.closures_from(connection, today))
    yield Step(FIRST, "The closed days ahead are entered", ahead > 0, plural(ahead, "closed day") + " ahead", "places")


def _agreed(connection: Connection, today: date) -> Iterator[Step]:
    """What the practice agreed on: promises, owners, next steps, records."""
    windows = promises.windows_on(connection, today)
    promised = sum(_promised(windows, one, today) for one in _STANDARDS)
    title = "Calls, e-mails and web forms have a promised response time"
    yield _every(FIRST, title, promised, len(_STANDARDS), "channel", "rules")
    target = promises.targets(connection)[TargetMetric.RESPONSE_IN_TIME].on(today)
    yield Step(FIRST, "A target says how many are to be answered in time", target is not None,
               "none" if target is None else f"{target:.0%}", "rules")  # fmt: skip
    owned = routing.matrix(connection, today)
    with_owner = sum(owner is not None for owner, _ in owned.values())
    yield _every(FIRST, "Every kind of inquiry has an owner", with_owner, len(owned), "kind", "rules")
    needs = {rule["need"] for rule in follow_up.rules_on(connection, today) if rule["step"] and rule["kind"] is None}
    title = "Whatever a lead needs, a rule says what comes next"
    yield _every(FIRST, title, len(set(Need) & needs), len(Need), "need", "rules")
    asked = checklists.checklist_on(connection, None, today)
    required = asked.required if asked else []
    yield Step(
        FIRST,
        "A checklist says which records are needed",
        bool(required),
        plural(len(required), "record"),
        "checklists",
    )


def _promised(windows: list[dict[str, Any]], channel: Channel, today: date) -> bool:
    """Whether an ordinary inquiry by a channel has a window, wherever it comes in and whoever sends it."""
    open_ = {"location_id": None, "priority": None, "kind": None}
    found = (
        rules.best(windows, {**open_, "pathway": way, "channel": channel}, promises.RULE_KEYS, today) for way in Pathway
    )
    return all(rule is not None and rule["window_minutes"] is not None for rule in found)


def _recorded(count: Count, recent: Filters) -> Iterator[Step]:
    """What staff record of the leads that came in lately."""
    ways = count(["pathway", "state"], recent.where(None))
    ways = ways[ways["state"] != Standing.EXCLUDED]
    seen = [way for way in Pathway if (ways["pathway"] == code(way)).any()]
    yield Step(FIRST, "Leads of both pathways are recorded", len(seen) == len(Pathway),
               " and ".join(labels.word(way).lower() for way in seen) or "none", "log_inquiry")  # fmt: skip
    funnel = reports.funnel(count, recent, None).table
    after = funnel.iloc[1:]  # every lead is captured
    kept, later = int(after["entered"].sum()), int(after["reached"].sum())
    yield Step(FIRST, "Stages are recorded as leads pass them", later > 0 and kept >= _ENOUGH * later,
               _share(kept, later, "entry", "entries"), "funnel")  # fmt: skip
    fill = reports.field_fill(count, recent, None).table
    rows = {row["field"]: row for row in fill.to_dict("records")}
    few = [labels.BREAKDOWNS[name].lower() for name in _FILLED if rows[name]["leads"] and rows[name]["rate"] < _ENOUGH]
    leads = max((row["leads"] for row in rows.values()), default=0)
    found = "no lead yet" if not leads else f"too few: {', '.join(few)}" if few else "all of them"
    yield Step(FIRST, "The fields that reports need are filled in", leads > 0 and not few, found, "data_quality")


def _written(connection: Connection, places: list[dict[str, Any]], today: date) -> Iterator[Step]:
    """The practice's own texts."""
    found = [one for one in texts.on(connection, today) if one["body"]]

    def written(use: TextUse, key: str, keys: Iterable[Any]) -> int:
        have = {one[key] for one in found if one["use"] == use}
        return sum(one in have or None in have for one in keys)

    scripts = written(TextUse.SCRIPT, "kind", Kind)
    yield _every(LATER, "Every kind of inquiry has a script", scripts, len(Kind), "kind", "texts")
    lines = [line["id"] for line in practice.active(connection, t.service_lines)]
    cards = written(TextUse.CRITERIA, "service_line_id", lines)
    yield _every(LATER, "Every service line has its criteria card", cards, len(lines), "service line", "texts")
    for use, title in ((TextUse.HOW_TO_REFER, "How to refer"), (TextUse.WHAT_TO_EXPECT, "What to expect next")):
        have = written(use, "location_id", [place["id"] for place in places])
        yield _every(LATER, f"{title} is written for every location", have, len(places), "location", "texts")


def _lived(connection: Connection, count: Count, recent: Filters, now: datetime, today: date) -> Iterator[Step]:
    """What shows that the practice lives by it."""
    asked = count(["topic", "state", "channel"], recent.where(None))
    asked = asked[(asked["state"] != Standing.EXCLUDED) & asked["channel"].isin([code(one) for one in _STANDARDS])]
    noted, all_ = int(asked.loc[asked["topic"] > 0, "count"].sum()), int(asked["count"].sum())
    yield Step(LATER, "The topic of calls, e-mails and web forms is noted", all_ > 0 and noted >= _ENOUGH * all_,
               _share(noted, all_, "inquiry", "inquiries"), "log_inquiry")  # fmt: skip
    topics = {int(topic) for topic in asked.loc[asked["topic"] > 0, "topic"]}
    answered = {
        code(Topic(one["topic"])) + 1
        for one in practice.active(connection, t.content_items)
        if (today - (one["reviewed_on"] or one["published_on"])).days <= STALE_DAYS
    }
    title = f"Every topic that is asked about has a page, looked at within {STALE_DAYS} days"
    yield _every(LATER, title, len(topics & answered), len(topics), "topic", "lists")
    forms = connection.scalar(sa.select(sa.func.count()).select_from(t.web_sources).where(t.web_sources.c.active)) or 0
    yield Step(LATER, "The website's forms post here", forms > 0, plural(forms, "form"), "log_inquiry")
    known = slots.known_by_day(slots.every(connection), now, None)
    ahead = int(known.loc[known["begun"] == 0, "count"].sum())
    planned = sum(plan["per_week"] for plan in planned_openings.on(connection, today))
    found = f"{plural(ahead, 'opening')} ahead" + (f", {planned:,} a week planned" if planned else "")
    yield Step(LATER, "Openings for new patients are kept, or planned", ahead + planned > 0, found, "capacity")
    weeks = sum(week >= week_number(today) - 4 for week in reviews.frozen_weeks(connection, ""))
    yield _every(LATER, "The last four weeks were reviewed and frozen", weeks, 4, "week", "weekly_review")
    decided = connection.scalar(sa.select(sa.func.count()).select_from(t.review_actions)) or 0
    title = "Reviews end in actions with an owner and a day"
    yield Step(LATER, title, decided > 0, plural(decided, "action"), "weekly_review")


def _every(stage: str, title: str, have: int, all_: int, one: str, page: str) -> Step:
    """A step that is done when all of some things have it."""
    return Step(stage, title, 0 < all_ <= have, f"{have} of {plural(all_, one)}" if all_ else f"no {one} yet", page)


def _share(k: int, n: int, one: str, many: str) -> str:
    return f"{k:,} of {plural(n, one, many)}, {k / n:.0%}" if n else f"no {one} yet"
