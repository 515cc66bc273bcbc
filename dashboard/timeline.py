"""What happened to a lead, in words."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.labels import word
from data_access import events as happened
from data_access.events import Event, Happening

Names = Mapping[str, Mapping[int, str]]
"""Names by id of the practice's lists: staff, locations."""


def said(what: Happening, zone: str, names: Names) -> str:
    """One event in a few words.

    Parameters
    ----------
    zone : str
        IANA zone in which its moments are told.
    names : mapping
        `staff` and `locations`, each id -> name.
    """
    return _WORDS[type(what)](what, zone, names)


def of_log(log: list[Event]) -> list[tuple[Event, bool]]:
    """Events in the order in which they happened, the latest first, each with whether it was taken back."""
    voided = happened.voided(log)
    return [(event, event.id in voided) for event in sorted(log, key=lambda e: (e.occurred_at, e.id), reverse=True)]


def _items(what: Any) -> str:
    return ": " + ", ".join(word(item).lower() for item in what.items) if what.items else ""


def _when(starts_at: datetime | None, starts_on: date | None, zone: str) -> str:
    if starts_at:
        return f" for {starts_at.astimezone(ZoneInfo(zone)):%a %d %b %Y, %H:%M}"
    return f" for {starts_on:%a %d %b %Y}" if starts_on else ""


def _eligibility(what: Any, _zone: str, _names: Names) -> str:
    outcome = {"eligible": "Found eligible", "not_eligible": "Found not eligible", "not_checked": "Eligibility left open",
               "needs_clinical_review": "Given to clinical review"}[what.outcome]  # fmt: skip
    return outcome + (f": {word(what.reason).lower()}" if what.reason else "")


def _planned(what: Any, zone: str, _names: Names) -> str:
    text = f"Next step: {word(what.step).lower()} by {what.due_at.astimezone(ZoneInfo(zone)):%a %d %b, %H:%M}"
    return text + (f"; put off: {word(what.put_off).lower()}" if what.put_off else "")


def _reprioritised(what: Any, zone: str, _names: Names) -> str:
    due = f"; now due {what.respond_by.astimezone(ZoneInfo(zone)):%a %d %b, %H:%M}" if what.respond_by else ""
    return f"Priority is {word(what.priority).lower()}{due}"


def _consented(what: Any, _zone: str, _names: Names) -> str:
    if not what.may_contact:
        return "Wants no contact"
    return "May be contacted" + (f", best by {word(what.preferred).lower()}" if what.preferred else "")


def _closed(what: Any, _zone: str, _names: Names) -> str:
    other = f" of inquiry {what.duplicate_of}" if what.duplicate_of else ""
    return f"Closed: {word(what.reason).lower()}{other}"


def _assigned(what: Any, _zone: str, names: Names) -> str:
    return f"Given to {names['staff'].get(what.owner_id, '?')}" if what.owner_id else "Nobody owns it any more"


def _transferred(what: Any, _zone: str, names: Names) -> str:
    owner = f", to {names['staff'].get(what.owner_id, '?')}" if what.owner_id else ""
    return f"Moved to {names['locations'].get(what.location_id, '?')}{owner}"


_WORDS: Mapping[type[Any], Callable[[Any, str, Names], str]] = {
    happened.Received: lambda w, z, n: f"Received by {word(w.channel).lower()}",
    happened.Attempted: lambda w, z, n: f"Tried by {word(w.method).lower()}",
    happened.Reached: lambda w, z, n: f"Reached by {word(w.method).lower()}",
    happened.Acknowledged: lambda w, z, n: "Receipt confirmed by machine",
    happened.ToldWhatToExpect: lambda w, z, n: "Told what to expect",
    happened.EligibilityChecked: _eligibility,
    happened.RecordsRequested: lambda w, z, n: "Records asked for" + _items(w),
    happened.RecordsReceived: lambda w, z, n: "Records received" + _items(w),
    happened.RecordsWaived: lambda w, z, n: f"Records not needed{_items(w)} ({w.reason})",
    happened.Contacted: lambda w, z, n: "Contacted about scheduling",
    happened.Offered: lambda w, z, n: "Offered an appointment",
    happened.Booked: lambda w, z, n: "Booked" + _when(w.starts_at, w.starts_on, z),
    happened.Attended: lambda w, z, n: "Came to the visit",
    happened.NoShow: lambda w, z, n: "Did not come",
    happened.Cancelled: lambda w, z, n: f"Cancelled by the {w.by}",
    happened.Rescheduled: lambda w, z, n: f"Moved by the {w.by}" + _when(w.starts_at, w.starts_on, z),
    happened.Closed: _closed,
    happened.Reopened: lambda w, z, n: "Reopened",
    happened.Planned: _planned,
    happened.Stalled: lambda w, z, n: f"Waits for {word(w.reason).lower()}",
    happened.Assigned: _assigned,
    happened.Transferred: _transferred,
    happened.Reprioritised: _reprioritised,
    happened.Promoted: lambda w, z, n: "Turned into a scheduling inquiry",
    happened.Consented: _consented,
    happened.AskedAgain: lambda w, z, n: f"Got in touch again by {word(w.channel).lower()}",
    happened.Prepared: lambda w, z, n: "Preparation steps sent",
    happened.Voided: lambda w, z, n: "Took back an entry",
}
