"""The OpenID Connect provider at which staff sign in, as the deployment sets it up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dashboard import auth, settings

_PROVIDER = (
    "HANDOFF_PUBLIC_URL", "HANDOFF_OIDC_URL", "HANDOFF_OIDC_CLIENT_ID", "HANDOFF_OIDC_CLIENT_SECRET", "HANDOFF_COOKIE_SECRET",
)  # fmt: skip


@dataclass(frozen=True)
class Provider:
    """Where staff sign in, and where they come back to."""

    public_url: str
    metadata_url: str
    client_id: str
    client_secret: str
    cookie_secret: str

    @property
    def secrets(self) -> dict[str, Any]:
        """The section [auth] as Streamlit wants it."""
        return {
            "redirect_uri": f"{self.public_url}/oauth2callback",
            "cookie_secret": self.cookie_secret,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "server_metadata_url": self.metadata_url,
        }

    @property
    def host(self) -> str:
        """The host that staff see in their address bar."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def encrypted(self) -> bool:
        """Whether they come by https."""
        return self.public_url.startswith("https://")


def provider() -> Provider | None:
    """The provider that is set up; None where none is.

    Raises
    ------
    settings.BadSetting
        When a part of it is missing, or cookies would travel unencrypted.
    """
    values = {name: settings.read(name) for name in _PROVIDER}
    missing = [name for name, value in values.items() if not value]
    if len(missing) == len(_PROVIDER):
        return None
    if missing:
        raise settings.BadSetting(f"for sign-in, {', '.join(missing)} is not set; see docs/operations.md")
    url, metadata, client, secret, cookie = (str(value) for value in values.values())
    made = Provider(url.rstrip("/"), metadata, client, secret, cookie)
    parts = urlsplit(made.public_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise settings.BadSetting(f"HANDOFF_PUBLIC_URL is {url!r}; write it like https://handoff.clinic.example")
    for name, address in (("HANDOFF_PUBLIC_URL", made.public_url), ("HANDOFF_OIDC_URL", made.metadata_url)):
        if not address.startswith("https://") and urlsplit(address).hostname not in auth.LOOPBACK:
            raise settings.BadSetting(f"{name} is {address!r}; away from this machine it has to begin with https://")
    return made


def require_servable(practice: Mapping[str, Any] | None, *addresses: str | None) -> None:
    """Raise `auth.SignInMissing` where a database is to be shown that nobody could sign in to see."""
    if provider() is None:
        auth.require_servable(practice, *addresses)
