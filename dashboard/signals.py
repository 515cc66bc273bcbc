"""What a weekly series says of its last finished week, in words: its value, what is usual, and what a signal means."""

import math

from dashboard.formats import minutes, percent
from dashboard.metrics.trends import (
    ALWAYS_MET,
    BASELINE,
    COMMON,
    HIT_AND_MISS,
    NEVER_MET,
    OUTSIDE,
    SHIFT,
    SMALL_WEEK,
    TREND,
    TWO_OF_THREE,
    assurance,
    usual,
)
from dashboard.series import Series, Trend
from data_access.days import week_start

NAMES = {
    OUTSIDE: "outside the limits: a signal",
    SHIFT: "seven weeks on one side: a signal",
    TREND: "seven weeks in one direction: worth a look",
    TWO_OF_THREE: "two of three near a limit: worth a look",
    COMMON: "as usual",
}
_DIRECTED = {
    OUTSIDE: ("above the limits", "below the limits"),
    SHIFT: ("seven weeks above the middle", "seven weeks below the middle"),
    TREND: ("seven weeks rising", "seven weeks falling"),
}
_ASSURANCE = {
    ALWAYS_MET: "as things are, it is met every week",
    NEVER_MET: "as things are, it is missed every week",
    HIT_AND_MISS: "as things are, chance decides whether a week meets it",
}


def said(trend: Trend) -> str:
    """The last finished week of a series in a sentence."""
    if not len(trend.table):
        return "No week is finished yet."
    last = trend.table.iloc[-1]
    if math.isnan(last.value):
        return "No lead in the last finished week."
    text = f"{number(last.value, trend.series)}"
    if trend.series.share:
        text += f" ({int(last.k):,} of {int(last.n):,})"
    text += f" in the week of {week_start(int(last.week)):%d %b}"
    if trend.series.share and (last.n < SMALL_WEEK or not last.judged) and (week := _usual(trend)):
        return text + f"; {week[0]}-{week[1]} of {int(last.n)} would be usual."
    if not last.judged:
        return text + "; too few weeks yet to say what is usual."
    trial = ", on trial" if trend.limits.status == "trial" else ""
    return text + f"; usual is {usually(last.low, last.high, trend.series)}{trial}: {means(trend)}."


def means(trend: Trend) -> str:
    """What the last week's signal is, with its direction, and whether that is for the better."""
    last = trend.table.iloc[-1]
    if last.label not in _DIRECTED:
        return NAMES[last.label]
    up, down = _DIRECTED[last.label]
    higher = _higher(trend)
    verdict = {1: ", for the better", 0: "", -1: ", for the worse"}[direction(trend)]
    return (up if higher else down) + verdict + NAMES[last.label][NAMES[last.label].index(":") :]


def direction(trend: Trend) -> int:
    """1 where the last week differs for the better, -1 where for the worse, 0 where it does not differ, or neither is."""
    if trend.table["label"].iloc[-1] == COMMON:
        return 0
    return trend.series.better * (1 if _higher(trend) else -1)


def _higher(trend: Trend) -> bool:
    last = trend.table.iloc[-1]
    return bool(last.value > (trend.table["value"].iloc[-2] if last.label == TREND else last.centre))


def against(trend: Trend, target: float | None) -> str:
    """What the usual up and down means for the target."""
    if target is None or (found := assurance(trend.limits, target)) is None:
        return ""
    return f" Target {percent(target, 0)}: {_ASSURANCE[found]}."


def _usual(trend: Trend) -> tuple[int, int] | None:
    before, last = trend.table.iloc[trend.begins : -1].head(BASELINE), trend.table.iloc[-1]
    if not before["n"].sum():
        return None
    week = usual(int(last.k), int(last.n), int(before["k"].sum()), int(before["n"].sum()))
    return week.low, week.high


def number(value: float, series: Series) -> str:
    """A value of a series as people read it."""
    if math.isnan(value):
        return ""
    return percent(value) if series.share else minutes(round(value)) if series.unit == "min" else f"{value:,.0f}"


def usually(low: float, high: float, series: Series) -> str:
    """The limits of a series as people read them; empty without any."""
    return "" if math.isnan(low) else f"{number(low, series)} to {number(high, series)}"
