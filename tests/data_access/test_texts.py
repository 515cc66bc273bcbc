"""The practice's own texts: the closest one in force is shown, none is ever replaced, and the one that was used is noted."""

from datetime import timedelta

import pytest

from data_access import event_log, leads, rules, texts
from data_access import events as e
from data_access.engine import reading, writing
from data_access.texts import Texts
from data_access.vocabulary import ContactMethod, Kind, Need, TextUse
from tests.factories import LONG_AGO, NOW, World, asked, log

DAY = timedelta(days=1)
TODAY = NOW.date()
SCRIPT, EXPECT = TextUse.SCRIPT, TextUse.WHAT_TO_EXPECT


def write(world: World, use: TextUse, body: str, day=LONG_AGO, **keys: object) -> int:
    with writing(world.engine) as c:
        return texts.write(c, use, body, effective_from=day, now=NOW, **keys)


def shown(world: World, use: TextUse, day=TODAY, **lead: object) -> str | None:
    with reading(world.engine) as c:
        found = Texts(c).for_lead(use, lead, day)
    return found.body if found else None


def test_the_closest_text_is_shown(world: World) -> None:
    """For every lead, for a kind, and for a kind that stands so."""
    write(world, SCRIPT, "any")
    write(world, SCRIPT, "scheduling", kind=Kind.SCHEDULING)
    write(world, SCRIPT, "scheduling, records", kind=Kind.SCHEDULING, need=Need.RECORDS)
    assert shown(world, SCRIPT, kind=Kind.INFORMATION) == "any"
    assert shown(world, SCRIPT, kind=Kind.SCHEDULING, need=Need.CHECK) == "scheduling"
    assert shown(world, SCRIPT, kind=Kind.SCHEDULING, need=Need.RECORDS) == "scheduling, records"
    assert shown(world, TextUse.CRITERIA, service_line_id=world.cardiology) is None


def test_a_version_holds_from_its_day_on_and_an_empty_one_ends_the_text(world: World) -> None:
    """Yesterday's is yesterday's still."""
    assert write(world, SCRIPT, "first") == 1
    assert write(world, SCRIPT, "second", TODAY) == 2
    assert write(world, SCRIPT, "", TODAY + DAY) == 3
    assert [shown(world, SCRIPT, TODAY + n * DAY) for n in (-1, 0, 1)] == ["first", "second", None]
    with reading(world.engine) as c:
        assert [text["version"] for text in texts.on(c, TODAY)] == [2]
        assert texts.on(c, TODAY + DAY) == []


def test_a_second_version_of_the_same_day_stands_and_the_first_is_kept(world: World) -> None:
    """What was noted by version 1 can be read again."""
    write(world, SCRIPT, "first", TODAY)
    write(world, SCRIPT, "second", TODAY)
    assert shown(world, SCRIPT) == "second"
    with reading(world.engine) as c:
        assert [(text["version"], text["body"]) for text in texts.versions(c, SCRIPT)] == [(2, "second"), (1, "first")]


def test_a_text_that_could_not_win_is_refused(world: World) -> None:
    """A kind alone and a stand alone both fit a lead of that kind that stands so."""
    write(world, SCRIPT, "kind", kind=Kind.SCHEDULING)
    with pytest.raises(ValueError, match="name one thing more"):
        write(world, SCRIPT, "need", need=Need.RECORDS)


@pytest.mark.parametrize(
    ("use", "keys", "body", "said"),
    [
        (TextUse.CRITERIA, {"kind": Kind.SCHEDULING}, "x", "cannot depend on kind"),
        (SCRIPT, {"location_id": 1}, "x", "cannot depend on location_id"),
        (SCRIPT, {}, "x" * 4001, "shorten it to 4000"),
    ],
)
def test_what_a_text_may_not_be_is_said(world: World, use: TextUse, keys: dict, body: str, said: str) -> None:
    """And nothing is written."""
    with pytest.raises(ValueError, match=said):
        write(world, use, body, **keys)
    with reading(world.engine) as c:
        assert texts.on(c, TODAY) == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("We guarantee results. Guaranteed!", ["guarantee", "guaranteed"]),
        ("This cures pain, the best way", ["cures", "best"]),
        ("Completely risk-free and painless: 100 % success", ["risk-free", "painless", "100 %"]),
        ("You will get better", ["will get better"]),
        ("We call within two staffed hours; bring your list of medications.", []),
        ("Secure e-mail or fax, please. The procedure is explained at the visit.", []),
    ],
)
def test_words_that_promise_an_outcome_are_found(body: str, found: list[str]) -> None:
    """Each once, as it stands there; facts and times are no promises of an outcome."""
    assert texts.promises_of_outcome(body) == found


def test_what_is_done_by_a_text_says_so_for_good(world: World) -> None:
    """On the receipt and on a call; a later version changes neither, and a correction keeps it."""
    write(world, SCRIPT, "first")
    with writing(world.engine) as c:
        text = texts.versions(c, SCRIPT)[0]["id"]
        lead = leads.log_inquiry(c, asked(world), received_at=NOW, now=NOW, text_id=text).lead_id
        leads.record(c, lead, e.Reached(method=ContactMethod.CALL), occurred_at=NOW, now=NOW, version=1, text_id=text)
    write(world, SCRIPT, "second", TODAY)
    with reading(world.engine) as c:
        events = event_log.log_of(c, lead)
        assert [event.text_id for event in events] == [text, text]
        assert texts.by_id(c, {text})[text].body == "first"


def test_who_is_told_what_to_expect_is_told_the_text_in_force(world: World) -> None:
    """That of the service line where it has one; where there is none, nothing is noted."""
    first, line = log(world), log(world, service_line_id=world.cardiology)
    write(world, EXPECT, "everybody")
    write(world, EXPECT, "heart", service_line_id=world.cardiology)
    with writing(world.engine) as c:
        for lead in (first, line):
            leads.record(c, lead, e.ToldWhatToExpect(), occurred_at=NOW, now=NOW, version=1)
        noted = {lead: event_log.log_of(c, lead)[1].text_id for lead in (first, line)}
        known = texts.by_id(c, {text for text in noted.values() if text})
    assert [known[noted[lead]].body for lead in (first, line)] == ["everybody", "heart"]
    assert rules.say({"use": SCRIPT, "kind": None}, ("kind",)) == "everything"


def test_a_text_that_has_ended_gives_way_to_the_general_one_and_rivals_nobody(world: World) -> None:
    """Where the closest one has ended, the next closest is shown; and another may be written."""
    write(world, SCRIPT, "any")
    write(world, SCRIPT, "kind", kind=Kind.SCHEDULING)
    write(world, SCRIPT, "", TODAY, kind=Kind.SCHEDULING)
    assert shown(world, SCRIPT, kind=Kind.SCHEDULING) == "any"
    assert write(world, SCRIPT, "need", TODAY, need=Need.RECORDS) == 1
