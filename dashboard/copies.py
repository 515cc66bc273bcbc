"""The copies of the records checklist that leave the practice: one for partners, one for patients; as text and as HTML.

They are made from what is set up and hold nothing about any person. Both forms carry one stamp, by which a copy on the website
or in a drawer can be told from the one that is in force.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader
from sqlalchemy import Connection

from dashboard import labels
from dashboard.formats import minutes
from data_access import checklists, practice, promises, rules, staffed_hours
from data_access import tables as t
from data_access.checklists import Checklist
from data_access.days import Hours, intervals_on
from data_access.texts import Texts
from data_access.vocabulary import Channel, Kind, Pathway, Priority, RecordItem, TextUse

WEEKDAYS = labels.WEEKDAYS[1:]


class Audience(StrEnum):
    """Whom a copy is for."""

    PARTNER = "partner"
    PATIENT = "patient"


@dataclass(frozen=True)
class Section:
    """A heading and its lines; `listed`: they are items of a list."""

    heading: str
    lines: tuple[str, ...]
    listed: bool = False


@dataclass(frozen=True)
class Copy:
    """A copy: what it says, and which version it is."""

    title: str
    practice: str
    sections: tuple[Section, ...]
    version: str

    @property
    def stamp(self) -> str:
        """Version, and a digest of every word: the same on the text and on the HTML, another as soon as one word differs."""
        words = repr((self.title, self.practice, self.sections, self.version)).encode()
        return f"{self.version} · {hashlib.sha256(words).hexdigest()[:8]}"

    @property
    def text(self) -> str:
        """The copy as plain text."""
        lines = [self.title, self.practice]
        for section in self.sections:
            marks = "- " if section.listed else ""
            lines += ["", section.heading, *(f"{marks}{line}" for line in section.lines)]
        return "\n".join([*lines, "", self.stamp, ""])

    @property
    def html(self) -> str:
        """The copy as a page of its own that needs nothing else."""
        return _templates().get_template("copy.html.jinja").render(copy=self)


def make(connection: Connection, audience: Audience, location_id: int, service_line_id: int | None, day: date) -> Copy:
    """The copy that holds on a day.

    Raises
    ------
    LookupError
        When there is no such location or service line.
    """
    places = {place["id"]: place for place in practice.active(connection, t.locations)}
    lines = practice.names(connection, t.service_lines)
    if location_id not in places or service_line_id not in (None, *lines):
        raise LookupError("there is no such location, or no such service line")
    own = practice.get(connection) or {}
    keys = {"location_id": location_id, "service_line_id": service_line_id}
    checklist = checklists.checklist_on(connection, service_line_id, day)
    line = lines[service_line_id] if service_line_id else ""
    said = Texts(connection)
    if audience == Audience.PARTNER:
        text = said.for_lead(TextUse.HOW_TO_REFER, keys, day)
        windows = promises.windows_on(connection, day)
        return partners_copy(own["name"], checklist, places[location_id], line, windows, text.body if text else "", day)
    text = said.for_lead(TextUse.WHAT_TO_EXPECT, keys, day)
    hours = staffed_hours.hours_on(connection, day)[location_id]
    return patients_copy(own["name"], checklist, places[location_id], line, hours, text.body if text else "")


def partners_copy(
    name: str,
    checklist: Checklist | None,
    place: Mapping[str, Any],
    service_line: str,
    windows: Sequence[Mapping[str, Any]],
    how_to_refer: str,
    day: date,
) -> Copy:
    """What a partner sends with a referral, where to, and when they hear from us.

    Parameters
    ----------
    name : str
        The practice's.
    place : mapping
        The location's row.
    service_line : str
        Its name; empty for every service line.
    windows : sequence of mapping
        Rules of `promises.windows_on` that day; those for clinicians at this location are told.
    how_to_refer : str
        The location's own text.
    """
    items = checklist.items if checklist else {}
    sections = [
        Section("Please send with the referral", _items(items, required=True, words=_PARTNERS_WORDS), listed=True),
        Section("It helps, where you have it", _items(items, required=False, words=_PARTNERS_WORDS), listed=True),
        Section("How to refer", _lines(how_to_refer)),
        Section("Where to send it", _addresses(place), listed=True),
        Section("When you hear from us", _promises(windows, place["id"], day), listed=True),
    ]
    title = f"How to refer to {place['name']}" + (f": {service_line}" if service_line else "")
    return _copy(title, name, sections, checklist)


def patients_copy(
    name: str,
    checklist: Checklist | None,
    place: Mapping[str, Any],
    service_line: str,
    hours: Sequence[Hours],
    what_to_expect: str,
) -> Copy:
    """What a patient brings, and what happens next; parameters as for `partners_copy`, and the location's staffed hours."""
    items = checklist.items if checklist else {}
    sections = [
        Section("What happens next", _lines(what_to_expect)),
        Section("Please have ready", _items(items, required=True, words=_PATIENTS_WORDS), listed=True),
        Section("It helps, if you have it", _items(items, required=False, words=_PATIENTS_WORDS), listed=True),
        Section("Where we are", tuple(line for line in (place["address"], place["phone"]) if line)),
        Section("When we are there", opening_hours(hours), listed=True),
    ]
    title = f"Your visit at {place['name']}" + (f": {service_line}" if service_line else "")
    return _copy(title, name, sections, checklist)


def opening_hours(hours: Sequence[Hours]) -> tuple[str, ...]:
    """Weekly hours in words: days with the same hours in one line."""
    lines: list[list[Any]] = []
    for day in range(7):
        open_ = intervals_on(hours, day)
        if lines and lines[-1][2] == open_:
            lines[-1][1] = day
        else:
            lines.append([day, day, open_])
    return tuple(
        f"{WEEKDAYS[first]}{f' to {WEEKDAYS[last]}' if last > first else ''}: {open_}"
        for first, last, open_ in lines
        if open_
    )


def _copy(title: str, name: str, sections: Sequence[Section], checklist: Checklist | None) -> Copy:
    since = checklist.effective_from if checklist else None
    version = f"Checklist version {checklist.version}" if checklist else "No checklist is set up"
    version += f", in force since {since:%d %b %Y}" if since and since > date(1970, 1, 1) else ""
    return Copy(title, name, tuple(section for section in sections if section.lines), version)


def _items(items: Mapping[RecordItem, bool], *, required: bool, words: Mapping[RecordItem, str]) -> tuple[str, ...]:
    return tuple(words[item] for item in RecordItem if items.get(item) is required)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _addresses(place: Mapping[str, Any]) -> tuple[str, ...]:
    told = {"Form": "referral_form_url", "Secure e-mail": "secure_email", "Fax": "fax", "Phone": "phone"}
    known = tuple(f"{name}: {place[field]}" for name, field in told.items() if place[field])
    return (*known, "Please do not send records by plain e-mail.") if known else ()


def _promises(windows: Sequence[Mapping[str, Any]], location_id: int, day: date) -> tuple[str, ...]:
    """What is promised to clinicians at a location, by the very rules by which every report judges."""
    channels: dict[int, list[str]] = {}
    for channel in _CLINICIANS_CHANNELS:
        lead = {"location_id": location_id, "pathway": Pathway.CLINICIAN, "channel": channel, "kind": Kind.SCHEDULING,
                "priority": Priority.ROUTINE}  # fmt: skip
        rule = rules.best(windows, lead, promises.RULE_KEYS, day)
        if rule and rule["window_minutes"] is not None:
            channels.setdefault(rule["window_minutes"], []).append(labels.word(channel))
    same = len(channels) == 1 and len(channels[next(iter(channels))]) == len(_CLINICIANS_CHANNELS)
    return tuple(
        f"{'However you reach us' if same else ', '.join(names)}: answered within {minutes(within)} of our opening hours"
        for within, names in sorted(channels.items())
    )


_CLINICIANS_CHANNELS = (Channel.PHONE, Channel.FAX, Channel.WEB_FORM, Channel.SECURE_EMAIL, Channel.EMAIL)
_PARTNERS_WORDS = {
    RecordItem.CLINICAL_NOTES: "Relevant clinical notes",
    RecordItem.IMAGING_OR_LABS: "Imaging or lab results",
    RecordItem.MEDICATIONS_OR_PROBLEMS: "Medication list or problem list",
    RecordItem.REASON_FOR_REFERRAL: "The reason for referral in plain terms",
}
_PATIENTS_WORDS = {
    RecordItem.CLINICAL_NOTES: "Letters or notes from your clinician about this",
    RecordItem.IMAGING_OR_LABS: "Results of images or lab tests",
    RecordItem.MEDICATIONS_OR_PROBLEMS: "A list of your medications and known conditions",
    RecordItem.REASON_FOR_REFERRAL: "In your own words: why you come",
}


@cache
def _templates() -> Environment:
    return Environment(loader=PackageLoader("dashboard", ""), autoescape=True, trim_blocks=True, lstrip_blocks=True)
