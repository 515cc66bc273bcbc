"""A file as it was given: what kind it is, and the bytes of the table in it, unpacked and in bounded memory."""

import gzip
import hashlib
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import IO, Any

MOST_BYTES = 2_000_000_000
"""To which an archive may unpack: some six million leads."""
_BLOCK = 1 << 20


class Unreadable(ValueError):
    """A file cannot be read; the message says what is wrong and what to do."""


class FileKind(Enum):
    """What is in a file, by its first bytes and never by its name."""

    TEXT = auto()
    SPREADSHEET = auto()
    ZIP = auto()
    GZIP = auto()


@dataclass(frozen=True)
class File:
    """A file that can be read as often as need be.

    Attributes
    ----------
    name : str
        As the person knows it, for messages.
    open : callable
        Gives its bytes from the beginning; whoever calls closes.
    """

    name: str
    open: Callable[[], IO[bytes]]

    @classmethod
    def at(cls, path: Path) -> "File":
        """A file on disk.

        Raises
        ------
        Unreadable
            When there is none.
        """
        if not path.is_file():
            raise Unreadable(f"there is no file {path}")
        return cls(path.name, lambda: path.open("rb"))

    @classmethod
    def of(cls, name: str, data: bytes) -> "File":
        """A file in memory, as it was uploaded."""
        return cls(name, partial(io.BytesIO, data))

    def digest(self) -> str:
        """SHA-256 of its bytes, in hexadecimal."""
        with self.open() as raw:
            found = hashlib.sha256()
            while block := raw.read(_BLOCK):
                found.update(block)
            return found.hexdigest()


_FOREIGN = (
    (b"%PDF", "a PDF"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a database; bring its leads in with handoff sync"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<table", "a web page"),
    (b"<?xml", "an XML file"),
    (b"{\\rtf", "a text document"),
)
"""Beginnings of files that hold no table that is read here, and what they are."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def kind_of(file: File) -> FileKind:
    """What is in a file.

    Raises
    ------
    Unreadable
        When it is nothing that holds a table for us.
    """
    with file.open() as raw:
        first = raw.read(4096)
    if first.startswith(b"PK\x03\x04"):
        with _archive(file) as archive:
            names = set(archive.namelist())
        return FileKind.SPREADSHEET if names & {"[Content_Types].xml", "mimetype"} else FileKind.ZIP
    if first.startswith(b"\x1f\x8b"):
        return FileKind.GZIP
    if first.startswith(_OLE):
        return FileKind.SPREADSHEET
    plain = first.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for begins, what in _FOREIGN:
        if plain.startswith(begins.lower()):
            raise Unreadable(f"{file.name} is {what}; save or export the table as CSV or XLSX, and give that")
    return FileKind.TEXT


def members(file: File) -> list[File]:
    """The files in an archive, folders and what a Mac adds left out; the file itself where it is none."""
    kind = kind_of(file)
    if kind == FileKind.GZIP:
        return [File(file.name.removesuffix(".gz"), partial(_gunzipped, file))]
    if kind != FileKind.ZIP:
        return [file]
    with _archive(file) as archive:
        found = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
    if not found:
        raise Unreadable(f"{file.name} holds no file")
    for member in found:
        if member.file_size > MOST_BYTES:  # a small archive can say little in very many bytes
            raise Unreadable(
                f"{file.name} unpacks to {member.file_size:,} bytes, the most is {MOST_BYTES:,}; give it in parts"
            )
        if member.flag_bits & 1:
            raise Unreadable(f"{file.name} is protected by a password; unpack it first")
    return [File(member.filename, partial(_unzipped, file, member.filename)) for member in found]


_OF_ARCHIVES = (
    zipfile.BadZipFile, zlib.error, struct.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError, OverflowError,
)  # fmt: skip
"""What the standard library raises where an archive is not what it says."""


@contextmanager
def unpacking(name: str) -> Iterator[None]:
    """Say in a sentence that an archive is damaged, wherever that shows."""
    try:
        yield
    except Unreadable:
        raise
    except _OF_ARCHIVES as error:
        raise Unreadable(f"{name} is a damaged archive: {str(error)[:120]}") from None


@contextmanager
def _archive(file: File) -> Iterator[zipfile.ZipFile]:
    with unpacking(file.name), file.open() as raw, zipfile.ZipFile(_seekable(raw)) as archive:
        yield archive


def _seekable(raw: IO[bytes]) -> IO[bytes]:
    """The same bytes where one can go back and forth: an archive within an archive is held in memory."""
    return raw if raw.seekable() else io.BytesIO(raw.read())


class _Limited(io.RawIOBase):
    """Unpacked bytes, up to the most that an archive may unpack to."""

    def __init__(self, name: str, raw: Any, *holders: Any) -> None:
        self._name, self._raw, self._holders, self._read = name, raw, holders, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read on."""
        with unpacking(self._name):
            data = self._raw.read(len(buffer))
        self._read += len(data)
        if self._read > MOST_BYTES:
            raise Unreadable(f"{self._name} unpacks to more than {MOST_BYTES:,} bytes; give it in parts")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close it and what it is read from."""
        for one in (self._raw, *self._holders):
            one.close()
        super().close()


def _gunzipped(file: File) -> IO[bytes]:
    raw = file.open()
    return _buffered(_Limited(file.name, gzip.GzipFile(fileobj=raw), raw))


def _unzipped(file: File, member: str) -> IO[bytes]:
    raw = file.open()
    with unpacking(file.name):
        archive = zipfile.ZipFile(_seekable(raw))
        return _buffered(_Limited(file.name, archive.open(member), archive, raw))


def _buffered(raw: Any) -> IO[bytes]:
    return io.BufferedReader(raw, _BLOCK)
