"""Referral partners: found by a folded name, retired rather than deleted."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import sqlalchemy as sa
from rapidfuzz import fuzz, process
from sqlalchemy import Connection

from data_access.lead_rules import NotPossible
from data_access.practice import change_entry, name_key
from data_access.tables import partner_merges, partners
from data_access.vocabulary import PartnerCategory

ALIKE = 88
"""From this likeness on (0 to 100, rapidfuzz's token set ratio) two names may be one partner's."""


def near(connection: Connection, name: str) -> list[tuple[int, str]]:
    """Partners in use whose names are very like a name, the likest first, as (id, name); words may be missing or swapped."""
    found = process.extract(
        name, in_use(connection), scorer=fuzz.token_set_ratio, processor=name_key, score_cutoff=ALIKE, limit=3
    )
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


def silent(connection: Connection) -> frozenset[int]:
    """Partners that want no contact, and those that count for one that wants none."""
    query = sa.select(partners.c.id).where(partners.c.may_contact.is_(False))
    said = set(connection.execute(query).scalars())
    return frozenset(said | {partner for partner, root in roots(connection).items() if root in said})


def require_may_contact(connection: Connection, partner_id: int | None) -> None:
    """Raise `NotPossible` where a partner asked not to be contacted."""
    if partner_id in silent(connection):
        name = connection.scalar(sa.select(partners.c.name).where(partners.c.id == partner_id))
        raise NotPossible(
            f"{name} asked not to be contacted. If they have changed their mind, note that first, under Partners and lists."
        )


def roots(connection: Connection) -> dict[int, int]:
    """For whom a merged partner counts: its id -> the id of the one that goes on. Those that are not merged are not named."""
    into = _into(connection)
    found = {}
    for partner in into:
        root = into[partner]
        while root in into and root != partner:  # a ring cannot be made; if one is there, it must not stop every page
            root = into[root]
        found[partner] = root
    return found


def merged_into(connection: Connection, partner_id: int) -> list[int]:
    """A partner, and all that were merged into it by whatever way."""
    into, group = _into(connection), [partner_id]
    for one in group:
        group += [partner for partner, other in into.items() if other == one and partner not in group]
    return group


def _into(connection: Connection) -> dict[int, int]:
    query = sa.select(partner_merges.c.partner_id, partner_merges.c.into_id).where(partner_merges.c.undone_at.is_(None))
    return {row.partner_id: row.into_id for row in connection.execute(query)}


def in_use(connection: Connection) -> dict[int, str]:
    """Names by id of the partners that are offered: in use, and not merged into another."""
    query = sa.select(partners.c.id, partners.c.name).where(partners.c.active).order_by(partners.c.id)
    gone = roots(connection)
    return {row.id: row.name for row in connection.execute(query) if row.id not in gone}


def alike(connection: Connection) -> list[tuple[tuple[int, str], tuple[int, str]]]:
    """Pairs of partners in use whose names are very like each other, the likest first."""
    known = list(in_use(connection).items())
    keys = [name_key(name) for _, name in known]
    likeness = np.triu(process.cdist(keys, keys, scorer=fuzz.token_set_ratio, score_cutoff=ALIKE, dtype=np.uint8), 1)
    pairs = [(-int(likeness[a, b]), known[a], known[b]) for a, b in zip(*np.nonzero(likeness), strict=True)]
    return [(one, other) for _, one, other in sorted(pairs)]


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
    return change_entry(connection, partners, partner_id, name=name, name_key=key, **values)
