"""The practice's own texts: shown beside what they are for, and changed in versions."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st
from sqlalchemy import Connection

from dashboard import auth, clock, desk, labels, loaders, practice_loaders
from dashboard.auth import Viewer
from dashboard.changes import Change, Shown
from dashboard.formats import plain, plural
from dashboard.frame import View
from dashboard.loaders import names as names_of
from dashboard.screens import changing
from data_access import texts
from data_access.vocabulary import Kind, Need, TextUse

_SEEN = "texts_use"

# ---------------------------------------------------------------- beside what they are for


def script_beside(lead: Mapping[str, Any], lead_id: int | None = None) -> int | None:
    """The script for a lead of this kind that stands so, read-only; the id of the version that is gone by, if one is.

    Parameters
    ----------
    lead : mapping
        Its `kind` and `need`.
    lead_id : int, optional
        The lead on which what is done next is noted as done by the script; None: it is not logged yet.
    """
    found = practice_loaders.text_for(TextUse.SCRIPT, lead)
    if lead_id is not None:
        desk.go_by(lead_id, None)
    if found is None:
        return None
    with st.container(border=True):
        about = labels.word(Kind(lead["kind"])).lower()
        about += f", {labels.word(Need(lead['need'])).lower()}" if lead.get("need") else ""
        st.markdown(f"**Script** · {about}")
        st.markdown(found.body)
        by_it = st.toggle(
            f"I go by it: note version {found.version} on what I record", key="texts_by_script", persist_state="session"
        )
    chosen = found.id if by_it else None
    if lead_id is not None:
        desk.go_by(lead_id, chosen)
    return chosen


def criteria_card(viewer: Viewer, service_line: int | None) -> None:
    """What the practice takes, to answer in one look: of one service line, or of all; open, for whom, and how soon."""
    lines = [line for line in loaders.choices("service_lines") if service_line in (None, line["id"])]
    if not lines:
        return
    st.subheader("Who we see")
    soon = practice_loaders.soonest(viewer)
    for line in lines:
        mark = ":green[Accepting new patients]" if line["accepting"] else ":orange[Not accepting now]"
        ahead = soon.get(line["id"])
        wait = f" · third opening in {plural(ahead, 'day')}" if ahead is not None and line["accepting"] else ""
        found = practice_loaders.text_for(TextUse.CRITERIA, {"service_line_id": line["id"]})
        st.markdown(f"**{plain(line['name'])}** · {mark}{wait}  \n{found.body if found else ''}")


# ---------------------------------------------------------------- the page


def shown(connection: Connection, day: date) -> Shown:
    """The texts in force: what each is for -> its version and what it says."""
    return {about(text): f"v{text['version']}: {text['body']}" for text in texts.on(connection, day)}


def about(text: Mapping[str, Any]) -> str:
    """What a text is for, in words."""
    parts = [labels.word(TextUse(text["use"]))]
    parts += [labels.word(Kind(text["kind"]))] if text["kind"] else []
    parts += [labels.word(Need(text["need"]))] if text["need"] else []
    parts += [names_of("location").get(text["location_id"], "?")] if text["location_id"] else []
    parts += [names_of("service_line").get(text["service_line_id"], "?")] if text["service_line_id"] else []
    return " · ".join(parts)


def finding(found: Sequence[Mapping[str, Any]]) -> str:
    """How many texts are in force, and which kinds of inquiry have no script."""
    if not found:
        return "No text is in force yet. Write the first below: it is shown beside the form and beside each inquiry."
    scripts = [text for text in found if text["use"] == TextUse.SCRIPT]
    missing = [kind for kind in Kind if not any(text["kind"] in (None, kind) for text in scripts)]
    said = f"**{plural(len(found), 'text')}** {'is' if len(found) == 1 else 'are'} in force"
    if missing:
        return said + f"; there is no script for: **{', '.join(labels.word(kind).lower() for kind in missing)}**."
    return said + ", with a script for every kind of inquiry."


def library(view: View, found: Sequence[Mapping[str, Any]]) -> None:
    """The texts in force of one use, and how to write a new version."""
    use = st.pills(
        "Use", list(TextUse), format_func=labels.word, default=TextUse.SCRIPT, key=_SEEN, required=True, wrap=True,
        label_visibility="collapsed",
    )  # fmt: skip
    use = TextUse(use or TextUse.SCRIPT)
    st.caption(_PURPOSE[use])
    for text in (text for text in found if text["use"] == use):
        doubts = texts.promises_of_outcome(text["body"])
        mark = " · :orange[says what may promise an outcome]" if doubts else ""
        since = "since ever" if text["effective_from"].year <= 1970 else f"since {text['effective_from']:%d %b %Y}"
        with st.expander(f"{about(text)} · v{text['version']} {since}{mark}"):
            st.markdown(text["body"])
            _earlier(text)
    if view.viewer.may(auth.CHANGE_RULES):
        _write(view, use)


def _earlier(text: Mapping[str, Any]) -> None:
    keys = {name: text[name] for name in texts.MAY_NAME[TextUse(text["use"])]}
    staff = names_of("owner")
    rows = [
        {
            "Version": one["version"],
            "From": f"{one['effective_from']:%d %b %Y}",
            "Written by": staff.get(one["staff_id"], "?") if one["staff_id"] else "The system",
            "Text": one["body"] or "(none from this day on)",
        }
        for one in practice_loaders.text_versions(TextUse(text["use"]), keys)
    ]
    if len(rows) > 1:
        st.caption("All versions")
        st.table(rows, border="horizontal", hide_index=True)


def _write(view: View, use: TextUse) -> None:
    with st.expander("Write a new version, or another text", icon=":material/edit:"):
        offered: dict[str, tuple[str, Mapping[Any, str]]] = {
            "kind": ("Kind", {kind: labels.word(kind) for kind in Kind}),
            "need": ("Where a lead stands", {need: labels.word(need) for need in Need}),
            "location_id": ("Location", {k: v for k, v in names_of("location").items() if k}),
            "service_line_id": ("Service line", {k: v for k, v in names_of("service_line").items() if k}),
        }
        with st.container(horizontal=True):
            keys = {name: changing.pick(offered[name][0], f"texts_{use}_{name}", offered[name][1])
                    for name in texts.MAY_NAME[use]}  # fmt: skip
            since = changing.since(view, "texts_since")
        now = practice_loaders.text_versions(use, keys)
        body = st.text_area(
            "Text (Markdown). Facts, no promise of an outcome; no name of a patient", value=now[0]["body"] if now else "",
            key=f"texts_body_{use}_{'_'.join(str(key) for key in keys.values())}", height=220, max_chars=texts.LENGTH,
            help="Empty: there is no such text from this day on.",
        )  # fmt: skip
        staff = view.viewer.staff_id

        def apply(c: Connection) -> None:
            texts.write(c, use, body, effective_from=since, now=clock.now(), staff_id=staff, **keys)

        words = texts.promises_of_outcome(body)
        doubt = (
            f"Look at these words: **{', '.join(words)}**. A text states facts and promises no outcome."
            if words
            else ""
        )
        changing.offer(view, "texts", Change("The text", apply, shown, since), doubt=doubt)


_PURPOSE: Mapping[TextUse, str] = {
    TextUse.SCRIPT: "Shown beside the form and beside each inquiry of its kind that stands so; the closest fit is shown.",
    TextUse.CRITERIA: "Shown beside the form: who is seen in a service line, and who is better seen elsewhere.",
    TextUse.HOW_TO_REFER: "Printed on the partner's copy of the checklist: what a clinician does to refer to a location.",
    TextUse.WHAT_TO_EXPECT: "Printed on the patient's copy of the checklist, and noted as what was said when "
                            "somebody was told what to expect.",
    TextUse.PRIORITY: "Shown where a priority is chosen: what is routine, soon or urgent, by the rules of your clinicians.",
}  # fmt: skip
