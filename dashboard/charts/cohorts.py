"""Weekly cohorts: what was observed, and apart from it what is projected."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.palette import BAND, CONTEXT, OPEN, REACHED
from dashboard.charts.theme import calm


def weekly_cohorts(table: pd.DataFrame, weeks: Sequence[str]) -> go.Figure:
    """Share booked within the horizon by the week received; projections dotted and apart from what was observed.

    Parameters
    ----------
    table : DataFrame
        Rows with COHORT_COLUMNS, in order.
    weeks : sequence of str
        ISO dates of the weeks' Mondays, one a row.
    """
    x = pd.to_datetime(list(weeks))
    mature = table["mature"].to_numpy() == 1
    figure = go.Figure()
    figure.add_scatter(
        x=[*x[mature], *x[mature][::-1]], y=[*table["rate_high"][mature], *table["rate_low"][mature][::-1]], fill="toself",
        fillcolor=BAND, line={"width": 0}, hoverinfo="skip", name="95 % interval",
    )  # fmt: skip
    for shown, name, mode, colour in (
        (mature, "Booked, week finished", "lines+markers", REACHED),
        (~mature, "Booked so far", "markers", OPEN),
    ):
        part = table[shown]
        figure.add_scatter(
            x=x[shown],
            y=part["rate"],
            name=name,
            mode=mode,
            line={"color": colour, "width": 2},
            marker={"size": 7, "color": colour},
            customdata=part[["received_week", "booked", "leads"]].to_numpy().tolist(),
            hovertemplate="Week of %{x|%d %b %Y}: %{y:.1%} (%{customdata[1]:,} of %{customdata[2]:,})<extra></extra>",
        )
    known = table["projected"].notna().to_numpy()
    part = table[known]
    figure.add_scatter(
        x=x[known],
        y=part["projected"],
        name="Projected, with its range",
        mode="lines+markers",
        line={"color": CONTEXT, "width": 1.5, "dash": "dot"},
        marker={"size": 8, "symbol": "circle-open", "color": CONTEXT},
        error_y={
            "type": "data", "array": part["projected_high"] - part["projected"],
            "arrayminus": part["projected"] - part["projected_low"], "color": CONTEXT, "thickness": 1, "width": 0,
        },
        customdata=part[["received_week", "completeness"]].to_numpy().tolist(),
        hovertemplate="Week of %{x|%d %b %Y}: projected %{y:.0%} (%{customdata[1]:.0%} of the bookings are in)<extra></extra>",
        showlegend=bool(known.any()),
    )  # fmt: skip
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%", fixedrange=True)
    figure.update_xaxes(fixedrange=True)
    return calm(figure, 300).update_layout(clickmode="event+select")
