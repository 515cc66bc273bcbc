"""Referral partners: found by a folded name, retired rather than deleted."""

import unicodedata
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from rapidfuzz import fuzz, process
from sqlalchemy import Connection

from data_access.lead_rules import NotPossible
from data_access.tables import partner_merges, partners
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


def require_may_contact(connection: Connection, partner_id: int | None) -> None:
    """Raise `NotPossible` where a partner asked not to be contacted."""
    query = sa.select(partners.c.name).where(partners.c.id == partner_id, partners.c.may_contact.is_(False))
    if name := connection.scalar(query):
        raise NotPossible(
            f"{name} asked not to be contacted. If they have changed their mind, note that first, under Lists."
        )


def roots(connection: Connection) -> dict[int, int]:
    """For whom a merged partner counts: its id -> the id of the one that goes on. Those that are not merged are not named."""
    query = sa.select(partner_merges.c.partner_id, partner_merges.c.into_id).where(partner_merges.c.undone_at.is_(None))
    into = {row.partner_id: row.into_id for row in connection.execute(query)}

    def root(partner: int) -> int:
        return root(into[partner]) if partner in into else partner

    return {partner: root(partner) for partner in into}


def alike(connection: Connection) -> list[tuple[tuple[int, str], tuple[int, str]]]:
    """Pairs of partners in use whose names are very like each other, the likest first."""
    query = sa.select(partners.c.id, partners.c.name).where(partners.c.active).order_by(partners.c.id)
    known = [(row.id, row.name) for row in connection.execute(query)]
    keys = [name_key(name) for _, name in known]
    likeness = process.cdist(keys, keys, scorer=fuzz.token_set_ratio, score_cutoff=ALIKE)
    pairs = [(likeness[a][b], known[a], known[b]) for a in range(len(known)) for b in range(a) if likeness[a][b]]
    return [(one, other) for _, one, other in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2]))]


def change(connection: Connection, partner_id: int | None, name: str, **values: Any) -> int:
    """Change a partner, or add one where `partner_id` is None; its id.

    Parameters
    ----------
    **values
        Columns of `partners`: category, active, may_contact, preferred_contact.

    Raises
    ------
    ValueError
        When the name is blank, or another partner's whatever its case and spacing.
    """
    name, key = " ".join(name.split()), name_key(name)
    if not key:
        raise ValueError("a partner needs a name")
    if (other := find(connection, name)) and other != partner_id:
        raise ValueError(f"there is {name} already; to count two partners as one, merge them")
    row = {"name": name, "name_key": key, **values}
    if partner_id is None:
        return int(connection.execute(sa.insert(partners).values(row).returning(partners.c.id)).scalar_one())
    connection.execute(sa.update(partners).where(partners.c.id == partner_id).values(row))
    return partner_id
