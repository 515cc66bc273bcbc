"""The pictures of a review, drawn once and written as SVG or into the PDF."""

from collections.abc import Sequence

from reportlab.graphics import renderSVG
from reportlab.graphics.shapes import Circle, Drawing, Line, Polygon, PolyLine, Rect, String
from reportlab.lib.colors import HexColor, toColor
from reportlab.pdfbase.pdfmetrics import stringWidth

from dashboard.charts.palette import BAND, CONTEXT, LOST, REACHED, TONES
from dashboard.review import wording
from dashboard.review.document import Drawn, Number, Table

_LINE, _BAR, _SIZE = 14.0, 9.0, 7.0
_ROWS = 12


def weeks(number: Number, width: float, height: float) -> Drawing:
    """A number's weeks in the band of what is usual; the last one is marked, warm where it is a signal for the worse."""
    drawing, shown = Drawing(width, height), number.history
    known = [v for week in shown for v in (week.value, week.low, week.high) if v is not None]
    if len(shown) < 2 or not known:
        return drawing
    lowest, span = min(known), (max(known) - min(known)) or 1.0

    def x(place: int) -> float:
        return 3 + place * (width - 8) / (len(shown) - 1)

    def y(value: float) -> float:
        return 3 + (value - lowest) / span * (height - 6)

    limits = [(x(i), y(w.low), y(w.high)) for i, w in enumerate(shown) if w.low is not None and w.high is not None]
    if len(limits) > 1:
        edge = [(at, low) for at, low, _ in limits] + [(at, high) for at, _, high in reversed(limits)]
        drawing.add(Polygon([v for point in edge for v in point], fillColor=toColor(BAND), strokeColor=None))
    if number.target is not None and lowest <= number.target <= lowest + span:
        at = y(number.target)
        drawing.add(PolyLine([0, at, width, at], strokeColor=toColor(CONTEXT), strokeWidth=0.8, strokeDashArray=[2, 2]))
    points = [(x(i), y(w.value)) for i, w in enumerate(shown) if w.value is not None]
    if len(points) > 1:
        drawing.add(PolyLine([v for point in points for v in point], strokeColor=toColor(REACHED), strokeWidth=1.2))
    if shown[-1].value is not None:
        colour = toColor(LOST if number.worse else REACHED)
        drawing.add(Circle(*points[-1], 2.6, fillColor=colour, strokeColor=None))
    return drawing


def of_table(table: Table, width: float, font: str) -> Drawing:
    """The columns with a tone: parts of a bar, or two marks on a line, for each row."""
    names, marks = [wording.short(one, 36) for one in wording.row_names(table, _ROWS)], wording.marks(table, _ROWS)
    height = _LINE * (len(names) + 1) + 4
    drawing = Drawing(width, height)
    left = min(width * 0.6, 8 + max(stringWidth(name, font, _SIZE) for name in names))
    room = width - left - 6
    stacked = table.drawn == Drawn.STACK
    totals = [sum(parts) if stacked else max(parts) for parts in zip(*(of for _, _, of in marks), strict=True)]
    scale = room / (max(totals) or 1)
    _legend(drawing, marks, height, font)
    for row, name in enumerate(names):
        at = height - _LINE * (row + 2)
        drawing.add(
            String(
                left - 4, at + 3, name, fontName=font, fontSize=_SIZE, textAnchor="end", fillColor=HexColor("#3a4753")
            )
        )
        ends = [of[row] for _, _, of in marks]
        if not stacked:
            line = (left + min(ends) * scale, left + max(ends) * scale)
            drawing.add(Line(line[0], at + 5, line[1], at + 5, strokeColor=toColor(CONTEXT), strokeWidth=1))
        start = left
        for (_, tone, _), end in zip(marks, ends, strict=True):
            colour = toColor(TONES[tone])
            if stacked:
                drawing.add(Rect(start, at + 1, end * scale, _BAR, fillColor=colour, strokeColor=None))
                start += end * scale
            else:
                drawing.add(Circle(left + end * scale, at + 5, 3, fillColor=colour, strokeColor=None))
    return drawing


def _legend(drawing: Drawing, marks: Sequence[tuple[str, str, Sequence[float]]], height: float, font: str) -> None:
    at = 4.0
    for title, tone, _ in marks:
        drawing.add(Rect(at, height - _LINE + 3, 6, 6, fillColor=toColor(TONES[tone]), strokeColor=None))
        drawing.add(
            String(at + 9, height - _LINE + 3, title, fontName=font, fontSize=_SIZE, fillColor=HexColor("#3a4753"))
        )
        at += 16 + len(title) * _SIZE * 0.52


def svg(drawing: Drawing, name: str) -> str:
    """A drawing as an SVG element of a web page; `name` tells it from the others there."""
    text = str(renderSVG.drawToString(drawing))
    text = text[text.index("<svg") :].replace("<title>...</title>", "").replace("<desc>...</desc>", "")
    return (
        text.replace('id="clip"', f'id="clip-{name}"')
        .replace("url(#clip)", f"url(#clip-{name})")
        .replace('id="group"', "")
    )
