"""Blocks of the funnel page."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard.charts.funnel import PARTS, funnel_bars
from dashboard.formats import percent, plural
from dashboard.frame import View
from dashboard.labels import BREAKDOWNS, ORDINAL, STAGES, called
from dashboard.loaders import names as names_of
from dashboard.screens.cells import Cell, clickable, clickable_table
from data_access.counted import ARE_LEADS, Standing
from data_access.tally import narrower
from data_access.vocabulary import Stage

MULTIPLES = 6

_HEADINGS = {
    "at": "Stage",
    "reached": "Reached",
    "of_captured": "Of captured",
    "of_previous": "Of previous",
    "entered": "Entered|Leads with a step of their own at this stage",
    "skipped": "Skipped|Reached it without a step of its own",
    "lost": "Lost here",
    "waiting": "Waiting here",
    "waiting_moved_back": "Moved back|Of those waiting: stand at an earlier stage now",
    "immature": "Too young|Younger than the horizon, so still growing",
}


def finding(whole: pd.DataFrame) -> str:
    """The finding in one sentence."""
    rows = {Stage(row.stage): row for row in whole.itertuples()}
    captured, scheduled, seen = rows[Stage.CAPTURED], rows[Stage.SCHEDULED], rows[Stage.ATTENDED]
    if not captured.reached:
        return "No lead headed for a visit was received in this period."
    worst = max(list(Stage)[:4], key=lambda stage: rows[stage].lost)
    text = (
        f"Of **{plural(captured.reached, 'lead')}** headed for a visit, **{scheduled.reached:,} "
        f"({percent(scheduled.of_captured)})** were scheduled and **{seen.reached:,} ({percent(seen.of_captured)})** came."
    )
    if lost := rows[worst].lost:
        following = STAGES[Stage(worst + 1)].lower()
        text += f" Most are lost between {STAGES[worst].lower()} and {following}: {lost:,}."
    if captured.immature:
        young = plural(int(captured.immature), "lead")
        text += (
            f" {young} {'is' if captured.immature == 1 else 'are'} too young to be judged; the later stages will grow."
        )
    return text


def beside_each_other(view: View, rows: pd.DataFrame, by: str, names: Mapping[int, str]) -> Cell | None:
    """Funnels of the largest groups, two to a row, on one scale."""
    captured = rows[rows["stage"] == Stage.CAPTURED].sort_values("reached", ascending=False)
    groups = [int(code) for code in captured[by].head(MULTIPLES)]
    if by in ORDINAL:
        groups.sort()
    scale = captured["reached"].max()
    in_a_row = min(len(groups), 2) or 1
    columns = [column for _ in range(0, len(groups), in_a_row) for column in st.columns(in_a_row)]
    clicked = None
    for column, code in zip(columns, groups, strict=False):
        with column:
            figure = funnel_bars(rows[rows[by] == code], STAGES, scale)
            clicked = _one(view, figure, rows[rows[by] == code].iloc[0], {by: (code,)}, names.get(code, "?")) or clicked
    if len(captured) > MULTIPLES:
        st.caption(f"The {MULTIPLES} largest of {len(captured)}; all of them in the table.")
    return clicked


def _one(view: View, figure: go.Figure, captured: Any, group: dict[str, tuple[int, ...]], name: str) -> Cell | None:
    young = f", {captured.immature:,} too young" if captured.immature else ""
    st.markdown(f"**{name}** · {plural(int(captured.reached), 'lead')}{young}")
    key = "funnel_" + "_".join(f"{k}_{v[0]}" for k, v in group.items())
    point = clickable(figure, key, f"Funnel of {name}")
    if not point:
        return None
    stage, part = Stage(int(point[0])), str(point[1])
    did = "came" if stage == Stage.ATTENDED else PARTS[part].lower()
    return _cell(view, group, f"{name}, {STAGES[stage].lower()}, {did}", _keys(stage, part))


def _keys(stage: Stage, column: str) -> dict[str, Sequence[int]]:
    """Which leads a number of the funnel counts, as keys of the facts."""
    bit = {Stage.ELIGIBILITY: 1, Stage.DOCUMENTATION: 2, Stage.SCHEDULED: 4, Stage.ATTENDED: 8}.get(stage)
    here, reached, beyond = (int(stage),), tuple(range(stage, 6)), tuple(range(stage + 1, 6))
    stayed = here if beyond else ()  # nobody waits or is lost at the visit: it is the end
    own = tuple(code for code in range(16) if bit is None or code & bit)
    waiting: dict[str, Sequence[int]] = {"furthest": stayed, "state": (Standing.OPEN,)}
    behind: dict[str, dict[str, Sequence[int]]] = {
        "went_on": {"furthest": beyond or here},
        "waiting": waiting,
        "lost": {"furthest": stayed, "state": (Standing.LOST,)},
        "answered": {"furthest": stayed, "state": (Standing.ANSWERED,)},
        "entered": {"entered": own},
        "skipped": {"furthest": reached, "entered": tuple(code for code in range(16) if code not in own)},
        "waiting_moved_back": {**waiting, "stage_now": tuple(range(stage))},
        "immature": {"furthest": reached, "mature": (0,)},
    }
    return behind.get(column, {"furthest": reached})


def lost(view: View, table: pd.DataFrame) -> Cell | None:
    """Why leads were lost, stage by stage; a click on a count shows them."""
    if table.empty:
        return None
    st.subheader("Why leads were lost, by the stage they had come to")
    reasons = names_of("close_reason")
    named = table.assign(
        at=[STAGES[Stage(stage)] for stage in table["furthest"]],
        why=called(reasons, table["close_reason"]),
    ).sort_values(["furthest", "leads"], ascending=[True, False])
    headings = {"at": "Stage", "why": "Reason", "leads": "Leads"}
    clicked = clickable_table(
        view, named, headings, "Reasons of loss by stage", "funnel_lost", ("furthest", "close_reason")
    )
    if not clicked:
        return None
    row = named.iloc[clicked[0]]
    keys: dict[str, Sequence[int]] = {
        "furthest": (int(row["furthest"]),),
        "close_reason": (int(row["close_reason"]),),
        "state": (Standing.LOST,),
    }
    return _cell(view, {}, f"Lost at {row['at'].lower()}, {row['why'].lower()}", keys)


def _cell(view: View, group: dict[str, tuple[int, ...]], title: str, keys: dict[str, Sequence[int]]) -> Cell:
    return Cell(title, narrower(view.visits, **group, **{"state": ARE_LEADS, **keys}))


def table(view: View, rows: pd.DataFrame, by: str, names: Mapping[int, str]) -> Cell | None:
    """Every count of the funnel; a click on one shows its leads."""
    shown = rows.assign(group=called(names, rows[by]), at=[STAGES[Stage(stage)] for stage in rows["stage"]])
    headings = {"group": BREAKDOWNS[by]} | _HEADINGS
    shown.loc[shown["stage"] == Stage.CAPTURED, ["of_captured_low", "of_captured_high"]] = float("nan")  # all of all
    clicked = clickable_table(view, shown, headings, "Funnel as a table", f"funnel_table_{by}", (by, "stage"))
    if not clicked:
        return None
    row, column = shown.iloc[clicked[0]], clicked[1]
    counted = column if pd.api.types.is_integer_dtype(shown[column]) else "reached"
    title = f"{row['group']}, {row['at'].lower()}, {headings[counted].partition('|')[0].lower()}"
    return _cell(view, {by: (int(row[by]),)}, title, _keys(Stage(int(row["stage"])), column))
