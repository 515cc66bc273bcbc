"""Where the keyboard is: Streamlit leaves it nowhere when a form begins anew, and who logs by keys would have to look."""

import streamlit as st

_SCRIPT = """
export default function ({ data }) {
  const moved = window.handoffFocus ?? {};
  window.handoffFocus = moved;
  if (moved[data.name] === data.turn) return;
  const first = moved[data.name] === undefined;
  moved[data.name] = data.turn;
  if (first) return;
  const group = [...document.querySelectorAll('[role=radiogroup]')].find((g) => g.ariaLabel === data.label);
  const field = group?.querySelector('[aria-checked=true]') ?? group?.querySelector('[role=radio]');
  field?.focus();
}
"""
_move = st.components.v2.component("handoff_focus", js=_SCRIPT)


def to(label: str, *, name: str, turn: int) -> None:
    """Put the keyboard on the pills of this label, each time when `turn` is another number than before; not on the first."""
    _move(key=f"focus_{name}", data={"label": label, "name": name, "turn": turn}, height=1)
