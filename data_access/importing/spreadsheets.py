"""Spreadsheets: their sheets, and the cells of one as text. Kinds: XLSX, XLS, XLSB, ODS, by python-calamine."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    XmlError,
    ZipError,
)

from data_access.importing.delimited import Record
from data_access.importing.files import MOST_BYTES, File, Unreadable, unpacking

_LOOKED_AT = 10_000
_WHOLE = 10.0**15  # up to here every whole number has a float of its own
_LOCKED = "EncryptedPackage".encode("utf-16-le")  # the name of the part in which a protected XLSX lies


def sheets(file: File, only: str | None = None) -> Iterator[tuple[str, list[Record]]]:
    """The sheets that hold anything, in their order, with their rows that do; a sheet is held in memory whole.

    Parameters
    ----------
    only : str, optional
        Only the sheet of this name.

    Raises
    ------
    Unreadable
        When it is protected, broken or no spreadsheet.
    """
    with _opened(file) as book:
        for one in book.sheets_metadata:
            if one.typ != SheetTypeEnum.WorkSheet or only not in (None, one.name):
                continue
            cells = book.get_sheet_by_name(one.name).to_python(skip_empty_area=False)
            rows = (Record(number, [cell_text(cell) for cell in row]) for number, row in enumerate(cells, start=1))
            if filled := [row for row in rows if any(map(str.strip, row.values))]:
                yield one.name, filled


def cell_text(cell: Any) -> str:
    """A cell as text: dates in ISO form, whole numbers without a fraction."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _WHOLE else repr(cell)
    if isinstance(cell, datetime):  # kept as a fraction of a day, which is off by some microseconds
        return (cell + timedelta(milliseconds=500)).isoformat(" ", "seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return cell.isoformat("seconds")
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(int(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(cell)


@contextmanager
def _opened(file: File) -> Iterator[CalamineWorkbook]:
    with file.open() as raw:
        data = raw.read()
    if data.startswith(b"PK"):
        _require_whole(file, data)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            yield book
    except (CalamineError, PasswordError, XmlError, ZipError, OSError) as error:
        if isinstance(error, PasswordError) or _LOCKED in data:
            raise Unreadable(f"{file.name} is protected by a password; save it without one, and give that") from None
        raise Unreadable(f"{file.name} is no spreadsheet that can be read ({error}); save it as XLSX or CSV") from None


def _require_whole(file: File, data: bytes) -> None:
    with unpacking(file.name), zipfile.ZipFile(io.BytesIO(data)) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > MOST_BYTES:
            raise Unreadable(f"{file.name} unpacks to {unpacked:,} bytes, the most is {MOST_BYTES:,}; give it in parts")
        if broken := archive.testzip():
            raise zipfile.BadZipFile(f"{broken} is not what was packed")
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".bin") and _SHORT & set(_kinds(archive.read(name))):
                raise Unreadable(
                    f"{file.name} is an XLSB whose cells are written short; save it as XLSX, and give that"
                )


_SHORT = frozenset(range(12, 19))
"""Kinds of records in XLSB that hold a cell without its column, which the reader would leave out without a word."""


def _kinds(sheet: bytes) -> Iterator[int]:
    """The kinds of the first records of a sheet of an XLSB ([MS-XLSB] 2.1.4: a kind and a length, seven bits to a byte)."""
    place = found = 0
    while place < len(sheet) and found < _LOOKED_AT:
        kind, place = _number(sheet, place, 2)
        length, place = _number(sheet, place, 4)
        place, found = place + length, found + 1
        yield kind


def _number(data: bytes, place: int, most: int) -> tuple[int, int]:
    number = 0
    for shift in range(most):
        byte = data[place] if place < len(data) else 0
        number, place = number | (byte & 0x7F) << 7 * shift, place + 1
        if not byte & 0x80:
            break
    return number, place
