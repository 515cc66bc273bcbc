"""How like headings and labels are to each other, and to what things are usually called (synonyms.toml)."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

from data_access.practice import name_key

ALIKE = 88
"""From this likeness on (0 to 100) a heading is taken for a synonym."""
SAME = 93
"""From this likeness on two labels may be one."""


@cache
def synonyms() -> dict[str, Any]:
    """What things are called, by what they are."""
    return tomllib.loads(Path(__file__).with_name("synonyms.toml").read_text(encoding="utf-8"))


def plain(text: str) -> str:
    """A heading or a value as it is compared: words in lower case with single spaces."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    words = re.sub(r"[\W_]+", " ", split).casefold().split()
    return " ".join(words) or text.strip().casefold()


def likeness(heading: str, target: str) -> tuple[int, str]:
    """How like a heading is to what a field is called, and to which of its names."""
    names = synonyms()["headings"].get(target, ())
    found = process.extractOne(plain(heading), names, scorer=fuzz.token_sort_ratio)
    return (round(found[1]), found[0]) if found else (0, "")


def alike(labels: Mapping[str, int]) -> list[tuple[str, list[str]]]:
    """Labels that are nearly equal, each group with the label that occurs most often first."""
    left = sorted(labels, key=lambda label: (-labels[label], label))[:1_000]
    groups: list[tuple[str, list[str]]] = []
    while left:
        first = left.pop(0)
        key = name_key(first)
        near = [
            other
            for other in left
            if name_key(other) == key
            or (len(key) > 5 and not _differ_by_number(key, other) and fuzz.ratio(key, name_key(other)) >= SAME)
        ]
        if near:
            groups.append((first, near))
            left = [other for other in left if other not in near]
    return groups


def _differ_by_number(key: str, other: str) -> bool:
    """Whether two labels have other numbers in them: Clinic 11 is not Clinic 12."""
    return re.findall(r"\d+", key) != re.findall(r"\d+", name_key(other))
