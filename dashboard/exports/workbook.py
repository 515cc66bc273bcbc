"""A weekly review as a workbook: one sheet a block, and one with the definitions. Texts are texts, never formulas."""

import io
from datetime import datetime
from typing import Any

import xlsxwriter

from dashboard.review import wording
from dashboard.review.document import Block, Holds, Review, Table

_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001  # a workbook's moments have no zone; fixed, so that the same gives the same
_FORMATS = {Holds.COUNT: "#,##0", Holds.RATE: "#,##0.0", Holds.DAYS: "#,##0", Holds.SHARE: "0 %"}


def write(review: Review) -> bytes:
    """The workbook. The same review gives the same bytes."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": f"Weekly review {review.week}", "company": review.practice, "created": _EPOCH})
    bold = book.add_format({"bold": True})
    formats = {holds: book.add_format({"num_format": text}) for holds, text in _FORMATS.items()}
    for block in review.blocks:
        sheet = book.add_worksheet(block.title[:31])
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 12, 16)
        sheet.write_string(0, 0, f"{block.title}, {review.week}", bold)
        sheet.write_string(1, 0, f"{review.practice}; {review.filtered}. Counted as of {review.as_of}.")
        row = 3
        for said in (*block.said, *(alarm.text for alarm in block.alarms)):
            sheet.write_string(row, 0, wording.unmarked(said))
            row += 1
        row = _numbers(sheet, block, row + 1, bold, formats)
        for table in block.tables:
            row = _table(sheet, table, row + 1, bold, formats)
    sheet = book.add_worksheet("Definitions")
    sheet.set_column(0, 0, 34)
    for row, (title, text) in enumerate(review.definitions):
        sheet.write_string(row, 0, title, bold)
        sheet.write_string(row, 1, wording.unmarked(text))
    book.close()
    return out.getvalue()


def _numbers(sheet: Any, block: Block, row: int, bold: Any, formats: dict[Holds, Any]) -> int:
    """Every week of each headline number, one line a week."""
    if not block.numbers:
        return row
    for place, heading in enumerate(("Number", "Week", "Value", "k", "n", "Usual from", "Usual to", "Target", "Unit")):
        sheet.write_string(row, place, heading, bold)
    for number in block.numbers:
        form = formats[Holds.SHARE] if number.unit == "%" else formats[Holds.COUNT]
        for week in number.history:
            row += 1
            sheet.write_string(row, 0, number.title)
            sheet.write_string(row, 1, week.week)
            for place, value in ((2, week.value), (5, week.low), (6, week.high), (7, number.target)):
                if value is not None:
                    sheet.write_number(row, place, value, form)
            for place, count in ((3, week.k), (4, week.n)):
                if count is not None:
                    sheet.write_number(row, place, count, formats[Holds.COUNT])
            sheet.write_string(row, 8, number.unit or "leads")
    return row + 1


def _table(sheet: Any, table: Table, row: int, bold: Any, formats: dict[Holds, Any]) -> int:
    sheet.write_string(row, 0, table.title, bold)
    for place, column in enumerate(table.columns):
        sheet.write_string(row + 1, place, column.title, bold)
    for line, values in enumerate(table.rows, start=row + 2):
        for place, (column, value) in enumerate(zip(table.columns, values, strict=True)):
            if value is None:
                continue
            if column.holds == Holds.TEXT:
                sheet.write_string(line, place, str(value))
            else:
                sheet.write_number(line, place, value, formats[column.holds])
    return row + 2 + len(table.rows)
