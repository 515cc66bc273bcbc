"""What every figure has in common."""

import plotly.graph_objects as go

FONT = 13


def calm(figure: go.Figure, height: int, *, left: int = 8, right: int = 16) -> go.Figure:
    """What every figure has in common: no decoration, room for its labels, horizontal legend above."""
    legend = sum(trace.showlegend is not False for trace in figure.data) > 1
    return figure.update_layout(
        height=height,
        margin={"l": left, "r": right, "t": 36 if legend else 8, "b": 8},
        font={"size": FONT},
        legend={
            "orientation": "h",
            "yanchor": "bottom",
            "y": 1.0,
            "x": 0,
            "title": None,
            "itemclick": False,
            "traceorder": "normal",
        },
        hoverlabel={"namelength": -1},
        bargap=0.35,
        dragmode=False,
    )
