"""Blocks of the page of the practice's places: their details, when they are staffed, and when they are closed."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import streamlit as st
from sqlalchemy import Connection

from dashboard import auth, clock, forms, loaders, practice_loaders
from dashboard.changes import Change, Shown
from dashboard.copies import WEEKDAYS, opening_hours
from dashboard.formats import plain, plural
from dashboard.frame import View
from dashboard.screens import changing
from dashboard.setup_progress import STALE_DAYS
from data_access import practice, staffed_hours
from data_access import tables as t
from data_access.days import DAY_MINUTES, intervals_on, time_of_day

_AHEAD_DAYS = 400
_DETAILS = {
    "address": "Address", "phone": "Phone", "fax": "Fax", "email": "E-mail", "secure_email": "Secure e-mail",
    "referral_form_url": "Referral form (link)",
}  # fmt: skip


def finding(places: Sequence[Mapping[str, Any]], today: date) -> str:
    """How many locations there are, and whose details want a look."""
    used = [place for place in places if place["active"]]
    if not used:
        return "No location is set up yet. Add the first one below."
    text = f"**{plural(len(used), 'location')}** {'is' if len(used) == 1 else 'are'} in use"
    stale = [place["name"] for place in used if _stale(place, today)]
    if stale:
        return text + f"; nobody has verified the details of **{plain(', '.join(stale))}** for {STALE_DAYS} days."
    return text + f", each with details verified within {STALE_DAYS} days."


def _stale(place: Mapping[str, Any], today: date) -> bool:
    verified = place["details_verified_on"]
    return verified is None or (today - verified).days > STALE_DAYS


def choose(places: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Which location is looked at."""
    named = {place["id"]: place for place in places}
    if not named:
        return None
    chosen = st.selectbox(
        "Location", list(named), key="places_chosen", width=400,
        format_func=lambda p: named[p]["name"] + ("" if named[p]["active"] else " (no longer in use)"),
    )  # fmt: skip
    return named[chosen] if chosen else None


# ---------------------------------------------------------------- details


def details_shown(connection: Connection, _day: date) -> Shown:
    """What is known of every location."""
    return {
        f"{place['name']} · {label.lower()}": str(place[field])
        for place in practice.entries(connection, t.locations)
        for field, label in {**_DETAILS, "zone": "Time zone", "details_verified_on": "Details verified on"}.items()
        if place[field]
    } | {
        f"Location {place['id']}": place["name"] + ("" if place["active"] else ", no longer in use")
        for place in practice.entries(connection, t.locations)
    }


def details(view: View, place: Mapping[str, Any]) -> None:
    """A location's details, and changing or verifying them."""
    rows = {label: place[field] for field, label in _DETAILS.items() if place[field]}
    verified = place["details_verified_on"]
    rows["Verified"] = (f"{verified:%d %b %Y}" if verified else "never") + (
        ", wants a look" if _stale(place, view.today) else ""
    )
    st.table(
        [{"": name, " ": value} for name, value in rows.items()], border="horizontal", hide_header=True, hide_index=True
    )
    if not view.viewer.may(auth.CHANGE_RULES):
        return
    with st.expander("Change these details", icon=":material/edit:"):
        typed: dict[str, Any] = {"name": st.text_input("Name", place["name"], key=_key("name", place), max_chars=80)}
        for field, label in _DETAILS.items():
            said = st.text_input(label, place[field] or "", key=_key(field, place), max_chars=200)
            typed[field] = said.strip() or None
        typed["active"] = st.toggle("In use", place["active"], key=_key("active", place))
        if st.toggle("I have checked them: they are right today", key=_key("verified", place)):
            typed["details_verified_on"] = view.today
        number = place["id"]
        changing.offer(
            view,
            "details",
            Change(
                "The details",
                lambda c: practice.change_entry(c, t.locations, number, **typed),
                details_shown,
                view.today,
            ),
        )


def another(view: View) -> None:
    """Add a location, with its own time zone."""
    if not view.viewer.may(auth.CHANGE_RULES):
        return
    with st.expander("Add a location", icon=":material/add_location:"):
        name = st.text_input("Name", key="places_new_name", max_chars=80)
        zones = sorted(_countries())
        zone = st.selectbox(
            "Time zone", zones, index=zones.index(view.zone) if view.zone in zones else 0, key="places_zone"
        )
        values = {"name": name, "zone": zone}
        if name.strip():
            changing.offer(
                view,
                "place",
                Change(
                    "The location",
                    lambda c: practice.change_entry(c, t.locations, None, **values),
                    details_shown,
                    view.today,
                ),
            )


# ---------------------------------------------------------------- staffed hours


def hours_shown(connection: Connection, day: date) -> Shown:
    """When every location is staffed on a day: location and weekday -> its hours."""
    names = practice.names(connection, t.locations)
    return {
        f"{names[place]} · {name}": intervals_on(hours, weekday) or "nobody is there"
        for place, hours in staffed_hours.hours_on(connection, day).items()
        for weekday, name in enumerate(WEEKDAYS)
    }


def hours(view: View, place: Mapping[str, Any]) -> None:
    """A location's staffed hours, and how to change them from a day on."""
    st.subheader("Staffed hours")
    number = place["id"]
    rows = [
        {"": days, " ": times} for days, _, times in (line.partition(": ") for line in _in_words(number, view.today))
    ]
    if rows:
        st.table(rows, border="horizontal", hide_header=True, hide_index=True)
    else:
        st.markdown(":orange[No hours are set: nothing is promised here, and no response time counts.]")
    st.caption(f"By the clock of {place['zone'].replace('_', ' ')}. Response times count only within these hours.")
    for day in practice_loaders.hours_change_on(number, view.today):
        st.markdown(f"**From {day:%d %b %Y}**: {'; '.join(_in_words(number, day)) or 'nobody is there'}")
    if not view.viewer.may(auth.CHANGE_RULES):
        return
    with st.expander("Change the hours", icon=":material/edit:"):
        since = changing.since(view, "places_hours_since", days_ahead=1)  # today is promised by today's hours
        then = practice_loaders.hours_on(since).get(number, [])
        typed = {
            name: st.text_input(
                name,
                intervals_on(then, weekday),
                key=_key(f"hours_{name}_{since}", place),
                placeholder="closed",
                width=360,
            )
            for weekday, name in enumerate(WEEKDAYS)
        }
        st.caption("For example 08:30-12:30, 13:15-17:00. Empty: nobody is there. 22:00-06:00 ends the next day.")
        week = forms.parse_week(list(typed.values()))
        if isinstance(week, str):
            st.markdown(f":red[{week}]")
            return
        changing.offer(
            view, "hours",
            Change("The hours", lambda c: staffed_hours.set_hours(c, number, week, effective_from=since), hours_shown, since),
        )  # fmt: skip


def _in_words(location_id: int, day: date) -> tuple[str, ...]:
    return opening_hours(practice_loaders.hours_on(day).get(location_id, []))


# ---------------------------------------------------------------- closed days


def closures_shown(connection: Connection, day: date) -> Shown:
    """When the practice is closed from a day on, and when it opens besides."""
    names, shown = practice.names(connection, t.locations), dict[str, str]()
    said = [(one["closed_on"], one["location_id"], _part(one)) for one in staffed_hours.closures_from(connection, day)]
    said += [(one["open_on"], one["location_id"], _extra(one)) for one in staffed_hours.openings_from(connection, day)]
    for on, place, what in sorted(said, key=lambda one: one[0]):
        about = f"{on:%a %d %b %Y} · {_where(place, names)}"
        shown[about] = f"{shown[about]}; {what}" if about in shown else what
    return shown


def _where(place: int | None, names: Mapping[int, str]) -> str:
    return names.get(place, "?") if place else "every location"


def _part(one: Mapping[str, Any]) -> str:
    span = (one["from_minute"], one["until_minute"])
    hours = "" if span == (0, DAY_MINUTES) else f" {time_of_day(span[0])}-{time_of_day(span[1])}"
    return f"closed{hours}: {one['label']}"


def _extra(one: Mapping[str, Any]) -> str:
    return f"open besides {time_of_day(one['opens_minute'])}-{time_of_day(one['closes_minute'])}: {one['label']}"


def closed_days(view: View, place: Mapping[str, Any]) -> None:
    """The closed days ahead, the public holidays that are not among them yet, and a day of one's own choice."""
    st.subheader("Closed days and extra hours")
    coming = practice_loaders.rules_on(closures_shown, view.today)
    rows = [{"Day": about.partition(" · ")[0], "Where": about.partition(" · ")[2], "What": said}
            for about, said in coming.items()]  # fmt: skip
    if rows:
        st.dataframe(rows, hide_index=True, alt="Closed days and extra hours ahead")
    else:
        st.markdown(":orange[No closed day is entered ahead: a holiday would count as staffed time.]")
    if not view.viewer.may(auth.CHANGE_RULES):
        return
    with st.expander("Public holidays to tick", icon=":material/event_available:"):
        _propose(view, place)
    with st.expander("Close, or open, on a day", icon=":material/event_busy:"):
        _one_day(view)
    with st.expander("Take a closed day back", icon=":material/undo:"):
        _take_back(view)


def _propose(view: View, place: Mapping[str, Any]) -> None:
    countries = holidays.list_supported_countries(include_aliases=False)
    codes, own = sorted(countries), _countries().get(place["zone"], "US")
    with st.container(horizontal=True):
        country = st.selectbox("Country (ISO 3166)", codes, key="places_country", width=200,
                               index=codes.index(own) if own in codes else 0)  # fmt: skip
        parts = [None, *countries[country or own]]
        part = st.selectbox("Part of it", parts, format_func=lambda p: p or "All of it", key="places_part", width=200)
        where = changing.pick("Where", "places_where", _places(), nothing="Every location")
    known = {
        one["closed_on"] for one in practice_loaders.closures_from(view.today) if one["location_id"] in (None, where)
    }
    last = view.today + timedelta(days=_AHEAD_DAYS)
    found = holidays.country_holidays(country or own, subdiv=part, years=range(view.today.year, last.year + 1))
    ahead = {day: label for day, label in sorted(found.items()) if view.today < day <= last and day not in known}
    if not ahead:
        st.markdown("Every public holiday of the coming year is entered.")
        return
    ticked = st.pills(
        "Tick the days on which you are closed", list(ahead), selection_mode="multi", key="places_ticked", wrap=True,
        format_func=lambda day: f"{day:%a %d %b %Y} · {ahead[day]}",
    )  # fmt: skip
    days = {day: ahead[day] for day in ticked if day in ahead}
    if days:
        changing.offer(
            view, "holidays",
            Change("The closed days", lambda c: staffed_hours.close_on(c, days, location_id=where), closures_shown,
                   view.today),
        )  # fmt: skip


def _one_day(view: View) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        what = st.segmented_control(
            "What", ("Closed", "Open besides"), default="Closed", required=True, key="places_what"
        )
        where = changing.pick("Where", "places_day_where", _places(), nothing="Every location")
        day = st.date_input("Day", view.today + timedelta(days=1), min_value=view.today, key="places_day",
                            format="YYYY-MM-DD", width=160)  # fmt: skip
        hours = st.text_input("Hours", key="places_day_hours", placeholder="the whole day", width=160)
        label = st.text_input("Why", key="places_day_label", max_chars=80, width=240)
    span = forms.parse_span(hours, whole_day=what == "Closed")
    if isinstance(span, str):
        st.markdown(f":red[{span}]")
        return
    now = clock.now().astimezone(ZoneInfo(view.zone))
    if day == view.today and span[0] <= now.hour * 60 + now.minute:
        st.markdown(":red[What is over today stays as it was. Give hours from now on, for example until 24:00.]")
        return
    if not label.strip() or not isinstance(day, date):
        st.caption("Say why, in a few words.")
        return

    def apply(c: Connection) -> None:
        if what == "Closed":
            staffed_hours.close_on(c, {day: label.strip()}, location_id=where, span=span)
        else:
            staffed_hours.open_besides(c, day, span, label.strip(), location_id=where)

    changing.offer(view, "day", Change("The day", apply, closures_shown, view.today))


def _take_back(view: View) -> None:
    names = _places()
    ahead = {one["id"]: one for one in practice_loaders.closures_from(view.today + timedelta(days=1))}
    if not ahead:
        st.markdown("There is none ahead.")
        return
    chosen = st.selectbox(
        "Closed day", list(ahead), key="places_back", width=400,
        format_func=lambda one: f"{ahead[one]['closed_on']:%a %d %b %Y} · {_where(ahead[one]['location_id'], names)}"
                                f" · {ahead[one]['label']}",
    )  # fmt: skip
    if chosen:
        changing.offer(
            view, "back",
            Change("The closed day", lambda c: staffed_hours.open_after_all(c, chosen, today=view.today), closures_shown,
                   view.today),
        )  # fmt: skip


def _places() -> dict[int, str]:
    return {code: name for code, name in loaders.names("location").items() if code}


def _key(field: str, place: Mapping[str, Any]) -> str:
    return f"places_{field}_{place['id']}"


@cache
def _countries() -> dict[str, str]:
    """The country of each time zone, by the zone database itself."""
    rows = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8").splitlines()
    fields = [row.split("\t") for row in rows if row and not row.startswith("#")]
    return {zone: country for country, _, zone, *_ in fields}
