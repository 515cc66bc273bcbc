"""The log form: what is typed becomes an inquiry, or a message beside each field."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from dashboard import actions, auth, forms
from dashboard.auth import Viewer
from dashboard.forms import Inquiry, parse_inquiry
from data_access import tables as t
from data_access.lead_rules import note_doubts, reference_problem
from data_access.vocabulary import Asker, Channel, Kind, PartnerCategory, Pathway, Role, Topic
from tests.factories import NOW, World

CATEGORIES = {7: PartnerCategory.HOSPITAL}


def parse(**typed: Any) -> Inquiry | forms.Errors:
    raw = {"kind": Kind.SCHEDULING, "channel": Channel.PHONE, "location": 1} | typed
    return parse_inquiry(raw, zone="America/New_York", now=NOW, partner_categories=CATEGORIES)


def test_four_answers_are_enough() -> None:
    """Everything else has its default."""
    parsed = parse(partner=7, reference="A-1047")
    assert isinstance(parsed, Inquiry)
    assert parsed.asked.pathway == Pathway.PATIENT
    assert parsed.asked.partner_category == PartnerCategory.HOSPITAL
    assert parsed.received_at is None


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"kind": None}, "kind"),
        ({"channel": None}, "channel"),
        ({"channel": "pigeon"}, "channel"),
        ({"location": None}, "location"),
        ({"kind": Kind.WARM_INTRO}, "partner"),
        ({"kind": Kind.PARTNER_REQUEST}, "partner"),
        ({"partner": 99}, "partner"),
        ({"kind": Kind.INFORMATION}, "topic"),
        ({"kind": Kind.PARTNER_REQUEST, "partner": 7, "reference": "A-1"}, "reference"),
        ({"reference": "Maria Lopez"}, "reference"),
        ({"reference": "3/14/1962"}, "reference"),
        ({"reference": "555 010 1000"}, "reference"),
        ({"expectations": "x" * 281}, "expectations"),
        ({"received": datetime(2026, 3, 12, 9, 0)}, "received"),  # noqa: DTZ001
        ({"when": forms.HOUR, "received": datetime(2026, 3, 10, 9, 0)}, "received"),  # noqa: DTZ001
    ],
)
def test_what_is_wrong_is_said_beside_its_field(typed: dict[str, Any], field: str) -> None:
    """One message, for that field and no other."""
    assert set(parse(**typed)) == {field}  # type: ignore[arg-type]


@pytest.mark.parametrize("reference", ["A-1047", "77", "NG2026-331", "MRN/4471", "x.12"])
def test_a_short_local_code_is_fine(reference: str) -> None:
    """Letters, digits and dashes."""
    assert reference_problem(reference) is None


@pytest.mark.parametrize(
    "reference",
    ["smith 1985", "Smith-Jones 12", "O'Brien 1", "JSmith85", "A-1047 diabetes", "<b>x1</b>", "\u674e\u660e1", "abc",
     "12-3-1962", "5550101000"],
)  # fmt: skip
def test_what_could_tell_who_it_is_is_no_reference(reference: str) -> None:
    """Names with a number, notes, dates, telephone numbers."""
    assert reference_problem(reference)


@pytest.mark.parametrize(
    ("typed", "asker", "pathway"),
    [
        ({}, Asker.PATIENT, Pathway.PATIENT),
        ({"kind": Kind.WARM_INTRO, "partner": 7}, Asker.CLINICIAN, Pathway.CLINICIAN),
        ({"channel": Channel.FAX}, Asker.CLINICIAN, Pathway.CLINICIAN),
        ({"asker": Asker.CAREGIVER}, Asker.CAREGIVER, Pathway.PATIENT),
        ({"channel": Channel.FAX, "asker": Asker.PATIENT}, Asker.PATIENT, Pathway.PATIENT),
    ],
)
def test_the_asker_follows_kind_and_channel_unless_it_is_chosen(typed: dict, asker: Asker, pathway: Pathway) -> None:
    """Warm introductions and faxes come from clinicians; whoever is named as the asker decides the pathway."""
    parsed = parse(**typed)
    assert isinstance(parsed, Inquiry)
    assert (parsed.asked.asker, parsed.asked.pathway) == (asker, pathway)


@pytest.mark.parametrize(
    ("when", "ago"),
    [(forms.MINUTES_15, timedelta(minutes=15)), (forms.HOUR, timedelta(hours=1)), (forms.YESTERDAY, timedelta(days=1))],
)
def test_one_tap_dates_it_back(when: str, ago: timedelta) -> None:
    """Fifteen minutes, an hour, a day."""
    parsed = parse(when=when)
    assert isinstance(parsed, Inquiry)
    assert parsed.received_at == NOW - ago


def test_another_time_is_on_the_locations_clock() -> None:
    """Nine in the morning in New York is one in the afternoon UTC in March."""
    parsed = parse(when=forms.NOW, received=datetime(2026, 3, 11, 9, 0))  # noqa: DTZ001
    assert isinstance(parsed, Inquiry)
    assert parsed.received_at == datetime(2026, 3, 11, 13, 0, tzinfo=UTC)


def test_only_a_call_or_a_visit_is_answered_live() -> None:
    """A web form cannot be."""
    web, phone = parse(live=True, channel=Channel.WEB_FORM), parse(live=True)
    assert isinstance(web, Inquiry)
    assert isinstance(phone, Inquiry)
    assert (web.asked.answered_live, phone.asked.answered_live) == (False, True)


def viewer(world: World, role: Role = Role.FRONT_DESK, locations: frozenset[int] | None = None) -> Viewer:
    return Viewer("Alice", role, locations, world.alice)


def saved(world: World) -> int:
    with world.engine.connect() as c:
        return int(c.scalar(sa.select(sa.func.count()).select_from(t.leads)) or 0)


def test_a_second_click_saves_nothing_more_even_a_second_later(world: World) -> None:
    """The same form with the same answers is the same inquiry, dated back or not; the next form is another."""
    typed = {"location": world.north, "when": forms.HOUR}
    for later in (timedelta(0), timedelta(seconds=1)):
        parsed = parse_inquiry(
            {"kind": Kind.SCHEDULING, "channel": Channel.PHONE} | typed,
            zone="America/New_York", now=NOW + later, partner_categories={},
        )  # fmt: skip
        assert isinstance(parsed, Inquiry)
        actions.log_inquiry(world.engine, viewer(world), parsed, nonce="one", now=NOW + later)
    assert saved(world) == 1
    actions.log_inquiry(world.engine, viewer(world), parsed, nonce="two", now=NOW)
    assert saved(world) == 2


@pytest.mark.parametrize(("role", "south_only"), [(Role.MARKETING, False), (Role.FRONT_DESK, True)])
def test_who_may_not_log_here_is_refused_and_nothing_is_written(world: World, role: Role, south_only: bool) -> None:
    """By role, and by location."""
    parsed = parse(location=world.north)
    assert isinstance(parsed, Inquiry)
    scope = frozenset({world.south}) if south_only else None
    with pytest.raises(auth.NotAllowed):
        actions.log_inquiry(world.engine, viewer(world, role, scope), parsed, nonce="n", now=NOW)
    assert saved(world) == 0


def test_an_information_request_keeps_its_topic() -> None:
    """It is what the request is about."""
    parsed = parse(kind=Kind.INFORMATION, topic=Topic.SELF_PAY)
    assert isinstance(parsed, Inquiry)
    assert parsed.asked.topic == Topic.SELF_PAY


@pytest.mark.parametrize(
    ("monday", "expected"),
    [
        ("", {}),
        ("9:00-17:00", {0: [("09:00", "17:00")]}),
        (" 13:15 – 17:00 ; 08:30-12:30", {0: [("08:30", "12:30"), ("13:15", "17:00")]}),
        ("22:00-06:00", {0: [("22:00", "06:00")]}),
        ("00:00-24:00", {0: [("00:00", "24:00")]}),
    ],
)
def test_hours_are_read_as_people_write_them(monday: str, expected: dict) -> None:
    """Several stretches, in any order, over midnight too."""
    assert forms.parse_week([monday, *[""] * 6]) == expected


@pytest.mark.parametrize(
    "monday", ["nine", "9-17", "09:00", "09:00-09:00", "25:00-26:00", "09:00-12:00, 11:00-13:00", "24:00-01:00",
               "20:00-02:00, 23:00-23:30"],
)  # fmt: skip
def test_hours_that_cannot_be_are_refused_in_words(monday: str) -> None:
    """The day is named, and an example is given."""
    said = forms.parse_week(["", monday, *[""] * 5])
    assert isinstance(said, str)
    assert said.startswith("Tuesday: ")
    assert "08:30-12:30" in said


@pytest.mark.parametrize(
    ("note", "seen"),
    [
        ("Mrs Lopez was promised a call", "a person's name"),
        ("born 3/14/1962", "a date"),
        ("call 555 010 1234", "a phone number"),
        ("write to ann@example.org", "an e-mail address"),
        ("diagnosed last week", "a diagnosis"),
        ("has arthritis", "a diagnosis"),
    ],
)
def test_what_is_not_to_be_written_down_is_seen_in_a_note(note: str, seen: str) -> None:
    """While it is typed; it is said what it seems to be."""
    assert seen in note_doubts(note)


@pytest.mark.parametrize(
    "note", ["", None, "A visit within two weeks, mornings only", "Partner expects a call back by 16:00"]
)
def test_a_note_about_the_handoff_raises_no_doubt(note: str | None) -> None:
    """Days, hours and promises are what it is for."""
    assert note_doubts(note) == []
