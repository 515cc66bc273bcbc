"""Blocks of the partners page."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from dashboard import display
from dashboard.charts.partners import funnel_plot, league_dots
from dashboard.formats import percent, plural
from dashboard.frame import View
from dashboard.labels import called
from dashboard.loaders import names as names_of
from dashboard.metrics.funnel_plot import FAR, OUTSIDE, USUAL
from dashboard.metrics.partners import MINIMUM_LEADS, SMALL_PARTNERS
from dashboard.metrics.records import most_missing_by
from dashboard.metrics.referral_volume import SAME
from dashboard.reports import WEEKS_BEFORE, WEEKS_RECENT
from dashboard.screens.cells import Cell, clickable, clickable_table
from data_access.counted import ARE_LEADS
from data_access.tally import narrower

_ORDERS = {"Volume": "n", "Shrunken rate": "shrunken"}
_HORIZONS = (30, 60, 90)
_DOTS = 40
_SURE = 0.9
_NO_WEIGHT = 0.05
_HEADINGS = {
    "rate": "Own rate",
    "shrunken": "Shrunken rate|The own rate drawn towards that of all partners, the more so the fewer the referrals",
    "place": "True place|Where the partner's true place lies with 90 % probability",
    "expected": "Expected|Visits to be expected from the kind of referrals that the partner sends",
    "ratio": "Observed / expected|1: just as well as its referrals allow",
    "top_quarter": "Top quarter|Probability that the partner truly belongs to the best quarter",
    "immature": "Too young|Referrals younger than the horizon; not judged",
}


def choices(view: View) -> tuple[str, int, str]:
    """Ask what counts, within how many days, and by which column to order; kept in the URL."""
    own = view.moment.horizon_days
    with st.container(horizontal=True):
        outcome = st.segmented_control(
            "What counts",
            ("Visits", "Bookings"),
            default="Visits",
            key="partners_outcome",
            bind="query-params",
            required=True,
        )
        horizon = st.segmented_control(
            "Within days", _HORIZONS, default=own if own in _HORIZONS else _HORIZONS[0], key="partners_within",
            bind="query-params", required=True,
        )  # fmt: skip
        order = st.segmented_control(
            "Order by", list(_ORDERS), default="Volume", key="partners_order", bind="query-params", required=True
        )
    return ("attended" if outcome == "Visits" else "scheduled"), int(horizon or own), _ORDERS[order or "Volume"]


def finding(table: pd.DataFrame, names: Mapping[int, str], outcome: str, horizon: int) -> str:
    """The finding in one sentence."""
    n, k = int(table["n"].sum()), int(table["k"].sum())
    if not n:
        return f"No referral that names a partner is older than {horizon} days yet, so there is nothing to compare."
    did = "came to a visit" if outcome == "attended" else "were booked"
    text = f"Of **{n:,} referrals** old enough to judge, **{k:,} ({percent(k / n)})** {did} within {horizon} days. "
    listed = int((table["partner"] != SMALL_PARTNERS).sum())
    if not listed:
        return text + f"No partner has {MINIMUM_LEADS} or more, so none is listed by name."
    sure = table[table["top_quarter"] >= _SURE]["partner"]
    if sure.empty:
        text += f"Among {plural(listed, 'partner')} with {MINIMUM_LEADS} or more, none stands out as best beyond doubt."
        return text + (" They do not differ by more than chance." if _alike(table) else "")
    best = ", ".join(names.get(int(p), "?") for p in sure.head(3))
    text += f"Among {plural(listed, 'partner')} with {MINIMUM_LEADS} or more, the top quarter surely holds {best}."
    return text


def _alike(table: pd.DataFrame) -> bool:
    """Whether the partners' own records weigh next to nothing: all rates are drawn to the common one."""
    return bool((table["own_weight"].dropna() < _NO_WEIGHT).all())


def chart(table: pd.DataFrame, names: Mapping[int, str], view: View) -> Cell | None:
    """The listed partners as dots."""
    rows = table[table["partner"] != SMALL_PARTNERS].head(_DOTS)
    if rows.empty:
        return None
    figure = league_dots(rows, called(names, rows["partner"]), table["k"].sum() / table["n"].sum())
    point = clickable(figure, "partners_league", "Partners' rates with intervals")
    return (
        _cell((int(point[0]),), f"{names.get(int(point[0]), '?')}, referrals", view, {"mature": (1,)})
        if point
        else None
    )


def unusual(plot: pd.DataFrame, names: Mapping[int, str], view: View) -> Cell | None:
    """The funnel plot: who lies further from the common rate than chance explains."""
    if plot.empty:
        return None
    st.subheader("Further from the common rate than chance explains")
    outside = plot[plot["flag"] != USUAL].sort_values("rate", ascending=False)
    said = [_outside(outside, flag, names) for flag in (FAR, OUTSIDE)]
    far = f"Unusual: **{said[0]}**." if said[0] else "**No partner** is unusual for its number of referrals."
    chance = "of twenty partners that are all alike, about one lies there too"
    st.markdown(f"{far} Worth a look: {said[1]}; {chance}." if said[1] else far)
    if plot["spread"].iloc[0] > 0:
        st.caption("Partners differ more than chance explains; the limits are widened by that much.")
    figure = funnel_plot(plot, called(names, plot["partner"]), int(plot["n"].max()))
    point = clickable(figure, "partners_plot", "Partners' rates by number of referrals, with limits of chance")
    if not point:
        return None
    return _cell((int(point[0]),), f"{names.get(int(point[0]), '?')}, referrals", view, {"mature": (1,)})


def _outside(outside: pd.DataFrame, flag: str, names: Mapping[int, str]) -> str:
    rows = outside[outside["flag"] == flag].itertuples()
    return ", ".join(f"{names.get(int(row.partner), '?')} ({percent(row.rate)})" for row in rows)


def changed(view: View, table: pd.DataFrame, response: pd.DataFrame, names: Mapping[int, str]) -> None:
    """Who is new, has lapsed, or sends more or fewer than chance explains, and whether they were answered in time."""
    st.subheader(f"New, lapsed and changed: the last {WEEKS_RECENT} finished weeks against the {WEEKS_BEFORE} before")
    named = table[table["change"] != SAME]
    if named.empty:
        st.markdown("**Nobody** is new, has lapsed or has changed by more than chance explains.")
        return
    answered = response.set_index("partner").reindex(named["partner"])
    shown = named.assign(
        name=called(names, named["partner"]),
        expected=[f"{value:,.1f}" for value in named["expected"]],
        change=named["change"].str.capitalize(),
        answered=[
            f"{percent(row.rate, 0)} of {row.judged:,.0f}" if row.judged else ""
            for row in answered.fillna(0).itertuples()
        ],
    ).sort_values(["change", "recent"], ascending=[True, False])
    headings = {
        "name": "Partner",
        "change": "Change",
        "recent": "Referrals lately",
        "expected": "Expected|At its own pace before",
        "answered": "Answered in time|Of its inquiries in the period: slow answers make partners stop sending",
    }
    display.table(view, shown, headings, "Partners that changed")


def fit(
    view: View,
    eligible: pd.DataFrame,
    complete: pd.DataFrame,
    items: pd.DataFrame,
    full: pd.DataFrame,
    names: Mapping[int, str],
) -> None:
    """Whether each partner's referrals are for us, come with what they need, and are for what has openings."""
    st.subheader("Do their referrals fit, and come complete?")
    known = eligible[(eligible["partner"] > 0) & (eligible["leads"] >= MINIMUM_LEADS)]
    if known.empty:
        st.markdown(f"No partner has {MINIMUM_LEADS} referrals in this period.")
        return
    records, crowded = (part.set_index("partner").reindex(known["partner"]) for part in (complete, full))
    lacking = names_of("item")
    worst = most_missing_by(items, "partner")
    missing = [worst.get(int(code)) for code in known["partner"]]
    shown = known.assign(
        name=called(names, known["partner"]),
        records=records["rate"].to_numpy(),
        records_low=records["rate_low"].to_numpy(),
        records_high=records["rate_high"].to_numpy(),
        worst=["" if item is None else lacking[item] for item in missing],
        full=crowded["rate"].to_numpy(),
        full_low=crowded["rate_low"].to_numpy(),
        full_high=crowded["rate_high"].to_numpy(),
    ).sort_values("leads", ascending=False)
    headings = {
        "name": "Partner",
        "leads": "Referrals",
        "by_horizon": "Found eligible|Within the horizon, those still waiting included",
        "records": "Came complete|Of those that need records",
        "full": "For what is full|For a location and service line whose openings do not hold what comes (Capacity)",
        "worst": "Most often missing",
    }
    display.table(view, shown, headings, "Fit and records by partner")


def league_table(
    table: pd.DataFrame, mix: pd.DataFrame, names: Mapping[int, str], outcome: str, view: View
) -> Cell | None:
    """The whole league, small partners as one row; a click on a number shows its leads."""
    listed = int((table["partner"] != SMALL_PARTNERS).sum())
    expected = mix.set_index("partner").reindex(table["partner"])
    shown = table.assign(
        expected=[f"{value:,.1f}" if value == value else "" for value in expected["expected"]],
        ratio=[f"{value:.2f}" if value == value else "" for value in expected["ratio"]],
        name=[_name(row, names) for row in table.itertuples()],
        place=[_place(row, listed) for row in table.itertuples()],
    )
    headings = {"name": "Partner", "n": "Referrals", "k": "Came" if outcome == "attended" else "Booked"} | _HEADINGS
    if clicked := clickable_table(view, shown, headings, "Partner league", "partners_table", ("partner",)):
        row, column = shown.iloc[clicked[0]], clicked[1]
        counted = column if column in ("k", "immature") else "n"
        title = f"{row['name']}, {headings[counted].partition('|')[0].lower()}"
        return _cell(_behind(int(row["partner"]), table, names), title, view, _keys(column, outcome))
    return None


def _behind(partner: int, table: pd.DataFrame, names: Mapping[int, str]) -> tuple[int, ...]:
    """The partners that a row stands for: one, or all that are not listed."""
    listed = set(table["partner"])
    return (partner,) if partner != SMALL_PARTNERS else tuple(code for code in names if code > 0 and code not in listed)


def _keys(column: str, outcome: str) -> dict[str, Sequence[int]]:
    """Which leads a number of the league counts, as keys of the facts."""
    mature: dict[str, Sequence[int]] = {"mature": (1,)}
    behind: dict[str, dict[str, Sequence[int]]] = {
        "k": {**mature, f"{outcome}_in_time": (1,)},
        "immature": {"mature": (0,)},
    }
    return behind.get(column, mature)


def _name(row: object, names: Mapping[int, str]) -> str:
    partner, partners = int(row.partner), int(row.partners)  # type: ignore[attr-defined]
    if partner == SMALL_PARTNERS:
        return f"{plural(partners, 'partner')} with fewer than {MINIMUM_LEADS}"
    return names.get(partner, "?")


def _place(row: object, listed: int) -> str:
    low, high = row.rank_low, row.rank_high  # type: ignore[attr-defined]
    if low != low:
        return "too few to say"
    return f"{low:.0f} to {high:.0f} of {listed}" if low != high else f"{low:.0f} of {listed}"


def _cell(partners: tuple[int, ...], title: str, view: View, keys: dict[str, Sequence[int]]) -> Cell:
    counted = {"partner": partners, "state": ARE_LEADS}
    return Cell(title, narrower(view.visits, **counted, **keys))
