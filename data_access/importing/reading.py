"""Files to rows of text, one at a time, in bounded memory."""

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FIELD_LIMIT = 1_000_000  # characters; a longer field means a quote was never closed


class Unreadable(ValueError):
    """A file cannot be read; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Line:
    """One record of a file: its values by heading, and where it stands. `fault`: why it cannot be read, if it cannot."""

    number: int
    values: dict[str, str]
    fault: str | None = None


def headings(path: Path) -> list[str]:
    """The column headings of a file.

    Raises
    ------
    Unreadable
        When there are none, or one occurs twice.
    """
    with _open(path) as text:
        names = [name.strip() for name in next(csv.reader(text), [])]
    if not any(names):
        raise Unreadable(f"{path.name} is empty; the first line must hold the column headings")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Unreadable(f"{path.name} has the heading {twice[0]!r} more than once; rename one of them")
    return names


def lines(path: Path) -> Iterator[Line]:
    """The records of a file, blank ones left out."""
    names = headings(path)
    with _open(path) as text:
        reader = csv.reader(text, strict=True)
        next(reader)
        while True:
            number = reader.line_num + 1
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Line(number, {}, f"cannot be read: {error}")
                continue
            if not any(value.strip() for value in values):
                continue
            row = {name: value.strip() for name, value in zip(names, values, strict=False)}
            if len(values) != len(names):
                yield Line(number, row, f"has {len(values)} fields, the headings have {len(names)}")
            else:
                yield Line(number, row)


@contextmanager
def _open(path: Path) -> Iterator[io.TextIOBase]:
    if not path.is_file():
        raise Unreadable(f"there is no file {path}")
    csv.field_size_limit(FIELD_LIMIT)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
            if len(members) != 1:
                raise Unreadable(f"{path.name} holds {len(members)} files; give an archive with one, or unpack it")
            with archive.open(members[0]) as raw:
                yield from _text(raw, path)  # type: ignore[arg-type]  # a zip member reads like a file
    else:
        with path.open("rb") as raw:
            yield from _text(raw, path)


def _text(raw: io.BufferedReader, path: Path) -> Iterator[io.TextIOBase]:
    try:
        yield io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"{path.name} is not UTF-8 (byte {error.start}); save it as CSV with UTF-8 encoding and try again"
        ) from None
