"""A weekly review as a file: a web page, a PDF, a workbook, or CSV. The same review gives the same bytes."""

from collections.abc import Callable, Mapping
from functools import partial

from dashboard.review.document import Review

Writer = Callable[[Review], bytes]


def writers(paper: str = "a4") -> Mapping[str, Writer]:
    """What writes each format, by its name. They are loaded when somebody exports, because the libraries are large."""
    from dashboard.exports import csv_file, pdf, web_page, workbook  # see above

    return {
        "html": web_page.write, "pdf": partial(pdf.write, paper=paper), "xlsx": workbook.write, "csv": csv_file.write,
    }  # fmt: skip
