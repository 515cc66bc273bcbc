"""What a page costs without anything behind it: its runs before and after a click, sent as they were recorded, in turn."""

import pickle
import sys
from pathlib import Path

import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx


@st.cache_resource
def _recorded() -> list[list[bytes]]:
    runs: list[list[bytes]] = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301  # written by recording.py just now
    return runs


context = get_script_run_ctx()
assert context
st.session_state["runs"] = run = st.session_state.get("runs", 0) + 1
for sent in _recorded()[run % 2]:
    message = ForwardMsg.FromString(sent)
    message.ClearField("hash")
    context.enqueue(message)
