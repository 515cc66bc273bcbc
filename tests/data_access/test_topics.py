"""Who asks again: from the log, as it was known, without what was taken back."""

from datetime import timedelta

from data_access import topics
from data_access.engine import reading
from data_access.event_log import log_of
from data_access.events import AskedAgain, Voided
from data_access.vocabulary import Channel, Kind, Topic, code
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
    until = NOW + timedelta(minutes=1)
    with reading(database) as c:
        assert topics.asked_again(c, at, until, None) == {TRIAGE: 1, SELF_PAY: 1, 0: 1}
        assert topics.asked_again(c, at, until, (world.north,)) == {TRIAGE: 1, SELF_PAY: 1}
        assert topics.asked_again(c, at, at + timedelta(days=2), (world.north,)) == {TRIAGE: 1}
        assert topics.asked_again(c, at + timedelta(days=2), until, (world.north,)) == {SELF_PAY: 1}
        assert topics.asked_again(c, at, NOW, None)[TRIAGE] == 2, "it was taken back later"
        assert topics.asked_again(c, at, until, ()) == {}
