"""The league as dots with intervals: the raw rate faint, the shrunken one strong."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.palette import CONTEXT, LOST, REACHED
from dashboard.charts.theme import calm
from dashboard.metrics.funnel_plot import FAR, OUTSIDE, USUAL, limits
from dashboard.metrics.partners import MINIMUM_LEADS

_FAINT = "rgba(139, 149, 161, 0.16)"


def funnel_plot(table: pd.DataFrame, names: Sequence[str], largest: int) -> go.Figure:
    """Rates by the number of referrals, with the limits of chance round the common rate.

    Parameters
    ----------
    table : DataFrame
        Rows with FUNNEL_PLOT_COLUMNS.
    names : sequence of str
        One a row.
    largest : int
        Where the axis ends.
    """
    size = np.unique(np.geomspace(MINIMUM_LEADS, max(largest, 2 * MINIMUM_LEADS), 80).round())
    drawn = limits(float(table["centre"].iloc[0]), size, extra=float(table["spread"].iloc[0]))
    figure = go.Figure()
    for low, high, name in ((0, 3, "99.8 % by chance"), (1, 2, "95 % by chance")):
        figure.add_scatter(
            x=[*size, *size[::-1]], y=[*drawn[:, high], *drawn[:, low][::-1]], fill="toself", fillcolor=_FAINT,
            line={"width": 0}, hoverinfo="skip", name=name,
        )  # fmt: skip
    figure.add_hline(float(table["centre"].iloc[0]), line={"color": CONTEXT, "dash": "dash", "width": 1.5})
    for flag, name, colour, symbol in _FLAGS:
        part = (table["flag"] == flag).to_numpy()
        figure.add_scatter(
            x=table["n"][part],
            y=table["rate"][part],
            mode="markers" if flag == USUAL else "markers+text",
            text=[name for name, shown in zip(names, part, strict=True) if shown],
            textposition="middle right",
            marker={"size": 9, "color": colour, "symbol": symbol},
            customdata=table.loc[part, ["partner", "k"]].to_numpy().tolist(),
            hovertemplate="%{text}: %{y:.1%} (%{customdata[1]:,} of %{x:,})<extra></extra>",
            name=name,
        )
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%", fixedrange=True)
    ends = [0.9 * MINIMUM_LEADS, 1.5 * max(largest, 2 * MINIMUM_LEADS)]
    ticks = [n for n in (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000) if n <= ends[1]]
    figure.update_xaxes(
        title="Referrals judged", fixedrange=True, type="log", range=list(np.log10(ends)), tickvals=ticks
    )
    return calm(figure, 360).update_layout(clickmode="event+select", margin={"b": 44})


_FLAGS = (
    (USUAL, "Usual", REACHED, "circle"),
    (OUTSIDE, "Worth a look", LOST, "diamond-open"),
    (FAR, "Unusual", LOST, "diamond"),
)


def league_dots(table: pd.DataFrame, names: Sequence[str], common: float | None) -> go.Figure:
    """Listed partners in the order of the table.

    Parameters
    ----------
    table : DataFrame
        Rows with LEAGUE_COLUMNS.
    names : sequence of str
        One a row.
    common : float, optional
        The rate of all partners together, drawn as a line.
    """
    figure = go.Figure()
    rows = list(names)
    customdata = table[["partner", "k", "n"]].to_numpy().tolist()
    figure.add_scatter(
        y=rows, x=table["rate"], mode="markers", name="Own rate",
        marker={"size": 7, "color": CONTEXT, "opacity": 0.55}, customdata=customdata,
        hovertemplate="%{y}: own rate %{x:.1%} (%{customdata[1]:,} of %{customdata[2]:,})<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        y=rows, x=table["shrunken"], mode="markers", name="Shrunken rate, 95 % interval",
        marker={"size": 10, "color": REACHED}, customdata=customdata,
        error_x={
            "type": "data", "array": table["shrunken_high"] - table["shrunken"],
            "arrayminus": table["shrunken"] - table["shrunken_low"], "color": REACHED, "thickness": 1.5, "width": 0,
        },
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )  # fmt: skip
    if common is not None and common == common:
        figure.add_vline(common, line={"color": CONTEXT, "dash": "dash", "width": 1.5})
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%", fixedrange=True)
    figure.update_yaxes(autorange="reversed", fixedrange=True, ticks="", automargin=True, type="category")
    return calm(figure, 26 * max(len(table), 3) + 90).update_layout(clickmode="event+select")
