"""What surrounds every page: who looks, the filters in the sidebar, and the moment that counts."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Never
from zoneinfo import ZoneInfo

import pandas as pd
import sqlalchemy as sa
import streamlit as st
from streamlit.errors import StreamlitWidgetAlreadyInstantiatedError

from dashboard import auth, clock, labels, loaders, session, sign_in
from dashboard.auth import Viewer
from dashboard.filters import Filters, end_of_day, moment
from dashboard.formats import plain
from dashboard.labels import BREAKDOWNS, codes_of
from dashboard.navigation import TITLES
from data_access.dimensions import LEADS, Moment, Unit
from data_access.tally import Where

_PERIODS = {"Last 4 weeks": 28, "Last 13 weeks": 91, "Last 26 weeks": 182, "Last 12 months": 365, "All time": None}
_BETWEEN = "Between two days"
_DEFAULT = "Last 26 weeks"
_LISTS = {"location": "Location", "partner": "Partner"}
_WATCH_SECONDS = 30
_WORDS = ("partner_category", "pathway", "channel")


@dataclass(frozen=True)
class View:
    """What one person looks at: their scope, their filters, and as of when."""

    viewer: Viewer
    filters: Filters
    as_of: datetime
    moment: Moment
    zone: str
    fixed: bool

    @cached_property
    def where(self) -> Where:
        """The filters within the viewer's scope."""
        return self.filters.where(self.viewer.locations)

    @cached_property
    def visits(self) -> Where:
        """The filters within the viewer's scope, of leads headed for a visit where no kind was chosen."""
        return self.filters.for_visits().where(self.viewer.locations)

    def whenever(self, *, visits: bool = False) -> Where:
        """The filters without their period; `visits`: of leads headed for a visit."""
        filters = self.filters.whenever()
        return (filters.for_visits() if visits else filters).where(self.viewer.locations)

    @cached_property
    def everything(self) -> int:
        """How many leads the viewer could see at all."""
        return int(loaders.counted([], Where(locations=self.viewer.locations), self.moment)["count"].sum())

    @cached_property
    def matching(self) -> int:
        """How many leads the filters leave."""
        return int(self.count([], self.where)["count"].sum())

    @cached_property
    def matching_whenever(self) -> int:
        """How many leads the filters leave, whenever they were received."""
        return int(self.count([], self.whenever())["count"].sum())

    @property
    def today(self) -> date:
        """The practice's local day of `as_of`."""
        return self.as_of.astimezone(ZoneInfo(self.zone)).date()

    def recent(self, first: date, last: date) -> Filters:
        """The filters with a period of their own, half-open."""
        return replace(self.filters, first=first, last=last)

    def now(self) -> "View":
        """The same view as of now: a day in the past is not worked on."""
        at = clock.now()
        return replace(self, as_of=at, moment=moment(at, self.zone, self.moment.horizon_days), fixed=False)

    def with_horizon(self, days: int) -> "View":
        """The same view with another horizon."""
        return replace(self, moment=replace(self.moment, horizon_days=days))

    def count(self, keys: Sequence[str], where: Where, unit: Unit = LEADS) -> pd.DataFrame:
        """Count leads or appointments at this view's moment."""
        return loaders.count(self.viewer, keys, where, self.moment, unit)

    def sentence(self, *, whenever: bool = False) -> str:
        """What is filtered and as of when, in words; `whenever`: without the period."""
        f = self.filters.whenever() if whenever else self.filters
        period = "All leads, whenever they were received" if whenever else "All leads"
        if f.first and f.last:
            period = f"Received {_day(f.first)} to {_day(f.last - timedelta(days=1))}"
        parts = [period, *f.said(loaders.names)]
        at = self.as_of.astimezone(ZoneInfo(self.zone))
        return "; ".join(parts) + f". As of {_day(at.date())}, {at:%H:%M}" + ("." if self.fixed else " (now).")


def who(page: str | None = None) -> Viewer:
    """Whoever looks; where nobody may, or not at this page, says so and ends the run."""
    try:
        viewer = loaders.viewer()
    except auth.Refused as problem:
        refuse(problem)
    if page is not None and not viewer.may_open(page):
        st.title(TITLES.get(page, "Handoff"))
        st.info(
            f"This page is not for your role ({labels.word(viewer.role).lower()}). Ask a manager if it should be.",
            icon=":material/lock:",
        )
        st.stop()
    return viewer


def view(page: str) -> View:
    """The present view of a page. Shows nothing to whom it is not for: the second wall behind the entry's."""
    viewer = who(page)
    own = loaders.own_practice()
    zone = own["zone"]
    chosen_day: date | None = st.session_state.get("as_of")
    as_of = end_of_day(chosen_day, zone) if chosen_day else clock.now()
    first, last = _period(as_of.astimezone(ZoneInfo(zone)).date())
    filters = Filters(
        first=first,
        last=last,
        qualified=bool(st.session_state.get("qualified")),
        **{name: tuple(st.session_state.get(name, ())) for name in (*_LISTS, "service_line", *_WORDS)},
    )
    return View(viewer, filters, as_of, moment(as_of, zone, own["horizon_days"]), zone, fixed=chosen_day is not None)


def refuse(problem: auth.Refused) -> Never:
    """Say that nothing is shown here, and what to do, and end the run."""
    st.title("No access" if isinstance(problem, auth.NotStaff) else "Not signed in")
    if isinstance(problem, auth.SignInMissing):
        st.info(
            "This practice's data is shown only to its own staff, and sign-in is not set up on this server. "
            "To look around in a demo practice on your own machine, run `handoff demo`.",
            icon=":material/lock:",
        )
        st.stop()
    st.info(str(problem), icon=":material/lock:")
    if isinstance(problem, auth.NotStaff):
        st.button("Sign in as somebody else", key="frame_other", on_click=st.logout, icon=":material/logout:")
    else:
        st.button("Sign in", key="frame_sign_in", on_click=st.login, type="primary", icon=":material/login:")
    st.stop()


def still(viewer: Viewer) -> None:
    """Begin the whole page anew where its viewer may not see it any more, or the database is away.

    What draws itself alone has to ask: the entry, which says so, does not run with it.
    """
    try:
        same = loaders.viewer(touch=False) == viewer
    except (auth.Refused, sa.exc.OperationalError):
        same = False
    if not same:
        st.rerun()


@st.fragment(run_every=_WATCH_SECONDS)
def watch(viewer: Viewer) -> None:
    """Take the page away soon after its viewer may not see it any more, though nobody touches it."""
    still(viewer)


def signed_in(viewer: Viewer) -> None:
    """Who is signed in, and the way out."""
    if viewer.sign_in is None:
        return
    with st.sidebar:
        st.caption(f"{viewer.name}, {labels.word(viewer.role).lower()}")
        st.button(
            "Sign out", key="frame_sign_out", on_click=_sign_out, args=(viewer.sign_in,), icon=":material/logout:"
        )
    watch(viewer)


@session.click
def _sign_out(digest: str) -> None:
    sign_in.end(loaders.database(), digest)
    st.logout()


def outcome() -> None:
    """Say what the last click did, where that is to be said here, or why it came to nothing."""
    for why in session.missed():
        st.warning(why, icon=":material/error:")
    for text in session.said():
        st.toast(text, icon=":material/check:", duration="long")


def unreachable() -> None:
    """Say that the database does not answer, and keep what was typed, which Streamlit drops where its field is not drawn."""
    session.missed()
    for name, value in session.values().items():
        if isinstance(value, str | list | date):
            with suppress(StreamlitWidgetAlreadyInstantiatedError):  # drawn before the database went away, so kept
                st.session_state[name] = value
    st.error(
        "The database does not answer at present. What was saved is kept, and so is what you typed; a click that came to "
        "nothing is to be repeated. This page works again as soon as the database does.",
        icon=":material/cloud_off:",
    )
    st.button("Try again", key="frame_again", icon=":material/refresh:")


def sidebar(viewer: Viewer) -> None:
    """Draw the filters, in one order on every page; they are kept in the URL and from page to page."""
    today = clock.now().astimezone(ZoneInfo(loaders.own_practice()["zone"])).date()
    with st.sidebar:
        bound: dict[str, Any] = {"bind": "query-params"}
        period = st.selectbox(
            "Period received", [*_PERIODS, _BETWEEN], index=list(_PERIODS).index(_DEFAULT), key="period", **bound
        )
        if period == _BETWEEN:
            st.date_input("Received between", value=[], key="between", format="YYYY-MM-DD", **bound)
        places = {place["id"]: place["name"] for place in loaders.locations(viewer)}
        _choose("Location", "location", places)
        known = {k: v for k, v in loaders.names("partner").items() if k > 0}
        _choose("Partner", "partner", known, merged=loaders.merged_partners)
        for name in _WORDS:
            known = loaders.names(name)
            _choose(BREAKDOWNS[name], name, {word: known[code] for word, code in codes_of(name).items()})
        _choose("Service line", "service_line", {k: v for k, v in loaders.names("service_line").items() if k > 0})
        st.toggle(
            "Qualified leads only",
            key="qualified",
            help="Found eligible, and headed for a visit or sent by a partner.",
            **bound,
        )
        st.date_input(
            "As of",
            value=None,
            min_value=date(1990, 1, 1),
            max_value=today,
            key="as_of",
            format="YYYY-MM-DD",
            help="Counts as they stood at the end of this day. Empty: now.",
            **bound,
        )


def _choose(
    label: str, key: str, options: dict[Any, str], *, merged: Callable[[], Mapping[Any, tuple[str, Any]]] = dict
) -> None:
    """A filter. What a link or an open view asks for and is not there any more is said, and not left out in silence.

    `merged`: what became another option, by code: its name, and the code of that one.
    """
    if asked := st.session_state.get(key):
        if not set(asked) <= options.keys() and (gone := merged()).keys() & set(asked):
            st.session_state[key] = list(dict.fromkeys(gone[code][1] if code in gone else code for code in asked))
    elif unknown := [name for name in st.query_params.get_all(key) if name not in options.values()]:
        gone = merged()
        if went_on := [code for name, code in gone.values() if name in unknown]:
            known = [code for code, name in options.items() if name in st.query_params.get_all(key)]
            st.session_state[key] = [*known, *went_on]
        if nowhere := set(unknown) - {name for name, _ in gone.values()}:
            st.warning(f"{label} {plain(', '.join(sorted(nowhere)))} is not there any more and was left out.")
    st.multiselect(
        label, list(options), format_func=options.__getitem__, key=key, placeholder="All", bind="query-params"
    )


def _period(today: date) -> tuple[date | None, date | None]:
    period = st.session_state.get("period", _DEFAULT)
    if period == _BETWEEN:
        days = st.session_state.get("between", ())
        return (days[0], days[-1] + timedelta(days=1)) if days else (None, None)  # one day means that day
    length = _PERIODS.get(period)
    return (today - timedelta(days=length - 1), today + timedelta(days=1)) if length else (None, None)


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
