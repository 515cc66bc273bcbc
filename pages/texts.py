"""Scripts and cards: what staff say and show, in versions that hold from a day on."""

import streamlit as st

from dashboard import frame, practice_loaders
from dashboard.screens import texts

view = frame.view("texts").now()
st.title("Scripts and cards")
found = practice_loaders.texts_on(view.today)
st.markdown(texts.finding(found))
texts.library(view, found)
