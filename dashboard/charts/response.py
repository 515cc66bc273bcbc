"""Response compliance: weeks against the target, and groups as dots with intervals on one axis."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.palette import CONTEXT, REACHED
from dashboard.charts.theme import NAMES, SHARE, band, beyond, calm

_FEW_WEEKS = 8
_COUNTED = " (%{customdata[1]:,} of %{customdata[2]:,})%{customdata[3]}<extra></extra>"


def weekly(table: pd.DataFrame, weeks: Sequence[str], running: int) -> go.Figure:
    """Share in time by the week in which the window ended.

    Parameters
    ----------
    table : DataFrame
        Rows with `due_week` and RESPONSE_COLUMNS, in order.
    weeks : sequence of str
        ISO dates of the weeks' Mondays, one a row.
    running : int
        Number of the week that is not over; drawn lighter and not joined.
    """
    over = (table["due_week"] < running).to_numpy()
    x = np.array(weeks)
    traces = [band(x[over], table["rate_low"][over], table["rate_high"][over], "95 % interval")]
    for shown, name, symbol in ((over, "In time", "circle"), (~over, "Week not over", "circle-open")):
        part = table[shown]
        traces.append({
            "type": "scatter", "x": x[shown], "y": part["rate"], "name": name,
            "mode": "lines+markers" if name == "In time" else "markers", "line": {"color": REACHED, "width": 2},
            "marker": {"size": 7, "symbol": symbol, "color": REACHED},
            "customdata": list(zip(part["due_week"], part["met"], part["judged"], _against(part["target"]), strict=True)),
            "hovertemplate": "Week of %{x|%d %b %Y}: %{y:.1%}" + _COUNTED, "showlegend": bool(shown.any()),
        })  # fmt: skip
    if (target := table["target"].dropna()).size:
        traces.append({
            "type": "scatter", "x": x, "y": table["target"], "name": _target(target), "mode": "lines",
            "line": {"color": CONTEXT, "dash": "dash", "width": 1.5, "shape": "hvh"},
            "hoverinfo": "skip",  # where it crosses a dot, a click means the dot
        })  # fmt: skip
    time: dict[str, Any] = {"type": "date", "hoverformat": "%d %b %Y"}
    if len(x) <= _FEW_WEEKS:  # an axis of its own making would show hours
        half = pd.Timedelta(days=4)
        ends = [pd.Timestamp(min(weeks)) - half, pd.Timestamp(max(weeks)) + half]
        time |= {"tickvals": list(x), "tickformat": "%d %b", "range": ends}
    return calm(traces, 300, x=time, y=SHARE, clickmode="event+select")


def dots(
    table: pd.DataFrame, names: Sequence[str], codes: Sequence[int], label: str = "In time, 95 % interval"
) -> go.Figure:
    """Groups as dots with their 95 % intervals on one axis, the largest first.

    Parameters
    ----------
    table : DataFrame
        One row a group with RESPONSE_COLUMNS.
    names, codes : sequence
        What the groups are called, and their codes, one a row.
    label : str
        What a dot is, for the legend.
    """
    traces = [{
        "type": "scatter", "y": list(names), "x": table["rate"], "mode": "markers", "name": label,
        "marker": {"size": 10, "color": REACHED},
        "error_x": beyond(table["rate"], table["rate_low"], table["rate_high"], REACHED, 1.5),
        "customdata": list(zip(codes, table["met"], table["judged"], _against(table["target"]), strict=True)),
        "hovertemplate": "%{y}: %{x:.1%}" + _COUNTED,
    }]  # fmt: skip
    if (target := table["target"].dropna()).size:
        traces.append({
            "type": "scatter", "y": list(names), "x": table["target"], "name": _target(target), "mode": "markers",
            "marker": {"size": 22, "symbol": "line-ns-open", "color": CONTEXT, "line": {"width": 2}}, "hoverinfo": "skip",
        })  # fmt: skip
    return calm(traces, 34 * max(len(table), 2) + 70, x=SHARE, y=NAMES, clickmode="event+select")


def _against(targets: pd.Series) -> list[str]:
    """What is said of the target beside a figure; nothing where there is none."""
    return ["" if pd.isna(target) else f", target {100 * target:.0f} %" for target in targets]


def _target(values: pd.Series) -> str:
    return f"Target {100 * values.iloc[0]:.0f} %" if values.nunique() == 1 else "Target"
