"""The look for known vulnerabilities fails where one is known, and nowhere else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KNOWN = {"id": "PYSEC-1", "fix_versions": ["2.0"]}


@pytest.mark.parametrize(
    ("packages", "passes", "said"),
    [
        ([{"name": "one", "version": "1.0", "vulns": [KNOWN]}], False, "one 1.0: PYSEC-1, fixed in 2.0"),
        ([{"name": "one", "version": "1.0", "vulns": []}], True, "1 of 1 packages were looked up, 0 known"),
        ([{"name": "one", "skip_reason": "not found"}], True, "nobody could be asked"),
        (None, True, "nobody could be asked"),
    ],
)
def test_only_a_known_vulnerability_fails(tmp_path: Path, packages: object, passes: bool, said: str) -> None:
    """Where the advisories cannot be reached it says so and passes."""
    tool = tmp_path / "pip-audit"
    answer = "no network" if packages is None else json.dumps({"dependencies": packages})
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")
    tool.chmod(0o755)
    (tmp_path / "python").symlink_to(sys.executable)
    done = subprocess.run(  # our own script
        [tmp_path / "python", ROOT / ".ci" / "audit"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.returncode == 0) == passes, done.stderr
    assert said in done.stdout
