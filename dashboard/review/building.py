"""Building a weekly review: its blocks in the order of the meeting, and what in them is red."""

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from dashboard import reports
from dashboard.formats import percent, plural, week
from dashboard.metrics import demand, referral_volume
from dashboard.review import blocks
from dashboard.review.document import Alarm, Block, Review
from dashboard.review.sources import Sources
from data_access.tally import narrower
from data_access.units import SITUATIONS

_PAGES = {
    "received": "trends", "in_time": "response_times", "half_answered": "response_times", "complete": "records",
    "booked": "conversion", "seen": "conversion", "shown": "attendance",
}  # fmt: skip
"""The page behind each headline number."""


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
