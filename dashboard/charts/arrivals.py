"""Arrivals by hour of the week: in staffed hours in the accent, outside them in the warm colour."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.palette import LOST, REACHED
from dashboard.charts.theme import calm


def hours_of_the_week(table: pd.DataFrame, weekdays: Sequence[str]) -> go.Figure:
    """One cell per weekday and hour; the darker, the more inquiries.

    Parameters
    ----------
    table : DataFrame
        With arrivals.ARRIVAL_COLUMNS, all 168 rows.
    weekdays : sequence of str
        Names, Monday first.
    """
    most = max(int(table["leads"].max()), 1)
    traces = []
    for staffed, name, colour in ((True, "Somebody is there", REACHED), (False, "Nobody is there", LOST)):
        part = table.assign(shown=table["leads"].where((table["staffed"] >= 0.5) == staffed))
        z = part.pivot(index="weekday", columns="hour", values="shown")
        cells = {"type": "heatmap", "z": z, "x": [f"{hour:02}" for hour in z.columns], "y": list(weekdays),
                 "colorscale": [[0, _faint(colour)], [1, colour]], "zmin": 0, "zmax": most, "xgap": 1, "ygap": 1,
                 "showscale": False, "name": name,
                 "hovertemplate": f"%{{y}} %{{x}}:00, {name.lower()}: %{{z:,}} inquiries<extra></extra>"}  # fmt: skip
        of_legend = {"type": "scatter", "x": [None], "y": [None], "mode": "markers", "name": name,
                     "marker": {"color": colour, "symbol": "square", "size": 10}}  # fmt: skip
        traces += [cells, of_legend]
    return calm(
        traces, 300, margin={"l": 84},
        x={"showgrid": False, "ticks": "", "title": {"text": "Hour of the day"}, "type": "category"},
        y={"showgrid": False, "ticks": "", "autorange": "reversed", "type": "category"},
    )  # fmt: skip


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.08)"
