"""From raw widget values to a value object, or to a message beside each field that is wrong."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dashboard import labels
from data_access.contacts import plain
from data_access.days import DAY_MINUTES, minute_of_day, time_of_day
from data_access.events import Received
from data_access.lead_rules import reference_problem
from data_access.lead_state import CLOCK_SKEW
from data_access.vocabulary import Asker, Channel, Kind, PartnerCategory, Pathway, Priority, Topic

EXPECTATIONS_LENGTH = 280
PARTNER_LENGTH = 80
NOW, MINUTES_15, HOUR, YESTERDAY = "Now", "15 min ago", "1 h ago", "Yesterday"
WHEN = (NOW, MINUTES_15, HOUR, YESTERDAY)
_BACK = {MINUTES_15: timedelta(minutes=15), HOUR: timedelta(hours=1), YESTERDAY: timedelta(days=1)}

LIVE_CHANNELS = (Channel.PHONE, Channel.WALK_IN)
_CLINICIANS_KINDS = (Kind.WARM_INTRO, Kind.PARTNER_REQUEST)
_CLINICIANS_CHANNELS = (Channel.FAX, Channel.SECURE_EMAIL, Channel.PARTNER_OUTREACH)

Errors = dict[str, str]
"""Field name -> what is wrong and what to do."""


@dataclass(frozen=True)
class Inquiry:
    """A new inquiry as the form describes it.

    Attributes
    ----------
    received_at : datetime, optional
        None: at the moment it is saved.
    typed : str
        A digest of what was typed, to tell the same form sent twice from another inquiry; "15 min ago" stays that.
    new_partner : str
        The name of a partner that is not on the list yet; empty for none.
    sure, sure_partner : bool
        Whether somebody who was asked said that the inquiry, or the partner, is not entered already.
    contact : str
        A phone number or an e-mail address, of which only a fingerprint is kept; empty for none.
    """

    asked: Received
    received_at: datetime | None
    typed: str
    new_partner: str = ""
    sure: bool = False
    sure_partner: bool = False
    contact: str = field(default="", repr=False)


def parse_inquiry(
    raw: Mapping[str, Any], *, zone: str, now: datetime, partner_categories: Mapping[int, PartnerCategory]
) -> Inquiry | Errors:
    """Check what was typed into the log form.

    Parameters
    ----------
    raw : mapping
        Values by field: kind, channel, partner (an id, or the name of a new one), category, sure, source, topic, asker,
        reference, contact, expectations, live, location, service_line, owner, clinician, priority, when, received (naive local
        time; it stands for `when`).
    zone : str
        IANA zone of the chosen location, in which `received` was meant.
    partner_categories : mapping of partner id -> category
        The partners that exist.

    Returns
    -------
    Inquiry, or Errors
    """
    errors: Errors = {}
    kind = _word(raw, "kind", Kind, errors, "Choose what they want.")
    channel = _word(raw, "channel", Channel, errors, "Choose how it arrived.")
    topic = _word(raw, "topic", Topic, errors)
    priority = _word(raw, "priority", Priority, errors) or Priority.ROUTINE
    asker = _word(raw, "asker", Asker, errors) or usual_asker(kind, channel)
    category = _word(raw, "category", PartnerCategory, errors)
    partner, location = raw.get("partner"), raw.get("location")
    reference = (raw.get("reference") or "").strip() or None
    expectations = (raw.get("expectations") or "").strip() or None
    if location is None:
        errors["location"] = "Choose the location."
    new_partner = " ".join(partner.split()) if isinstance(partner, str) else ""
    if new_partner:
        if len(new_partner) > PARTNER_LENGTH:
            errors["partner"] = f"Shorten this name to {PARTNER_LENGTH} characters; it has {len(new_partner)}."
        elif category is None:
            errors["category"] = f"Choose what kind of partner {new_partner} is: it is new."
    elif partner is not None and partner not in partner_categories:
        errors["partner"] = "This partner is not on the list any more. Choose another."
    if kind in (Kind.PARTNER_REQUEST, Kind.WARM_INTRO) and partner is None:
        errors["partner"] = "Name the partner: this kind of inquiry comes from one."
    if kind == Kind.INFORMATION and topic is None:
        errors["topic"] = "Choose the topic: an information request is about something."
    if kind == Kind.PARTNER_REQUEST and reference:
        errors["reference"] = "Leave this empty: a partner's request is not about one patient."
    elif reference and (problem := reference_problem(reference)):
        errors["reference"] = problem
    if expectations and len(expectations) > EXPECTATIONS_LENGTH:
        errors["expectations"] = f"Shorten this to {EXPECTATIONS_LENGTH} characters; it has {len(expectations)}."
    contact = (raw.get("contact") or "").strip()
    if contact and plain(contact) is None:
        errors["contact"] = "This is neither a phone number nor an e-mail address. Mend it, or leave it empty."
    received_at = _received_at(raw, zone, now, errors)
    if errors or kind is None or channel is None or location is None:
        return errors
    return Inquiry(
        Received(
            lead_kind=kind,
            pathway=Pathway.CLINICIAN if asker == Asker.CLINICIAN else Pathway.PATIENT,
            channel=channel,
            location_id=location,
            asker=asker,
            priority=priority,
            partner_id=None if new_partner else partner,
            partner_category=partner_categories.get(partner, category) if partner else category,
            service_line_id=raw.get("service_line"),
            source_id=raw.get("source"),
            campaign_id=raw.get("campaign"),
            topic=topic,
            owner_id=raw.get("owner"),
            requested_clinician_id=raw.get("clinician"),
            reference=reference,
            expectations=expectations if kind == Kind.WARM_INTRO else None,
            answered_live=bool(raw.get("live")) and channel in LIVE_CHANNELS,
        ),
        received_at,
        hashlib.sha256(repr(sorted((k, v) for k, v in raw.items() if not k.startswith("sure"))).encode()).hexdigest(),
        new_partner,
        bool(raw.get("sure")),
        bool(raw.get("sure_partner")),
        contact,
    )


def usual_asker(kind: Kind | None, channel: Channel | None) -> Asker:
    """Who asks, where nobody said: a clinician, by what is asked or by a channel that only practices use; else a patient."""
    clinician = kind in _CLINICIANS_KINDS or channel in _CLINICIANS_CHANNELS
    return Asker.CLINICIAN if clinician else Asker.PATIENT


def _word(raw: Mapping[str, Any], name: str, words: Any, errors: Errors, missing: str | None = None) -> Any:
    value = raw.get(name)
    if value is None:
        if missing:
            errors[name] = missing
        return None
    try:
        return words(value)
    except ValueError:
        errors[name] = f"{value!r} is not known. Choose one of the list."
        return None


def _received_at(raw: Mapping[str, Any], zone: str, now: datetime, errors: Errors) -> datetime | None:
    when, typed = raw.get("when") or NOW, raw.get("received")
    if typed is None:
        return now - _BACK[when] if when in _BACK else None
    if when in _BACK:
        errors["received"] = f"Two times are given. Choose {NOW!r} above, or clear the day and time."
        return None
    received_at: datetime = typed.replace(tzinfo=ZoneInfo(zone))
    if received_at > now + CLOCK_SKEW:
        errors["received"] = "This time lies in the future. Give the time at which it arrived."
    return received_at


def parse_week(typed: Sequence[str]) -> dict[int, list[tuple[str, str]]] | str:
    """Staffed hours of a week from seven texts, Monday first: weekday -> intervals; or what is wrong with them."""
    week: dict[int, list[tuple[str, str]]] = {}
    for weekday, text in enumerate(typed):
        spans: list[tuple[int, int]] = []
        for part in filter(None, (part.strip() for part in text.replace(";", ",").split(","))):
            span = parse_span(part, whole_day=False)
            if isinstance(span, str):
                return f"{labels.WEEKDAYS[weekday + 1]}: {span}"
            spans.append(span)
        ends = [closes if closes > opens else closes + DAY_MINUTES for opens, closes in sorted(spans)]
        if any(begins < end for end, (begins, _) in zip(ends, sorted(spans)[1:], strict=False)):
            name = labels.WEEKDAYS[weekday + 1]
            return f"{name}: these hours overlap. Write each stretch once, for example 08:30-12:30, 13:15-17:00."
        if spans:
            week[weekday] = [(time_of_day(opens), time_of_day(closes)) for opens, closes in sorted(spans)]
    return week


def parse_span(typed: str, *, whole_day: bool) -> tuple[int, int] | str:
    """Minutes of the day of "08:30-12:30"; or what is wrong. Empty: the whole day, where that may be."""
    text = typed.strip().replace("–", "-")
    if not text and whole_day:
        return 0, DAY_MINUTES
    times = re.fullmatch(r"(\d\d?:\d\d)\s*-\s*(\d\d?:\d\d)", text)
    try:
        span = (minute_of_day(times[1]), minute_of_day(times[2])) if times else (-1, -1)
    except ValueError:
        span = -1, -1
    if span[0] < 0 or span[0] == span[1] or span[0] == DAY_MINUTES:
        return f"{typed.strip()!r} is not a stretch of hours. Write it like 08:30-12:30."
    return span
