"""Our rules: who owns what, what comes next, what is promised; and from when a change holds."""

import streamlit as st

from dashboard import frame, practice_loaders
from dashboard.screens import rules

view = frame.view("rules").now()
st.title("Our rules")
owned = practice_loaders.rules_on(rules.owners_shown, view.today)
st.markdown(rules.finding(owned))
rules.owners(view, owned)
rules.follow_ups(view)
rules.promised(view)
rules.targets(view)
