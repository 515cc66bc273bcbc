"""Blocks of the page of the setup's progress."""

from collections.abc import Sequence

import streamlit as st

from dashboard.frame import View
from dashboard.navigation import ROOT, TITLES
from dashboard.setup_progress import FIRST, LATER, Step


def finding(steps: Sequence[Step]) -> str:
    """How far it is, and what comes next."""
    done = sum(step.done for step in steps)
    text = f"**{done} of {len(steps)}** steps are done."
    if following := next((step for step in steps if not step.done), None):
        text += f" Next: {following.title[0].lower()}{following.title[1:]} ({following.found})."
    return text


def stages(_view: View, steps: Sequence[Step]) -> None:
    """Every step with what was found, and the page to do it on."""
    for stage in (FIRST, LATER):
        mine = [step for step in steps if step.stage == stage]
        st.subheader(f"{stage}: {sum(step.done for step in mine)} of {len(mine)}")
        for step in mine:
            icon = ":green[:material/check_circle:]" if step.done else ":orange[:material/radio_button_unchecked:]"
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"{icon} {step.title} · {step.found}", width="stretch")
                if not step.done:
                    st.page_link(
                        ROOT / "pages" / f"{step.page}.py", label=TITLES[step.page], icon=":material/arrow_forward:"
                    )
    st.caption("Nothing is ticked by hand: each step looks at what is set up, and at the leads of the last 90 days.")
