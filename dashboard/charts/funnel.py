"""The funnel as bars from one left edge: lengths are read, areas are not."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.palette import CONTEXT, LOST, OPEN, REACHED
from dashboard.charts.theme import calm
from data_access.vocabulary import Stage

PARTS = {"went_on": "Went on", "waiting": "Still waiting", "answered": "Answered", "lost": "Lost"}
_COLOURS = {"went_on": REACHED, "waiting": OPEN, "answered": CONTEXT, "lost": LOST}


def funnel_bars(table: pd.DataFrame, stages: Mapping[Stage, str], scale: float) -> go.Figure:
    """One funnel: a bar per stage, split into went on, still waiting and lost.

    Parameters
    ----------
    table : DataFrame
        Rows of one group with FUNNEL_COLUMNS.
    stages : mapping of stage number -> name
    scale : float
        Leads that fill the width; the same for funnels that are compared.
    """
    rows = table.sort_values("stage")
    went_on = rows["reached"] - rows["waiting"] - rows["lost"] - rows["answered"]
    parts = rows.assign(went_on=went_on)
    names = [stages[Stage(s)] for s in rows["stage"]]
    shown = [part for part in PARTS if part != "answered" or rows["answered"].any()]
    traces = [
        {"type": "bar", "y": names, "x": parts[part], "name": PARTS[part], "orientation": "h", "showlegend": True,
         "marker": {"color": _COLOURS[part], "line": {"width": 0}},
         "customdata": [[int(s), part] for s in rows["stage"]],
         "hovertemplate": "%{y}: %{x:,} " + PARTS[part].lower() + "<extra></extra>"}
        for part in shown
    ]  # fmt: skip
    labels = [
        {"x": 0, "y": name, "text": _said(name, row), "xanchor": "left", "yanchor": "bottom", "yshift": 12,
         "showarrow": False, "font": {"size": 12}}
        for name, row in zip(names, rows.itertuples(), strict=True)
    ]  # fmt: skip
    return calm(
        traces, 60 * len(rows) + 70, x={"range": [0, max(scale, 1)], "visible": False},
        y={"autorange": "reversed", "visible": False}, annotations=labels, barmode="stack", clickmode="event+select",
        bargap=0.55, margin={"t": 8, "b": 44}, legend={"y": 0, "yanchor": "top"},
    )  # fmt: skip


def _said(name: str, row: Any) -> str:
    """A bar's label: its stage and count, the share of all captured and, from the third stage on, of the one before."""
    shares = []
    if row.stage > Stage.CAPTURED and not math.isnan(row.of_captured):
        shares.append(f"{100 * row.of_captured:.0f} %")
    if row.stage > Stage.ELIGIBILITY and not math.isnan(row.of_previous):
        shares.append(f"{100 * row.of_previous:.0f} % of previous")
    return f"<b>{name} {row.reached:,}</b>  " + " · ".join(shares)
