"""The league as dots with intervals: the raw rate faint, the shrunken one strong."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.palette import CONTEXT, LOST, REACHED
from dashboard.charts.theme import NAMES, SHARE, across, band, beyond, calm, upright
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
    traces = [
        band(size, drawn[:, low], drawn[:, high], name, _FAINT)
        for low, high, name in ((0, 3, "99.8 % by chance"), (1, 2, "95 % by chance"))
    ]
    for flag, name, colour, symbol in _FLAGS:
        part = (table["flag"] == flag).to_numpy()
        traces.append({
            "type": "scatter", "x": table["n"][part], "y": table["rate"][part], "name": name,
            "mode": "markers" if flag == USUAL else "markers+text",
            "text": [name for name, shown in zip(names, part, strict=True) if shown], "textposition": "middle right",
            "marker": {"size": 9, "color": colour, "symbol": symbol},
            "customdata": table.loc[part, ["partner", "k"]].to_numpy().tolist(),
            "hovertemplate": "%{text}: %{y:.1%} (%{customdata[1]:,} of %{x:,})<extra></extra>",
        })  # fmt: skip
    ends = [0.9 * MINIMUM_LEADS, 1.5 * max(largest, 2 * MINIMUM_LEADS)]
    ticks = [n for n in (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000) if n <= ends[1]]
    many = {"title": {"text": "Referrals judged"}, "type": "log", "range": list(np.log10(ends)), "tickvals": ticks}
    common = across(float(table["centre"].iloc[0]), color=CONTEXT, dash="dash", width=1.5)
    return calm(traces, 360, x=many, y=SHARE, shapes=[common], clickmode="event+select")


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
    rows, customdata = list(names), table[["partner", "k", "n"]].to_numpy().tolist()
    own = {
        "type": "scatter", "y": rows, "x": table["rate"], "mode": "markers", "name": "Own rate", "customdata": customdata,
        "marker": {"size": 7, "color": CONTEXT, "opacity": 0.55},
        "hovertemplate": "%{y}: own rate %{x:.1%} (%{customdata[1]:,} of %{customdata[2]:,})<extra></extra>",
    }  # fmt: skip
    shrunken = {
        "type": "scatter", "y": rows, "x": table["shrunken"], "mode": "markers", "name": "Shrunken rate, 95 % interval",
        "marker": {"size": 10, "color": REACHED}, "customdata": customdata,
        "error_x": beyond(table["shrunken"], table["shrunken_low"], table["shrunken_high"], REACHED, 1.5),
        "hovertemplate": "%{y}: %{x:.1%}<extra></extra>",
    }  # fmt: skip
    drawn = common is not None and common == common
    return calm(
        [own, shrunken], 26 * max(len(table), 3) + 90, x=SHARE, y=NAMES, clickmode="event+select",
        shapes=[upright(common, color=CONTEXT, dash="dash", width=1.5)] if drawn else [],
    )  # fmt: skip
