"""How somebody is reached: kept only where a key is set up, field by field, encrypted, away from everything that is counted.

AES-256-GCM (NIST SP 800-38D) with a fresh nonce for each value, bound to its lead and field: a sealed value that is moved to
another lead's row does not open there. The keys are the deployment's (HANDOFF_CONTACT_KEYS); the first one seals, the others
open what was sealed before they were replaced.
"""

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Engine

from data_access import contacts
from data_access import tables as t
from data_access.engine import writing
from data_access.vocabulary import ContactField

_NONCE = 12
_BATCH = 500
LONGEST = 120


class Locked(LookupError):
    """A value was sealed with a key that is not set up here, or is not what was sealed."""


@dataclass(frozen=True)
class Keys:
    """The keys of a deployment, by name; the first one seals."""

    by_name: Mapping[str, bytes]

    @classmethod
    def parse(cls, text: str) -> "Keys":
        """Keys as they are set: base64 of 32 bytes each, with spaces between them.

        Raises
        ------
        ValueError
            When one of them is no such key.
        """
        keys = {}
        for word in text.split():
            try:
                key = base64.b64decode(word, validate=True)
            except binascii.Error:
                key = b""
            if len(key) != 32:
                raise ValueError(
                    "HANDOFF_CONTACT_KEYS holds something that is no key; make one with: openssl rand -base64 32"
                )
            keys[hashlib.sha256(key).hexdigest()[:8]] = key
        return cls(keys)

    @property
    def sealing(self) -> str:
        """Name of the key that seals."""
        return next(iter(self.by_name))

    def seal(self, lead_id: int, field: ContactField, value: str) -> bytes:
        """A value, sealed for one field of one lead."""
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self.by_name[self.sealing]).encrypt(nonce, value.encode(), _bound(lead_id, field))

    def open(self, key_name: str, lead_id: int, field: ContactField, sealed: bytes) -> str:
        """What was sealed.

        Raises
        ------
        Locked
            When its key is not here, or it was sealed for another field or lead, or changed since.
        """
        if key_name not in self.by_name:
            raise Locked(f"It is encrypted with key {key_name}, which is not among HANDOFF_CONTACT_KEYS.")
        try:
            plain = AESGCM(self.by_name[key_name]).decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(lead_id, field))
        except InvalidTag:
            raise Locked("It was changed in the database, or belongs to another inquiry, and cannot be read.") from None
        return plain.decode()


def _bound(lead_id: int, field: ContactField) -> bytes:
    return f"{lead_id}|{field}".encode()


def problem(field: ContactField, value: str) -> str | None:
    """Why a value cannot be this field, or None."""
    if len(value) > LONGEST:
        return f"Shorten this to {LONGEST} characters; it has {len(value)}."
    if field == ContactField.NAME:
        return None if re.search(r"\w", value) else "This is no name."
    plain = contacts.plain(value)
    if field == ContactField.PHONE:
        return None if plain and "@" not in plain else "This is no phone number; write it like 555 010 1234."
    return None if plain and "@" in plain else "This is no e-mail address; write it like name@mail.example."


def keep(connection: Connection, keys: Keys, lead_id: int, values: Mapping[ContactField, str]) -> None:
    """Keep the contact details of a lead in place of those that were kept; empty ones are let go.

    Raises
    ------
    ValueError
        When one of them cannot be.
    """
    plain = {field: " ".join(value.split()) for field, value in values.items() if value.strip()}
    for field, value in plain.items():
        if wrong := problem(field, value):
            raise ValueError(wrong)
    connection.execute(sa.delete(t.contact_details).where(t.contact_details.c.lead_id == lead_id))
    rows = [
        {"lead_id": lead_id, "field": field, "key_name": keys.sealing, "sealed": keys.seal(lead_id, field, value)}
        for field, value in plain.items()
    ]
    if rows:
        connection.execute(sa.insert(t.contact_details), rows)


def fields_of(connection: Connection, lead_id: int) -> frozenset[ContactField]:
    """Which contact details are kept of a lead, without opening any."""
    c = t.contact_details.c
    return frozenset(map(ContactField, connection.execute(sa.select(c.field).where(c.lead_id == lead_id)).scalars()))


def of_lead(connection: Connection, keys: Keys, lead_id: int) -> dict[ContactField, str]:
    """The contact details of a lead; errors as for `Keys.open`."""
    c = t.contact_details.c
    rows = connection.execute(sa.select(c.field, c.key_name, c.sealed).where(c.lead_id == lead_id))
    found = {
        ContactField(row.field): keys.open(row.key_name, lead_id, ContactField(row.field), row.sealed) for row in rows
    }
    return {field: found[field] for field in ContactField if field in found}


def rotate(engine: Engine, keys: Keys) -> int:
    """Seal everything anew that another key sealed; how many values. What is broken off is taken up again by the next call.

    Errors as for `Keys.open`, before anything of its batch is written.
    """
    c, done = t.contact_details.c, 0
    stale = sa.select(t.contact_details).where(c.key_name != keys.sealing).order_by(c.lead_id, c.field).limit(_BATCH)
    while True:
        with writing(engine, counted=False) as connection:
            rows = connection.execute(stale).all()
            for row in rows:
                field = ContactField(row.field)
                value = keys.open(row.key_name, row.lead_id, field, row.sealed)
                connection.execute(
                    sa.update(t.contact_details)
                    .where(c.lead_id == row.lead_id, c.field == row.field)
                    .values(key_name=keys.sealing, sealed=keys.seal(row.lead_id, field, value))
                )
        done += len(rows)
        if not rows:
            return done
