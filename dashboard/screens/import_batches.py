"""Earlier imports and taking them back, and the mappings that are kept by name."""

import streamlit as st

from dashboard import auth, clock, display, import_actions, loaders, session
from dashboard.formats import local, plain, plural
from dashboard.frame import View
from data_access.importing.undoing import Outlook
from data_access.lead_rules import NotPossible
from data_access.vocabulary import BatchStatus

_EARLIER = 200


def earlier(view: View) -> None:
    """What was brought in, by whom, and taking it back."""
    engine = loaders.database()
    found = import_actions.earlier(engine, view.viewer, limit=_EARLIER)
    if not found:
        st.info("Nothing was imported yet.", icon=":material/inbox:")
        return
    rows = [
        {
            "Import": one["id"],
            "When": local(one["started_at"], view.zone),
            "By": one["staff"] or "Nobody of the staff",
            "Files": one["files"],
            "Mapping": one["mapping_name"],
            "Stands": "Undone" if one["status"] == BatchStatus.UNDONE else one["status"].capitalize(),
            **{
                name.capitalize(): one[f"{name}_rows"]
                for name in ("added", "updated", "unchanged", "flagged", "rejected")
            },
        }
        for one in found
    ]
    picked = st.dataframe(
        rows, hide_index=True, alt="Earlier imports", key="imports_earlier", on_select="rerun",
        selection_mode="single-row", placeholder="–",
        column_config={
            "Import": st.column_config.NumberColumn(format="%d", width="small", pinned=True),
            "When": st.column_config.DatetimeColumn(format="ddd D MMM YYYY, HH:mm"),
        },
    )  # fmt: skip
    chosen = picked["selection"]["rows"]
    if not chosen:
        st.caption("Choose one to see its mapping, or to undo it.")
        return
    one = found[chosen[0]]
    st.subheader(f"Import {one['id']}")
    if one["file_digests"]:
        st.caption(f"SHA-256 of the files: {one['file_digests']}")
    if one["mapping"]:
        with st.expander(f"Its mapping, {plain(one['mapping_name'] or '')}", icon=":material/data_object:"):
            st.code(one["mapping"], language="toml")
    _undo(view, int(one["id"]))


def _undo(view: View, batch_id: int) -> None:
    engine, kept = loaders.database(), session.kept("imports_undo", dict[int, Outlook | str])
    if st.button("See what undoing it would do", key="imports_outlook", icon=":material/undo:"):
        try:
            kept[batch_id] = import_actions.outlook(engine, view.viewer, batch_id)
        except NotPossible as problem:
            kept.pop(batch_id, None)
            st.info(str(problem), icon=":material/undo:")
    outlook = kept.get(batch_id)
    if isinstance(outlook, str):
        st.success(outlook, icon=":material/check_circle:")
        return
    if outlook is None:
        return
    restored = (
        f", and **{plural(outlook.restored, 'lead')}** be again as the source said before" if outlook.restored else ""
    )
    st.markdown(f"**{plural(outlook.removed, 'lead')}** that nobody touched since would be removed{restored}.")
    if outlook.updated_since:
        st.markdown(
            f"{plural(len(outlook.updated_since), 'lead')} were changed by a later import and stay as they are."
        )
    worked_too = False
    if outlook.worked:
        st.markdown(f"**{plural(len(outlook.worked), 'lead')}** had something recorded on them since:")
        display.lead_table(import_actions.worked(engine, view.viewer, outlook, limit=loaders.LIST_LIMIT))
        worked_too = st.checkbox("Remove these too, with all that was recorded on them", key="imports_worked_too")
    if outlook.merged:
        st.caption(f"{plural(len(outlook.merged), 'lead')} were merged with others and stay in any case.")
    number = outlook.removed + (len(set(outlook.worked) - set(outlook.merged)) if worked_too else 0)
    text = f"Undo import {batch_id}: remove {plural(number, 'lead')}"
    if st.button(text, key="imports_undo_go", type="primary", icon=":material/undo:"):
        try:
            done = import_actions.undo(engine, view.viewer, batch_id, outlook, worked_too=worked_too, now=clock.now())
        except (NotPossible, auth.NotDone) as problem:
            st.error(str(problem), icon=":material/error:")
            return
        kept[batch_id] = f"Import {batch_id} is undone: {plural(done.removed, 'lead')} removed."
        st.rerun()


# ---------------------------------------------------------------- mappings


def mappings(view: View) -> None:
    """The mappings that are kept, for this page and for `handoff import --mapping NAME`."""
    engine = loaders.database()
    names = import_actions.mapping_names(engine, view.viewer)
    if not names:
        st.info("No mapping is kept yet. Keep one where a file is brought in.", icon=":material/inbox:")
        return
    chosen = st.selectbox("Mapping", names, key="imports_kept", width=400)
    kept = import_actions.mapping(engine, view.viewer, chosen)
    if kept is None:
        return
    st.code(kept.text, language="toml")
    st.caption(f'On the command line: `handoff import FILE --mapping "{chosen}"{loaders.database_option()}`')
    if st.button("Keep it no longer", key="imports_remove", icon=":material/delete:"):
        try:
            import_actions.remove_mapping(engine, view.viewer, chosen)
        except auth.NotDone as problem:
            st.error(str(problem), icon=":material/error:")
            return
        st.rerun()
