"""Partners and lists: what the forms offer, and what it is about: partners, sources, campaigns, people, words."""

import streamlit as st

from dashboard import frame, practice_loaders
from dashboard.screens import lists

view = frame.view("lists").now()
st.title("Partners and lists")
pairs = practice_loaders.alike_pairs()
st.markdown(lists.finding(practice_loaders.entries("partners"), len(pairs)))
BLOCKS = {
    "Partners": lists.partner,
    "Partners that are one": lambda view: lists.merges(view, pairs),
    "Service lines": lists.service_line,
    "Sources": lists.source,
    "Campaigns": lists.campaign,
    "Pages and handouts": lists.content,
    "People": lists.person,
    "Topics and reasons": lists.words,
}
chosen = st.segmented_control(
    "List", list(BLOCKS), default="Partners", required=True, key="lists_block", label_visibility="collapsed"
)
BLOCKS[chosen or "Partners"](view)
