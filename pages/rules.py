"""Our rules: who owns what, what comes next, what is promised; and from when a change holds."""

import streamlit as st

from dashboard import auth, frame, practice_loaders
from dashboard.screens import rules

view = frame.view().now()
st.title("Our rules")
if not view.viewer.may(auth.SEE_METRICS):
    st.stop()
owned = practice_loaders.rules_on(rules.owners_shown, view.today)
st.markdown(rules.finding(owned))
rules.owners(view, owned)
rules.follow_ups(view)
rules.promised(view)
rules.targets(view)
