"""Files to rows of text, one at a time, in bounded memory."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 2_000_000_000
"""To which an archive may unpack: some six million leads."""
FIELD_LIMIT = 1_000_000  # characters; a longer field means a quote was never closed


class Unreadable(ValueError):
    """A file cannot be read; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Line:
    """One record of a file: its values by heading, and where it begins.

    Attributes
    ----------
    fault : str, optional
        Why it cannot be read, if it cannot.
    text : str
        The record as it stands in the file, where its values do not tell all of it.
    """

    number: int
    values: dict[str, str]
    fault: str | None = None
    text: str = ""


class _Physical:
    """The physical lines of a file, which remembers those of the present record and can go back to its second one."""

    def __init__(self, text: Iterator[str]) -> None:
        self._text = text
        self._again: Iterator[str] = iter(())
        self.number = 0  # of the first line of the present record
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._again, None)
        self.taken.append(next(self._text) if line is None else line)
        return self.taken[-1]

    def begin(self) -> None:
        """The next line begins a record."""
        self.number += len(self.taken)
        self.taken = []

    def give_back_all_but_the_first(self) -> None:
        """Read the record's later lines again, as records of their own."""
        self._again = iter([*self.taken[1:], *self._again])
        del self.taken[1:]


def headings(path: Path) -> list[str]:
    """The column headings of a file: its first line that is not blank. Blank ones at the end are no columns.

    Raises
    ------
    Unreadable
        When there are none, or one occurs twice.
    """
    with _open(path) as text:
        return _headings(path, _Physical(text))


def _headings(path: Path, physical: _Physical) -> list[str]:
    names: list[str] = []
    try:
        while not any(names):
            physical.begin()
            names = [name.strip() for name in next(csv.reader(physical))]
    except StopIteration:
        raise Unreadable(f"{path.name} is empty; the first line must hold the column headings") from None
    except csv.Error as error:
        raise Unreadable(f"the headings of {path.name} cannot be read: {error}") from None
    while not names[-1]:
        names.pop()
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        what = f"the heading {twice[0]!r} more than once" if twice[0] else "columns without a heading"
        raise Unreadable(f"{path.name} has {what}; give each column a name of its own")
    return names


def lines(path: Path) -> Iterator[Line]:
    """The records of a file, blank ones left out. One that cannot be read does not hide those after it.

    A quote that is never closed would swallow the rest of the file: the record's first line is given up then, and the
    following lines are read as records of their own.
    """
    with _open(path) as text:
        physical = _Physical(text)
        names = _headings(path, physical)
        while True:
            physical.begin()
            reader = csv.reader(physical, strict=True)
            try:
                values = next(reader)
                fault = None
            except StopIteration:
                return
            except csv.Error as error:
                values, fault = [], f"cannot be read: {error}"
            if fault is None and not any(value.strip() for value in values):
                continue
            yield _line(physical, names, values, fault)


def _line(physical: _Physical, names: list[str], values: list[str], fault: str | None) -> Line:
    while len(values) > len(names) and not values[-1].strip():
        values.pop()
    number = physical.number + 1
    row = {name: value.strip() for name, value in zip(names, values, strict=False)}
    if fault is None and len(values) == len(names):
        held = next((name for name, value in row.items() if "\0" in value), None)
        return Line(number, row, f"{held} holds a NUL character" if held else None)
    if fault is None:
        fault = f"has {len(values)} fields, the headings have {len(names)}"
    if len(physical.taken) > 1:
        physical.give_back_all_but_the_first()
        row = {}
    return Line(number, row, fault, "".join(physical.taken).rstrip("\r\n"))


@contextmanager
def _open(path: Path) -> Iterator[io.TextIOBase]:
    if not path.is_file():
        raise Unreadable(f"there is no file {path}")
    csv.field_size_limit(FIELD_LIMIT)
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive, archive.open(_only_member(archive, path)) as raw:
                yield io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        else:
            with path.open("rb") as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
                yield text
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"{path.name} is not UTF-8 (byte {error.start}); save it as CSV with UTF-8 encoding and try again"
        ) from None
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise Unreadable(f"{path.name} is a damaged archive: {error}") from None


def _only_member(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
    if len(members) != 1:
        raise Unreadable(f"{path.name} holds {len(members)} files; give an archive with one, or unpack it")
    if members[0].file_size > MOST_BYTES:  # a small archive can say little in very many bytes
        raise Unreadable(
            f"{path.name} unpacks to {members[0].file_size:,} bytes, the most is {MOST_BYTES:,}; give it in parts"
        )
    if members[0].flag_bits & 1:
        raise Unreadable(f"{path.name} is protected by a password; unpack it first")
    return members[0]
