"""What holds leads up: stays in a stage, what they wait for, the backlog, and records that are missing."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.palette import CONTEXT, LOST, OPEN, REACHED
from dashboard.charts.theme import NAMES, calm


def bars_in_two(
    table: pd.DataFrame, names: Sequence[str], codes: Sequence[int], parts: Mapping[str, str], labels: Sequence[str]
) -> go.Figure:
    """Horizontal bars of two parts, the first in the warm colour, the second in the light tint.

    Parameters
    ----------
    table : DataFrame
        One row a bar, from top to bottom, with a column of counts per part.
    names, codes, labels : sequence
        What each bar is called, its code, and what is said of it.
    parts : mapping of column -> name
        Two of them.
    """
    traces = [
        {"type": "bar", "y": list(names), "x": table[part], "name": name, "orientation": "h",
         "marker": {"color": colour, "line": {"width": 0}}, "customdata": [[int(code), part] for code in codes],
         "hovertemplate": "%{y}, " + name.lower() + ": %{x:,}<extra></extra>"}
        for (part, name), colour in zip(parts.items(), (LOST, OPEN), strict=True)
    ]  # fmt: skip
    said = [  # above its bar, so that it has room on a narrow screen
        {"x": 0, "y": name, "text": f"<b>{name}</b>  {label}", "xanchor": "left", "yanchor": "bottom", "yshift": 9,
         "showarrow": False, "font": {"size": 12}}
        for name, label in zip(names, labels, strict=True)
    ]  # fmt: skip
    longest = max(float(table[list(parts)].sum(axis=1).max()), 1)
    return calm(
        traces, 50 * max(len(table), 2) + 70, x={"range": [0, longest], "visible": False},
        y={"autorange": "reversed", "visible": False}, annotations=said, barmode="stack", clickmode="event+select",
        bargap=0.6,
    )  # fmt: skip


def stays(table: pd.DataFrame, names: Sequence[str], codes: Sequence[int]) -> go.Figure:
    """Days within which half and nine tenths of all spells were over, a line for each stage or group.

    Parameters
    ----------
    table : DataFrame
        Rows with stalls.TIME_IN_STAGE_COLUMNS.
    names, codes : sequence
        What each row is called, and its code.
    """
    reached = table["p90"].dropna()
    last = 1.1 * max(float(reached.max()) if len(reached) else 0, float(table["p50"].max() or 0), 7)
    lines = [
        {"type": "line", "y0": name, "y1": name, "x0": half, "x1": most if most == most else last,
         "line": {"color": REACHED, "width": 2, "dash": "solid" if most == most else "dot"}}
        for name, half, most in zip(names, table["p50"], table["p90"], strict=True)
        if half == half
    ]  # fmt: skip
    traces = [
        {"type": "scatter", "y": list(names), "x": table[column], "mode": "markers", "name": label,
         "marker": {"size": 11, "color": REACHED, "symbol": symbol, "line": {"width": 2}},
         "customdata": [[int(code), column] for code in codes],
         "hovertemplate": "%{y}: " + label.lower() + " within %{x:,} days<extra></extra>"}
        for column, label, symbol in (("p50", "Half are over", "circle"), ("p90", "Nine tenths are over", "circle-open"))
    ]  # fmt: skip
    return calm(
        traces, 40 * max(len(table), 2) + 90,
        x={"title": {"text": "Days in the stage"}, "range": [-0.02 * last, last]},
        y=NAMES | {"categoryorder": "array", "categoryarray": list(names)},
        shapes=lines, clickmode="event+select",
    )  # fmt: skip


def flows(table: pd.DataFrame, mondays: Sequence[str]) -> go.Figure:
    """What came into and left the backlog week by week, and how many were in it at the week's end.

    Parameters
    ----------
    table : DataFrame
        Rows with capacity.BACKLOG_COLUMNS, in order.
    mondays : sequence of str
        ISO dates, one a row.
    """
    coming = table["received"] + table["reopened"] + table["returned"]
    traces = [
        {"type": "bar", "x": list(mondays), "y": values, "name": name, "marker": {"color": colour, "line": {"width": 0}},
         "customdata": values.abs(),
         "hovertemplate": f"Week of %{{x|%d %b %Y}}: {name.lower()} %{{customdata:,}}<extra></extra>"}
        for values, name, colour in (
            (coming, "Came in", OPEN), (-table["booked"], "Booked", REACHED), (-table["closed"], "Closed", LOST),
        )
    ]  # fmt: skip
    waiting = {
        "type": "scatter", "x": list(mondays), "y": table["end"], "name": "Waiting at the end of the week",
        "mode": "lines+markers", "line": {"color": CONTEXT, "width": 2}, "marker": {"size": 5},
        "hovertemplate": "Week of %{x|%d %b %Y}: %{y:,} waiting<extra></extra>",
    }  # fmt: skip
    top, bottom = float(max(table["end"].max(), coming.max())), float((table["booked"] + table["closed"]).max())
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10**9) if top <= 6 * step)
    ticks = np.arange(-np.ceil(bottom / step), np.ceil(top / step) + 1) * step
    both_ways = {"zeroline": True, "tickvals": ticks, "ticktext": [f"{abs(tick):,.0f}" for tick in ticks]}
    time = {"type": "date", "hoverformat": "%d %b %Y"}
    return calm([*traces, waiting], 340, x=time, y=both_ways, barmode="relative")
