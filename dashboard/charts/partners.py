"""The league as dots with intervals: the raw rate faint, the shrunken one strong."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.theme import CONTEXT, REACHED, calm


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
