"""Find a PostgreSQL with postgres_fdw for the tests of a cluster: one that is there, else Debian's package.

Prints the folder of its programs. Ends with an error where there is none: these tests are never skipped.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests import debian

OLDEST = 15
"""From this version on, postgres_fdw sends CASE to the other server, without which no tally of ours is counted there."""


def installed() -> Path | None:
    """Folder of a server's programs on this machine, the newest that can be used."""
    named = os.environ.get("POSTGRESQL_PROGRAMS")
    known = [Path(named)] if named else []
    on_path = shutil.which("initdb")
    known += [Path(on_path).resolve().parent] if on_path else []
    known += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return next((programs for programs in known if _fits(programs)), None)


def _fits(programs: Path) -> bool:
    if not all((programs / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
        return False
    told = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    shared = [programs.parent / "share", Path("/usr/share/postgresql") / programs.parent.name]
    extension = any(any(folder.rglob("postgres_fdw.control")) for folder in shared if folder.exists())
    return extension and int(told.split()[2].split(".")[0]) >= OLDEST


def packaged() -> Path | None:
    """The same after installing Debian's package."""
    return installed() if debian.install("postgresql") else None


def main() -> int:
    """Print the folder, or say what to do."""
    found = installed() or packaged()
    if not found:
        print(
            f"No PostgreSQL {OLDEST} or newer with postgres_fdw: install one with its contrib modules, or name the folder of "
            "its programs in the environment variable POSTGRESQL_PROGRAMS.",
            file=sys.stderr,
        )
        return 1
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
