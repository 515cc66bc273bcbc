"""The checklist's copies: what is set up and nothing else, in two forms with one stamp, promising what reports judge by."""

import re
from datetime import timedelta
from itertools import product

import pytest

from dashboard import cli, copies
from dashboard.copies import Audience, Copy
from dashboard.formats import minutes
from dashboard.labels import word
from data_access import checklists, practice, promises, texts
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.promises import ResponseClock
from data_access.vocabulary import Channel, Pathway, Precision, RecordItem, TextUse
from tests.factories import LONG_AGO, NOW, World, asked

DAY = timedelta(days=1)
TODAY = NOW.date()


def copy(world: World, audience: Audience, place: int | None = None, line: int | None = None, day=TODAY) -> Copy:
    with reading(world.engine) as c:
        return copies.make(c, audience, place or world.north, line, day)


@pytest.fixture
def told(world: World) -> World:
    """With addresses, a way to refer, and what to expect."""
    with writing(world.engine) as c:
        practice.change_entry(
            c, t.locations, world.north, name="North", fax="(555) 010-2000", secure_email="in@north.example",
            phone="(555) 010-1000", address="1 Example Avenue",
        )  # fmt: skip
        texts.write(c, TextUse.HOW_TO_REFER, "Send the form.\n\nCall if in doubt.", effective_from=LONG_AGO, now=NOW)
        texts.write(c, TextUse.WHAT_TO_EXPECT, "We call you.", effective_from=LONG_AGO, now=NOW)
    return world


def test_a_partner_reads_what_to_send_where_to_and_when_they_hear(told: World) -> None:
    """Every line of it."""
    assert copy(told, Audience.PARTNER).text.rpartition("Checklist")[0] == (
        "How to refer to North\nTwo Doors Clinic\n\n"
        "Please send with the referral\n- Relevant clinical notes\n- Imaging or lab results\n"
        "- Medication list or problem list\n- The reason for referral in plain terms\n\n"
        "How to refer\nSend the form.\nCall if in doubt.\n\n"
        "Where to send it\n- Secure e-mail: in@north.example\n- Fax: (555) 010-2000\n- Phone: (555) 010-1000\n"
        "- Please do not send records by plain e-mail.\n\n"
        "When you hear from us\n- However you reach us: answered within 4 h of our opening hours\n\n"
    )


def test_a_patient_reads_what_happens_what_to_bring_and_where(told: World) -> None:
    """In their own words, with the hours of their location."""
    with writing(told.engine) as c:
        items = {RecordItem.IMAGING_OR_LABS: False, RecordItem.REASON_FOR_REFERRAL: True}
        checklists.set_checklist(c, items, effective_from=TODAY, service_line_id=told.imaging)
    text = copy(told, Audience.PATIENT, line=told.imaging).text
    assert "Your visit at North: Imaging\n" in text
    assert "What happens next\nWe call you.\n" in text
    assert "Please have ready\n- In your own words: why you come\n" in text
    assert "It helps, if you have it\n- Results of images or lab tests\n" in text
    assert "When we are there\n- Monday to Friday: 09:00-17:00\n" in text
    assert "Checklist version 1, in force since 11 Mar 2026" in text


def test_both_forms_carry_one_stamp_and_another_word_another_stamp(told: World) -> None:
    """A copy in a drawer can be told from the one in force."""
    before = copy(told, Audience.PARTNER)
    assert before.stamp in before.text
    assert before.stamp in before.html
    assert re.fullmatch(r"Checklist version 1, in force since 01 Jan 2020 · [0-9a-f]{8}", before.stamp)
    with writing(told.engine) as c:
        texts.write(c, TextUse.HOW_TO_REFER, "Send the form!", effective_from=TODAY, now=NOW)
    assert copy(told, Audience.PARTNER).stamp != before.stamp
    assert copy(told, Audience.PARTNER, day=TODAY - DAY).stamp == before.stamp


def test_what_somebody_typed_is_text_on_the_page_and_never_code(told: World) -> None:
    """And the page calls nothing outside."""
    with writing(told.engine) as c:
        texts.write(c, TextUse.HOW_TO_REFER, "<script>alert(1)</script> & more", effective_from=TODAY, now=NOW)
    html = copy(told, Audience.PARTNER).html
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in html
    assert not re.search(r"src=|href=|url\(|@import", html)


def test_what_is_promised_is_what_is_judged(told: World) -> None:
    """For each channel and both locations, whatever the rules: the minutes that an inquiry of a clinician is stamped with."""
    with writing(told.engine) as c:
        promises.set_window(c, 60, effective_from=TODAY, channel=Channel.FAX)
        promises.set_window(c, 30, effective_from=TODAY, channel=Channel.PHONE, pathway=Pathway.PATIENT)
        promises.set_window(c, None, effective_from=TODAY, location_id=told.south, pathway=Pathway.CLINICIAN)
    for place, channel in product((told.north, told.south), copies._CLINICIANS_CHANNELS):
        with reading(told.engine) as c:
            inquiry = asked(told, pathway=Pathway.CLINICIAN, channel=channel, location_id=place)
            window = ResponseClock(c).stamped(inquiry, NOW, Precision.MINUTE).window_minutes
        text = copy(told, Audience.PARTNER, place).text
        line = next((line for line in text.splitlines() if word(channel) in line and "answered within" in line), "")
        assert (f"within {minutes(window)} " in line) if window else not line, (place, channel)


def test_a_list_or_a_place_that_is_not_there_is_said(told: World) -> None:
    """A retired location has no copy."""
    with pytest.raises(LookupError, match="no such location"):
        copy(told, Audience.PARTNER, 99)


def test_the_command_line_prints_the_same_copy(told: World, capsys: pytest.CaptureFixture[str]) -> None:
    """By name; where there are several locations, one must be named."""
    url = told.engine.url.render_as_string(hide_password=False)
    arguments = ["checklist", "--for", "patient", "--location", "North", "--as-of", str(TODAY), "--database", url]
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out == copy(told, Audience.PATIENT).text
    assert cli.main([*arguments, "--format", "html"]) == 0
    assert capsys.readouterr().out == copy(told, Audience.PATIENT).html
    assert cli.main(["checklist", "--database", url]) == 1
    assert "name the location with --location; there are North, South" in capsys.readouterr().err
    assert cli.main(["checklist", "--location", "Nroth", "--database", url]) == 1
    assert "North" in capsys.readouterr().err
