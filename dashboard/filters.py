"""Choices of a viewer, as one frozen value that says which leads are counted and as of when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dashboard.labels import BREAKDOWNS, codes_of
from data_access.days import day_number, end_of, week_number
from data_access.dimensions import Moment
from data_access.fact_tables import NO_DAY
from data_access.lead_state import epoch_minute
from data_access.tally import Where
from data_access.vocabulary import VISIT_KINDS

_LAST_WEEK = 2**15 - 1
_LISTS = ("location", "partner", "service_line", "source", "campaign")  # by id
_WORDS = ("partner_category", "pathway", "channel", "kind", "priority", "topic")  # by word of the vocabulary


@dataclass(frozen=True)
class Filters:
    """Which leads: received in [first, last), with any of the chosen values; an empty choice means all.

    Attributes
    ----------
    first, last : date, optional
        Local days of receipt, half-open; None is open.
    location, partner, service_line, source, campaign : tuple of int
        Ids.
    partner_category, pathway, channel, kind, priority, topic : tuple of str
        Words of the vocabulary.
    qualified : bool
        Only leads that were found eligible and are headed for a visit or sent by a partner.
    """

    first: date | None = None
    last: date | None = None
    location: tuple[int, ...] = ()
    partner: tuple[int, ...] = ()
    service_line: tuple[int, ...] = ()
    source: tuple[int, ...] = ()
    campaign: tuple[int, ...] = ()
    partner_category: tuple[str, ...] = ()
    pathway: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    qualified: bool = False

    def for_visits(self) -> "Filters":
        """These filters, with the kinds that are headed for a visit where no kind was chosen."""
        return self if self.kind else replace(self, kind=tuple(str(kind) for kind in VISIT_KINDS))

    def whenever(self) -> "Filters":
        """These filters without their period."""
        return replace(self, first=None, last=None)

    def said(self, names: Callable[[str], Mapping[int, str]]) -> list[str]:
        """What is chosen besides the period, in words; `names`: labels of a dimension's codes."""
        parts = []
        for name in (*_LISTS, *_WORDS):
            if chosen := getattr(self, name):
                known = names(name)
                shown = [known.get(codes_of(name)[one] if name in _WORDS else one, "?") for one in chosen]
                parts.append(f"{BREAKDOWNS[name].lower()} {', '.join(shown[:3])}{' …' if len(shown) > 3 else ''}")
        return parts + (["qualified leads only"] if self.qualified else [])

    @property
    def key(self) -> str:
        """What is chosen besides the period, in one text that does not depend on the order of choosing; empty for nothing."""
        chosen = {name: sorted(map(str, getattr(self, name))) for name in (*_LISTS, *_WORDS)}
        parts = [f"{name}={','.join(values)}" for name, values in chosen.items() if values]
        return "&".join(parts + (["qualified"] if self.qualified else []))

    def where(self, scope: frozenset[int] | None, *, by_due_week: bool = False) -> Where:
        """What the tally is asked for.

        Parameters
        ----------
        scope : frozenset of int, or None
            The viewer's locations; None for all. A location outside it counts nothing, whatever was chosen.
        by_due_week : bool
            The period means the weeks in which windows ended: those whose Monday lies in it.
        """
        keys = {name: getattr(self, name) for name in _LISTS if getattr(self, name)}
        for name in _WORDS:
            if chosen := getattr(self, name):
                keys[name] = tuple(codes_of(name)[word] for word in chosen)
        if self.qualified:
            keys["qualified"] = (1,)
        if not by_due_week:
            return Where(days=self._period(day_number, -NO_DAY, NO_DAY), keys=keys, locations=scope)
        weeks = self._period(_first_week_from, 1, _LAST_WEEK) or (1, _LAST_WEEK)
        return Where(due_weeks=weeks, keys=keys, locations=scope)

    def _period(self, number: Callable[[date], int], lowest: int, highest: int) -> tuple[int, int] | None:
        if self.first is None and self.last is None:
            return None
        first = number(self.first) if self.first else lowest
        return first, max(first, number(self.last) if self.last else highest)


def _first_week_from(day: date) -> int:
    return max(1, week_number(day + timedelta(days=-day.weekday() % 7)))


def end_of_day(day: date, zone: str) -> datetime:
    """The last minute of a local day, in UTC: what a bare date given as `as_of` means."""
    return end_of(day, ZoneInfo(zone)).astimezone(UTC) - timedelta(minutes=1)


def moment(as_of: datetime, zone: str, horizon_days: int) -> Moment:
    """`as_of` in the units of the facts; its day is the practice's own."""
    return Moment(epoch_minute(as_of), day_number(as_of.astimezone(ZoneInfo(zone)).date()), horizon_days)
