"""Whatever a file says in whatever way it is written, the database says the same, and nothing of it is lost or carried out."""

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access import formulas, practice
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.importing import batches, mapping, planning, rejects
from data_access.importing import reading as files
from data_access.importing.files import File
from tests.conftest import empty as emptied
from tests.factories import NOW

ZONE = ZoneInfo("America/New_York")
MAPPING: dict[str, Any] = {
    "source_system": "made",
    "zone": "America/New_York",
    "fields": {
        "id": "Id",
        "received": "Came",
        "kind": {"constant": "scheduling"},
        "pathway": {"constant": "patient"},
        "channel": {"column": "How", "values": {"Telefon": "phone", "Post": "email"}, "blank": "not_recorded"},
        "location": "Ort",
        "partner": "Von",
        "source": "Quelle",
        "attended": "Da",
    },
}
HEADINGS = ("Id", "Came", "How", "Ort", "Von", "Quelle", "Da")
NAUGHTY = (
    "' OR 1=1; --", '"; DROP TABLE leads; --', "<script>alert(1)</script>", "**bold** _and_ `code`", "{{7*7}}", "${HOME}",
    "[here](https://evil.example)", "![x](https://evil.example/p.png)", ":red[warning]", "$\\frac{1}{0}$", "%s %d %n", "=1+1",
    "+1", "-1", "@SUM(A1)", "=cmd|'/c calc'!A0", "nan", "None", "NULL", "true", "undefined", "0", "1e309", "\u202eesrever",
    "\u200bzero width", "A\u0301 combined", "Straße", "ＦＵＬＬ ＷＩＤＴＨ", "İstanbul", "\U0001f9d1\u200d⚕️ clinic",
    "مركز الشمال", "東京クリニック", "../../etc/passwd", "C:\\clinic\\", "a,b;c|d\te", 'say "hello"', "O'Hara & Sons",
    "x" * 200, "\ufeffmark", "line one\nline two", "  spaces   within  ", "'=quoted", "''=twice",
)  # fmt: skip
"""Texts that have broken other programs; each may be somebody's name for something."""


@dataclass(frozen=True)
class Row:
    """One lead, as its file means it."""

    id: str
    came: datetime
    timed: bool
    how: str
    place: str
    partner: str
    source: str
    seen: date | None


_INVISIBLE = ("Cc", "Cf", "Zs", "Zl", "Zp")
PLAIN = st.text(st.characters(min_codepoint=33, max_codepoint=0xFF, exclude_categories=_INVISIBLE), max_size=12)
NAME = PLAIN.filter(lambda text: text.strip())
MOMENT = st.datetimes(datetime(2020, 1, 1), datetime(2026, 10, 1)).map(lambda at: at.replace(second=0, microsecond=0))  # noqa: DTZ001
ROW = st.builds(
    Row, id=NAME, came=MOMENT, timed=st.booleans(), how=st.sampled_from(["Telefon", "Post", "fax", ""]), place=NAME,
    partner=PLAIN, source=PLAIN, seen=st.none() | st.dates(date(2020, 1, 1), date(2026, 10, 1)),
)  # fmt: skip
WAYS = {"dmy": "%d.%m.%Y", "mdy": "%m/%d/%Y", "iso": "%Y-%m-%d", "name": "%d %b %Y", "short": "%d/%m/%y"}


def written(rows: list[Row], way: str) -> list[list[str]]:
    """The rows as a file says them, with one day that leaves no doubt about the order."""

    def said(at: datetime | date, timed: bool) -> str:
        return at.strftime(WAYS[way]) + (f" {at:%H:%M}" if timed else "")

    table = [
        [r.id, said(r.came, r.timed), r.how, r.place, r.partner, r.source, said(r.seen, False) if r.seen else ""]
        for r in rows
    ]
    sure = datetime(2025, 1, 31)  # noqa: DTZ001
    return [list(HEADINGS), *table, ["the sure one", said(sure, False), "fax", "Sure", "", "", said(sure, False)]]


def as_text(table: list[list[str]], encoding: str, delimiter: str, quoting: int, newline: str, title: bool) -> bytes:
    out = io.StringIO()
    if title:
        out.write(f"Our leads{newline}{newline}")
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=newline).writerows(table)
    return out.getvalue().encode(encoding)


def as_sheet(table: list[list[str]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate(table):
            for column, cell in enumerate(row):
                sheet.write_string(place, column, cell)
    return out.getvalue()


def bring(engine: sa.Engine, data: bytes, data_mapping: dict[str, Any] = MAPPING) -> tuple[batches.Result, str]:
    plan, out = planning.plan([File.of("leads", data)], mapping.parse(data_mapping)), io.StringIO()
    return batches.run(engine, plan, now=NOW, reject=rejects.writer(out, plan.headings)), out.getvalue()


def kept(engine: sa.Engine) -> dict[str, tuple[Any, ...]]:
    """What the database holds of each lead, by its id there."""
    c = t.leads.c
    query = (
        sa.select(c.source_key, c.received_at, c.received_precision, c.channel, t.locations.c.name, t.partners.c.name,
                  t.sources.c.name, c.attended_at)
        .join(t.locations).outerjoin(t.partners, t.partners.c.id == c.partner_id).outerjoin(t.sources)
    )  # fmt: skip
    with reading(engine) as connection:
        return {row[0]: tuple(row[1:]) for row in connection.execute(query)}


def squeezed(text: str) -> str:
    return " ".join(text.split())


def meant(row: Row, partners: dict[str, str]) -> tuple[Any, ...]:
    came = row.came if row.timed else datetime.combine(row.came.date(), time())
    word = {"Telefon": "phone", "Post": "email", "fax": "fax", "": "not_recorded"}[row.how]
    seen = datetime.combine(row.seen, time(), tzinfo=ZONE).astimezone(UTC) if row.seen else None
    partner = squeezed(row.partner)
    return (
        came.replace(tzinfo=ZONE).astimezone(UTC), "minute" if row.timed else "day", word, squeezed(row.place),
        partners.setdefault(practice.name_key(partner), partner) if partner else None, squeezed(row.source) or None, seen,
    )  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(ROW, max_size=8, unique_by=lambda row: row.id.strip()),
    way=st.sampled_from(list(WAYS)),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    newline=st.sampled_from(["\n", "\r\n"]),
    title=st.booleans(),
    sheet=st.booleans(),
)
def test_what_a_file_says_is_what_the_database_holds(
    sqlite_database: sa.Engine, rows: list[Row], way: str, encoding: str, delimiter: str, quoting: int, newline: str,
    title: bool, sheet: bool,
) -> None:  # fmt: skip
    """In every order of days and months, encoding, delimiter and quoting, and as a spreadsheet; a second time adds nothing."""
    emptied(sqlite_database)
    with writing(sqlite_database) as c:
        practice.found(c, "Made", "America/New_York")
    table = written(rows, way)
    told = MAPPING if sheet else MAPPING | {"file": {"delimiter": delimiter, "encoding": encoding}}
    if way == "short":  # of three numbers of two digits, nothing tells which is the year
        dated = {name: {"column": MAPPING["fields"][name], "order": "dmy"} for name in ("received", "attended")}
        told = told | {"fields": MAPPING["fields"] | dated}
    data = as_sheet(table) if sheet else as_text(table, encoding, delimiter, quoting, newline, title)
    result, rejected = bring(sqlite_database, data, told)
    assert (result.added, rejected.count("\n")) == (len(rows) + 1, 1), rejected
    partners: dict[str, str] = {}
    wanted = {row.id.strip(): meant(row, partners) for row in rows}
    found = kept(sqlite_database)
    found.pop("the sure one")
    assert found == wanted
    assert bring(sqlite_database, data, told)[0].unchanged == len(rows) + 1


@pytest.mark.parametrize("kind", ["text", "sheet"])
def test_naughty_texts_come_in_as_they_are(empty: sa.Engine, kind: str) -> None:
    """As the name of a location, a partner, a source and as an id; spaces and newlines within are one space."""
    rows = [Row(text.strip(), datetime(2026, 1, 31), False, "", text, text, text, None) for text in NAUGHTY]  # noqa: DTZ001
    table = written(rows, "iso")
    data = as_sheet(table) if kind == "sheet" else as_text(table, "utf-8", ",", csv.QUOTE_MINIMAL, "\n", False)
    result, rejected = bring(empty, data)
    assert (result.added, result.rejected) == (len(rows) + 1, 0), rejected
    partners: dict[str, str] = {}
    found = kept(empty)
    for row in rows:
        assert found[row.id] == meant(row, partners), row.id


def test_naughty_rejected_rows_are_inert_and_come_back_whole(empty: sa.Engine) -> None:
    """No cell of the file can be carried out; corrected, its rows say again what they said."""
    rows = [Row(text.strip(), datetime(2026, 1, 31), False, "", text, text, text, None) for text in NAUGHTY]  # noqa: DTZ001
    table = written(rows, "iso")
    for row in table[1:-1]:
        row[1] = "soon"
    result, rejected = bring(empty, as_text(table, "utf-8", ",", csv.QUOTE_ALL, "\n", False))
    assert (result.added, result.rejected) == (1, len(rows))
    cells = [cell for line in csv.reader(io.StringIO(rejected)) for cell in line]
    assert not [cell for cell in cells if cell.startswith(formulas.BEGINNINGS)]
    lines = [line.values for line in files.table(File.of("rejects", rejected.encode())).lines()]
    assert [list(line.values()) for line in lines] == [[cell.strip() for cell in row] for row in table[1:-1]]
    corrected = rejected.replace("soon", "2026-01-31")
    result, rejected = bring(empty, corrected.encode())
    assert (result.added, result.rejected) == (len(rows), 0), rejected


@given(st.text())
def test_a_cell_made_inert_is_itself_again(text: str) -> None:
    """Whatever it says; and what is inert begins no formula."""
    assert formulas.restored(formulas.inert(text)) == text
    assert not formulas.inert(text).startswith(formulas.BEGINNINGS)
