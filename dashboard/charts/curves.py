"""How surely and how fast something happens: its share by the time that has passed."""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.palette import CONTEXT, LOST, REACHED
from dashboard.charts.theme import SHARE, band, calm, upright


@dataclass(frozen=True)
class Axis:
    """The axis of time: what it is called, the unit in a sentence, and how many of the curve's own units make one."""

    title: str
    unit: str
    size: int = 1


DAYS = Axis("Days since received", "days")
STAFFED_HOURS = Axis("Staffed hours since received", "staffed hours", 60)
_STEPS = 400
"""How many steps a curve shows at most: two that lie closer are one line to the eye."""


def share_by_time(made: pd.DataFrame, what: str, axis: Axis, *, last: float, mark: float | None = None) -> go.Figure:
    """Share for which it happened, and share that was closed without, by the time since receipt.

    Parameters
    ----------
    made : DataFrame
        With timing.CURVE_COLUMNS, in order.
    what : str
        What happened, for the legend.
    last, mark : float
        In the axis's unit: where it ends, and where a figure is read.
    """
    made = made[made["time"] <= last * axis.size]
    made = made[~(made["time"] / axis.size / last * _STEPS).astype(int).duplicated(keep="last")]
    days = [0.0, *(made["time"] / axis.size), last]

    def drawn(column: str) -> list[float]:
        values = [0.0, *made[column]]
        return [*values, values[-1]]

    traces = [
        band(days, drawn("cif_low"), drawn("cif_high"), "95 % limits", shape="hv"),
        *({
            "type": "scatter", "x": days, "y": drawn(column), "name": name, "mode": "lines",
            "line": {"color": colour, "width": 2, "shape": "hv"},
            "hovertemplate": f"{name} within %{{x:.3~g}} {axis.unit}: %{{y:.1%}}<extra></extra>",
        } for column, name, colour in (("cif", what, REACHED), ("cif_ended", "Closed without", LOST))),
    ]  # fmt: skip
    marks = [] if mark is None else [upright(mark, color=CONTEXT, dash="dash", width=1.5)]
    time = {"title": {"text": axis.title}, "range": [0, last]}
    return calm(traces, 320, x=time, y=SHARE, shapes=marks)
