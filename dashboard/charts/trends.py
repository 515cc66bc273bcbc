"""One weekly series with its limits, small enough to stand beside others."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.palette import BAND, CONTEXT, LOST, REACHED
from dashboard.charts.theme import calm
from dashboard.metrics.trends import COMMON, SIGNALS


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
    x = pd.to_datetime(list(weeks))
    share = unit == "%"
    number = ".1%" if share else ",.0f"
    said = [
        f" ({int(k):,} of {int(n):,})" if share else "" for k, n in zip(table["k"].fillna(0), table["n"], strict=True)
    ]
    figure = go.Figure()
    if table["centre"].notna().any():
        figure.add_scatter(
            x=[*x, *x[::-1]], y=[*table["high"], *table["low"][::-1]], fill="toself", fillcolor=BAND,
            line={"width": 0, "shape": "hvh"}, hoverinfo="skip", name="Usual",
        )  # fmt: skip
        figure.add_scatter(
            x=x, y=table["centre"], mode="lines", line={"color": CONTEXT, "width": 1, "dash": "dash"}, hoverinfo="skip",
            name="Middle",
        )  # fmt: skip
    colours = [LOST if label in SIGNALS else REACHED for label in table["label"]]
    figure.add_scatter(
        x=x,
        y=table["value"],
        mode="lines+markers",
        line={"color": REACHED, "width": 1.5},
        marker={
            "color": colours,
            "size": [9 if label != COMMON else 5 for label in table["label"]],
            "symbol": ["diamond" if label != COMMON else "circle" for label in table["label"]],
        },
        customdata=[[names[label], text] for label, text in zip(table["label"], said, strict=True)],
        hovertemplate=f"Week of %{{x|%d %b %Y}}: %{{y:{number}}}%{{customdata[1]}}, %{{customdata[0]}}<extra></extra>",
        name="Week",
    )
    if target is not None:
        figure.add_hline(target, line={"color": CONTEXT, "width": 1.5, "dash": "dot"})
    for day, text in notes:
        figure.add_vline(pd.Timestamp(day), line={"color": CONTEXT, "width": 1.5})
        figure.add_annotation(
            x=pd.Timestamp(day), y=1, yref="paper", text="note", hovertext=text, showarrow=False, xanchor="left",
            yanchor="top", font={"size": 11, "color": CONTEXT}, captureevents=True,
        )  # fmt: skip
    figure.update_yaxes(rangemode="tozero", tickformat=".0%" if share else ",", fixedrange=True)
    if share:
        figure.update_yaxes(range=[0, 1.02])
    elif unit:
        figure.update_yaxes(ticksuffix=f" {unit}")
    figure.update_xaxes(fixedrange=True, tickangle=0, nticks=4)
    return calm(figure, 220).update_layout(showlegend=False, margin={"t": 8})
