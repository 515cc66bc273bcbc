"""Blocks of the page of the practice's own lists: partners, service lines, sources, campaigns, pages and handouts, people,
and the words on offer.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

import streamlit as st
from sqlalchemy import Connection

from dashboard import actions, auth, clock, labels, loaders, partner_actions, practice_loaders, session
from dashboard.changes import Change, Shown
from dashboard.formats import local, plural
from dashboard.frame import View
from dashboard.screens import changing
from dashboard.screens.rules import owners_shown
from data_access import accounts, lead_lists, partners, practice
from data_access import tables as t
from data_access.vocabulary import (
    CloseReason,
    ContactMethod,
    NotEligibleReason,
    PartnerCategory,
    PauseReason,
    Role,
    StallReason,
    Topic,
)

_WORDS: Mapping[type[StrEnum], str] = {
    Topic: "Topics",
    CloseReason: "Reasons for closing",
    NotEligibleReason: "Reasons for not eligible",
    StallReason: "What holds an inquiry up",
    PauseReason: "Reasons for putting off",
}
_ALIKE_SHOWN = 10


def finding(known: Sequence[Mapping[str, Any]], pairs: int) -> str:
    """How many partners there are, and how many of them may be one; `known`: every partner."""
    used = sum(partner["active"] for partner in known)
    if not used:
        return "No partner is on the list yet. Add one below; the log form and the import add them too."
    text = f"**{plural(used, 'partner')}** {'is' if used == 1 else 'are'} in use"
    if pairs:
        return text + f"; **{plural(pairs, 'pair')}** of names may be one partner: see Partners that are one."
    return text + ", and no two names are alike."


def _chosen(label: str, name: str, table: str, *, new: str) -> tuple[int | None, Mapping[str, Any], str]:
    """The entry of a list that is looked at, None for a new one; how it stands; and what the keys of its fields begin with."""
    known = {entry["id"]: entry for entry in practice_loaders.entries(table)}
    chosen = changing.entry(label, name, known, new=new)
    return chosen, known.get(chosen or 0, {}), f"{name}_{chosen}"


# ---------------------------------------------------------------- partners


def partners_shown(connection: Connection, _day: date) -> Shown:
    """What is known of every partner."""
    return {
        f"Partner {partner['id']}": " · ".join(
            [
                partner["name"],
                labels.word(PartnerCategory(partner["category"])).lower(),
                *([] if partner["active"] else ["no longer in use"]),
                *([] if partner["may_contact"] else ["wants no contact"]),
                *([f"best by {_method(partner)}"] if partner["preferred_contact"] else []),
                *(["results go back to them"] if partner["report_back"] else []),
            ]
        )
        for partner in practice.entries(connection, t.partners)
    }


def _method(partner: Mapping[str, Any]) -> str:
    return labels.word(ContactMethod(partner["preferred_contact"])).lower()


def partner(view: View) -> None:
    """Change a partner: its name, its category, whether and how it wants to be contacted; or retire it. Or add one."""
    chosen, now, key = _chosen("Partner", "lists_partner", "partners", new="A new partner")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", now.get("name", ""), key=f"{key}_name", max_chars=80, width=320)
        words = list(PartnerCategory)
        category = st.selectbox(
            "Category", words, format_func=labels.word, key=f"{key}_category", width=200,
            index=words.index(PartnerCategory(now["category"])) if now else 0,
        )  # fmt: skip
        methods = [None, *ContactMethod]
        preferred = st.selectbox(
            "Best reached by", methods, format_func=lambda m: labels.word(m) if m else "No wish", key=f"{key}_by", width=200,
            index=methods.index(ContactMethod(now["preferred_contact"])) if now.get("preferred_contact") else 0,
        )  # fmt: skip
    with st.container(horizontal=True):
        contact = st.toggle("Wants to be contacted", now.get("may_contact", True), key=f"{key}_contact")
        back = st.toggle("It is agreed that results go back to them", now.get("report_back", False), key=f"{key}_back")
        active = st.toggle("In use", now.get("active", True), key=f"{key}_active")
    if not contact:
        st.caption("Nobody asks them for records then, and no rule of follow-up plans it.")
    values = {"category": category or PartnerCategory.OTHER, "preferred_contact": preferred, "may_contact": contact,
              "report_back": back,
              "active": active}  # fmt: skip
    if name.strip():
        changing.offer(
            view, "partner",
            Change("The partner", lambda c: partners.change(c, chosen, name, **values), partners_shown, view.today),
        )  # fmt: skip


def merges(view: View, pairs: Sequence[tuple[tuple[int, str], tuple[int, str]]]) -> None:
    """Partners that are one under two names: `pairs` with names alike, two of one's own choice, and undoing a merge."""
    for (one, name), (other, second) in pairs[:_ALIKE_SHOWN]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{name}** and **{second}**", width="stretch")
            for keep, gone, said in ((one, other, name), (other, one, second)):
                st.button(
                    f"Both are {said}", key=f"lists_merge_{gone}_{keep}", on_click=_merge, args=(view, gone, keep)
                )
    if len(pairs) > _ALIKE_SHOWN:
        st.caption(f"The {_ALIKE_SHOWN} most alike of {len(pairs):,} pairs.")
    known = {entry["id"]: entry["name"] for entry in loaders.choices("partners")}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        gone = changing.pick("Or: the leads of", "lists_merge_gone", known, nothing="Choose")
        keep = changing.pick("count for", "lists_merge_keep", known, nothing="Choose")
        st.button(
            "Merge them", key="lists_merge", on_click=_merge, args=(view, gone, keep), disabled=None in (gone, keep)
        )
    for merge in practice_loaders.partner_merges():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"{merge['partner']} counts for **{merge['into']}** since {local(merge['merged_at'], view.zone):%d %b %Y}"
            )
            st.button("Undo", key=f"lists_unmerge_{merge['id']}", icon=":material/undo:", on_click=_unmerge,
                      args=(view, merge["id"]))  # fmt: skip


@session.click
def _merge(view: View, gone: int, keep: int) -> None:
    _try(lambda: partner_actions.merge_partners(loaders.database(), view.viewer, gone, keep, now=clock.now()),
         "Merged: every lead of both counts for one partner, past and coming. It can be undone below.")  # fmt: skip


@session.click
def _unmerge(view: View, merge: int) -> None:
    _try(lambda: partner_actions.undo_partner_merge(loaders.database(), view.viewer, merge, now=clock.now()),
         "Undone: the partner counts for itself again.")  # fmt: skip


def _try(write: Callable[[], None], said: str) -> None:
    try:
        write()
    except actions.REFUSALS as problem:
        st.toast(str(problem), icon=":material/error:")
    else:
        st.toast(said, icon=":material/check:", duration="long")


# ---------------------------------------------------------------- service lines, sources, campaigns, pages, people


def lines_shown(connection: Connection, _day: date) -> Shown:
    """Every service line, and whether it takes new patients."""
    return {
        f"Service line {line['id']}": f"{line['name']} · {'accepting' if line['accepting'] else 'not accepting'}"
        + ("" if line["active"] else " · no longer in use")
        for line in practice.entries(connection, t.service_lines)
    }


def service_line(view: View) -> None:
    """Add or change a service line; whom it fits stands on its card, under Scripts and cards."""
    chosen, now, key = _chosen("Service line", "lists_line", "service_lines", new="A new service line")
    name = st.text_input("Name", now.get("name", ""), key=f"{key}_name", max_chars=80, width=320)
    with st.container(horizontal=True):
        accepting = st.toggle("Accepting new patients", now.get("accepting", True), key=f"{key}_accepting")
        active = st.toggle("In use", now.get("active", True), key=f"{key}_active")
    _offer_entry(
        view, "line", t.service_lines, chosen, {"name": name, "accepting": accepting, "active": active}, lines_shown
    )


def sources_shown(connection: Connection, _day: date) -> Shown:
    """Every source of inquiries."""
    return {
        f"Source {source['id']}": source["name"] + ("" if source["active"] else " · no longer in use")
        for source in practice.entries(connection, t.sources)
    }


def source(view: View) -> None:
    """Add or change a source of inquiries."""
    chosen, now, key = _chosen("Source", "lists_source", "sources", new="A new source")
    name = st.text_input("Name", now.get("name", ""), key=f"{key}_name", max_chars=80, width=320)
    active = st.toggle("In use", now.get("active", True), key=f"{key}_active")
    _offer_entry(view, "source", t.sources, chosen, {"name": name, "active": active}, sources_shown)


def campaigns_shown(connection: Connection, _day: date) -> Shown:
    """Every campaign, and since when it runs."""
    return {
        f"Campaign {one['id']}": f"{one['name']}{_since(one['began_on'])}"
        + ("" if one["active"] else " · no longer offered")
        for one in practice.entries(connection, t.campaigns)
    }


def _since(day: date | None) -> str:
    return f" · since {day:%d %b %Y}" if day else ""


def campaign(view: View) -> None:
    """Add or change a campaign: one marketing action that inquiries can be put down to, from its name on the log form."""
    chosen, now, key = _chosen("Campaign", "lists_campaign", "campaigns", new="A new campaign")
    name = st.text_input("Name", now.get("name", ""), key=f"{key}_name", max_chars=80, width=320,
                         placeholder="Open house, spring")  # fmt: skip
    began = st.date_input(
        "Began on", now.get("began_on", view.today), key=f"{key}_began", format="YYYY-MM-DD", width=160
    )
    active = st.toggle("Offered on the log form", now.get("active", True), key=f"{key}_active")
    values = {"name": name, "began_on": began, "active": active}
    _offer_entry(view, "campaign", t.campaigns, chosen, values, campaigns_shown)
    st.caption("What became of its inquiries stands under Sources and topics, by campaign.")


def content_shown(connection: Connection, _day: date) -> Shown:
    """Every page and handout, what it answers, and when it was last looked at."""
    return {
        f"Page {one['id']}": f"{one['name']} · {labels.word(Topic(one['topic'])).lower()} · published "
        f"{one['published_on']:%d %b %Y}"
        + (f" · reviewed {one['reviewed_on']:%d %b %Y}" if one["reviewed_on"] else "")
        + ("" if one["active"] else " · no longer there")
        for one in practice.entries(connection, t.content_items)
    }


def content(view: View) -> None:
    """Add or change a page or handout that answers a topic, and say when it was last looked at."""
    chosen, now, key = _chosen("Page or handout", "lists_content", "content_items", new="A new page or handout")
    name = st.text_input("Name", now.get("name", ""), key=f"{key}_name", max_chars=80, width=320,
                         placeholder="What to bring to your first visit")  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        topics = list(Topic)
        topic = st.selectbox("It answers", topics, format_func=labels.word, key=f"{key}_topic", width=240,
                             index=topics.index(Topic(now["topic"])) if now else 0)  # fmt: skip
        dates: dict[str, Any] = {"max_value": view.today, "format": "YYYY-MM-DD", "width": 160}
        published = st.date_input("Published on", now.get("published_on", view.today), key=f"{key}_published", **dates)
        reviewed = st.date_input("Last reviewed on", now.get("reviewed_on"), key=f"{key}_reviewed", **dates)
    active = st.toggle("Still there", now.get("active", True), key=f"{key}_active")
    if reviewed and published and reviewed < published:
        st.markdown(":red[It was reviewed before it was published. Mend one of the two days.]")
    elif published:
        values = {"name": name, "topic": topic, "published_on": published, "reviewed_on": reviewed, "active": active}
        _offer_entry(view, "content", t.content_items, chosen, values, content_shown)
    st.caption("Its day stands on the weeks of its topic under Sources and topics.")


def people_shown(connection: Connection, day: date) -> Shown:
    """Everybody, with their role; and who owns what, because that may change with them."""
    return (
        {
            f"Person {person['id']}": f"{person['name']} · {labels.word(Role(person['role'])).lower()}"
            + _signs_in(connection, person)
            + ("" if person["active"] else " · no longer here")
            for person in practice.entries(connection, t.staff)
        }
        | _owned(connection)
        | dict(owners_shown(connection, day))
    )


def _signs_in(connection: Connection, person: Mapping[str, Any]) -> str:
    if not person["email"]:
        return ""
    names = practice.names(connection, t.locations)
    places = [names[place] for place in sorted(accounts.locations_of(connection, person["id"]))]
    sees = "every location" if person["sees_all"] else ", ".join(places) or "no location"
    return f" · signs in as {person['email']} · sees {sees}"


def _owned(connection: Connection) -> dict[str, str]:
    """How many open inquiries everybody owns; those of somebody who has left want another owner."""
    staff = {person["id"]: person for person in practice.entries(connection, t.staff)}
    counted = lead_lists.open_by_owner(connection)
    return {
        f"Open inquiries of {staff[owner]['name']}": plural(number, "inquiry", "inquiries")
        + ("" if staff[owner]["active"] else ": theirs still, so give them to another")
        for owner, number in counted.items()
    }


def person(view: View) -> None:
    """Add or change a person; who leaves is retired, and what they owned falls to their backup."""
    chosen, now, key = _chosen("Person", "lists_person", "staff", new="Somebody new")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", now.get("name", ""), key=f"{key}_name", max_chars=80, width=320)
        roles = list(Role)
        role = st.selectbox("Role", roles, format_func=labels.word, key=f"{key}_role", width=240,
                            index=roles.index(Role(now["role"])) if now else 0)  # fmt: skip
    active = st.toggle("Works here", now.get("active", True), key=f"{key}_active")
    values: dict[str, Any] = {"name": name, "role": role, "active": active}
    signs_in = bool(now.get("email"))
    if not view.viewer.may(auth.KEEP_ACCOUNTS):
        st.caption("Who may sign in, and what they see then, is for an administrator to say.")
        needs = auth.KEEP_ACCOUNTS if signs_in or Role.ADMINISTRATOR in (role, now.get("role")) else ""
        _offer_entry(view, "person", t.staff, chosen, values, people_shown, needs=needs)
        return
    places = {place["id"]: place["name"] for place in practice_loaders.entries("locations")}
    had = practice_loaders.locations_of(chosen) if chosen else frozenset()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        email = st.text_input("Signs in as", now.get("email") or "", key=f"{key}_email", max_chars=254, width=320,
                              placeholder="Empty: does not sign in")  # fmt: skip
        sees_all = st.toggle("Sees every location", bool(now.get("sees_all")), key=f"{key}_sees_all")
    given = [] if sees_all else st.multiselect(
        "Sees", list(places), sorted(had & places.keys()), key=f"{key}_places", format_func=places.__getitem__,
        placeholder="No location", width=400,
    )  # fmt: skip
    if not name.strip():
        return
    change = Change(
        "The list of staff",
        lambda c: accounts.change_person(c, chosen, values, email=email, sees_all=sees_all, locations=given),
        people_shown, view.today, auth.KEEP_ACCOUNTS,
    )  # fmt: skip
    changing.offer(view, "person", change)


def _offer_entry(
    view: View,
    name: str,
    table: Any,
    entry_id: int | None,
    values: Mapping[str, Any],
    shows: Callable[[Connection, date], Shown],
    *,
    needs: str = "",
) -> None:
    if values["name"].strip():
        changing.offer(
            view, name,
            Change("The list", lambda c: practice.change_entry(c, table, entry_id, **values), shows, view.today, needs),
        )  # fmt: skip


# ---------------------------------------------------------------- words


def words_shown(connection: Connection, _day: date) -> Shown:
    """Which words of each vocabulary are offered."""
    return {
        f"{title} · {labels.word(word)}": "no longer offered" if word in gone else "offered"
        for vocabulary, title in _WORDS.items()
        for gone in [practice.withheld(connection, vocabulary)]
        for word in vocabulary
    }


def words(view: View) -> None:
    """Which topics and reasons the forms offer. What was noted with a word stays, and counts."""
    st.caption(
        "The words themselves are fixed, so that figures stay comparable from year to year; which of them your forms offer "
        "is yours to say."
    )
    for vocabulary, title in _WORDS.items():
        name, now = vocabulary.__name__.lower(), practice_loaders.offered(vocabulary)
        kept = st.pills(
            title, list(vocabulary), format_func=labels.word, default=now, selection_mode="multi", wrap=True,
            key=f"lists_words_{name}",
        )  # fmt: skip
        if set(kept) != set(now):
            changing.offer(
                view, f"words_{name}",
                Change(title, _offers(vocabulary, tuple(kept)), words_shown, view.today),
            )  # fmt: skip


def _offers(vocabulary: type[StrEnum], kept: tuple[StrEnum, ...]) -> Callable[[Connection], None]:
    return lambda c: practice.offer_words(c, vocabulary, kept)
