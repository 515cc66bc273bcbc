"""The real files beside this checkout give the figures that were computed from them in another way."""

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from data_access import practice
from data_access.engine import writing
from data_access.importing import mapping
from data_access.importing.batches import Result
from tests.cases import SHARED
from tests.imports import bring, counts

FILES = {
    "referrals": ["referrals/referrals.csv"],
    "olist": ["olist/olist_marketing_qualified_leads_dataset__dmy.csv", "olist/olist_closed_deals_dataset__dmy.csv"],
    "noshow": ["noshow/appointments.csv.zip"],
}


def real(name: str) -> list[Path]:
    return [beside(file) for file in FILES[name]]


def beside(file: str) -> Path:
    """A shared file; where the folder is not, the test is left out, and says so."""
    path = SHARED / "data" / file
    if not path.exists():
        pytest.skip(
            "the shared real files are not beside this checkout; the tests above hold the behaviour on made ones"
        )
    return path


def expected(name: str) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(beside("expected.json").read_text())[name]
    return figures


def metrics(engine: sa.Engine, *arguments: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    from dashboard.cli import main

    url = engine.url.render_as_string(hide_password=False)
    assert main(["metrics", *arguments, "--json", "--database", url]) == 0
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed


def bring_in(engine: sa.Engine, name: str, folder: Path) -> Result:
    return bring(engine, real(name), mapping.load(name), folder / "rejects.csv")


def test_the_referral_file_gives_its_figures(empty: sa.Engine, tmp_path: Path, capsys) -> None:
    """Own entries at each stage, contradictions, and the sources' rates within ninety days."""
    figures, result = expected("referrals_seed1"), bring_in(empty, "referrals", tmp_path)
    assert counts(result) == (figures["rows"], figures["rows"], 0, 0, figures["scheduled_before_sent"], 0)
    funnel = metrics(empty, "funnel", "--as-of", "2023-03-01", capsys=capsys)
    entered = {row["stage_name"]: row["entered"] for row in funnel["rows"]}
    wanted = figures["funnel_as_of (all rows)"]
    assert entered["captured"] == wanted["sent"]
    assert entered["eligibility"] == wanted["accepted"]
    assert entered["scheduled"] == wanted["scheduled (linked or similar)"]
    assert entered["attended"] == wanted["seen (seen or checked in)"]
    for row in funnel["rows"]:
        assert row["reached"] - row["entered"] == row["skipped"]
    league = metrics(empty, "partners", "--as-of", "2023-03-01", "--horizon", "90", capsys=capsys)
    rows = {row["partner"]: row for row in league["rows"]}
    for name, source in figures["source_top10_seen90_of_all"].items():
        assert (rows[name]["n"], rows[name]["k"]) == (source["n"], source["hits"])
    assert sum(row["partners"] for row in league["rows"]) == figures["sources"]
    clinics = metrics(empty, "funnel", "--as-of", "2023-03-01", "--by", "location", capsys=capsys)
    captured = {row["location"]: row["reached"] for row in clinics["rows"] if row["stage_name"] == "captured"}
    assert captured == {name: clinic["n"] for name, clinic in figures["clinic_seen90_of_all"].items()}


def test_the_marketing_files_give_their_figures(empty: sa.Engine, tmp_path: Path, capsys) -> None:
    """842 of 8,000, by origin; unknown and blank stay apart; one deal closed before it began."""
    figures, result = expected("olist_dmy"), bring_in(empty, "olist", tmp_path)
    assert counts(result) == (8000, 8000, 0, 0, len(figures["won_before_first_contact"]), 0)
    funnel = metrics(empty, "funnel", "--by", "source", capsys=capsys)
    got = {}
    for row in funnel["rows"]:
        if row["stage_name"] in ("captured", "attended"):
            got.setdefault(row["source"], []).append(row["reached"])
    wanted = {name: [origin["n"], origin["hits"]] for name, origin in figures["by_origin"].items()}
    wanted["Not given"] = wanted.pop("(blank)")
    assert got == wanted
    assert counts(bring_in(empty, "olist", tmp_path)) == (8000, 0, 0, 8000, 1, 0)


def test_the_appointment_file_gives_its_figures(sqlite_database: sa.Engine, tmp_path: Path, capsys) -> None:
    """88,208 of 110,527 came; by the weekday as written, by location, and five booked after their day."""
    with writing(sqlite_database) as c:
        practice.found(c, "Clinics", "America/Sao_Paulo")
    figures, result = expected("noshow"), bring_in(sqlite_database, "noshow", tmp_path)
    n = figures["appointments"]
    assert counts(result) == (n, n, 0, 0, len(figures["booked_after_appointment_rows"]), 0)
    for by, wanted in (("visit_weekday", figures["show_by_weekday"]), ("location", figures["show_by_location_top10"])):
        rows = metrics(sqlite_database, "funnel", "--by", by, capsys=capsys)["rows"]
        reached = {(row[by], row["stage_name"]): row["reached"] for row in rows}
        assert sum(v for (_, stage), v in reached.items() if stage == "attended") == figures["attended"]
        for name, group in wanted.items():
            assert (reached[name, "captured"], reached[name, "attended"]) == (group["n"], group["hits"])
        if by == "location":
            assert len({name for name, _ in reached}) == figures["locations"]
    bins = {"Same day": "0", "1-3 days": "1-3", "4-7 days": "4-7", "8-14 days": "8-14", "15-30 days": "15-30",
            "31-60 days": "31-60", "Over 60 days": "61+", "Not known": "negative (invalid)"}  # fmt: skip
    for by, wanted, names in (
        ("lead_time", figures["show_by_lead_time_days"], bins),
        ("start_weekday", figures["show_by_weekday"], {day: day for day in figures["show_by_weekday"]}),
    ):
        rows = metrics(sqlite_database, "attendance", "--by", by, capsys=capsys)["rows"]
        assert {names[row[by]]: (row["counted"], row["attended"]) for row in rows} == {
            name: (group["n"], group["hits"]) for name, group in wanted.items()
        }
