"""Privacy and audit: who saw and changed what, how long what points to a person is kept, and erasing one person."""

import streamlit as st

from dashboard import frame
from dashboard.screens import privacy

view = frame.view("privacy").now()
st.title("Privacy and audit")
if view.viewer.locations is not None:
    st.info("This is for administrators who see the whole practice.", icon=":material/lock:")
    st.stop()
BLOCKS = {"Audit log": privacy.audit, "How long it is kept": privacy.keeping, "Erase one person": privacy.person}
chosen = st.segmented_control(
    "Part", list(BLOCKS), default="Audit log", required=True, key="privacy_block", label_visibility="collapsed"
)
BLOCKS[chosen or "Audit log"](view)
