"""A number that was clicked, and the leads behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from zlib import crc32

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import display
from dashboard.charts.response import dots
from dashboard.display import lead_list
from dashboard.formats import stand_out
from dashboard.frame import View
from dashboard.labels import BREAKDOWNS, ORDINAL, called
from dashboard.loaders import names as names_of
from data_access.dimensions import LEADS, Unit
from data_access.tally import Where

_DOTS = 20
_LAST, _ROUNDS = "cells_last_clicked", "cells_rounds"


@dataclass(frozen=True)
class Cell:
    """What was clicked: its name, and which leads it counts."""

    title: str
    where: Where
    unit: Unit = LEADS
    counted_as: str = ""
    oldest_first: bool = False


def breakdown(key: str, offered: Sequence[str], *, optional: bool = False) -> str | None:
    """Ask by what to break down; kept in the URL."""
    return st.selectbox(
        "Break down by",
        [None, *offered] if optional else list(offered),
        key=key,
        bind="query-params",
        format_func=lambda name: BREAKDOWNS[name] if name else "Nothing",
        width=260,
    )


def in_order(table: pd.DataFrame, by: str, size: str) -> pd.DataFrame:
    """Groups in the order in which they are shown: by their own order where they have one, else the largest first."""
    return table.sort_values(by) if by in ORDINAL else table.sort_values([size, by], ascending=[False, True])


def group_dots(
    table: pd.DataFrame, by: str, k: str, n: str, *, heading: str, overall: str, legend: str, name: str, alt: str
) -> tuple[int, str] | None:
    """Compare groups: who stands out in words, and the largest as dots with intervals; the group that was clicked.

    Parameters
    ----------
    table : DataFrame
        One row a group: `by`, the counts `k` of `n`, and their rate with its limits; `target` where there is one.
    overall : str
        Ends the words "the 83 % ...".
    """
    names, every = names_of(by), in_order(table[table[n] > 0], by, n)
    st.subheader(heading)
    if every.empty:
        return None
    st.markdown(stand_out(every, called(names, every[by]), k, n, overall))
    shown = every.head(_DOTS)
    codes = [int(code) for code in shown[by]]
    drawn = shown.assign(met=shown[k], judged=shown[n], target=shown.get("target", float("nan")))
    point = clickable(dots(drawn, called(names, codes), codes, legend), name, alt)
    return (int(point[0]), names.get(int(point[0]), "?")) if point else None


def clickable(figure: go.Figure, name: str, alt: str) -> Any:
    """Show a chart; what was clicked in it last, as the point's customdata, or None.

    The first entry of each point's customdata says what the point is.
    """
    key = _key(name, [[row[0] for row in trace.customdata] for trace in figure.data if trace.customdata is not None])
    state: Any = st.plotly_chart(
        figure,
        key=key,
        on_select=partial(_note, name, key),
        selection_mode="points",
        config={"displayModeBar": False},
        alt=alt,
    )
    points = state.selection.points if state and st.session_state.get(_LAST) == (name, key) else []
    return points[0].get("customdata") if points else None


def clickable_table(
    view: View, rows: pd.DataFrame, headings: Mapping[str, str], alt: str, name: str, identity: Sequence[str]
) -> tuple[int, str] | None:
    """Show a metric's table; the row number and column of the cell that was clicked last, or None.

    Parameters
    ----------
    identity : sequence of str
        Columns that say what a row is. When the rows are others, or in another order, what was clicked is forgotten.
    """
    key = _key(name, rows[list(identity)].to_numpy().tolist())
    state: Any = display.table(
        view, rows, headings, alt, key=key, on_select=partial(_note, name, key), selection_mode="single-cell"
    )
    cells = state.selection.cells if st.session_state.get(_LAST) == (name, key) else []
    return (int(cells[0][0]), str(cells[0][1]).removesuffix(display.INTERVAL)) if cells else None


def _key(name: str, shown: Any) -> str:
    return f"{name}.{crc32(repr(shown).encode()):x}.{st.session_state.get(_ROUNDS, {}).get(name, 0)}"


def _note(name: str, key: str) -> None:
    """Of several charts and tables on a page, the one that was clicked last is answered, and the one before is cleared."""
    before = st.session_state.get(_LAST)
    if before and before[0] != name:
        rounds = st.session_state.get(_ROUNDS, {})
        st.session_state[_ROUNDS] = rounds | {before[0]: rounds.get(before[0], 0) + 1}
    st.session_state[_LAST] = (name, key)


def leads_behind(view: View, cell: Cell | None, *, hint: bool = False) -> None:
    """The leads behind what was clicked, under what it was clicked in; `hint`: how to get there where nothing was."""
    if cell:
        lead_list(
            view, cell.where, cell.title, unit=cell.unit, counted_as=cell.counted_as, oldest_first=cell.oldest_first
        )
    elif hint:
        st.caption("Click a bar, a dot or a number in a table to see the leads behind it.")
