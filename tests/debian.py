"""Programs that some tests need and pip does not bring, from Debian's packages."""

import os
import shutil
import subprocess
import sys


def install(package: str) -> bool:
    """Install a package, as root, or with sudo that asks nothing; whether that went well."""
    if not shutil.which("apt-get"):
        return False
    become = [] if os.geteuid() == 0 else ["sudo", "-n"]
    commands = (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", package])
    return all(subprocess.run([*become, *one], stdout=sys.stderr, check=False).returncode == 0 for one in commands)
