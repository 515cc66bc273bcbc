"""Blocks of one partner's page."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from dashboard.formats import interval, percent, plural, share
from dashboard.metrics.intervals import wilson
from dashboard.metrics.partners import MINIMUM_LEADS, SMALL_PARTNERS
from dashboard.metrics.referral_volume import NEW, SAME
from dashboard.reports import WEEKS_BEFORE, WEEKS_RECENT


def choose(names: Mapping[int, str]) -> int | None:
    """Ask which partner; kept in the URL. Says what to do where none is chosen."""
    known = [code for code in names if code > 0]
    chosen = st.selectbox(
        "Partner", known, index=None, format_func=names.__getitem__, key="partner_page", bind="query-params",
        placeholder="Type a few letters", width=420,
    )  # fmt: skip
    if chosen is None:
        st.info("Choose a partner to see how its referrals fare.", icon=":material/handshake:")
    return chosen


def standing(league: pd.DataFrame, mix: pd.DataFrame, partner: int, name: str, horizon: int) -> None:
    """How the partner's referrals fare, beside everybody's."""
    own, expected = (table[table["partner"] == partner] for table in (league, mix))
    if expected.empty:
        st.markdown(f"No referral of **{name}** is older than {horizon} days yet, so there is nothing to judge.")
        return
    seen, n = int(expected["observed"].iloc[0]), int(expected["n"].iloc[0])
    low, high = wilson(seen, n)
    text = f"**{share(seen, n, float(low), float(high))}** of the referrals of **{name}** that are old enough came to a visit "
    text += (
        f"within {horizon} days; {expected['expected'].iloc[0]:,.1f} were to be expected from referrals of that kind"
    )
    if own.empty:
        st.markdown(f"{text}. With fewer than {MINIMUM_LEADS} it is too small to be placed among the others.")
        return
    row, listed = own.iloc[0], int((league["partner"] != SMALL_PARTNERS).sum())
    st.markdown(
        f"{text}. Its true rate is probably **{percent(row.shrunken)}** ({interval(row.shrunken_low, row.shrunken_high)}), "
        f"place **{row.rank_low:.0f} to {row.rank_high:.0f}** of {listed}."
    )


def volume_and_fit(volume: pd.DataFrame, eligible: pd.DataFrame, partner: int) -> None:
    """How many referrals it sends lately, and how many of them fit."""
    row = volume[volume["partner"] == partner]
    said = f"None in the last {WEEKS_RECENT + WEEKS_BEFORE} weeks."
    if len(row):
        recent, expected, change = (
            int(row["recent"].iloc[0]),
            float(row["expected"].iloc[0]),
            str(row["change"].iloc[0]),
        )
        said = f"{plural(recent, 'referral')} in the last {WEEKS_RECENT} finished weeks"
        said += ", its first." if change == NEW else f"; {expected:,.1f} at its pace of the {WEEKS_BEFORE} before: "
        said += "" if change == NEW else f"**{change}**." if change == SAME else f"**{change}**, beyond chance."
    fit = eligible.iloc[0]
    if not pd.isna(fit.by_horizon):
        limits = interval(fit.by_horizon_low, fit.by_horizon_high)
        said += f" **{percent(fit.by_horizon)}** are found eligible (95 % limits {limits})."
    st.markdown(said)
