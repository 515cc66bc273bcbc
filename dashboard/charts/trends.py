"""One weekly series with its limits, small enough to stand beside others."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.palette import CONTEXT, LOST, REACHED
from dashboard.charts.theme import SHARE, across, band, calm, upright
from dashboard.metrics.trends import COMMON, SIGNALS

_WITH_UNIT = 76
"""Pixels at the left for a number and its unit."""


def with_limits(
    table: pd.DataFrame,
    weeks: Sequence[str],
    names: Mapping[str, str],
    *,
    unit: str,
    notes: Sequence[tuple[str, str]] = (),
    target: float | None = None,
) -> go.Figure:
    """The series, its middle and its limits; weeks that stand out are marked and named.

    Parameters
    ----------
    table : DataFrame
        Rows with trends.TREND_COLUMNS and `week`, in order.
    weeks : sequence of str
        ISO dates of the weeks' Mondays, one a row.
    names : mapping of label -> what it is called
    unit : str
        "%" where values are proportions; else what stands behind them, or nothing.
    notes : sequence of (ISO date, text)
        Drawn as lines across; their text is shown on hover.
    target : float, optional
        Drawn as a line along.
    """
    x = list(weeks)
    share = unit == "%"
    number = ".1%" if share else ",.0f"
    said = [
        f" ({int(k):,} of {int(n):,})" if share else "" for k, n in zip(table["k"].fillna(0), table["n"], strict=True)
    ]
    limits = [
        band(x, table["low"], table["high"], "Usual", shape="hvh"),
        {"type": "scatter", "x": x, "y": table["centre"], "mode": "lines", "name": "Middle", "hoverinfo": "skip",
         "line": {"color": CONTEXT, "width": 1, "dash": "dash"}},
    ]  # fmt: skip
    usual = [label == COMMON for label in table["label"]]
    week = {
        "type": "scatter", "x": x, "y": table["value"], "mode": "lines+markers", "name": "Week",
        "line": {"color": REACHED, "width": 1.5},
        "marker": {
            "color": [LOST if label in SIGNALS else REACHED for label in table["label"]],
            "size": [5 if one else 9 for one in usual],
            "symbol": ["circle" if one else "diamond" for one in usual],
        },
        "customdata": [[names[label], text] for label, text in zip(table["label"], said, strict=True)],
        "hovertemplate": f"Week of %{{x|%d %b %Y}}: %{{y:{number}}}%{{customdata[1]}}, %{{customdata[0]}}<extra></extra>",
    }  # fmt: skip
    lines = [] if target is None else [across(target, color=CONTEXT, width=1.5, dash="dot")]
    hints = [
        {"x": day, "y": 1, "yref": "paper", "text": "note", "hovertext": text, "showarrow": False, "xanchor": "left",
         "yanchor": "top", "font": {"size": 11, "color": CONTEXT}, "captureevents": True}
        for day, text in notes
    ]  # fmt: skip
    values = SHARE if share else {"tickformat": ",", "ticksuffix": f" {unit}" if unit else ""}
    return calm(
        [*(limits if table["centre"].notna().any() else []), week], 220,
        x={"type": "date", "tickangle": 0, "nticks": 4}, y={"rangemode": "tozero"} | values,
        shapes=[*lines, *(upright(day, color=CONTEXT, width=1.5) for day, _ in notes)], annotations=hints,
        showlegend=False, margin={"t": 8} | ({"l": _WITH_UNIT} if unit and not share else {}),
    )  # fmt: skip
