"""Blocks of the stalls page."""

import math
from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from dashboard.charts.work import bars_in_two, stays
from dashboard.formats import minutes, percent, plural
from dashboard.frame import View
from dashboard.labels import BREAKDOWNS, STAGES, called
from dashboard.loaders import names as names_of
from dashboard.screens.cells import Cell, clickable, clickable_table
from data_access.counted import Due, WentTo
from data_access.tally import narrower
from data_access.units import SITUATIONS, SPELLS, STALLED_DAYS
from data_access.vocabulary import Stage

_HOUR = 60
_STAGES = tuple(stage for stage in Stage if stage < Stage.ATTENDED)
_DUE = {"overdue": (Due.OVERDUE,), "today": (Due.TODAY,), "later": (Due.LATER,), "no_step": (Due.NO_STEP,),
        "open": tuple(Due)}  # fmt: skip
_ALL = -1  # in place of a group's code
_DUE_HEADINGS = {
    "open": "Open",
    "overdue": "Overdue",
    "today": "Due today",
    "later": "Later",
    "no_step": "No next step|Nobody planned, promised or booked anything",
}
_STAY_HEADINGS = {
    "at": "Stage",
    "spells": "Stays",
    "went_on": "Went on",
    "went_back": "Back|Returned to an earlier stage",
    "lost": "Lost",
    "open": "Not over yet",
    "over": "Half · 90 % over within",
    "staffed": "In staffed time",
    "now": "Stand for|Days that half, and 90 %, of those who stand here now have stood so far",
    "in_all": "Added up|All stays of one lead in this stage: half, and 90 %, are over within so many days",
}


def finding(stalls: pd.DataFrame, steps: pd.DataFrame) -> str:
    """The finding in one sentence."""
    open_, stalled = int(stalls["open"].sum()), int(stalls["stalled"].sum())
    if not open_:
        return "No lead is open."
    waiting = int(stalls.loc[stalls["waits_for"] > 0, "open"].sum())
    text = f"**{plural(open_, 'lead')}** {'is' if open_ == 1 else 'are'} open; {open_ - waiting:,} of them have their "
    text += f"appointment ahead. Of the **{waiting:,}** that wait for something, "
    text += f"**{stalled:,} ({percent(stalled / max(waiting, 1))})** "
    text += f"have stood in their stage for more than {STALLED_DAYS} days."
    if stalled:
        reasons = stalls.groupby("waits_for")["stalled"].sum().sort_values(ascending=False)
        code, number = int(reasons.index[0]), int(reasons.iloc[0])
        text += f" Most wait for **{names_of('waits_for')[code].lower()}** ({number:,})."
    if len(steps) and (without := int(steps["no_step"].iloc[0])):
        text += f" **{plural(without, 'open lead')}** {'has' if without == 1 else 'have'} no next step."
    return text


def reasons(view: View, table: pd.DataFrame) -> Cell | None:
    """What open leads wait for; a click shows them."""
    by_reason = table[table["waits_for"] > 0].groupby("waits_for", as_index=False)[["open", "stalled"]].sum()
    by_reason = by_reason.assign(fresh=by_reason["open"] - by_reason["stalled"]).sort_values("open", ascending=False)
    if by_reason.empty:
        return None
    st.subheader("What open leads wait for")
    st.caption("All leads that are open, whenever they were received: the period in the sidebar does not apply here.")
    names = names_of("waits_for")
    said = [f"{int(row.stalled):,} of {int(row.open):,} stalled" for row in by_reason.itertuples()]
    parts = {"stalled": f"Stalled, more than {STALLED_DAYS} days in the stage", "fresh": "Not stalled"}
    codes = [int(code) for code in by_reason["waits_for"]]
    figure = bars_in_two(by_reason, [names[code] for code in codes], codes, parts, said)
    point = clickable(figure, "stalls_reasons", "What open leads wait for")
    if not point:
        return None
    code, part = int(point[0]), str(point[1])
    where = narrower(view.whenever(), waits_for=(code,), stalled=(int(part == "stalled"),))
    title = f"Waiting for {names[code].lower()}, {'stalled' if part == 'stalled' else 'not stalled'}"
    return Cell(title, where, SITUATIONS, oldest_first=True)


def matrix(view: View, table: pd.DataFrame) -> Cell | None:
    """Stalled leads by stage and reason; a click on a count shows them."""
    stalled = table[table["stalled"] > 0]
    if stalled.empty:
        return None
    st.subheader("Stalled leads, by stage and reason")
    names = names_of("waits_for")
    wide = stalled.pivot_table(index="waits_for", columns="stage", values="stalled", aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=[int(stage) for stage in _STAGES], fill_value=0).astype("int64")
    wide.columns = [f"stage_{stage}" for stage in wide.columns]
    wide = wide.assign(in_all=wide.sum(axis=1)).sort_values("in_all", ascending=False).reset_index()
    shown = wide.assign(reason=[names[int(code)] for code in wide["waits_for"]])
    headings = {"reason": "Waits for"} | {f"stage_{int(s)}": STAGES[s] for s in _STAGES} | {"in_all": "In all"}
    clicked = clickable_table(
        view, shown, headings, "Stalled leads by stage and reason", "stalls_matrix", ("waits_for",)
    )
    if not clicked:
        return None
    row, column = shown.iloc[clicked[0]], clicked[1]
    stages = (int(column.removeprefix("stage_")),) if column.startswith("stage_") else tuple(map(int, _STAGES))
    at = STAGES[Stage(stages[0])].lower() if len(stages) == 1 else "any stage"
    where = narrower(view.whenever(), waits_for=(int(row["waits_for"]),), stage=stages, stalled=(1,))
    return Cell(f"Stalled at {at}, waiting for {row['reason'].lower()}", where, SITUATIONS, oldest_first=True)


def stay_chart(table: pd.DataFrame) -> None:
    """How long leads stay in each stage."""
    st.subheader("How long leads stay in each stage")
    st.caption("Stays that began in the period, of leads headed for a visit.")
    if table.empty:
        st.markdown("No lead headed for a visit entered a stage in this period.")
        return
    names = [STAGES[Stage(int(code))] for code in table["stage"]]
    figure = stays(table, names, list(table["stage"]))
    st.plotly_chart(figure, key="stalls_stays", config={"displayModeBar": False}, alt="Days in each stage")


def stay_table(view: View, table: pd.DataFrame, by: str | None) -> Cell | None:
    """Every stage, of every group; a click on a count shows the leads."""
    names = names_of(by) if by else {}
    named = table.assign(
        at=[STAGES[Stage(int(code))] for code in table["stage"]],
        over=_both(table, "p", _days),
        staffed=_both(table, "staffed_p", _hours),
        now=_both(table, "open_p", _days),
        in_all=_both(table, "total_p", _days),
    )
    headings, identity = dict(_STAY_HEADINGS), ["stage"]
    if by:
        named = named.assign(group=called(names, table[by]))
        named = named.sort_values(["stage", "spells", by], ascending=[True, False, True])
        headings, identity = {"at": "Stage", "group": BREAKDOWNS[by]} | headings, [by, "stage"]
    clicked = clickable_table(view, named, headings, "Time in each stage", f"stalls_stays_{by}", identity)
    if not clicked:
        return None
    row = named.iloc[clicked[0]]
    stage = Stage(int(row["stage"]))
    column = clicked[1] if clicked[1] in _went(stage) else "spells"
    keys: dict[str, Sequence[int]] = {"stage": (int(stage),), "went_to": _went(stage)[column]}
    if by:
        keys[by] = (int(row[by]),)
    title = f"{row['group']}, {row['at'].lower()}" if by else str(row["at"])
    where = narrower(view.visits, **keys)
    return Cell(f"{title}, {_STAY_HEADINGS[column].partition('|')[0].lower()}", where, SPELLS)


def _both(table: pd.DataFrame, column: str, said: Callable[[float], str]) -> list[str]:
    """Half and nine tenths, side by side; empty where there is nothing to measure."""
    pairs = zip(table[f"{column}50"], table[f"{column}90"], strict=True)
    return ["" if math.isnan(half) and math.isnan(most) else f"{said(half)} · {said(most)}" for half, most in pairs]


def _days(value: float) -> str:
    return "not yet" if math.isnan(value) else f"{value:,.0f} d"


def _hours(value: float) -> str:
    return "not yet" if math.isnan(value) else minutes(value) if value < _HOUR else f"{value / _HOUR:,.0f} h"


def _went(stage: Stage) -> dict[str, tuple[int, ...]]:
    on, back = tuple(range(stage + 1, Stage.ATTENDED + 1)), tuple(range(Stage.CAPTURED, stage))
    return {
        "spells": (WentTo.STANDING, *on, *back, WentTo.LOST, WentTo.NOT_A_LEAD, WentTo.ANSWERED),
        "went_on": on,
        "went_back": back,
        "lost": (WentTo.LOST, WentTo.NOT_A_LEAD),
        "open": (WentTo.STANDING,),
    }


def next_steps(view: View, table: pd.DataFrame, by: str) -> Cell | None:
    """Whose next steps are overdue, due, or missing; a click on a count shows the leads."""
    st.subheader("Next steps of open leads")
    names = names_of(by)
    groups = table.assign(group=called(names, table[by])).sort_values("open", ascending=False)
    named = pd.concat([table[list(_DUE)].sum().to_frame().T.assign(group="In all", **{by: _ALL}), groups])
    headings = {"group": BREAKDOWNS[by]} | _DUE_HEADINGS
    clicked = clickable_table(view, named, headings, "Next steps", f"stalls_steps_{by}", (by,))
    if not clicked:
        return None
    row, column = named.iloc[clicked[0]], clicked[1] if clicked[1] in _DUE else "open"
    whose = {} if row[by] == _ALL else {by: (int(row[by]),)}
    where = narrower(view.whenever(), **whose, due=_DUE[column])
    return Cell(
        f"{row['group']}, {_DUE_HEADINGS[column].partition('|')[0].lower()}", where, SITUATIONS, oldest_first=True
    )
