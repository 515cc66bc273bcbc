"""The entry of the dashboard: who is there, the frame, and the page.

It stands here and not beside `pages/`: there, a deep link on a fresh server would run a page without this gate.
"""

from pathlib import Path

import sqlalchemy as sa
import streamlit as st

from dashboard import frame, loaders, look, navigation, turns

MARK = str(Path(__file__).with_name("mark.svg"))

st.set_page_config(page_title="Handoff", page_icon=MARK, layout="wide")
st.logo(MARK, size="large")

try:
    with turns.turn(), look.one():
        viewer = frame.who()
        page = navigation.build(viewer)
        st.sidebar.caption(loaders.own_practice()["name"])
        if viewer.may_open(page.url_path) and page.url_path not in navigation.WITHOUT_FILTERS:
            frame.sidebar(viewer)
        frame.signed_in(viewer)
        frame.outcome()
        page.run()
except sa.exc.OperationalError:
    frame.unreachable()
