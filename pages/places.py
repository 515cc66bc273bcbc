"""Places and hours: where the practice is, when it is staffed, and when it is closed."""

import streamlit as st

from dashboard import frame, practice_loaders
from dashboard.screens import places

view = frame.view("places").now()
st.title("Places and hours")
known = practice_loaders.entries("locations")
st.markdown(places.finding(known, view.today))
place = places.choose(known)
if place:
    places.details(view, place)
    places.hours(view, place)
    places.closed_days(view, place)
places.another(view)
