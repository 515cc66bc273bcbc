"""Small pictures of the weekly review: a number's weeks within what is usual, parts of a bar, two marks on a line."""

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.charts.palette import BAND, CONTEXT, LOST, REACHED, TONES
from dashboard.charts.theme import calm


def weeks(
    weeks: Sequence[str],
    values: Sequence[float | None],
    low: Sequence[float | None],
    high: Sequence[float | None],
    *,
    target: float | None,
    worse: bool,
) -> go.Figure:
    """A number week by week, in the band of what is usual; the last week is marked, warm where it is one for the worse."""
    figure = go.Figure()
    figure.add_scatter(x=list(weeks), y=list(high), mode="lines", line={"width": 0}, hoverinfo="skip", showlegend=False)
    figure.add_scatter(
        x=list(weeks), y=list(low), mode="lines", line={"width": 0}, fill="tonexty", fillcolor=BAND, hoverinfo="skip",
        showlegend=False,
    )  # fmt: skip
    figure.add_scatter(
        x=list(weeks), y=list(values), mode="lines", line={"color": REACHED, "width": 2}, showlegend=False,
        hovertemplate="%{x}: %{y}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=list(weeks)[-1:], y=list(values)[-1:], mode="markers", showlegend=False, hoverinfo="skip",
        marker={"size": 9, "color": LOST if worse else REACHED},
    )  # fmt: skip
    if target is not None:
        figure.add_hline(y=target, line={"color": CONTEXT, "width": 1, "dash": "dot"})
    figure.update_xaxes(visible=False, fixedrange=True, type="category")
    figure.update_yaxes(visible=False, fixedrange=True)
    return calm(figure, 84, left=2, right=6).update_layout(margin={"t": 4, "b": 4})


def stack(names: Sequence[str], parts: Sequence[tuple[str, str, Sequence[float]]]) -> go.Figure:
    """Horizontal bars from one left edge, each split into parts.

    Parameters
    ----------
    names : sequence of str
        What each bar is called, from top to bottom.
    parts : sequence of (title, tone, values)
        In order from the left; the tone is a key of TONES.
    """
    figure = go.Figure()
    for title, tone, values in parts:
        figure.add_bar(
            y=list(names), x=list(values), name=title, orientation="h", marker={"color": TONES[tone], "line": {"width": 0}},
            hovertemplate="%{y}, " + title.lower() + ": %{x:,}<extra></extra>", showlegend=len(parts) > 1,
        )  # fmt: skip
    figure.update_layout(barmode="stack")
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(autorange="reversed", fixedrange=True, automargin=True, ticks="")
    room = 20 * len(parts) if len(parts) > 1 else 8  # a narrow screen has one name of the legend below the other
    return calm(figure, 30 * len(names) + 20 + room).update_layout(margin={"t": room})


def pair(names: Sequence[str], marks: Sequence[tuple[str, str, Sequence[float]]]) -> go.Figure:
    """Two marks on a line for each name, so that their distance is read; parameters as for `stack`."""
    figure = go.Figure()
    for name, *ends in zip(names, *(values for _, _, values in marks), strict=True):
        figure.add_shape(
            type="line",
            y0=name,
            y1=name,
            x0=min(ends),
            x1=max(ends),
            line={"color": CONTEXT, "width": 2},
            layer="below",
        )
    for title, tone, values in marks:
        figure.add_scatter(
            y=list(names), x=list(values), name=title, mode="markers", marker={"size": 11, "color": TONES[tone]},
            hovertemplate="%{y}, " + title.lower() + ": %{x:.1f}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(rangemode="tozero", fixedrange=True)
    figure.update_yaxes(autorange="reversed", fixedrange=True, automargin=True, ticks="", type="category")
    return calm(figure, 30 * len(names) + 80)
