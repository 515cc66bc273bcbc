"""Building a weekly review: its blocks in the order of the meeting, and what in them is red."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from dashboard import reports
from dashboard.formats import percent, plural, week
from dashboard.metrics import demand, referral_volume
from dashboard.metrics.once import values_of
from dashboard.review import blocks
from dashboard.review.document import Alarm, Block, Review
from dashboard.review.sources import Sources
from data_access.dimensions import LEADS
from data_access.tally import narrower
from data_access.units import SITUATIONS

_PAGES = {
    "received": "trends", "in_time": "response_times", "half_answered": "response_times", "complete": "records",
    "booked": "conversion", "seen": "conversion", "shown": "attendance",
}  # fmt: skip
"""The page behind each headline number."""

_ASKED = ("count", "clock", "names")
_Heard = list[tuple[Callable[[Sources], Any], Hashable]]


@dataclass
class _Built:
    """The last review of what was given, with every question that it asked and the values of the answer."""

    last: tuple[Review, _Heard] | None = None


@lru_cache(maxsize=64)
def _built(given: Hashable) -> _Built:
    del given  # one for each
    return _Built()


def build_once(s: Sources) -> Review:
    """`build`, where any of its questions is answered otherwise than when it was built before; else what was built then.

    A review is of a week that is over, and most changes are of today.
    """
    built = _built(values_of(tuple(getattr(s, one.name) for one in fields(s) if one.name not in _ASKED)))
    if built.last:
        review, heard = built.last
        if all(values_of(ask(s)) == answer for ask, answer in heard):
            return review
    heard = []
    review = build(_heard(s, heard))
    built.last = review, heard
    return review


def _heard(s: Sources, heard: _Heard) -> Sources:
    """The same sources; each question to them is noted, with the values of its answer."""

    def answer(ask: Callable[[Sources], Any]) -> Any:
        given = ask(s)
        heard.append((ask, values_of(given)))
        return given

    return replace(
        s,
        count=lambda keys, where, unit=LEADS: answer(lambda s: s.count(keys, where, unit)),
        clock=replace(s.clock, waited=lambda waits: answer(lambda s: s.clock.waited(waits))),
        names=lambda dimension: answer(lambda s: s.names(dimension)),
    )


def build(s: Sources) -> Review:
    """The review of one week, block by block in the order of the meeting."""
    made = {
        block.name: block
        for block in (
            blocks.numbers(s), blocks.actions(s), blocks.response(s), blocks.stalls(s), blocks.funnel(s), blocks.partners(s),
            blocks.capacity(s),
        )
    }  # fmt: skip
    numbers, actions, *others = made.values()
    at = s.as_of.astimezone(ZoneInfo(s.zone))
    ordered = (numbers, actions, _red(s, made), *others)
    return Review(s.practice, week(s.week), s.filtered, f"{at:%d %b %Y, %H:%M}", ordered, s.rules)


def _red(s: Sources, made: Mapping[str, Block]) -> Block:
    alarms = (*_numbers(s), *_open_leads(s), *_short_of_openings(made["capacity"]), *_partners(made["partners"]))
    said = (
        f"**{plural(len(alarms), 'thing')}** to look at, as the week ended; the pages behind them show today."
        if alarms
        else "Nothing is red."
    )
    return Block("red", "What is red", (said,), "my_day", alarms=alarms)


def _numbers(s: Sources) -> Iterator[Alarm]:
    """Signals for the worse, and targets that were missed beyond chance."""
    for name, one in s.numbers.items():
        if one.worse:
            yield Alarm(f"{one.title}: {one.said}", _PAGES[name])
        elif one.missed and one.now and one.now.value is not None and one.target is not None:
            text = f"{one.title}: {percent(one.now.value, 0)} ({one.now.k:,} of {one.now.n:,})"
            yield Alarm(f"{text}, clearly below the target of {percent(one.target, 0)}.", _PAGES[name])


def _open_leads(s: Sources) -> Iterator[Alarm]:
    """Open leads that somebody has to take up."""
    where = s.filters.where(s.scope)
    steps = reports.follow_up(s.count, s.filters, s.scope).table
    for number, what, page in (
        (blocks.unanswered(s), "past the promised time and unanswered", "response_times"),
        (int(s.count([], narrower(where, owner=(0,)), SITUATIONS)["count"].sum()), "without an owner", "my_day"),
        (int(steps["no_step"].sum()), "without a next step", "my_day"),
        (int(s.count([], narrower(where, dead_end=(1,)), SITUATIONS)["count"].sum()), "at a dead end", "my_day"),
    ):
        if number:
            yield Alarm(f"{plural(number, 'open lead')} {what}.", page)


def _short_of_openings(capacity: Block) -> Iterator[Alarm]:
    """Where more come than fit, the widest gap first."""
    rows = [row for table in capacity.tables for row in table.records() if row["stands"] == blocks.STANDS[demand.GROWS]]
    for row in sorted(rows, key=lambda row: row["offered_a_week"] - row["ready_a_week"]):
        ready, offered = row["ready_a_week"], row["offered_a_week"]
        yield Alarm(f"{row['where']}: {ready:.1f} a week become ready, {offered:.1f} fit.", capacity.page)


def _partners(partners: Block) -> Iterator[Alarm]:
    for table in partners.tables:
        for row in table.records():
            if row["change"] in (referral_volume.LAPSED, referral_volume.FEWER):
                text = f"{row['name']}: {row['recent']} referrals in {reports.WEEKS_RECENT} weeks"
                answered = f"; {row['met']} of {row['judged']} answered in time" if row["judged"] else ""
                yield Alarm(f"{text}, {row['expected']:.1f} expected{answered}.", partners.page)
