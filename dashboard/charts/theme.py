"""One meaning per colour, everywhere. The tones keep their contrast on a light and on a dark page."""

import plotly.graph_objects as go

REACHED = "#2a7f9e"  # went on, in time, the partner's own shrunken rate: the accent
OPEN = "#a9cfdd"  # still waiting, still inside the window: the accent's light tint
BAND = "rgba(42, 127, 158, 0.2)"  # an interval round the accent, on a light and on a dark page
LOST = "#d9743a"  # lost, late, overdue: the one warm colour
CONTEXT = "#8b95a1"  # targets, raw rates, what is only there to compare with

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
