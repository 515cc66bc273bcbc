"""A weekly review as a PDF: two pages for the meeting's table, the definitions behind them."""

import io
from collections.abc import Sequence
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

import font_source_sans_pro
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
)
from reportlab.platypus import Table as Grid

from dashboard.exports import drawing
from dashboard.review import wording
from dashboard.review.document import Block, Number, Review, Table

PAPERS = {"a4": A4, "letter": LETTER}
_PLAIN, _BOLD = "SourceSans", "SourceSans-Bold"
_GREY, _RULE, _WARM = HexColor("#52606d"), HexColor("#d5dbe0"), HexColor("#b4530f")
_MARGIN, _ACROSS, _ROWS = 10 * mm, 7, 10


@cache
def _styles() -> dict[str, ParagraphStyle]:
    for name, file in ((_PLAIN, "SourceSansPro"), (_BOLD, "SourceSansProBold")):
        pdfmetrics.registerFont(TTFont(name, font_source_sans_pro.font_files_ttf[file]))
    pdfmetrics.registerFontFamily(_PLAIN, normal=_PLAIN, bold=_BOLD, italic=_PLAIN, boldItalic=_BOLD)
    plain = ParagraphStyle("plain", fontName=_PLAIN, fontSize=7.6, leading=9.4)
    return {
        "plain": plain,
        "title": ParagraphStyle("title", plain, fontName=_BOLD, fontSize=15, leading=18),
        "heading": ParagraphStyle("heading", plain, fontName=_BOLD, fontSize=10, leading=12.5, spaceBefore=5),
        "small": ParagraphStyle("small", plain, fontSize=6.4, leading=7.8, textColor=_GREY),
        "warm": ParagraphStyle("warm", plain, textColor=_WARM, leftIndent=6, bulletIndent=0),
        "number": ParagraphStyle("number", plain, alignment=2),
        "above": ParagraphStyle("above", plain, fontSize=6.4, leading=7.8, textColor=_GREY, alignment=2),
    }


def write(review: Review, paper: str = "a4") -> bytes:
    """The PDF; `paper`: a key of PAPERS. The same review gives the same bytes."""
    size, styles, out = PAPERS[paper], _styles(), io.BytesIO()
    document = BaseDocTemplate(
        out, pagesize=size, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN, invariant=1,
        title=f"Weekly review {review.week}, {review.practice}", author=review.practice, lang="en",
    )  # fmt: skip
    width = size[0] - 2 * _MARGIN
    frame = Frame(_MARGIN, _MARGIN, width, size[1] - 2 * _MARGIN, 0, 0, 0, 0)

    def foot(canvas: Any, _: Any) -> None:
        canvas.setFont(_PLAIN, 6.4)
        canvas.setFillColor(_GREY)
        canvas.drawRightString(size[0] - _MARGIN, 5 * mm, f"{review.week} · page {canvas.getPageNumber()}")

    document.addPageTemplates(PageTemplate("review", [frame], onPage=foot))
    story: list[Flowable] = [
        Paragraph(escape(f"Weekly review {review.week}, {review.practice}"), styles["title"]),
        Paragraph(
            escape(f"{review.filtered}. Counted as of {review.as_of}, when the week had ended."), styles["small"]
        ),
    ]
    for block in review.blocks:
        story += _block(block, width)
    story += [PageBreak(), Paragraph("How is this counted?", styles["heading"])]
    story += [
        Paragraph(f"<b>{escape(title)}.</b> {escape(wording.unmarked(text))}", styles["plain"])
        for title, text in review.definitions
    ]
    document.build(story)
    return out.getvalue()


def _block(block: Block, width: float) -> list[Flowable]:
    styles = _styles()
    said = " ".join(_bold(sentence) for sentence in block.said)
    top: list[Flowable] = [Paragraph(escape(block.title), styles["heading"])]
    top += [Paragraph(said, styles["plain"])] if said else []
    top += [Paragraph(escape(alarm.text), styles["warm"], bulletText="•") for alarm in block.alarms]
    if block.numbers:
        top += [Spacer(1, 3), _numbers(block.numbers, width)]
    if not block.tables:
        return [KeepTogether(top)]
    drawn = next((table for table in block.tables if table.drawn), None)
    left = width * 0.34 if drawn else 0
    tables = [part for table in block.tables for part in _table(table, width - left - 8)]
    if drawn is None:
        return [KeepTogether([*top, *tables])]
    picture = drawing.of_table(drawn, left, _PLAIN)
    plain = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        *((f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")),
    ]
    return [KeepTogether([*top, Grid([[picture, tables]], [left + 8, width - left - 8], style=plain)])]


def _numbers(numbers: Sequence[Number], width: float) -> Flowable:
    """Headline numbers side by side, each with its weeks."""
    styles, each = _styles(), width / _ACROSS
    cells: list[list[Flowable]] = []
    for number in numbers:
        counts = f" ({made_of})" if (made_of := wording.counts(number)) else ""
        title = f"{escape(number.title)}<br/><font size=10><b>{escape(wording.value(number, number.now))}</b></font>{counts}"
        beside = "<br/>".join(map(escape, wording.beside(number)))
        cells.append(
            [Paragraph(title, styles["plain"]), drawing.weeks(number, each - 8, 30), Paragraph(beside, styles["small"])]
        )
    rows = [cells[start : start + _ACROSS] for start in range(0, len(cells), _ACROSS)]
    rows[-1] += [[] for _ in range(_ACROSS - len(rows[-1]))]
    return Grid(
        rows, [each] * _ACROSS, style=[("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]
    )


def _table(table: Table, width: float) -> list[Flowable]:
    styles = _styles()
    headings, rows = wording.rows(table)
    numeric = wording.numeric(table)
    share = [1 if number else 2.2 for number in numeric]
    widths = [width * one / sum(share) for one in share]

    def line(cells: Sequence[str], words: str, numbers: str) -> list[Flowable]:
        styled = zip(cells, (styles[numbers if one else words] for one in numeric), strict=True)
        return [Paragraph(escape(wording.short(cell)), style) for cell, style in styled]

    grid = Grid(
        [line(headings, "small", "above"), *(line(row, "plain", "number") for row in rows[:_ROWS])], widths, repeatRows=1,
        style=[
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE), ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 0.8), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.2),
            ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ],
    )  # fmt: skip
    more = [Paragraph(f"The first {_ROWS} of {len(rows)}.", styles["small"])] if len(rows) > _ROWS else []
    return [Paragraph(f"<b>{escape(table.title)}</b>", styles["plain"]), grid, *more, Spacer(1, 3)]


def _bold(sentence: str) -> str:
    return "".join(f"<b>{escape(part)}</b>" if bold else escape(part) for part, bold in wording.bold_parts(sentence))
