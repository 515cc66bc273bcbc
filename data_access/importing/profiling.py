"""What the columns of a table hold, from a first look at its rows."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice

from data_access.importing.dates import Evidence
from data_access.importing.reading import Table

LOOKED_AT = 5_000
"""So many rows are looked at for a guess; what is settled is settled over all of them."""
MANY = 200


@dataclass
class Column:
    """One column.

    Attributes
    ----------
    filled : int
        How many of its rows say something.
    values : Counter of str
        What they say and how often, as long as there are no more than MANY.
    distinct : int
        How many different values there are.
    evidence : Evidence
        How its dates are written, as far as it has any.
    """

    name: str
    rows: int = 0
    filled: int = 0
    values: Counter[str] = field(default_factory=Counter)
    distinct: int = 0
    evidence: Evidence = field(default_factory=lambda: Evidence(""))

    @property
    def has_dates(self) -> bool:
        """Whether most of what it says is a date; what is none will be rejected with its reason."""
        return self.filled > 0 and self.evidence.seen * 3 >= self.filled * 2

    @property
    def is_id(self) -> bool:
        """Whether every row says something, and each something else."""
        return self.rows > 0 and self.filled == self.rows == self.distinct

    @property
    def few(self) -> bool:
        """Whether it says few things, over and over: a list to choose from."""
        return 0 < self.distinct <= MANY and (self.distinct <= 12 or self.distinct * 2 <= self.filled)

    @property
    def example(self) -> str:
        """What it says most often, or first."""
        return next((value for value, _ in self.values.most_common(1)), "")


def columns(table: Table) -> list[Column]:
    """The columns of a table, by its first rows."""
    found = [Column(name, evidence=Evidence(name)) for name in table.headings]
    seen: list[set[str]] = [set() for _ in found]
    for line in islice((line for line in table.lines() if not line.fault), LOOKED_AT):
        for column, known in zip(found, seen, strict=True):
            value = line.values.get(column.name, "")
            column.rows += 1
            if not value:
                continue
            column.filled += 1
            known.add(value)
            if value in column.values or len(column.values) <= MANY:
                column.values[value] += 1
            column.evidence.add(line.number, value)
    for column, known in zip(found, seen, strict=True):
        column.distinct = len(known)
    return found
