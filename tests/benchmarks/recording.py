"""Handoff as it is served, with what its last two runs sent kept in a file, for replayed_page.py.

python -m tests.benchmarks.recording FILE demo --port 8501
"""

import pickle
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext

from dashboard.cli import main


def record(file: Path, command: list[str]) -> int:
    """Run a command of Handoff; whenever a run begins, the two before it are written to the file."""
    runs: list[list[bytes]] = []
    begin, send = ScriptRunContext.reset, ScriptRunContext.enqueue

    def begun(context: ScriptRunContext, *args: Any, **kwargs: Any) -> None:
        file.write_bytes(pickle.dumps(runs[-2:]))
        runs.append([])
        begin(context, *args, **kwargs)

    def sent(context: ScriptRunContext, message: Any) -> None:
        runs[-1].append(message.SerializeToString())
        send(context, message)

    with patch.object(ScriptRunContext, "reset", begun), patch.object(ScriptRunContext, "enqueue", sent):
        return main(command)


if __name__ == "__main__":
    sys.exit(record(Path(sys.argv[1]), sys.argv[2:]))
