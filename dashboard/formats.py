"""Numbers, durations and moments as people read them."""

import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, overload
from zoneinfo import ZoneInfo

import pandas as pd

from dashboard.metrics.intervals import apart
from data_access import formulas
from data_access.days import week_start
from data_access.dimensions import LONGEST_DAYS


def percent(rate: float, digits: int = 1) -> str:
    """A proportion as 58.1 %; "no data yet" where there is nothing to divide."""
    return "no data yet" if math.isnan(rate) else f"{rate:.{digits}%}".replace("%", " %")


def share(k: int, n: int, low: float, high: float) -> str:
    """A rate as people may quote it: with its counts and its 95 % interval."""
    if n == 0:
        return "no data yet"
    return f"{percent(k / n)} ({k:,} of {n:,}; 95 % interval {interval(low, high)})"


def interval(low: float, high: float) -> str:
    """Limits of a proportion as people read them: 72 to 77 %."""
    return "" if math.isnan(low) else f"{100 * low:.0f} to {100 * high:.0f} %"


def days(value: float) -> str:
    """A number of days as people read it; "not yet reached" where there is none."""
    if value >= LONGEST_DAYS:
        return f"{LONGEST_DAYS // 365} years or more"
    return "not yet reached" if math.isnan(value) else plural(int(value), "day")


def plural(n: int, one: str, many: str | None = None) -> str:
    """1 lead, 2 leads."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


@overload
def local(moment: datetime, zone: str) -> datetime: ...


@overload
def local(moment: None, zone: str) -> None: ...


def local(moment: datetime | None, zone: str) -> datetime | None:
    """A moment on the location's wall clock, for a table."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if moment else None


def deadline(moment: datetime, zone: str) -> str:
    """A deadline in words: Mon 9:30."""
    at = moment.astimezone(ZoneInfo(zone))
    return f"{at:%a %d %b} at {at:%H:%M}"


def minutes(value: float) -> str:
    """Staffed minutes as people read them: 45 min, 3 h 20 min; "not yet reached" where there are none."""
    if math.isnan(value):
        return "not yet reached"
    hours, rest = divmod(int(value), 60)
    return f"{hours} h {rest} min" if hours and rest else f"{hours} h" if hours else f"{rest} min"


def week(number: int) -> str:
    """An ISO week as 2026-W09."""
    year, iso_week, _ = week_start(number).isocalendar()
    return f"{year}-W{iso_week:02}" if number else "Not given"


def stand_out(rows: pd.DataFrame, names: Sequence[str], k: str, n: str, did: str) -> str:
    """Which groups lie clearly apart from the rate of all together, in words."""
    found, common = apart(rows[k], rows[n]), rows[k].sum() / max(rows[n].sum(), 1)
    said = []
    for sign, word in ((-1, "Clearly below"), (1, "Clearly above")):
        groups = [
            f"**{name}** ({percent(had / of, 0)} of {of:,})"
            for name, at, had, of in zip(names, found, rows[k], rows[n], strict=True)
            if at == sign
        ]
        if groups:
            more = f" and {len(groups) - _NAMED} more" if len(groups) > _NAMED else ""
            said.append(f"{word} the {percent(common, 0)} {did}: {', '.join(groups[:_NAMED])}{more}.")
    return " ".join(said) or f"None lies further from the {percent(common, 0)} {did} than chance explains."


_NAMED = 4


_MARKED = re.compile(r"[\\`*_\[\]<>~$@]|:(?=//)|(?<=www)\.")


def plain(text: str) -> str:
    """What somebody typed, as it is, where markdown is drawn: no link, picture or colour comes of it."""
    return _MARKED.sub(r"\\\g<0>", text)


def inert(value: Any) -> Any:
    """A cell that a spreadsheet does not run: a text that begins like a formula is marked as text."""
    return formulas.inert(value) if isinstance(value, str) else value
