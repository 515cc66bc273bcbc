"""Who asks again: from the log, as it was known, without what was taken back."""

from datetime import timedelta

from data_access import topics
from data_access.engine import reading
from data_access.event_log import log_of
from data_access.events import AskedAgain, Closed, Voided
from data_access.vocabulary import Channel, CloseReason, Kind, Topic, code
from tests import factories
from tests.conftest import Engine
from tests.factories import NOW

TRIAGE, SELF_PAY = code(Topic.TRIAGE) + 1, code(Topic.SELF_PAY) + 1


def test_a_second_call_counts_by_its_topic_or_by_that_of_the_inquiry(database: Engine) -> None:
    """In the period, at the locations that one sees, and not when it was taken back."""
    world = factories.found(database)
    at = NOW - timedelta(days=3)
    north = factories.log(world, at, lead_kind=Kind.INFORMATION, topic=Topic.TRIAGE)
    south = factories.log(world, at, location_id=world.south)
    factories.record(world, north, AskedAgain(channel=Channel.PHONE), at + timedelta(days=1))
    factories.record(world, north, AskedAgain(channel=Channel.PHONE, topic=Topic.SELF_PAY), at + timedelta(days=2))
    factories.record(world, south, AskedAgain(channel=Channel.EMAIL), at + timedelta(days=1))
    factories.record(world, south, AskedAgain(channel=Channel.EMAIL, topic=Topic.TRIAGE), at + timedelta(days=1))
    with reading(database) as c:
        mistaken = log_of(c, south)[-1].id
    factories.record(world, south, Voided(event_id=mistaken), NOW)
    spam = factories.log(world, at, topic=Topic.TRIAGE)
    factories.record(world, spam, AskedAgain(channel=Channel.PHONE), at + timedelta(days=1))
    factories.record(world, spam, Closed(reason=CloseReason.SPAM), NOW)
    until, now = NOW + timedelta(minutes=1), NOW + timedelta(days=9)
    with reading(database) as c:
        assert topics.asked_again(c, at, until, now, None) == {TRIAGE: 1, SELF_PAY: 1, 0: 1}
        assert topics.asked_again(c, at, until, now, (world.north,)) == {TRIAGE: 1, SELF_PAY: 1}
        assert topics.asked_again(c, at, at + timedelta(days=2), now, (world.north,)) == {TRIAGE: 1}
        assert topics.asked_again(c, at + timedelta(days=2), until, now, (world.north,)) == {SELF_PAY: 1}
        before = NOW - timedelta(minutes=1)
        assert topics.asked_again(c, at, until, before, None)[TRIAGE] == 3, (
            "nothing was taken back, or called spam, by then"
        )
        assert topics.asked_again(c, at, until, at + timedelta(days=1), None).get(SELF_PAY) is None, "not asked by then"
        assert topics.asked_again(c, at, until, now, ()) == {}
