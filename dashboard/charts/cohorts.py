"""Weekly cohorts: what was observed, and apart from it what is projected."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.palette import CONTEXT, OPEN, REACHED
from dashboard.charts.theme import SHARE, band, beyond, calm


def weekly_cohorts(table: pd.DataFrame, weeks: Sequence[str]) -> go.Figure:
    """Share booked within the horizon by the week received; projections dotted and apart from what was observed.

    Parameters
    ----------
    table : DataFrame
        Rows with COHORT_COLUMNS, in order.
    weeks : sequence of str
        ISO dates of the weeks' Mondays, one a row.
    """
    x, mature = np.array(weeks), table["mature"].to_numpy() == 1
    traces = [band(x[mature], table["rate_low"][mature], table["rate_high"][mature], "95 % interval")]
    for shown, name, mode, colour in (
        (mature, "Booked, week finished", "lines+markers", REACHED),
        (~mature, "Booked so far", "markers", OPEN),
    ):
        part = table[shown]
        traces.append({
            "type": "scatter", "x": x[shown], "y": part["rate"], "name": name, "mode": mode,
            "line": {"color": colour, "width": 2}, "marker": {"size": 7, "color": colour},
            "customdata": part[["received_week", "booked", "leads"]].to_numpy().tolist(),
            "hovertemplate": "Week of %{x|%d %b %Y}: %{y:.1%} (%{customdata[1]:,} of %{customdata[2]:,})<extra></extra>",
        })  # fmt: skip
    known = table["projected"].notna().to_numpy()
    part = table[known]
    traces.append({
        "type": "scatter", "x": x[known], "y": part["projected"], "name": "Projected, with its range",
        "mode": "lines+markers", "line": {"color": CONTEXT, "width": 1.5, "dash": "dot"},
        "marker": {"size": 8, "symbol": "circle-open", "color": CONTEXT},
        "error_y": beyond(part["projected"], part["projected_low"], part["projected_high"], CONTEXT, 1),
        "customdata": part[["received_week", "completeness"]].to_numpy().tolist(),
        "hovertemplate": "Week of %{x|%d %b %Y}: projected %{y:.0%} (%{customdata[1]:.0%} of the bookings are in)"
        "<extra></extra>",
        "showlegend": bool(known.any()),
    })  # fmt: skip
    return calm(traces, 300, x={"type": "date"}, y=SHARE, clickmode="event+select")
