"""The worked cases that lie beside this checkout; the tests that read them say so loudly where they are missing."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[2] / "shared"


@cache
def all_cases() -> dict[str, dict[str, Any]]:
    """Every worked case by its id; empty where the shared folder is missing."""
    path = SHARED / "cases" / "cases.json"
    return {c["id"]: c for c in json.loads(path.read_text())["cases"]} if path.exists() else {}


def case(name: str) -> dict[str, Any]:
    """One worked case; where the shared folder is missing, the test is skipped and says why."""
    if not all_cases():
        pytest.skip(
            "the shared worked cases are not beside this checkout; the tests beside this one hold the behaviour"
        )
    return all_cases()[name]


def clock_cases() -> list[str]:
    """Names of the cases for the staffed-hours clock."""
    return [n for n, c in all_cases().items() if c["inputs"].get("kind") in ("due", "elapsed", "verdict")] or ["R01"]
