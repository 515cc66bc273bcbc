"""Rules that name some of a lead's keys and leave the others open: the most specific one in force wins.

Windows, routes and rules of follow-up are such rules. A key that a rule leaves open is None; every rule carries the day from
which it holds, and of two that name the same keys the newer one does.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Table

Rule = Mapping[str, Any]


def put(connection: Connection, table: Table, names: Sequence[str], rule: Rule, said: str) -> None:
    """Put a rule in force from its `effective_from` on; one for the same keys from the same day is replaced.

    Parameters
    ----------
    names : sequence of str
        The columns that are keys; those that `rule` lacks are left open.
    said : str
        What such a rule is called, for the error.

    Raises
    ------
    ValueError
        When another rule is as specific and could fit the same lead: neither would win.
    """
    rule = {**dict.fromkeys(names), **rule}
    require_winner(map(dict, connection.execute(sa.select(table)).mappings()), names, rule, said)
    connection.execute(
        sa.delete(table).where(table.c.effective_from == rule["effective_from"], *same(table, names, rule))
    )
    connection.execute(sa.insert(table).values(**rule))


def require_winner(others: Iterable[Rule], names: Sequence[str], rule: Rule, said: str) -> None:
    """Raise ValueError when another rule is as specific and could fit the same lead; parameters as for `put`."""
    for other in others:
        if specificity(other, names) == specificity(rule, names) and _rivals(rule, other, names):
            raise ValueError(
                f"the {said} for {say(rule, names)} is as specific as the one for {say(other, names)}, and a lead can fit "
                "both; name one thing more, or one thing less"
            )


def same(table: Table, names: Sequence[str], rule: Rule) -> list[sa.ColumnElement[bool]]:
    """The conditions for rules that name the same keys."""
    return [table.c[name] == rule[name] if rule[name] is not None else table.c[name].is_(None) for name in names]


def best(rules: Iterable[Rule], lead: Rule, names: Sequence[str], day: date) -> Rule | None:
    """The rule that holds for a lead on a day; None where none fits.

    Parameters
    ----------
    lead : mapping
        What the lead has in each of `names`.
    """
    fitting = (
        rule
        for rule in rules
        if rule["effective_from"] <= day and all(rule[name] in (None, lead[name]) for name in names)
    )
    return max(fitting, key=lambda r: (specificity(r, names), r["effective_from"], r["id"]), default=None)


def in_force(connection: Connection, table: Table, names: Sequence[str], day: date) -> list[dict[str, Any]]:
    """The rules in force on a day, the most specific first."""
    query = sa.select(table).where(table.c.effective_from <= day)
    found = newest(map(dict, connection.execute(query).mappings()), names, day)
    return sorted(found, key=lambda rule: (-specificity(rule, names), rule["id"]))


def newest(rules: Iterable[dict[str, Any]], names: Sequence[str], day: date) -> list[dict[str, Any]]:
    """Of the rules that hold on a day and name the same keys, the newest."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for rule in sorted(rules, key=lambda rule: (rule["effective_from"], rule["id"])):
        if rule["effective_from"] <= day:
            found[tuple(rule[name] for name in names)] = rule
    return list(found.values())


def specificity(rule: Rule, names: Sequence[str]) -> int:
    """How many keys a rule names."""
    return sum(rule[name] is not None for name in names)


def say(rule: Rule, names: Sequence[str]) -> str:
    """The keys that a rule names, in words."""
    named = [f"{name.removesuffix('_id')} {rule[name]}" for name in names if rule[name] is not None]
    return " and ".join(named) or "everything"


def _rivals(rule: Rule, other: Rule, names: Sequence[str]) -> bool:
    pairs = [(rule[name], other[name]) for name in names]
    return any(a != b for a, b in pairs) and all(a == b or a is None or b is None for a, b in pairs)
