"""Checklists: which records are asked for, in versions, and the copies for partners and patients."""

import streamlit as st

from dashboard import frame
from dashboard.screens import checklists

view = frame.view("checklists").now()
st.title("Checklists")
line = checklists.choose()
st.markdown(checklists.finding(line, view.today))
checklists.revise(view, line)
checklists.versions(line, view.today)
checklists.copies(view, line)
