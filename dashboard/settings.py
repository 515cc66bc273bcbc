"""Deployment settings: from the environment, from a file named there, or from Streamlit's secrets; in that order.

Nothing here is about the practice itself: its hours, promises and people are data in its own database.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from data_access import demo_profiles


class BadSetting(ValueError):
    """A setting is missing or cannot be used; the message shows a valid example."""


@dataclass(frozen=True)
class Setting:
    """One setting: its environment variable, what it means, and an example."""

    name: str
    meaning: str
    example: str
    choices: tuple[str, ...] = ()
    at_least: int = 0
    numbers: range | None = None


SETTINGS = (
    Setting(
        "HANDOFF_DATABASE_URL",
        "The lead database. Without it: .handoff/handoff.db where that exists, otherwise the first demo practice.",
        "postgresql://handoff@localhost/handoff",
    ),
    Setting(
        "HANDOFF_SYNC_URL",
        "The other system's database that `handoff sync` reads, where --from does not name one.",
        "/run/secrets/handoff-sync, named in HANDOFF_SYNC_URL_FILE",
    ),
    Setting(
        "HANDOFF_HOME",
        "Folder for embedded databases, and for copies of the facts of large ones. Without it: .handoff in the working "
        "directory.",
        "/var/lib/handoff",
    ),
    Setting(
        "HANDOFF_COUNT_IN",
        "Where leads are counted: in this process (fast), or in the database (when its facts would not fit in memory).",
        "process",
        ("process", "database"),
    ),
    Setting(
        "HANDOFF_WEB_SECRET",
        "From which the keys of the website's forms are made, at least 32 characters. Without it no web form may post.",
        "/run/secrets/handoff-web, named in HANDOFF_WEB_SECRET_FILE",
        at_least=32,
    ),
    Setting(
        "HANDOFF_CONTACT_SECRET",
        "Fingerprints phone numbers and e-mail addresses, at least 32 characters. Without it none is asked for.",
        "/run/secrets/handoff-contact, named in HANDOFF_CONTACT_SECRET_FILE",
        at_least=32,
    ),
    Setting(
        "HANDOFF_CONTACT_KEYS",
        "Encrypt contact details: one key, or several with spaces between them, of which the first one encrypts. Without it "
        "none are kept.",
        "/run/secrets/handoff-contact-keys, named in HANDOFF_CONTACT_KEYS_FILE",
        at_least=44,
    ),
    Setting(
        "HANDOFF_PUBLIC_URL",
        "Where staff open Handoff, for sign-in; https, unless it is this machine.",
        "https://handoff.clinic.example",
    ),
    Setting(
        "HANDOFF_OIDC_URL",
        "The metadata of the OpenID Connect provider at which staff sign in.",
        "https://login.clinic.example/.well-known/openid-configuration",
    ),
    Setting("HANDOFF_OIDC_CLIENT_ID", "Handoff's name at the provider.", "handoff"),
    Setting(
        "HANDOFF_OIDC_CLIENT_SECRET",
        "Handoff's password at the provider.",
        "/run/secrets/handoff-oidc, named in HANDOFF_OIDC_CLIENT_SECRET_FILE",
    ),
    Setting(
        "HANDOFF_OIDC_UNVERIFIED",
        "What to do where the provider does not say whether an address is verified: refuse it, or trust it.",
        "trust",
        choices=("refuse", "trust"),
    ),
    Setting(
        "HANDOFF_COOKIE_SECRET",
        "Signs the cookie that keeps somebody signed in, at least 32 characters; the same for every replica.",
        "/run/secrets/handoff-cookie, named in HANDOFF_COOKIE_SECRET_FILE",
        at_least=32,
    ),
    Setting(
        "HANDOFF_IDLE_MINUTES",
        "After so many minutes without use somebody is signed out.",
        "30",
        numbers=range(1, 1441),
    ),
    Setting("HANDOFF_SIGNED_IN_HOURS", "So long one sign-in lasts at most.", "12", numbers=range(1, 169)),
    Setting(
        "HANDOFF_ADDRESS",
        "The address at which the server listens. Without it: 127.0.0.1, behind a proxy on this machine.",
        "0.0.0.0",  # noqa: S104
    ),
)
_BY_NAME = {s.name: s for s in SETTINGS}


def read(name: str, secrets: Mapping[str, str] | None = None) -> str | None:
    """One setting's value, or None where it is not set.

    Raises
    ------
    BadSetting
        When it is set in two ways at once, its file cannot be read, or its value is not one of the choices or too short.
    """
    setting = _BY_NAME[name]
    value, file = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if value and file:
        raise BadSetting(f"{name} and {name}_FILE are both set; keep one")
    if file:
        try:
            value = Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadSetting(f"{name}_FILE names {file}, which cannot be read: {error.strerror}") from None
    if not value:
        value = (_streamlit_secrets() if secrets is None else secrets).get(name.removeprefix("HANDOFF_").lower())
    if value and setting.choices and value not in setting.choices:
        raise BadSetting(
            f"{name} is {value!r}; choose from {', '.join(setting.choices)}; for example {setting.example}"
        )
    if value and len(value) < setting.at_least:
        raise BadSetting(f"{name} is shorter than {setting.at_least} characters; make one with: openssl rand -hex 32")
    if value and setting.numbers and (not value.isdecimal() or int(value) not in setting.numbers):
        first, last = setting.numbers[0], setting.numbers[-1]
        raise BadSetting(f"{name} is {value!r}; write a number from {first} to {last}, for example {setting.example}")
    return value or None


def number(name: str) -> int:
    """A setting that is a number; its example where it is not set."""
    return int(read(name) or _BY_NAME[name].example)


def idle() -> timedelta:
    """After so long without use a sign-in is over."""
    return timedelta(minutes=number("HANDOFF_IDLE_MINUTES"))


def longest() -> timedelta:
    """So long a sign-in lasts at most."""
    return timedelta(hours=number("HANDOFF_SIGNED_IN_HOURS"))


def home() -> Path:
    """The folder of embedded databases."""
    return Path(read("HANDOFF_HOME") or ".handoff").absolute()


def demo_file(practice: str) -> Path:
    """File of a demo practice's database."""
    return home() / f"demo-{practice}.db"


def demo_url(practice: str) -> str:
    """URL of a demo practice's database."""
    return f"sqlite:///{demo_file(practice)}"


def facts_folder(url: str) -> Path:
    """Where copies of a database's facts are kept on this machine."""
    without_password = sa.make_url(url).render_as_string(hide_password=True)
    return home() / "facts" / sha256(without_password.encode()).hexdigest()[:16]


def demo_of(url: str) -> str | None:
    """Name of the demo practice that a URL points to, or None."""
    return next((name for name in demo_profiles.NAMES if url == demo_url(name)), None)


def own_url() -> str:
    """URL of the embedded database that holds the practice's own leads unless another one is set."""
    return f"sqlite:///{home() / 'handoff.db'}"


def database_url() -> str:
    """URL of the lead database: the one that is set, else the practice's own, else the first demo practice."""
    if configured := read("HANDOFF_DATABASE_URL"):
        return configured
    return own_url() if (home() / "handoff.db").exists() else demo_url("specialty")


def _streamlit_secrets() -> Mapping[str, str]:
    if not Path(".streamlit/secrets.toml").is_file():
        return {}
    import streamlit  # costs a second; only where there are secrets to read

    return dict(streamlit.secrets.get("handoff", {}))
