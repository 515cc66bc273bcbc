"""Setup progress: what is set up, what is recorded, and what comes next; it ticks itself."""

import streamlit as st

from dashboard import frame, practice_loaders
from dashboard.screens import progress

view = frame.view("setup").now()
st.title("Setup progress")
if view.viewer.locations is not None:
    st.info("The practice's setup is for those who see all of it.", icon=":material/lock:")
    st.stop()
steps = practice_loaders.setup_steps(view.viewer, view.count, view.as_of, view.today)
st.markdown(progress.finding(steps))
progress.stages(view, steps)
