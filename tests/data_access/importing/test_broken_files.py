"""Whatever becomes of a file on its way, it is read or refused in a sentence: it never crashes and never hangs."""

import gzip
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.importing import guessing, profiling, reading
from data_access.importing.files import File, Unreadable
from tests.cases import SHARED
from tests.data_access.importing.test_reading import book, packed

TEXT = b"No,Came in,Clinic\r\n" + b"".join(b'%d,2026-01-%02d,"North, main"\r\n' % (n, n % 28 + 1) for n in range(30))
WHOLE = {
    "text": TEXT,
    "utf-16": TEXT.decode().encode("utf-16"),
    "gz": gzip.compress(TEXT, mtime=0),
    "zip": packed(("a.csv", TEXT), method=zipfile.ZIP_DEFLATED),
    "xlsx": book(("Leads", [["No", "Came in"], *([n, f"2026-01-{n % 28 + 1:02}"] for n in range(30))])),
}
OLD = SHARED / "data" / "messy" / "csvkit_examples" / "test.xls"


def look(data: bytes) -> None:
    """Read all of it, as the page does."""
    file = File.of("broken", data)
    try:
        reading.parts(file)
        table = reading.table(file)
        for _ in table.lines():
            pass
        guessing.guess(profiling.columns(table), name="broken", zone="UTC")
    except Unreadable as why:
        assert 20 < len(str(why)) < 400, why  # noqa: PT017


@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    """Bytes changed, cut out, put in, or the end missing."""
    whole = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(whole) - 1))
        match data.draw(st.sampled_from(["change", "cut", "put", "end"])):
            case "change":
                whole[place] = data.draw(st.integers(0, 255))
            case "cut":
                del whole[place : place + data.draw(st.integers(1, 40))]
            case "put":
                whole[place:place] = data.draw(st.binary(min_size=1, max_size=20))
            case "end":
                del whole[max(place, 1) :]
        if not whole:
            break
    look(bytes(whole))


@settings(max_examples=60)
@given(st.binary(max_size=2_000))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Whatever they are."""
    look(data)


@settings(max_examples=60)
@given(st.text(st.sampled_from("ab,;\t|\"'\\\n\r =1-/"), max_size=300))
def test_any_text_of_quotes_and_delimiters_is_read_or_refused(text: str) -> None:
    """Quotes that are never closed, lines of all lengths."""
    look(text.encode())


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_old_spreadsheet_is_read_or_refused(seed: int) -> None:
    """XLS, of which many were sent around for years."""
    import random

    if not OLD.exists():
        pytest.skip("the shared messy files are not beside this checkout")
    whole, chance = bytearray(OLD.read_bytes()), random.Random(seed)
    for _ in range(20):
        whole[chance.randrange(len(whole))] = chance.randrange(256)
    look(bytes(whole))


def test_many_quotes_that_are_never_closed_do_not_make_reading_slow() -> None:
    """Each costs its own line."""
    text = "No,Name,Note\n" + "".join(f'{n},"open {n},x\n' for n in range(20_000))
    lines = list(reading.table(File.of("x", text.encode())).lines())
    assert len(lines) == 20_000
