"""What every figure has in common. A figure is put together as data, for plotly checks each change of one anew."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard.charts.palette import BAND

FONT = 13
SHARE = {"range": [0, 1.02], "tickformat": ".0%"}
"""An axis of proportions."""

NAMES = {"autorange": "reversed", "ticks": "", "automargin": True, "type": "category"}
"""An axis of names, from top to bottom; the only one that measures its labels to make room, for plotly then draws twice."""

_LEFT, _RIGHT, _BELOW, _TWO_BELOW = 52, 30, 28, 44
"""Pixels for numbers at the left, for half a date at the right, and for one and two lines below: an axis of time says the year
under the day.
"""

CHECKED = False
"""Whether plotly looks through every value of a figure, which costs more than all else. In the tests it does."""

_TEMPLATE: Mapping[str, Any] = {"layout": {}, "data": {"scatter": [{"marker": {"line": {"width": 0}}}]}}
"""What of Streamlit's own template our charts show: colours are given with each trace, and fonts are filled in by the browser.
The whole would be half of what is sent of a chart.
"""

Trace = dict[str, Any]


def calm(
    traces: Sequence[Trace],
    height: int,
    *,
    x: Mapping[str, Any],
    y: Mapping[str, Any],
    margin: Mapping[str, int] | None = None,
    **layout: Any,
) -> go.Figure:
    """A figure without decoration: room for its labels, a horizontal legend above, no dragging and no zoom.

    Parameters
    ----------
    traces : sequence of dict
        As plotly describes them, each with its `type`.
    height : int
        Pixels.
    x, y : mapping
        What is special about the axes.
    margin : mapping, optional
        Pixels on some sides, in place of the usual ones.
    layout
        Whatever else is special.
    """
    legend = sum(trace.get("showlegend") is not False for trace in traces) > 1
    of_time = x.get("type") == "date"
    room = {
        "l": 8 if y.get("automargin") or y.get("visible") is False else _LEFT,
        "r": _RIGHT if of_time else 16,
        "t": 36 if legend else 8,
        "b": 8 if x.get("visible") is False else _TWO_BELOW if of_time or "title" in x else _BELOW,
    }
    common = {
        "height": height,
        "margin": room | dict(margin or {}),
        "font": {"size": FONT},
        "legend": {
            "orientation": "h",
            "yanchor": "bottom",
            "y": 1.0,
            "x": 0,
            "itemclick": False,
            "traceorder": "normal",
        }
        | layout.pop("legend", {}),
        "hoverlabel": {"namelength": -1},
        "bargap": 0.35,
        "dragmode": False,
        "template": _TEMPLATE,
        "xaxis": {"fixedrange": True, "automargin": False} | dict(x),
        "yaxis": {"fixedrange": True, "automargin": False} | dict(y),
    }
    return go.Figure({"data": list(traces), "layout": common | layout}, _validate=CHECKED)


def band(
    x: Iterable[Any], low: Iterable[Any], high: Iterable[Any], name: str, colour: str = BAND, **line: Any
) -> Trace:
    """An area between two lines over the same places."""
    along = list(x)
    return {"type": "scatter", "x": [*along, *along[::-1]], "y": [*high, *list(low)[::-1]], "fill": "toself",
            "fillcolor": colour, "line": {"width": 0} | line, "hoverinfo": "skip", "name": name}  # fmt: skip


def across(y: float, **line: Any) -> dict[str, Any]:
    """A horizontal line through the whole picture."""
    return {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": line}


def upright(x: Any, **line: Any) -> dict[str, Any]:
    """A vertical line through the whole picture."""
    return {"type": "line", "yref": "y domain", "y0": 0, "y1": 1, "x0": x, "x1": x, "line": line}


def beyond(value: Any, low: Any, high: Any, colour: str, thickness: float) -> dict[str, Any]:
    """An interval round values, as plotly's error bars."""
    return {"type": "data", "array": high - value, "arrayminus": value - low, "color": colour, "thickness": thickness,
            "width": 0}  # fmt: skip
