"""Our rules: who owns what, what comes next, what is promised; and from when a change holds."""

import streamlit as st

from dashboard import auth, display, frame, loaders
from dashboard.screens import rules

view = frame.view().now()
display.header("Our rules", None, view, whenever=True)
if not view.viewer.may(auth.SEE_METRICS):
    st.stop()
owned = loaders.rules_on(rules.owners_shown, view.today)
st.markdown(rules.finding(owned))
rules.owners(view, owned)
rules.follow_ups(view)
rules.promised(view)
