"""Files of every kind, encoding and delimiter come in right or are refused with a reason; nothing is half read."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from msoffcrypto.format.ooxml import OOXMLFile

from data_access.importing import delimited, files, reading
from data_access.importing.files import File, Unreadable
from data_access.importing.reading import Layout
from tests.cases import SHARED

MESSY = SHARED / "data" / "messy"
ENCODINGS = {
    "utf-8": "Müller, Zürich", "utf-8-sig": "Müller, Zürich", "utf-16": "Müller, 東京", "utf-16-le": "Müller", "utf-32": "é",
    "cp1252": "Résistência €, São Paulo", "mac_roman": "Müller, Zürich, São Paulo", "iso8859_2": "Łódź, Wrocław, Żółć",
    "cp1251": "Поликлиника номер пять", "cp1253": "Όνομα Αθήνα", "cp1256": "محمد أحمد فاطمة",
    "shift_jis": "紹介元クリニック", "gb18030": "转诊医院",
}  # fmt: skip


def values(data: bytes, layout: Layout = Layout(), needed: tuple[str, ...] = ()) -> list[dict[str, str]]:  # noqa: B008
    return [line.values for line in reading.table(File.of("x", data), layout, needed).lines()]


def book(*sheets: tuple[str, list[list[object]]], **options: bool) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd hh:mm", **options}) as made:
        for name, rows in sheets:
            sheet = made.add_worksheet(name)
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row)
    return out.getvalue()


# ---------------------------------------------------------------- text


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_text_is_read_in_the_encoding_that_it_is_written_in(encoding: str) -> None:
    """By its mark, by being UTF-8 throughout, or by what its bytes most likely mean."""
    text = "".join(f"{n}\t{ENCODINGS[encoding]}\r\n" for n in range(20))
    found = values(f"No\tName\r\n{text}".encode(encoding))
    assert found[7] == {"No": "7", "Name": ENCODINGS[encoding]}


def test_what_is_utf_8_but_for_a_few_bytes_is_not_read_as_something_else() -> None:
    """The row that holds them is rejected; the accents of all others stay."""
    data = "No,Name\n1,Zoë\n2,Zürich\n3,São\n".encode() + b"4,M\xfcller\n" + "5,Zoë, sé é é é é é é".encode()
    lines = list(reading.table(File.of("x", data)).lines())
    assert [line.values.get("Name") for line in lines[:3]] == ["Zoë", "Zürich", "São"]
    assert lines[3].fault == "holds bytes that are not of the encoding of this file"


@pytest.mark.parametrize("delimiter", [*delimited.DELIMITERS])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_delimiter_and_newline_is_found(delimiter: str, newline: str) -> None:
    """Also where other delimiters stand within texts."""
    rows = [
        ["No", "Name", "When"],
        ["1", "Clinic, North; 2|3", "2026-01-05"],
        ["2", 'The "Oaks"', "2026-01-06"],
        ["3", "", ""],
    ]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=newline).writerows(rows)
    assert [list(found.values()) for found in values(out.getvalue().encode())] == rows[1:]


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=3, max_size=3), max_size=8
    )
)
def test_whatever_a_spreadsheet_writes_as_csv_comes_back(rows: list[list[str]]) -> None:
    """Quotes, newlines and delimiters in cells, in any script; blanks at the ends of a cell are no part of it."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([["aa", "bb", "cc"], *rows])
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    found = values(out.getvalue().encode(), Layout(headings=1, delimiter=",", encoding="utf-8"))
    assert [list(one.values()) for one in found] == [[cell.strip() for cell in row] for row in kept]


def test_a_quote_escaped_by_a_backslash_is_a_quote() -> None:
    """As some databases write; a backslash at the end of a quoted text is one, too."""
    assert values(b'No,Name\n1,"The \\"Oaks\\" clinic"\n2,"x, y"\n')[0]["Name"] == 'The "Oaks" clinic'
    assert values(b'No,Folder\n1,"C:\\clinic\\"\n2,"x, y"\n')[0]["Folder"] == "C:\\clinic\\"


def test_a_first_line_that_names_the_delimiter_is_no_heading() -> None:
    """As spreadsheets are told."""
    assert values(b"sep=;\nNo;Name\n1;a,b\n") == [{"No": "1", "Name": "a,b"}]


# ---------------------------------------------------------------- headings


def test_headings_are_found_below_a_title_and_what_needs_to_be_there() -> None:
    """A report's title, blank lines and a note stand above them; a total stands below, and is a row like others."""
    data = b"Referrals of North\n,,\nmade on 5 March,,\nNo,Came in,From\n1,2026-01-05,Lakeside\nTotal,,1\n"
    assert reading.table(File.of("x", data)).layout.headings == 4
    found = values(data, needed=("From", "No"))
    assert [one["No"] for one in found] == ["1", "Total"]


def test_a_file_without_headings_has_numbered_columns() -> None:
    """Found out, or said."""
    assert values(b"1,2026-01-05\n2,2026-01-06\n")[1] == {"Column 1": "2", "Column 2": "2026-01-06"}
    assert values(b"a,b\nc,d\n", Layout(headings=0))[0] == {"Column 1": "a", "Column 2": "b"}


def test_headings_that_are_blank_or_equal_get_names_of_their_own() -> None:
    """No column is lost."""
    assert reading.named(["Name", "", "Name", " Came\nin ", "Name"]) == [
        "Name",
        "Column 2",
        "Name (2)",
        "Came in",
        "Name (3)",
    ]
    assert values(b"Name,Email,,Name\nA,a@b.example,x,B\n")[0]["Name (2)"] == "B"


def test_blank_lines_above_and_blank_headings_at_the_end_are_no_fault() -> None:
    """As spreadsheets write them."""
    lines = list(reading.table(File.of("x", b"\n\nNo,Came,,\n1,2026-01-01,,\n")).lines())
    assert [(line.number, line.values) for line in lines] == [(4, {"No": "1", "Came": "2026-01-01"})]


def test_a_nul_character_rejects_its_row() -> None:
    """A database may not keep it."""
    lines = reading.table(File.of("x", b"No,Came\n1,20\x0026\n2,x\n")).lines()
    assert [bool(line.fault) for line in lines] == [True, False]


# ---------------------------------------------------------------- spreadsheets and archives


@pytest.mark.parametrize("date_1904", [False, True])
def test_a_spreadsheets_cells_are_what_they_show(date_1904: bool) -> None:
    """Dates in ISO form, from either of the days from which spreadsheets count, and whole numbers without a fraction."""
    rows: list[list[object]] = [
        ["No", "Came", "On", "Yes", "Rate"],
        [17, datetime(2024, 3, 5, 14, 30, 59), date(2024, 3, 5), True, 1.5],  # noqa: DTZ001
    ]
    assert values(book(("A", rows), date_1904=date_1904)) == [
        {"No": "17", "Came": "2024-03-05 14:30:59", "On": "2024-03-05", "Yes": "TRUE", "Rate": "1.5"}
    ]


def test_xlsb_and_ods_say_what_they_show() -> None:
    """The same cells by other kinds of spreadsheets; XLSB as Excel writes it, with each cell's column."""
    wanted = {"No": "17", "Came": "2024-03-05 14:30:59", "On": "2024-03-05", "Yes": "TRUE", "Rate": "1.5"}
    folder = Path(__file__).with_name("files")
    assert next(line.values for line in reading.table(File.at(folder / "leads.xlsb")).lines()) == wanted
    cells = "".join(
        f"<table:table-cell office:value-type={kind}>{text}</table:table-cell>"
        for kind, text in (
            ('"float" office:value="17"', "<text:p>17</text:p>"),
            ('"date" office:date-value="2024-03-05T14:30:59"', "<text:p>5 March</text:p>"),
            ('"date" office:date-value="2024-03-05"', "<text:p>5 March</text:p>"),
            ('"boolean" office:boolean-value="true"', "<text:p>yes</text:p>"),
            ('"float" office:value="1.5"', "<text:p>1.50</text:p>"),
        )
    )
    heads = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{name}</text:p></table:table-cell>' for name in wanted
    )
    spaces = " ".join(
        f'xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0"' for one in ("office", "table", "text")
    )
    content = (
        f"<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name='Leads'>"
        f"<table:table-row>{heads}</table:table-row><table:table-row>{cells}</table:table-row>"
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    manifest = b'<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    data = packed(("mimetype", kind), ("META-INF/manifest.xml", manifest), ("content.xml", content.encode()))
    found = values(data)[0]
    assert found["Came"].startswith("2024-03-05")
    assert {name: found[name] for name in ("No", "Yes", "Rate")} == {
        name: wanted[name] for name in ("No", "Yes", "Rate")
    }


def test_a_spreadsheet_that_would_be_read_in_part_is_refused() -> None:
    """XLSB as some web applications write it, without the columns of cells."""
    with pytest.raises(Unreadable, match="cells are written short; save it as XLSX"):
        reading.table(File.at(Path(__file__).with_name("files") / "short.xlsb"))


def test_of_several_sheets_the_one_that_has_the_columns_is_meant() -> None:
    """Where that tells; otherwise they are named."""
    data = book(
        ("Notes", [["hello", "there"], ["x", "y"]]), ("Empty", []), ("Leads", [["No", "Came"], ["1", "2026-01-05"]])
    )
    assert reading.parts(File.of("x", data)) == ["Notes", "Leads"]
    assert values(data, needed=("Came",)) == [{"No": "1", "Came": "2026-01-05"}]
    assert values(data, Layout(part="Notes")) == [{"hello": "x", "there": "y"}]
    with pytest.raises(Unreadable, match="several tables: Notes, Leads"):
        values(data)
    with pytest.raises(Unreadable, match="no part 'Lead'; it has Notes, Leads"):
        values(data, Layout(part="Lead"))


def test_what_stands_beside_the_headings_is_not_cut_off() -> None:
    """A column without a heading has a number for its name."""
    assert values(book(("A", [["No", "Came"], ["1", "2026-01-05", "call back"]])))[0]["Column 3"] == "call back"


def test_a_protected_or_broken_spreadsheet_says_so() -> None:
    """One sentence, and what to do."""
    whole, locked = book(("A", [["No"], ["1"]])), io.BytesIO()
    OOXMLFile(io.BytesIO(whole)).encrypt("secret", locked)
    for data, says in (
        (locked.getvalue(), "protected by a password"),
        (whole[:1500], "damaged"),
        (whole[:-200], "damaged"),
    ):
        with pytest.raises(Unreadable, match=says):
            values(data)
    torn = bytearray(whole)
    torn[whole.index(b"xl/worksheets/sheet1.xml") + 40] ^= 255
    with pytest.raises(Unreadable, match=r"damaged|no spreadsheet"):
        values(bytes(torn))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"%PDF-1.7", "is a PDF"),
        (b"<!DOCTYPE html><table>", "is a web page"),
        (b'{"leads": [1]}', "is JSON"),
        (bytes(range(256)) * 20, "no text that can be read"),
        (b"SQLite format 3\0", "handoff sync"),
    ],
)
def test_what_holds_no_table_is_refused_with_what_it_is(data: bytes, says: str) -> None:
    """One sentence, and what to give instead."""
    with pytest.raises(Unreadable, match=says):
        values(data)


def test_gzip_and_zip_are_unpacked() -> None:
    """A spreadsheet in a zip too; what a Mac adds to one is no file of it."""
    text = b"No,Came\n1,2026-01-05\n"
    assert values(gzip.compress(text)) == values(text)
    assert values(packed(("a.csv", text), ("__MACOSX/a.csv", b"x"))) == values(text)
    assert values(packed(("a.xlsx", book(("A", [["No", "Came"], [1, "2026-01-05"]]))))) == values(text)
    both = packed(("a.csv", text), ("b.csv", b"No,Seen\n1,2026-01-09\n"))
    assert values(both, needed=("Seen",)) == [{"No": "1", "Seen": "2026-01-09"}]
    with pytest.raises(Unreadable, match=r"several tables: a\.csv, b\.csv"):
        values(both)


def packed(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def test_a_damaged_or_protected_archive_says_so() -> None:
    """One sentence, no traceback."""
    whole = packed(("x.csv", b"No,Came\n" + b"1,2026-01-01\n" * 50))
    with pytest.raises(Unreadable, match="damaged"):
        values(whole.replace(b"2026-01-01", b"2026-01-02", 1))
    with pytest.raises(Unreadable, match="damaged"):
        values(gzip.compress(b"No,Came\n" * 500)[:-9])
    flagged = bytearray(whole)
    flagged[6] |= 1  # the local header's flags, and the directory's
    flagged[whole.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(Unreadable, match="password"):
        values(bytes(flagged))


def test_an_archive_that_unpacks_to_too_much_is_refused(monkeypatch) -> None:
    """Some hundred bytes can say a gigabyte; an archive that lies about its size is read no further than it says."""
    text = b"No,Came\n" + b"1,2026-01-01\n" * 100_000
    whole = packed(("x.csv", text), method=zipfile.ZIP_DEFLATED)
    assert len(whole) < 10_000
    monkeypatch.setattr(files, "MOST_BYTES", 1_300_007)
    with pytest.raises(Unreadable, match="unpacks to 1,300,008 bytes, the most is 1,300,007; give it in parts"):
        values(whole)
    with pytest.raises(Unreadable, match="unpacks to more than 1,300,007 bytes; give it in parts"):
        values(gzip.compress(text))
    lies = bytearray(whole)
    size_at = whole.index(b"PK\x01\x02") + 24
    lies[size_at : size_at + 4] = (100).to_bytes(4, "little")
    with pytest.raises(Unreadable, match="damaged"):
        values(bytes(lies))


# ---------------------------------------------------------------- the messy files beside this checkout


def messy() -> Iterator[Path]:
    return (
        path for path in sorted(MESSY.rglob("*")) if path.suffix in (".csv", ".tsv", ".xls", ".xlsx", ".gz", ".txt")
    )


def test_every_messy_file_comes_in_whole_or_is_refused_with_a_reason() -> None:
    """No line of any of them is lost: each is a row, part of one, or above the headings."""
    if not MESSY.exists():
        pytest.skip(
            "the shared messy files are not beside this checkout; the tests above hold the behaviour on made ones"
        )
    refused = {}
    for path in messy():
        for part in reading.parts(File.at(path)) or [None]:
            try:
                table = reading.table(File.at(path), Layout(part=part))
            except Unreadable as why:
                refused[path.name] = str(why)
                continue
            lines = list(table.lines())
            assert all(line.fault or list(line.values) == table.headings for line in lines), path
            assert all(line.text for line in lines if line.fault and "NUL" not in line.fault), path
    assert refused == {"empty.csv": "empty.csv is empty; it must hold column headings and rows below them"}


@pytest.mark.parametrize("path", sorted((MESSY / "csv-spectrum").glob("*.csv")), ids=lambda path: path.stem)
def test_the_spectrum_of_csv_files_says_what_their_json_says(path: Path) -> None:
    """Commas, quotes, newlines and JSON in cells."""
    wanted = json.loads(path.with_suffix(".json").read_text())
    found = [line.values for line in reading.table(File.at(path), Layout(headings=1)).lines()]
    assert found == [
        {name: text.replace("\r\n", "\n") if "crlf" not in path.stem else text for name, text in one.items()}
        for one in wanted
    ]


@pytest.mark.parametrize("kind", ["xls", "xlsx"])
def test_a_spreadsheet_says_what_its_csv_says(kind: str) -> None:
    """The same rows by two ways."""
    file, same = MESSY / f"csvkit_examples/test.{kind}", MESSY / f"csvkit_examples/test{kind}_converted.csv"
    if not file.exists():
        pytest.skip("the shared messy files are not beside this checkout")
    sheet = [list(line.values.values()) for line in reading.table(File.at(file)).lines()]
    text = [list(line.values.values()) for line in reading.table(File.at(same)).lines()]
    assert [row[0] for row in sheet] == [row[0] for row in text]
    assert [row[1] for row in sheet] == [row[1] for row in text]
