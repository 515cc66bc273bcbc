"""Find a Chromium for the browser tests: one that is there, else playwright's own download, else Debian's package.

Prints its path. Ends with an error where there is none: the browser tests are never skipped.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests import debian

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def installed() -> str | None:
    """Path of a Chromium on this machine."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def downloaded() -> str | None:
    """Path of playwright's own Chromium, after trying to download it."""
    from playwright.sync_api import sync_playwright

    done = subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], stdout=sys.stderr, check=False)
    if done.returncode:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def packaged() -> str | None:
    """Path of Debian's Chromium, after installing it."""
    return installed() if debian.install("chromium") else None


def main() -> int:
    """Print the path, or say what to do."""
    found = installed() or downloaded() or packaged()
    if not found:
        print("No Chromium: install one, or name it in the environment variable CHROMIUM.", file=sys.stderr)
        return 1
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
