"""Text files with delimited fields: how one is written, and its records one at a time, in bounded memory."""

import codecs
import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import chardet

from data_access.importing.files import File, Unreadable

FIELD_LIMIT = 1_000_000  # characters; a longer field means a quote was never closed
DELIMITERS = (",", ";", "\t", "|", "^", "~")
_BLOCK = 1 << 20
_SAMPLE = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATOR = re.compile(r"sep=(.)\s*", re.IGNORECASE)
"""A first line by which a spreadsheet is told the delimiter."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_DAMAGED = re.compile(r"[\ud800-\udfff]")  # bytes that the encoding does not know stand so


@dataclass(frozen=True)
class Writing:
    """How a text file is written: its encoding, what stands between two fields, and what marks a quote within quotes.

    `escape` is empty where a quote is doubled.
    """

    encoding: str
    delimiter: str
    escape: str = ""


@dataclass(frozen=True)
class Record:
    """One record as it stands in a file.

    Attributes
    ----------
    number : int
        Of the line on which it begins, from 1.
    fault : str, optional
        Why it cannot be read, if it cannot.
    text : str
        The record as it stands in the file, where its values do not tell all of it.
    """

    number: int
    values: list[str]
    fault: str | None = None
    text: str = ""


def written(file: File, encoding: str | None = None, delimiter: str | None = None) -> Writing:
    """How a text file is written; what is given is taken as it is.

    Raises
    ------
    Unreadable
        When it is no text, or a text that holds no table.
    """
    told, encoding = encoding is not None, encoding or encoding_of(file)
    with _text(file, encoding) as text:
        sample = text.read(_SAMPLE)
    if len(_CONTROL.findall(sample)) > max(len(sample) // 20, 10) and not told:
        raise Unreadable(f"{file.name} is no text that can be read; export the table as CSV")
    if re.match(r"\s*(\{\s*\"|\[\s*[\[{])", sample) and delimiter is None:
        raise Unreadable(f"{file.name} is JSON; export the table as CSV or XLSX, and give that")
    if len(sample) == _SAMPLE:
        sample = sample[: sample.rfind("\n") + 1 or None]
    made = Writing(encoding, delimiter or ",")
    if not delimiter:
        said = _SEPARATOR.fullmatch(sample.partition("\n")[0])
        best = said[1] if said else max(DELIMITERS, key=lambda one: _fit(sample, replace(made, delimiter=one)))
        made = replace(made, delimiter=best)
    escaped = replace(made, escape="\\")
    return escaped if '\\"' in sample and _clean(sample, escaped) > _clean(sample, made) else made


def encoding_of(file: File) -> str:
    """The encoding of a text file: what its first bytes say, UTF-8 where all of it is, otherwise the likeliest.

    A file that is UTF-8 but for some damaged bytes is UTF-8: the rows that hold them are rejected one by one.

    Raises
    ------
    Unreadable
        When it is no text.
    """
    decoder, known, damaged, foreign = codecs.getincrementaldecoder("utf-8")("surrogateescape"), 0, 0, bytearray()
    with file.open() as raw:
        first = block = raw.read(_BLOCK)
        if found := next((name for mark, name in _MARKS if first.startswith(mark)), None):
            return found
        if first.count(0) > len(first) // 5:
            return _likeliest(file, first[:_SAMPLE])
        while block:
            if not block.isascii():
                text = decoder.decode(block)
                bad = len(_DAMAGED.findall(text))
                known, damaged = known + len(text) - len(text.encode("ascii", "ignore")) - bad, damaged + bad
                if len(foreign) < _SAMPLE:
                    foreign += b"".join(line for line in block.splitlines(True) if not line.isascii())[:_SAMPLE]
            block = raw.read(_BLOCK)
    return "utf-8" if damaged <= known // 10 else _likeliest(file, bytes(foreign))


def _likeliest(file: File, sample: bytes) -> str:
    found = str(chardet.detect(sample)["encoding"])
    try:
        return codecs.lookup(found).name
    except LookupError:
        raise Unreadable(f"{file.name} is no text that can be read; export the table as CSV") from None


def _fit(sample: str, writing: Writing) -> float:
    """How well a delimiter fits, from 0 to 1: most records have the same number of fields, many, headings come first, and
    nothing before them.
    """
    try:
        rows = [values for values in _reader(io.StringIO(sample, newline=""), writing, strict=False) if any(values)]
    except csv.Error:
        return 0.0
    widths = Counter(len(values) for values in rows if len(values) > 1)
    if not widths:
        return 0.0
    usual = max(widths, key=lambda width: (widths[width], width))
    first = next(place for place, values in enumerate(rows) if len(values) == usual)
    title = 0.7 if first else 1.0
    headings = 0.5 if any(is_number(value) for value in rows[first]) else 1.0
    return widths[usual] / len(rows) * (1 - 1 / usual) * title * headings


def is_number(text: str) -> bool:
    """Whether a text is written as a number is, with or without a currency."""
    return text.strip("$€£% ").replace(",", "").replace(".", "").lstrip("+-").isdecimal()


def _clean(sample: str, writing: Writing) -> int:
    """How many records are read before the first fault."""
    found = 0
    try:
        for _ in _reader(io.StringIO(sample, newline=""), writing, strict=True):
            found += 1
    except csv.Error:
        pass
    return found


def _reader(lines: Iterator[str], writing: Writing, *, strict: bool) -> Any:
    csv.field_size_limit(FIELD_LIMIT)
    return csv.reader(lines, delimiter=writing.delimiter, strict=strict, escapechar=writing.escape or None)


class _Lines:
    """The physical lines of a file, which remembers those of the present record and can go back to its second one."""

    def __init__(self, text: Iterator[str]) -> None:
        self._text, self._again = text, deque[str]()
        self.taken: list[str] = []
        self.number = 1  # of the first line of the present record

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._text)
        self.taken.append(line)
        return line

    def begin(self) -> None:
        """The next line begins a record."""
        self.number += len(self.taken)
        self.taken = []

    def give_back_all_but_the_first(self) -> None:
        """Read the record's later lines again, as records of their own."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    @property
    def damage(self) -> str | None:
        """What the present record holds that no database keeps, or no encoding knows."""
        for line in self.taken:
            if "\0" in line:
                return "holds a NUL character"
            if not line.isascii() and _DAMAGED.search(line):
                return "holds bytes that are not of the encoding of this file"
        return None


def records(file: File, writing: Writing, *, after: int = 0, width: int | None = None) -> Iterator[Record]:
    """The records of a file, blank ones left out. One that cannot be read does not hide those after it.

    A quote that is never closed would swallow the rest of the file: the record's first line is given up then, and the
    following lines are read as records of their own.

    Parameters
    ----------
    after : int
        Only records that begin behind this line.
    width : int, optional
        How many fields a record has; empty ones beyond are no fault, any other number is.
    """
    with _text(file, writing.encoding) as text:
        lines = _Lines(text)
        reader: Any = None
        while True:
            lines.begin()
            if reader is None:
                reader = _reader(lines, writing, strict=True)
            try:
                values, fault = next(reader), None
            except StopIteration:
                return
            except csv.Error as error:
                values, fault, reader = [], f"cannot be read: {error}", None
            if lines.number <= after or (fault is None and not any(map(str.strip, values))):
                continue
            if lines.number == 1 and _SEPARATOR.fullmatch(lines.taken[0]):
                continue
            record = _record(lines, values, fault, width)
            if len(lines.taken) == 1 and record.fault:
                reader = None  # it may have read further
            yield record


def _record(lines: _Lines, values: list[str], fault: str | None, width: int | None) -> Record:
    if width is not None:
        while len(values) > width and not values[-1].strip():
            values.pop()
        if fault is None and len(values) != width:
            fault = f"has {len(values)} fields, the headings have {width}"
    if fault is None:
        return Record(lines.number, values, lines.damage)
    if len(lines.taken) > 1:
        lines.give_back_all_but_the_first()
        values = []
    return Record(lines.number, values, fault, "".join(lines.taken).rstrip("\r\n"))


@contextmanager
def _text(file: File, encoding: str) -> Iterator[io.TextIOWrapper]:
    wide = encoding.replace("_", "-").startswith(("utf-16", "utf-32"))
    with file.open() as raw:
        try:
            with io.TextIOWrapper(raw, encoding, "strict" if wide else "surrogateescape", newline="") as text:
                yield text
        except UnicodeError as error:
            raise Unreadable(f"{file.name} is no text in {encoding}: {error}; save it as CSV with UTF-8") from None
        except LookupError:
            raise Unreadable(f"there is no encoding {encoding!r}; an example: utf-8") from None
