"""How a change of what the practice set up is asked for: from when it holds, what it would change, and its button."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import streamlit as st

from dashboard import auth, changes, loaders, session
from dashboard.changes import Change, Difference
from dashboard.formats import plural
from dashboard.frame import View

_ASKED = "change_asked"  # which change is being looked at: to try one takes the database's write lock for a moment
_SEEN = "change_seen"  # what it was said to change, so that nothing else is saved
_SHOWN = 20


def pick(label: str, key: str, options: Mapping[Any, str], *, nothing: str = "Any") -> Any:
    """One of some options, or none: None."""
    return st.selectbox(
        label, [None, *options], format_func=lambda o: options[o] if o is not None else nothing, key=key, width=200
    )


def entry(label: str, key: str, known: Mapping[int, Mapping[str, Any]], *, new: str) -> int | None:
    """One entry of a list, or a new one: None."""

    def said(chosen: int) -> str:
        if not chosen:
            return new
        return str(known[chosen]["name"]) + ("" if known[chosen]["active"] else " (no longer in use)")

    return st.selectbox(label, [*known, 0], format_func=said, key=key, width=400) or None


def since(view: View, key: str, *, days_ahead: int = 0) -> date:
    """From which day on a change holds: today, or so many days ahead, or later."""
    first = view.today + timedelta(days=days_ahead)
    day = st.date_input("From", value=first, min_value=first, key=key, format="YYYY-MM-DD", width=160)
    return day if isinstance(day, date) else first


def offer(view: View, name: str, change: Change, *, doubt: str = "") -> None:
    """What the change would change, once somebody asks, and the button that makes it; `doubt`: what to look at first."""
    st.button(
        "See what it changes", key=f"rules_ask_{name}", on_click=_ask, args=(name,), icon=":material/compare_arrows:"
    )
    if st.session_state.get(_ASKED) != name:
        return
    try:
        found = changes.preview(loaders.database(), view.viewer, change, today=view.today)
    except (ValueError, auth.NotDone) as problem:
        st.markdown(f":red[{problem}]")
        return
    if not found:
        st.caption("This changes nothing.")
        return
    lines = [
        {"What": one.about, "Now": one.before or "nothing set", "Then": one.after or "nothing set"} for one in found
    ]
    many = plural(len(found), "line")
    st.markdown(f"From {change.from_day:%d %b %Y} this changes **{many}**; what came before is not judged anew:")
    st.table(lines[:_SHOWN], border="horizontal", hide_index=True)
    if len(lines) > _SHOWN:
        st.caption(f"The first {_SHOWN} of them.")
    if doubt:
        st.markdown(f":orange[{doubt}]")
    pressed = st.button("Save this change", key=f"rules_save_{name}", type="primary")
    seen, st.session_state[_SEEN] = st.session_state.get(_SEEN), (name, found)
    if pressed and seen != (name, found):
        st.warning(
            "This is what it does now: something was changed after you had looked. Save it again, if it is right."
        )
    elif pressed:
        _save(view, change, found)


@session.click
def _ask(name: str) -> None:
    st.session_state[_ASKED] = name


def _save(view: View, change: Change, shown: Sequence[Difference]) -> None:
    try:
        changes.save(loaders.database(), view.viewer, change, shown, today=view.today)
    except (ValueError, auth.NotDone) as problem:
        st.error(str(problem), icon=":material/error:")
        return
    st.session_state.pop(_ASKED, None)
    session.say(f"{change.said}: saved. It holds from {change.from_day:%d %b %Y}.")
    st.rerun()
