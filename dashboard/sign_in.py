"""Signing in at the practice's OpenID Connect provider: who it says somebody is, and whether that still holds.

Streamlit keeps what the provider said in a signed cookie, for longer than we want and whoever it is. So each run asks the
database anew: is the person on the staff, did they sign out, and when did they last do anything. A sign-in is known by the
digest of what the provider said, which holds the moment and the nonce of just this one.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
import streamlit as st
from sqlalchemy import Engine

from dashboard import clock, session, settings
from dashboard.auth import NotSignedIn, NotStaff, Viewer
from data_access import accounts, audit
from data_access.accounts import Account
from data_access.engine import reading, writing
from data_access.vocabulary import AuditKind

_AHEAD = timedelta(minutes=5)
"""So far the provider's clock may be ahead of ours."""
_OWN = ("is_logged_in", "origin", "tokens")
"""What Streamlit adds to what the provider said."""
_LOG = logging.getLogger(__name__)


def digest_of(claims: Mapping[str, Any]) -> str:
    """What one sign-in is known by."""
    said = {name: value for name, value in claims.items() if name not in _OWN}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def in_time(claims: Mapping[str, Any], now: datetime) -> bool:
    """Whether a sign-in was not too long ago."""
    issued = claims.get("iat")
    if not isinstance(issued, int | float):
        return False
    age = now - datetime.fromtimestamp(issued, UTC)
    return -_AHEAD <= age < settings.longest()


def stands(engine: Engine, claims: Mapping[str, Any], now: datetime) -> bool:
    """Whether somebody of the staff is signed in by these claims, without noting anything."""
    with reading(engine) as connection:
        found = accounts.sign_in(connection, digest_of(claims))
    return bool(
        found and found.account and found.stands(now, settings.idle(), settings.longest()) and in_time(claims, now)
    )


def viewer(engine: Engine, *, touch: bool = True) -> Viewer:
    """Who is signed in, by what the database says now.

    Parameters
    ----------
    touch : bool
        Whether to note that the sign-in is used; False where only a timer asks.

    Raises
    ------
    NotSignedIn
        When nobody is, or not any more.
    NotStaff
        When the provider knows them, and the practice does not, or not any more.
    """
    claims = st.user.to_dict() if st.user.get("is_logged_in") else {}
    if not claims:
        raise NotSignedIn("This practice's data is shown to its own staff.")
    now, digest = clock.now(), digest_of(claims)
    if not in_time(claims, now):
        raise NotSignedIn("Your sign-in is over. Sign in again.")
    with reading(engine) as connection:
        found = accounts.sign_in(connection, digest)
    if found is None:
        account: Account | None = _begin(engine, claims, digest, now)
    else:
        if found.ended_at:
            raise NotSignedIn("You signed out. Sign in again.")
        if not found.stands(now, settings.idle(), settings.longest()):
            raise NotSignedIn("Nothing was done for a while, so you were signed out. Sign in again.")
        account = found.account
        if touch and account and accounts.wants_touch(found, now):
            _touch(engine, digest, now)
    if account is None:
        raise NotStaff(_not_staff(claims))
    return Viewer(account.name, account.role, account.locations, account.staff_id, digest, st.context.ip_address)


def _not_staff(claims: Mapping[str, Any]) -> str:
    return f"{claims.get('email') or 'This account'} is not on this practice's list of staff. Ask its administrator."


def _verified(claims: Mapping[str, Any]) -> bool:
    """Whether the provider says that the address is the person's, or is trusted without saying so."""
    said = claims.get("email_verified")
    if said is None:
        return settings.read("HANDOFF_OIDC_UNVERIFIED") == "trust"
    return str(said).lower() == "true"


def _begin(engine: Engine, claims: Mapping[str, Any], digest: str, now: datetime) -> Account:
    """Note a sign-in, or that it was refused."""
    email, address = str(claims.get("email") or ""), st.context.ip_address
    known = bool(email) and _verified(claims)
    with reading(engine) as connection:
        account = accounts.of_email(connection, email) if known else None
    refused = session.kept("refused", set[str])
    if account is None:
        if digest not in refused:  # once, and not again at every click
            with writing(engine, counted=False) as connection:
                audit.note(connection, AuditKind.REFUSED, f"sign-in of {email or 'nobody'}", now=now, address=address)
            refused.add(digest)
        raise NotStaff(_not_staff(claims))
    with writing(engine, counted=False) as connection:
        if accounts.begin(connection, digest, account.staff_id, now):
            audit.note(
                connection, AuditKind.SIGNED_IN, "signed in", now=now, staff_id=account.staff_id, address=address
            )
    return account


def _touch(engine: Engine, digest: str, now: datetime) -> None:
    try:
        with writing(engine, counted=False) as connection:
            accounts.touch(connection, digest, now)
    except sa.exc.OperationalError:  # a full disk or a locked database keeps nobody from looking
        _LOG.warning("a sign-in could not be noted as used")


def end(engine: Engine, digest: str) -> None:
    """End a sign-in: its cookie opens nothing any more, wherever it is."""
    now = clock.now()
    try:
        with writing(engine, counted=False) as connection:
            if staff_id := accounts.end(connection, digest, now):
                address = st.context.ip_address
                audit.note(connection, AuditKind.SIGNED_OUT, "signed out", now=now, staff_id=staff_id, address=address)
    except sa.exc.OperationalError:  # the cookie goes all the same
        _LOG.warning("a sign-out could not be noted")
