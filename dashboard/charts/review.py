"""Small charts of the weekly review: parts of a bar, and two marks on a line."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.charts.palette import CONTEXT, TONES
from dashboard.charts.theme import NAMES, calm


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
