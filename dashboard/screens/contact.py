"""How the person of one inquiry is reached: shown when it is asked for, and each time written down."""

from typing import Any

import streamlit as st

from dashboard import auth, labels, loaders, navigation, privacy_actions, session
from dashboard.auth import Viewer
from data_access.contact_details import LONGEST, Locked
from data_access.vocabulary import ContactField

_SHOWN = "contact_shown"


def details(viewer: Viewer, lead_id: int) -> None:
    """Contact details of an inquiry, where the practice keeps any and the viewer may see them."""
    if privacy_actions.keys() is None or not viewer.may(auth.SEE_CONTACTS):
        return
    st.subheader("Contact details")
    kept = session.kept(_SHOWN, dict[str, Any])
    if navigation.just_came():  # who comes back is written down again
        kept.clear()
    if kept.get("lead") == lead_id:
        _shown(viewer, lead_id, kept)
        return
    if "lead" in kept:  # of another inquiry
        kept.clear()
    fields = privacy_actions.contact_fields(loaders.database(), viewer, lead_id)
    said = ", ".join(labels.word(field).lower() for field in ContactField if field in fields)
    st.caption(f"Kept encrypted: {said}." if fields else "None are kept.")
    if problem := kept.pop("problem", ""):
        st.error(problem, icon=":material/error:")
    st.button(
        "Show and change" if fields else "Write them down", key=f"contact_show_{lead_id}", icon=":material/lock_open:",
        on_click=_show, args=(viewer, lead_id, kept), help="The audit log says who reads them.",
    )  # fmt: skip


@session.click
def _show(viewer: Viewer, lead_id: int, kept: dict[str, Any]) -> None:
    try:
        values = privacy_actions.contact_of(loaders.database(), viewer, lead_id)
    except (Locked, auth.NotDone) as problem:
        kept["problem"] = str(problem)
        return
    kept.clear()
    kept.update(lead=lead_id, values=values, seen=values)


def _shown(viewer: Viewer, lead_id: int, kept: dict[str, Any]) -> None:
    values = kept["values"]
    for field in ContactField:
        st.text_input(
            labels.word(field), values.get(field, ""), key=f"contact_{field}_{lead_id}", max_chars=LONGEST,
            autocomplete="off",
        )  # fmt: skip
    if problem := kept.get("problem"):
        st.markdown(f":red[{problem}]")
    with st.container(horizontal=True):
        st.button(
            "Save contact details", key=f"contact_save_{lead_id}", type="primary", on_click=_save,
            args=(viewer, lead_id, kept),
        )  # fmt: skip
        st.button("Hide", key=f"contact_hide_{lead_id}", on_click=_hide, args=(kept,))


@session.click
def _save(viewer: Viewer, lead_id: int, kept: dict[str, Any]) -> None:
    if kept.get("lead") != lead_id:  # the second click of two
        return
    held = session.values()
    typed = {field: str(held.get(f"contact_{field}_{lead_id}") or "") for field in ContactField}
    try:
        privacy_actions.keep_contact(loaders.database(), viewer, lead_id, typed, kept["seen"])
    except (ValueError, auth.NotDone) as problem:
        kept.update(problem=str(problem), values=typed)
        return
    kept.clear()


@session.click
def _hide(kept: dict[str, Any]) -> None:
    kept.clear()
