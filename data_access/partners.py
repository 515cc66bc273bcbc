"""Referral partners: found by a folded name, retired rather than deleted."""

import unicodedata
from collections.abc import Mapping

import sqlalchemy as sa
from rapidfuzz import fuzz, process
from sqlalchemy import Connection

from data_access.tables import partners
from data_access.vocabulary import PartnerCategory


def name_key(name: str) -> str:
    """What makes two spellings one partner: letters and digits alike in case, width and spacing."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


ALIKE = 88
"""From this likeness on (0 to 100, rapidfuzz's token set ratio) two names may be one partner's."""


def near(connection: Connection, name: str) -> list[tuple[int, str]]:
    """Partners in use whose names are very like a name, the likest first, as (id, name); words may be missing or swapped."""
    query = sa.select(partners.c.id, partners.c.name).where(partners.c.active)
    known = {row.id: row.name for row in connection.execute(query)}
    found = process.extract(name, known, scorer=fuzz.token_set_ratio, processor=name_key, score_cutoff=ALIKE, limit=3)
    return [(int(partner), str(said)) for said, _, partner in found]


def meant(typed: str, known: Mapping[int, str]) -> int | None:
    """The one partner whose name begins with what was typed, word by word: "lakeside fam" means Lakeside Family Medicine.

    None where none does, or more than one.
    """
    words = name_key(typed).split()
    fitting = [
        partner
        for partner, name in known.items()
        if words and len(words) <= len(parts := name_key(name).split())
        and all(part.startswith(word) for word, part in zip(words, parts, strict=False))
    ]  # fmt: skip
    return fitting[0] if len(fitting) == 1 else None


def find(connection: Connection, name: str) -> int | None:
    """The id of the partner of that name, whatever its case and spacing; None where there is none."""
    found = connection.scalar(sa.select(partners.c.id).where(partners.c.name_key == name_key(name)))
    return int(found) if found else None


def find_or_add(connection: Connection, name: str, category: PartnerCategory = PartnerCategory.OTHER) -> int:
    """The id of the partner of that name, whatever its case and spacing; added with the category if there is none.

    Raises
    ------
    ValueError
        When the name is blank.
    """
    key = name_key(name)
    if not key:
        raise ValueError("a partner needs a name")
    if existing := find(connection, name):
        return existing
    added = sa.insert(partners).values(name=" ".join(name.split()), name_key=key, category=category)
    return int(connection.execute(added.returning(partners.c.id)).scalar_one())
