"""Small pictures of the weekly review: a number's weeks within what is usual, parts of a bar, two marks on a line."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.charts.palette import BAND, CONTEXT, LOST, REACHED, TONES
from dashboard.charts.theme import NAMES, Trace, across, calm


def weeks(
    weeks: Sequence[str],
    values: Sequence[float | None],
    low: Sequence[float | None],
    high: Sequence[float | None],
    *,
    target: float | None,
    worse: bool,
) -> go.Figure:
    """A number week by week, in the band of what is usual; the last week is marked, warm where it is one for the worse."""
    line: Trace = {"type": "scatter", "x": list(weeks), "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    last = {"type": "scatter", "x": list(weeks)[-1:], "y": list(values)[-1:], "mode": "markers", "hoverinfo": "skip",
            "marker": {"size": 9, "color": LOST if worse else REACHED}}  # fmt: skip
    traces = [
        line | {"y": list(high)},
        line | {"y": list(low), "fill": "tonexty", "fillcolor": BAND},
        line | {"y": list(values), "line": {"color": REACHED, "width": 2}, "hoverinfo": "all",
                "hovertemplate": "%{x}: %{y}<extra></extra>"},
        last,
    ]  # fmt: skip
    return calm(
        traces, 84, x={"visible": False, "type": "category"}, y={"visible": False}, showlegend=False,
        margin={"l": 2, "r": 6, "t": 4, "b": 4},
        shapes=[] if target is None else [across(target, color=CONTEXT, width=1, dash="dot")],
    )  # fmt: skip


def stack(names: Sequence[str], parts: Sequence[tuple[str, str, Sequence[float]]]) -> go.Figure:
    """Horizontal bars from one left edge, each split into parts.

    Parameters
    ----------
    names : sequence of str
        What each bar is called, from top to bottom.
    parts : sequence of (title, tone, values)
        In order from the left; the tone is a key of TONES.
    """
    traces = [
        {"type": "bar", "y": list(names), "x": list(values), "name": title, "orientation": "h",
         "marker": {"color": TONES[tone], "line": {"width": 0}}, "showlegend": len(parts) > 1,
         "hovertemplate": "%{y}, " + title.lower() + ": %{x:,}<extra></extra>"}
        for title, tone, values in parts
    ]  # fmt: skip
    room = 20 * len(parts) if len(parts) > 1 else 8  # a narrow screen has one name of the legend below the other
    height = 30 * len(names) + 20 + room
    return calm(traces, height, x={"visible": False}, y=NAMES, barmode="stack", margin={"t": room})


def pair(names: Sequence[str], marks: Sequence[tuple[str, str, Sequence[float]]]) -> go.Figure:
    """Two marks on a line for each name, so that their distance is read; parameters as for `stack`."""
    lines = [
        {"type": "line", "y0": name, "y1": name, "x0": min(ends), "x1": max(ends), "layer": "below",
         "line": {"color": CONTEXT, "width": 2}}
        for name, *ends in zip(names, *(values for _, _, values in marks), strict=True)
    ]  # fmt: skip
    traces = [
        {"type": "scatter", "y": list(names), "x": list(values), "name": title, "mode": "markers",
         "marker": {"size": 11, "color": TONES[tone]},
         "hovertemplate": "%{y}, " + title.lower() + ": %{x:.1f}<extra></extra>"}
        for title, tone, values in marks
    ]  # fmt: skip
    return calm(traces, 30 * len(names) + 80, x={"rangemode": "tozero"}, y=NAMES, shapes=lines)
