"""Mappings: checked before a row is read, and errors that name the nearest valid entry."""

from pathlib import Path

import pytest

from data_access.importing import mapping
from data_access.importing.files import Unreadable
from data_access.importing.mapping import BadMapping
from tests.imports import MAPPING, planned

TWO_ORDERS = (("booked", "dmy"), ("attended", "mdy"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"fields": {"recieved": "x"}}, "did you mean 'received'"),
        ({"zone": "Mars/Olympus"}, "not a time zone"),
        ({"source_system": None}, "lacks 'source_system'"),
        ({"fields": MAPPING["fields"] | {"kind": {"constant": "sceduling"}}}, "did you mean 'scheduling'"),
        ({"fields": MAPPING["fields"] | {"booked": {"column": "Booked", "order": "yyy"}}}, "dmy"),
        ({"fields": MAPPING["fields"] | {"partner": {"colum": "From"}}}, "did you mean 'column'"),
        ({"fields": MAPPING["fields"] | {"received": {"constant": "2026-01-01"}}}, "needs a column"),
        ({"fields": MAPPING["fields"] | {"kind": {"constant": 5}}}, "constant must be a text"),
        ({"fields": MAPPING["fields"] | {"closed": {"column": "Ended", "when": "Lost"}}}, "when must be a table"),
        (
            {"fields": MAPPING["fields"] | {"closed": {"column": "Ended", "when": {"Lost": False}}}},
            "when must be a table",
        ),
        ({"fields": MAPPING["fields"] | {"booked": {"earliest": 5}}}, "must be a list"),
        ({"join": ["No"]}, "join must be a text"),
        ({"fields": 5}, r"must be a table"),
        ({"fields": MAPPING["fields"] | {f: {"column": "d", "order": o} for f, o in TWO_ORDERS}}, "two orders"),
    ],
)
def test_a_wrong_mapping_names_the_nearest_valid_entry(change: dict, says: str) -> None:
    """Before a row is read."""
    data = {k: v for k, v in (MAPPING | change).items() if v is not None}
    with pytest.raises(BadMapping, match=says):
        mapping.parse(data)


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    """And nothing is written."""
    (tmp_path / "x.csv").write_text("No,Received\n1,2026-01-01\n")
    with pytest.raises(Unreadable, match=r"no column 'Booked'.*found: No, Received"):
        planned([tmp_path / "x.csv"], mapping.parse(MAPPING))


def test_a_mapped_column_in_two_files_is_asked_about(tmp_path: Path) -> None:
    """Which of them was meant cannot be known."""
    (tmp_path / "a.csv").write_text("key,came,seen\nA,2026-01-05,\n")
    (tmp_path / "b.csv").write_text("key,seen\nA,2026-01-09\n")
    constants = {"kind": "scheduling", "pathway": "patient", "channel": "phone", "location": "Here"}
    fields = {name: {"constant": value} for name, value in constants.items()} | {"received": "came", "attended": "seen"}
    made = mapping.parse(MAPPING | {"join": "key", "fields": fields})
    with pytest.raises(Unreadable, match="both have the column 'seen'"):
        planned([tmp_path / "a.csv", tmp_path / "b.csv"], made)


@pytest.mark.parametrize("name", ["referrals", "olist", "noshow"])
def test_shipped_mappings_load(name: str) -> None:
    """By name."""
    assert mapping.load(name).fields["received"].columns
