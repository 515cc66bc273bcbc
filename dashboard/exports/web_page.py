"""A weekly review as one web page that needs nothing else: its pictures are in it, and no script."""

from functools import cache

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from dashboard.exports import drawing
from dashboard.review import wording
from dashboard.review.document import Number, Review, Table

_FONT = "Helvetica"


def write(review: Review) -> bytes:
    """The page, in UTF-8."""
    return _environment().get_template("review.html.jinja").render(review=review).encode()


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("dashboard.exports", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {
        "parts": wording.bold_parts,
        "value": lambda number: wording.value(number, number.now),
        "counts": wording.counts,
        "beside": wording.beside,
        "weeks": _weeks,
        "picture": _picture,
        "rows": _rows,
        "unmarked": wording.unmarked,
    }
    return made


def _weeks(number: Number) -> Markup:
    return Markup(drawing.svg(drawing.weeks(number, 170, 46), number.name))  # noqa: S704  # made here, from numbers


def _picture(table: Table) -> Markup:
    return Markup(drawing.svg(drawing.of_table(table, 330, _FONT), table.name))  # noqa: S704  # escaped where it is drawn


def _rows(table: Table) -> tuple[list[tuple[str, bool]], list[list[tuple[str, bool]]]]:
    """Headings and cells, each with whether it is a number."""
    headings, rows = wording.rows(table)
    numeric = wording.numeric(table)
    return list(zip(headings, numeric, strict=True)), [list(zip(row, numeric, strict=True)) for row in rows]
