"""Tables as CSV; a weekly review with one line a value, and the definitions below."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dashboard.formats import inert
from dashboard.review import wording
from dashboard.review.document import Holds, Review

_HEADINGS = ("block", "table", "row", "column", "value", "k", "n")


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows under their headings. Texts that a spreadsheet would run are marked as texts."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(map(inert, columns))
    lines.writerows([inert(row[column]) for column in columns] for row in rows)
    return out.getvalue()


def write(review: Review) -> bytes:
    """The file, in UTF-8. Texts that a spreadsheet would run are marked as texts."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(_HEADINGS)
    for block in review.blocks:
        for number in block.numbers:
            for week in number.history:
                lines.writerow(
                    map(
                        inert,
                        (block.title, number.title, week.week, number.unit or "leads", week.value, week.k, week.n),
                    )
                )
        for said in (*block.said, *(alarm.text for alarm in block.alarms)):
            lines.writerow(map(inert, (block.title, "", "", "sentence", wording.unmarked(said), "", "")))
        for table in block.tables:
            for name, row in zip(wording.row_names(table), table.rows, strict=True):
                held = dict(zip((column.name for column in table.columns), row, strict=True))
                for column in table.columns:
                    if column.holds != Holds.TEXT or column != table.columns[0]:
                        k, n = (held[of] for of in column.of) if column.of else ("", "")
                        lines.writerow(
                            map(inert, (block.title, table.title, name, column.title, held[column.name], k, n))
                        )
    lines.writerow(())
    for title, text in (("Week", review.week), ("Practice", review.practice), ("Filtered", review.filtered),
                        ("Counted as of", review.as_of), *review.definitions):  # fmt: skip
        lines.writerow((inert(title), inert(wording.unmarked(text))))
    return out.getvalue().encode()
