"""Importing for the tests: a small spreadsheet's mapping and rows, and an import from files to a database."""

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from data_access.importing import batches, mapping, planning
from data_access.importing import rejects as rejects_file
from data_access.importing.batches import Result
from data_access.importing.files import File
from data_access.importing.mapping import Mapping
from data_access.importing.planning import Plan
from tests.factories import NOW

MAPPING: dict[str, Any] = {
    "source_system": "spreadsheet",
    "zone": "America/New_York",
    "fields": {
        "id": "No",
        "received": "Received",
        "kind": {"constant": "scheduling"},
        "pathway": {"constant": "patient"},
        "channel": {"column": "How", "values": {"Tel": "phone", "Mail": "email"}},
        "location": "Site",
        "partner": "From",
        "booked": "Booked",
        "attended": {"column": "Seen"},
        "closed": {"column": "Ended", "when": {"Status": ["Lost"]}},
    },
}
HEAD = "No,Received,How,Site,From,Booked,Seen,Ended,Status"


def run(
    engine: sa.Engine, folder: Path, *rows: str, now: datetime = NOW, changes: dict | None = None, **options: Any
) -> Result:
    file = folder / "leads.csv"
    file.write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    return bring(engine, [file], mapping.parse(MAPPING), folder / "rejects.csv", now=now, **options)


def planned(paths: list[Path], mapped: Mapping) -> Plan:
    return planning.plan([File.at(path) for path in paths], mapped)


def bring(
    engine: sa.Engine, paths: list[Path], mapped: Mapping, rejects: Path, now: datetime = NOW, **options: Any
) -> Result:
    plan = planned(paths, mapped)
    with rejects_file.to_file(rejects, plan) as reject:
        return batches.run(engine, plan, now=now, reject=reject, **options)


def counts(result: Result) -> tuple[int, ...]:
    return (result.read, result.added, result.updated, result.unchanged, result.flagged, result.rejected)


def rejected(folder: Path) -> list[dict[str, str]]:
    with (folder / "rejects.csv").open(newline="") as file:
        return list(csv.DictReader(file))


ROWS = (
    "1,13/01/2026,Tel,North,Lakeside,15/01/2026,20/01/2026,,",
    "2,02/02/2026,Mail,South,,,,20/02/2026,Lost",
)
