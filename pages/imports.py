"""Import: bring leads in from files, look at earlier imports and undo them, and keep mappings by name."""

import streamlit as st

from dashboard import frame
from dashboard.screens import import_batches, imports

view = frame.view("imports").now()
st.title("Import")
if view.viewer.locations is not None:
    st.info("This is for those who see the whole practice.", icon=":material/lock:")
    st.stop()
BLOCKS = {
    "Bring in a file": imports.bring,
    "Earlier imports": import_batches.earlier,
    "Mappings": import_batches.mappings,
}
chosen = st.segmented_control(
    "Part", list(BLOCKS), default="Bring in a file", required=True, key="imports_block", label_visibility="collapsed"
)
BLOCKS[chosen or "Bring in a file"](view)
