"""Blocks of the page of the practice's rules: who owns what, what follows what, and what is promised."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import streamlit as st
from sqlalchemy import Connection

from dashboard import auth, labels, loaders, practice_loaders
from dashboard.changes import Change, Shown
from dashboard.formats import minutes, plural
from dashboard.frame import View
from dashboard.loaders import names as names_of
from dashboard.screens import changing
from dashboard.series import TARGETED
from data_access import follow_up, promises, routing
from data_access.vocabulary import Channel, Kind, Need, NextStep, Pathway, Priority, TargetMetric

NOBODY = ":orange[**Nobody**]"


# ---------------------------------------------------------------- what holds, in words


def owners_shown(connection: Connection, day: date) -> Shown:
    """Who owns what: location, kind and pathway -> owner and backup, by channel where that makes a difference."""
    staff, places = names_of("owner"), names_of("location")

    def people(owner: int | None, backup: int | None) -> str:
        if owner is None:
            return NOBODY
        return staff.get(owner, "?") + (f" (backup {staff.get(backup, '?')})" if backup else "")

    shown: dict[str, dict[str, list[str]]] = {}
    for (place, kind, pathway, channel), pair in routing.matrix(connection, day).items():
        about = f"{places.get(place, '?')} · {labels.word(kind)} · {labels.word(pathway)}"
        shown.setdefault(about, {}).setdefault(people(*pair), []).append(labels.word(channel).lower())
    return {
        about: next(iter(who)) if len(who) == 1 else "; ".join(f"{name}: {', '.join(by)}" for name, by in who.items())
        for about, who in shown.items()
    }


def follow_up_shown(connection: Connection, day: date) -> Shown:
    """What follows: need and kind -> step, wait and tries."""
    return {_about(rule): _step(rule) for rule in follow_up.rules_on(connection, day)}


def _about(rule: Mapping[str, Any]) -> str:
    return labels.word(Need(rule["need"])) + (f" · {labels.word(Kind(rule['kind']))}" if rule["kind"] else "")


def _step(rule: Mapping[str, Any]) -> str:
    if rule["step"] is None:
        return "nothing"
    days = rule["wait_days"]
    ahead = rule["need"] == Need.VISIT
    when = (
        f"{plural(days, 'day')} ahead"
        if ahead
        else "the same day"
        if not days
        else f"within {plural(days, 'staffed day')}"
    )
    tries = f", {plural(rule['at_most'], 'try', 'tries')} at most" if rule["at_most"] else ""
    tries += f", then {plural(rule['quiet_days'], 'staffed day')} of quiet" if rule["quiet_days"] is not None else ""
    return f"{labels.word(NextStep(rule['step']))}, {when}{tries}"


def windows_shown(connection: Connection, day: date) -> Shown:
    """What is promised: for what -> within which staffed time."""
    places = names_of("location")
    shown = {
        _named(rule, places): "no promise"
        if rule["window_minutes"] is None
        else f"within {minutes(rule['window_minutes'])}"
        for rule in promises.windows_on(connection, day)
    }
    return shown


def targets_shown(connection: Connection, day: date) -> Shown:
    """The targets: metric, and the location where it has one of its own -> the share."""
    places, shown = names_of("location"), {}
    for metric, targets in promises.targets(connection).items():
        for place, name in ((None, ""), *((p, f" · {n}") for p, n in places.items() if p)):
            if (value := targets.on(day, place)) is not None and (place is None or value != targets.on(day)):
                shown[f"{TARGETED[metric]}{name}"] = f"{value:.0%}"
    return shown


def _named(rule: Mapping[str, Any], places: Mapping[int, str]) -> str:
    words = [labels.word(kind(rule[name])) for name, kind in (("pathway", Pathway), ("channel", Channel), ("kind", Kind),
             ("priority", Priority)) if rule[name]]  # fmt: skip
    return (
        " · ".join([*([places.get(rule["location_id"], "?")] if rule["location_id"] else []), *words])
        or "Every inquiry"
    )


# ---------------------------------------------------------------- the blocks


def finding(shown: Shown) -> str:
    """Whether every kind of inquiry has an owner, in one sentence; `shown`: `owners_shown`."""
    gaps = sum(NOBODY in who for who in shown.values())
    if not shown:
        return "No location is set up yet. Add one under **Places and hours**, or bring in a file under **Import**."
    if gaps:
        return f"**{gaps} of {len(shown)}** kinds of inquiry have nobody who owns them: what comes in there is unowned."
    return f"Each of the **{len(shown)}** kinds of inquiry has an owner."


def table(title: str, shown: Shown, about: str, holds: str) -> None:
    """What holds, as a table."""
    st.subheader(title)
    if not shown:
        st.markdown("Nothing is set.")
        return
    st.table([{about: name, holds: said} for name, said in shown.items()], border="horizontal", hide_index=True)


def owners(view: View, shown: Shown) -> None:
    """Who owns what, `owners_shown`; a route; and who is away."""
    st.subheader("Who owns what")
    rows: dict[str, dict[str, str]] = {}
    for about, who in shown.items():
        inquiry, _, pathway = about.rpartition(" · ")
        rows.setdefault(inquiry, {"What comes in": inquiry})[pathway] = who
    if rows:
        st.table(list(rows.values()), border="horizontal", hide_index=True)
    if not view.viewer.may(auth.CHANGE_RULES):
        return
    staff = {entry["id"]: entry["name"] for entry in loaders.choices("staff")}
    with st.expander("Change who owns what", icon=":material/edit:"):
        with st.container(horizontal=True):
            keys = {
                "location_id": changing.pick(
                    "Location", "rules_place", {k: v for k, v in names_of("location").items() if k}
                ),
                "kind": changing.pick("Kind", "rules_kind", {kind: labels.word(kind) for kind in Kind}),
                "pathway": changing.pick("Pathway", "rules_pathway", {p: labels.word(p) for p in Pathway}),
                "channel": changing.pick(
                    "Channel", "rules_channel", {c: labels.word(c) for c in Channel if c != Channel.NOT_RECORDED}
                ),
            }
        with st.container(horizontal=True):
            owner = changing.pick("Owner", "rules_owner", staff, nothing="Nobody")
            backup = changing.pick("Backup", "rules_backup", staff, nothing="None")
            since = changing.since(view, "rules_owner_since")
        named = {name: value for name, value in keys.items() if value is not None}
        changing.offer(view, "owners", Change("Who owns what", lambda c: routing.set_route(
            c, owner, backup_id=backup, effective_from=since, **named), owners_shown, since))  # fmt: skip
    _away(view, staff)


def _away(view: View, staff: Mapping[int, str]) -> None:
    coming = practice_loaders.absences(view.today)
    with st.expander(f"Who is away: {len(coming)}", icon=":material/event_busy:"):
        for absence in coming:
            st.markdown(
                f"**{absence['name']}**: {absence['from_on']:%d %b} until back on {absence['until_on']:%d %b %Y}"
            )
        with st.container(horizontal=True):
            who = changing.pick("Who", "rules_away", staff, nothing="Choose")
            first = st.date_input("First day away", value=view.today, key="rules_away_from", format="YYYY-MM-DD")
            back = st.date_input("First day back", value=view.today + timedelta(days=1), key="rules_away_until",
                                 format="YYYY-MM-DD")  # fmt: skip
        if coming:
            _back(view, coming)
        if who is not None and isinstance(first, date) and isinstance(back, date):
            changing.offer(view, "away", Change("Who is away", lambda c: routing.set_absence(c, who, first, back),
                                        absences_shown, max(first, view.today)))  # fmt: skip


def _back(view: View, coming: Sequence[Mapping[str, Any]]) -> None:
    named = {absence["id"]: absence for absence in coming}
    chosen = st.selectbox(
        "Back already, or not away at all", [0, *named], key="rules_back", width=400,
        format_func=lambda one: f"{named[one]['name']}, from {named[one]['from_on']:%d %b %Y}" if one else "Choose",
    )  # fmt: skip
    if chosen:
        changing.offer(view, "back", Change("Who is away", lambda c: routing.end_absence(c, chosen, view.today),
                                            absences_shown, view.today))  # fmt: skip


def absences_shown(connection: Connection, day: date) -> Shown:
    """Who is away: name and first day -> first day back."""
    return {f"{a['name']}, from {a['from_on']:%d %b %Y}": f"back on {a['until_on']:%d %b %Y}"
            for a in routing.absences(connection, day)}  # fmt: skip


def follow_ups(view: View) -> None:
    """What follows what; and a rule."""
    table(
        "What comes next", practice_loaders.rules_on(follow_up_shown, view.today), "Where a lead stands", "What follows"
    )
    if not view.viewer.may(auth.CHANGE_RULES):
        return
    with st.expander("Change what comes next", icon=":material/edit:"):
        with st.container(horizontal=True):
            need = st.selectbox("Where a lead stands", list(Need), format_func=labels.word, key="rules_need", width=240)
            kind = changing.pick("Kind", "rules_need_kind", {k: labels.word(k) for k in Kind})
            step = changing.pick("What follows", "rules_step", {s: labels.word(s) for s in NextStep}, nothing="Nothing")
        with st.container(horizontal=True):
            days = st.number_input("Staffed days (before a visit: days ahead)", 0, 365, 1, key="rules_days", width=240)
            tries = st.number_input("Tries at most", 1, 50, None, key="rules_tries", placeholder="No end", width=160)
            quiet = st.number_input(
                "Staffed days of quiet after them", 0, 365, None, key="rules_quiet", placeholder="As above", width=240,
                disabled=tries is None,
            )  # fmt: skip
            since = changing.since(view, "rules_step_since")

        def apply(c: Connection) -> None:
            follow_up.set_rule(
                c,
                need or Need.ANSWER,
                step,
                wait_days=int(days),
                at_most=tries,
                kind=kind,
                effective_from=since,
                quiet_days=quiet if tries is not None else None,
            )

        changing.offer(view, "follow_up", Change("What comes next", apply, follow_up_shown, since))


def promised(view: View) -> None:
    """What is promised, and a window."""
    table("What is promised", practice_loaders.rules_on(windows_shown, view.today), "What comes in", "First answer")
    if not view.viewer.may(auth.CHANGE_RULES):
        return
    places = {k: v for k, v in names_of("location").items() if k}
    with st.expander("Change what is promised", icon=":material/edit:"):
        with st.container(horizontal=True):
            keys = {
                "location_id": changing.pick("Location", "rules_window_place", places),
                "pathway": changing.pick("Pathway", "rules_window_pathway", {p: labels.word(p) for p in Pathway}),
                "channel": changing.pick("Channel", "rules_window_channel", _channels()),
                "kind": changing.pick("Kind", "rules_window_kind", {k: labels.word(k) for k in Kind}),
                "priority": changing.pick("Priority", "rules_window_priority", {p: labels.word(p) for p in Priority}),
            }  # fmt: skip
        with st.container(horizontal=True):
            window = st.number_input(
                "Staffed minutes; empty: no promise", 0, 100_000, None, key="rules_window", width=240
            )
            since = changing.since(view, "rules_window_since")
        named = {name: value for name, value in keys.items() if value is not None}
        changing.offer(view, "windows", Change("What is promised", lambda c: promises.set_window(
            c, window, effective_from=since, **named), windows_shown, since))  # fmt: skip


BENCHMARKS = {
    TargetMetric.RESPONSE_IN_TIME: "Of 2,241 US companies, 37 % answered an inquiry from their website within an hour, and "
    "23 % never did (Oldroyd, McElheran and Elkington 2011, Harvard Business Review 89(3):28).",
    TargetMetric.RECORDS_COMPLETE: "68 % of specialists said that they had no information from the primary care physician "
    "before particular referral visits (Gandhi et al. 2000, J Gen Intern Med 15:626).",
    TargetMetric.SEEN: "Of 103,737 attempts to schedule a referral in one health system, 34.8 % ended in a documented "
    "completed appointment (Patel et al. 2018, J Gen Intern Med 33:715).",
    TargetMetric.SHOWN: "Over 105 studies of appointments, 23 % were no-shows on average (Dantas et al. 2018, Health Policy "
    "122:412).",
}
"""What others found, each with its source: to read beside the empty field, never a target by itself."""


def targets(view: View) -> None:
    """The targets that are set, and another one."""
    table("Targets", practice_loaders.rules_on(targets_shown, view.today), "Of", "At least")
    if not view.viewer.may(auth.CHANGE_RULES):
        return
    places = {k: v for k, v in names_of("location").items() if k}
    with st.expander("Change a target", icon=":material/edit:"):
        with st.container(horizontal=True):
            metric = st.selectbox(
                "Of", list(TARGETED), format_func=TARGETED.__getitem__, key="rules_target_metric", width=260
            )
            at = changing.pick("Location", "rules_target_place", places)
            value = st.number_input(
                "At least, per cent", 0, 100, None, key="rules_target", placeholder="Your own", width=160
            )
            since = changing.since(view, "rules_target_since")
        if metric and (known := BENCHMARKS.get(metric)):
            st.caption(f"Elsewhere: {known}")
        if metric and value is not None:
            changing.offer(view, "target", Change("The target", lambda c: promises.set_target(
                c, metric, value / 100, effective_from=since, location_id=at), targets_shown, since))  # fmt: skip


def _channels() -> dict[Channel, str]:
    return {channel: labels.word(channel) for channel in Channel if channel != Channel.NOT_RECORDED}
