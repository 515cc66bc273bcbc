"""What pages show around their numbers: formats, column settings, explanations and empty states."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import explain, labels, loaders, privacy_actions
from dashboard.auth import IMPORT, SEE_LEADS, Viewer
from dashboard.exports import csv_file
from dashboard.formats import interval, local, plural
from dashboard.frame import View
from data_access import facts
from data_access.dimensions import LEADS, Unit
from data_access.tally import Where
from data_access.vocabulary import Channel, CloseReason, Kind, NextStep, Precision, Stage

LEFT_OUT = {
    "not_a_lead": "duplicates, spam and tests",
    "no_visit_in_view": "information and partner requests",
    "no_partner": "without a partner",
    "immature": "too young to be judged",
    "day_only": "known to the day only",
    "missing": "past without a recorded outcome",
    "cancelled_in_time": "cancelled in time",
    "by_practice": "cancelled by the practice",
    "rescheduled": "moved to another day",
    "future": "still to come",
    "undated": "without a day",
    "not_measured": "with an answer known to the day only",
    "dated_before_received": "with the step dated before they were received",
    "pending_answered": "answered, window still running",
    "pending_waiting": "waiting, window still running",
    "answered_live": "answered live",
    "left_out": "not a lead, or withdrawn in time",
    "not_judged": "no promise, or no time of day",
    "none_needed": "need no records",
    "first_day": "their day is not over",
}


def header(
    title: str, metric: Callable[..., Any] | None, view: View, *others: Callable[..., Any], whenever: bool = False
) -> None:
    """The page's title, what is filtered, and how its metrics are counted; `whenever`: the period does not apply to it."""
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.title(title)
        if metric:
            with st.popover("How is this counted?", icon=":material/help:", type="tertiary"):
                for one in (metric, *others):
                    told = explain.blocks(one)
                    if others:
                        st.markdown(f"##### {told['']}")
                    for heading, question in explain.FOR_PEOPLE.items():
                        st.markdown(f"**{question}** {told[heading]}")
    st.caption(view.sentence(whenever=whenever))


def left_out(counts: Mapping[str, int]) -> None:
    """What the numbers above do not count, and how many leads that is."""
    said = [f"{number:,} {LEFT_OUT[why]}" for why, number in counts.items() if number]
    st.caption("Left out: " + ("; ".join(said) if said else "nothing") + ".")


def no_leads(view: View, *, whenever: bool = False) -> bool:
    """Say what to do where there is nothing to count; True if so. `whenever`: the page is not about the period alone."""
    if view.everything:
        if view.matching_whenever if whenever else view.matching:
            return False
        st.info(
            "No lead matches these filters. Widen the period or clear a filter in the sidebar.",
            icon=":material/filter_alt_off:",
        )
        return True
    nothing_yet(view)
    return True


def nothing_yet(view: View) -> None:
    """Say where the first lead comes from."""
    if view.fixed:
        text = f"No lead had been received by {view.today:%d %b %Y}. Choose a later day under **As of**, or clear it."
    elif loaders.locations(view.viewer):
        text = (
            f"This practice has no leads yet. Log the first one under **Log inquiry**, or {how_to_import(view.viewer)}."
        )
    else:
        text = f"This practice has no leads yet: {how_to_import(view.viewer)}."
    st.info(text, icon=":material/inbox:")


def how_to_import(viewer: Viewer) -> str:
    """How the leads that are kept elsewhere come here, for somebody who may bring them in, or may not."""
    return "bring in a file under **Import**" if viewer.may(IMPORT) else "ask a manager to bring in a file"


def lead_list(
    view: View, where: Where, title: str, *, unit: Unit = LEADS, counted_as: str = "", oldest_first: bool = False
) -> None:
    """The leads behind a number of leads or appointments, as they stood at the view's moment."""
    if not view.viewer.may(SEE_LEADS):
        return
    as_of = view.as_of if view.fixed else None
    total, rows = loaders.leads_behind(
        view.viewer, where, view.moment, unit=unit, as_of=as_of, oldest_first=oldest_first
    )
    st.subheader(f"{title}: {plural(total, counted_as or _COUNTED_AS.get(unit.stored, 'lead'))}")
    if total > len(rows):
        st.caption(f"The {'oldest' if oldest_first else 'newest'} {len(rows):,} of them.")
    if rows:
        stage = "Stage then" if view.fixed else "Stage now"
        lead_table(rows, stage)
        if any(row["may_contact"] for row in rows):
            made = partial(_to_take_away, rows, stage)
            download(view.viewer, made, title, about="Without those who do not want to be contacted.")


def _to_take_away(rows: Sequence[Mapping[str, Any]], stage: str) -> list[dict[str, Any]]:
    """Leads as a list that leaves the page: without those who do not want to be contacted."""
    return _lead_rows([row for row in rows if row["may_contact"]], stage)


def download(viewer: Viewer, make: Callable[[], list[dict[str, Any]]], name: str, *, about: str | None = None) -> None:
    """Offer a table as a file; the audit log says who took it.

    Parameters
    ----------
    make : callable
        Its rows, at least one; called when somebody asks for the file.
    about : str, optional
        What to know of it.
    """
    file = re.sub(r"\W+", "-", name.lower()).strip("-")
    st.download_button(
        "Download", partial(_written, viewer, make, name), f"{file}.csv", "text/csv", key=f"download_{file}",
        help=about, type="tertiary", icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def _written(viewer: Viewer, make: Callable[[], list[dict[str, Any]]], name: str) -> bytes:
    rows = make()
    leads = [row["Lead"] for row in rows if "Lead" in row]
    privacy_actions.note_export(loaders.database(), viewer, f"{plural(len(rows), 'row')} of {name}", leads)
    return csv_file.table(list(rows[0]), rows).encode("utf-8-sig")


def lead_table(rows: Sequence[Mapping[str, Any]], stage: str = "Stage now") -> None:
    """Leads as a table, one line each; `stage` heads the column of where they stand."""
    moment = "ddd D MMM YYYY, HH:mm"
    bare = all(row["received_precision"] == Precision.DAY for row in rows)
    st.dataframe(
        _lead_rows(rows, stage),
        hide_index=True,
        column_config={
            "Lead": st.column_config.NumberColumn(format="%d", width="small", pinned=True),
            "Received": st.column_config.DatetimeColumn(format="ddd D MMM YYYY" if bare else moment),
            "Respond by": st.column_config.DatetimeColumn(format=moment),
            "Due": st.column_config.DatetimeColumn(format=moment),
            "First attempt": st.column_config.DatetimeColumn(format=moment),
        },
        alt="Leads",
        placeholder="–",
    )


def _lead_rows(rows: Sequence[Mapping[str, Any]], stage: str) -> list[dict[str, Any]]:
    return [
        {
            "Lead": row["id"],
            "Reference": row["reference"],
            "Received": local(row["received_at"], row["zone"]),
            "Location": row["location"],
            "Partner": row["partner"],
            "Kind": labels.word(Kind(row["kind"])),
            "Channel": labels.word(Channel(row["channel"])),
            stage: labels.STAGES[Stage(row["stage"])],
            "Stands": _standing(row),
            "Respond by": local(row["respond_by"], row["zone"]),
            "First attempt": local(row["first_attempt_at"], row["zone"]),
            "Owner": row["owner"],
            **(_situation(row) if "stage_age" in row else {}),
        }
        for row in rows
    ]


def _situation(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Waits for": loaders.names("waits_for").get(row["waits_for"], "?"),
        "Days in stage": row["stage_age"],
        "Next step": labels.word(NextStep(row["next_step"])) if row["next_step"] else None,
        "Due": local(row["next_step_by"], row["zone"]),
    }


def _standing(row: Mapping[str, Any]) -> str:
    if row["close_reason"]:
        return "Closed: " + labels.word(CloseReason(row["close_reason"])).lower()
    return "Visited" if row["attended_at"] else "Open"


_COUNTED_AS = {facts.APPOINTMENTS: "appointment", facts.ITEMS: "record", facts.SPELLS: "stay"}


INTERVAL = "_interval"
"""Ends the name of the column that stands beside a rate and shows its limits."""


def table(view: View, rows: pd.DataFrame, names: Mapping[str, str], alt: str, **options: Any) -> Any:
    """A metric's table: counts with separators, proportions in per cent, each with its interval beside it.

    Parameters
    ----------
    rows : DataFrame
        A rate with columns of its name and `_low`, `_high` is shown with its 95 % interval.
    names : mapping of column -> heading
        In the order to show; columns that are not in it are not shown. A heading may carry its help after a "|".
    """
    config: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    for column, heading in names.items():
        label, _, text = heading.partition("|")
        if pd.api.types.is_float_dtype(rows[column]):
            shown[column] = rows[column] * 100
            config[column] = st.column_config.NumberColumn(label, help=text or None, format="%.1f %%")
        elif pd.api.types.is_integer_dtype(rows[column]):
            shown[column] = rows[column]
            config[column] = st.column_config.NumberColumn(label, help=text or None, format="localized")
        else:
            shown[column] = rows[column]
            config[column] = st.column_config.TextColumn(label, help=text or None, pinned=len(shown) == 1)
        if f"{column}_low" in rows:
            limits = zip(rows[f"{column}_low"], rows[f"{column}_high"], strict=True)
            shown[column + INTERVAL] = [interval(*pair) for pair in limits]
            config[column + INTERVAL] = st.column_config.TextColumn("95 % interval")
    state = st.dataframe(
        pd.DataFrame(shown, index=rows.index),
        hide_index=True,
        column_config=config,
        alt=alt,
        placeholder="–",
        **options,
    )
    if len(rows):
        download(view.viewer, partial(_as_told, rows, names), alt)
    return state


def _as_told(rows: pd.DataFrame, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """A metric's table as it is taken away: proportions as they are, each with its limits; what is unknown is empty."""
    headed = {column: heading.partition("|")[0] for column, heading in names.items()}
    for column, label in list(headed.items()):
        headed |= {f"{column}_{edge}": f"{label}, {edge}" for edge in ("low", "high") if f"{column}_{edge}" in rows}
    told = rows[list(headed)].rename(columns=headed)
    plain: list[dict[str, Any]] = told.astype(object).where(told.notna(), None).to_dict("records")
    return plain
