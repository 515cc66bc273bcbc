"""Rejected rows as a file that can be corrected and imported again: each with its file, line and reason, whole and inert."""

import csv
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from data_access.formulas import inert
from data_access.importing.planning import Plan, Reject
from data_access.importing.reading import REJECTED, Line


def writer(out: Any, headings: Sequence[str]) -> Reject:
    """What writes rejected rows to an open text file."""
    rows: Any = csv.writer(out)
    rows.writerow([*REJECTED, *map(inert, headings)])

    def reject(file: str, line: Line, why: str) -> None:
        values = (line.values.get(name, "") for name in headings)
        rows.writerow([inert(cell) for cell in (file, str(line.number), why, line.text, *values)])

    return reject


@contextmanager
def to_file(path: Path, plan: Plan) -> Iterator[Reject]:
    """Write rejected rows to a file, for its owner's eyes only; it begins with the first of them, and is there at the end.

    What breaks off leaves no file, and an older one as it was.
    """
    begun = path.with_name(f"{path.name}.part")
    out: TextIO | None = None
    write: Reject | None = None

    def reject(file: str, line: Line, why: str) -> None:
        nonlocal out, write
        if write is None:
            begun.unlink(missing_ok=True)
            number = os.open(begun, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            out = os.fdopen(number, "w", newline="", encoding="utf-8")
            write = writer(out, plan.headings)
        write(file, line, why)

    try:
        yield reject
    except BaseException:
        if out:
            out.close()
            begun.unlink(missing_ok=True)
        raise
    if out:
        out.close()
        begun.replace(path)
