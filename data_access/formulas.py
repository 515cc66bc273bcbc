"""Cells that a spreadsheet would carry out as formulas, made texts on the way out, and themselves again on the way in."""

BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")


def inert(value: str) -> str:
    """A value as a cell that no spreadsheet carries out: with a quote before it, if it could be."""
    return f"'{value}" if value.lstrip("'").startswith(BEGINNINGS) else value


def restored(value: str) -> str:
    """The value of a cell that was made inert."""
    return value[1:] if value.startswith("'") and value.lstrip("'").startswith(BEGINNINGS) else value
