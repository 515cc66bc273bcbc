"""Contact details as fingerprints only: a keyed hash tells that two inquiries come from one person, and nothing else.

The key is the deployment's (HANDOFF_CONTACT_SECRET); whoever has the database without it cannot try phone numbers out.
"""

import hashlib
import hmac
import re

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import tables as t

_PHONE_DIGITS = 10
"""A country's prefix is left out, because people seldom say it."""


def plain(typed: str) -> str | None:
    """A phone number or an e-mail address without what differs from one spelling to the next; None where it is neither."""
    folded = typed.strip().casefold()
    digits = re.sub(r"\D", "", folded)
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", folded):
        return folded
    return digits[-_PHONE_DIGITS:] if len(digits) >= 7 and re.fullmatch(r"[\d\s()+./x-]+", folded) else None


def fingerprint(secret: str, plain_contact: str) -> str:
    """The keyed hash of what `plain` gives."""
    return hmac.new(secret.encode(), plain_contact.encode(), hashlib.sha256).hexdigest()


def note(connection: Connection, lead_id: int, print_: str) -> None:
    """Note the fingerprint of who asked, in place of an earlier one."""
    connection.execute(sa.delete(t.contacts).where(t.contacts.c.lead_id == lead_id))
    connection.execute(sa.insert(t.contacts).values(lead_id=lead_id, fingerprint=print_))
