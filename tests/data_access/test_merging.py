"""Two that are one: partners under two names and inquiries logged twice; nothing is lost, and each merge can be undone."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import event_log, facts, follow_up, lead_lists, leads, merging, partners
from data_access import events as e
from data_access import tables as t
from data_access.dimensions import LEADS
from data_access.engine import reading, writing
from data_access.lead_rules import NotPossible
from data_access.lead_state import LeadState
from data_access.live_facts import LiveFacts
from data_access.replay import replay
from data_access.tally import Where, tally
from data_access.units import UNITS
from data_access.vocabulary import CloseReason, ContactMethod, Need, NextStep, PartnerCategory, Pathway, Stage
from tests.data_access.test_tally import moment
from tests.factories import LONG_AGO, NOW, World, log, record

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LATER = NOW + DAY


def by_partner(world: World, at=LATER) -> dict[int, int]:
    """How many leads count for each partner, in the database and in memory alike."""
    with reading(world.engine) as c:
        found = tally(c, ["partner"], Where(), moment(at))
    again = tally(facts.load(world.engine), ["partner"], Where(), moment(at))
    counted = dict(zip(found["partner"], found["count"], strict=True))
    assert counted == dict(zip(again["partner"], again["count"], strict=True))
    return counted


def do(world: World, act: Callable[..., object], *values: object) -> object:
    with writing(world.engine) as c:
        return act(c, *values, now=NOW)


def sent(world: World, partner: int, leads_: int = 1) -> None:
    for _ in range(leads_):
        record(world, log(world, partner_id=partner, pathway=Pathway.CLINICIAN), e.Booked(starts_at=NOW + DAY))


def facts_now(c: Connection) -> list[list[tuple]]:
    tables = [LEADS.stored.table, *(unit.stored.table for unit in UNITS)]
    return [
        sorted(tuple(row) for row in c.execute(sa.select(*[col for col in table.c if col.name != "revision"])))
        for table in tables
    ]


# ---------------------------------------------------------------- partners


def test_the_leads_of_a_merged_partner_count_for_the_other_in_every_unit_and_back(world: World) -> None:
    """Past and coming ones; undone, each counts for itself again, also what came in between."""
    sent(world, world.lakeside, 2)
    sent(world, world.harbor)
    merge = do(world, merging.merge_partners, world.harbor, world.lakeside)
    sent(world, world.harbor)
    assert by_partner(world) == {world.lakeside: 4}
    with reading(world.engine) as c:
        as_merged = facts_now(c)
    with writing(world.engine) as c:
        leads.rebuild(c, list(c.execute(sa.select(t.leads.c.id)).scalars()))
        assert facts_now(c) == as_merged, "made anew, they are the same"
    do(world, merging.undo_partner_merge, merge)
    assert by_partner(world) == {world.lakeside: 2, world.harbor: 2}


def test_a_running_process_sees_a_merge_by_its_next_look(world: World) -> None:
    """The facts of the leads are stamped, so that a refresh reads them."""
    sent(world, world.harbor)
    live = LiveFacts(world.engine)
    assert list(tally(live.now(facts.LEADS), ["partner"], Where(), moment(LATER))["partner"]) == [world.harbor]
    do(world, merging.merge_partners, world.harbor, world.lakeside)
    assert list(tally(live.now(facts.LEADS), ["partner"], Where(), moment(LATER))["partner"]) == [world.lakeside]


def test_a_merged_partner_is_called_by_the_name_that_goes_on_and_is_not_offered(world: World) -> None:
    """Its own name, typed again, still finds it: nothing becomes a third partner."""
    sent(world, world.harbor)
    do(world, merging.merge_partners, world.harbor, world.lakeside)
    with writing(world.engine) as c:
        assert [row["partner"] for row in lead_lists.listing(c, locations=None)] == ["Lakeside Family Medicine"]
        assert partners.near(c, "Harbor Hospital") == []
        assert partners.find_or_add(c, "HARBOR hospital", PartnerCategory.OTHER) == world.harbor


def test_merges_in_a_row_count_for_the_last_and_are_undone_one_by_one(world: World) -> None:
    """Harbor into Lakeside, Lakeside into a third."""
    with writing(world.engine) as c:
        third = partners.find_or_add(c, "Third", PartnerCategory.OTHER)
    sent(world, world.harbor)
    sent(world, world.lakeside)
    first = do(world, merging.merge_partners, world.harbor, world.lakeside)
    second = do(world, merging.merge_partners, world.lakeside, third)
    assert by_partner(world) == {third: 2}
    do(world, merging.undo_partner_merge, first)
    assert by_partner(world) == {third: 1, world.harbor: 1}
    do(world, merging.undo_partner_merge, second)
    assert by_partner(world) == {world.lakeside: 1, world.harbor: 1}
    with reading(world.engine) as c:
        assert merging.partner_merges(c) == []


def test_what_cannot_be_merged_is_refused(world: World) -> None:
    """One with itself, in a ring, or one that was merged before; and no merge is undone twice."""
    with pytest.raises(NotPossible, match="one partner already"):
        do(world, merging.merge_partners, world.harbor, world.harbor)
    merge = do(world, merging.merge_partners, world.harbor, world.lakeside)
    with pytest.raises(NotPossible, match="one partner already"):
        do(world, merging.merge_partners, world.lakeside, world.harbor)
    with pytest.raises(NotPossible, match="merged before"):
        do(world, merging.merge_partners, world.harbor, world.lakeside)
    do(world, merging.undo_partner_merge, merge)
    with pytest.raises(LookupError, match="undone already"):
        do(world, merging.undo_partner_merge, merge)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What several people do at the same moment: each result, or the error that they were told."""
    gate, told = threading.Barrier(len(acts)), [None] * len(acts)

    def run(n: int) -> None:
        gate.wait()
        try:
            told[n] = acts[n]()
        except (NotPossible, LookupError, leads.Stale) as error:
            told[n] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def in_step(world: World) -> bool:
    """Whether rows and facts are what the events and merges make of them."""
    with writing(world.engine) as c:
        before = facts_now(c), rows_now(c)
        leads.rebuild(c, list(c.execute(sa.select(t.leads.c.id)).scalars()))
        return (facts_now(c), rows_now(c)) == before


def rows_now(c: Connection) -> list[tuple]:
    columns = [column for column in t.leads.c if column.name != "version"]
    return [tuple(row) for row in c.execute(sa.select(*columns).order_by(t.leads.c.id))]


def test_two_who_merge_the_same_partners_at_once_make_no_ring(world: World) -> None:
    """One of them is told that they are one already; what is logged meanwhile counts for the one that goes on."""
    sent(world, world.harbor)
    told = at_once(
        lambda: do(world, merging.merge_partners, world.harbor, world.lakeside),
        lambda: do(world, merging.merge_partners, world.lakeside, world.harbor),
        lambda: log(world, partner_id=world.harbor),
        lambda: log(world, partner_id=world.lakeside),
    )
    assert sum(isinstance(one, NotPossible) for one in told) == 1
    assert len(by_partner(world)) == 1
    assert in_step(world)


def test_the_wish_of_the_partner_that_goes_on_holds_for_those_merged_into_it(world: World) -> None:
    """Nobody asks them for records."""
    with writing(world.engine) as c:
        partners.change(c, world.lakeside, "Lakeside Family Medicine", may_contact=False)
    do(world, merging.merge_partners, world.harbor, world.lakeside)
    lead = log(world, partner_id=world.harbor, pathway=Pathway.CLINICIAN)
    with pytest.raises(NotPossible, match="asked not to be contacted"):
        record(world, lead, e.RecordsRequested())


def test_names_that_are_alike_are_proposed(world: World) -> None:
    """The likest pair first; a retired one is not."""
    with writing(world.engine) as c:
        for name in ("Lakeside Family Medicine LLC", "Harbor Hospitl"):
            partners.find_or_add(c, name, PartnerCategory.OTHER)
    with reading(world.engine) as c:
        pairs = [{one[1], other[1]} for one, other in partners.alike(c)]
    assert pairs == [
        {"Lakeside Family Medicine", "Lakeside Family Medicine LLC"}, {"Harbor Hospital", "Harbor Hospitl"},
    ]  # fmt: skip


# ---------------------------------------------------------------- inquiries


def state(world: World, lead: int) -> LeadState:
    with reading(world.engine) as c:
        return replay(event_log.log_of(c, lead))


def merge(world: World, lead: int, into: int, at=NOW + 3 * HOUR) -> None:
    with writing(world.engine) as c:
        merging.merge_leads(c, lead, into, now=at, version=leads.version_of(c, lead))


def undo(world: World, lead: int, at=NOW + 4 * HOUR) -> None:
    """As `actions.take_back` does it."""
    with writing(world.engine) as c:
        log = event_log.log_of(c, lead)
        record_ = e.Voided(event_id=log[-1].id)
        leads.record(c, lead, record_, occurred_at=at, now=at, version=leads.version_of(c, lead))
        merging.take_back_copies(c, [event.id for event in log], now=at, staff_id=None)


def test_what_was_done_on_the_duplicate_goes_on_with_the_first(world: World) -> None:
    """The answer is measured from the first receipt; the booking stands; the duplicate counts no more."""
    first = log(world, reference="A-1")
    second = log(world, NOW + HOUR, reference="A1")
    record(world, second, e.Reached(method=ContactMethod.CALL), NOW + 90 * MINUTE)
    record(world, second, e.Booked(starts_at=NOW + DAY), NOW + 2 * HOUR)
    merge(world, second, first)
    one = state(world, first)
    assert (one.stage, one.first_contact.what.staffed_seconds) == (Stage.SCHEDULED, 90 * 60)
    assert state(world, second).close_reason == CloseReason.DUPLICATE
    assert [type(x.what).__name__ for x in event_log_of(world, first)] == [
        "Received",
        "AskedAgain",
        "Reached",
        "Booked",
    ]
    with reading(world.engine) as c:
        assert int(tally(c, [], Where(keys={"state": (0,)}), moment(LATER))["count"].sum()) == 1


def event_log_of(world: World, lead: int) -> list[e.Event]:
    with reading(world.engine) as c:
        return event_log.log_of(c, lead)


def test_a_merge_that_is_undone_leaves_both_as_they_were(world: World) -> None:
    """Rows and facts; the histories show both the merge and its end."""
    first, second = log(world), log(world, NOW + HOUR)
    record(world, second, e.Offered(), NOW + 2 * HOUR)
    with reading(world.engine) as c:
        before = facts_now(c)
    merge(world, second, first)
    undo(world, second)
    with reading(world.engine) as c:
        assert facts_now(c) == before
    assert len(event_log_of(world, first)) == 5  # received, two copies, both taken back


def test_what_is_taken_back_on_the_duplicate_no_longer_counts_on_the_first(world: World) -> None:
    """One entry was wrong: its copy goes, the others stay; copies of copies too."""
    first, second, third = (log(world, NOW + n * HOUR) for n in range(3))
    record(world, third, e.Offered(), NOW + 2 * HOUR)
    record(world, third, e.Booked(starts_at=NOW + DAY), NOW + 2 * HOUR)
    merge(world, third, second)
    merge(world, second, first)
    assert state(world, first).stage == Stage.SCHEDULED
    wrong = next(x for x in event_log_of(world, third) if isinstance(x.what, e.Booked))
    with writing(world.engine) as c:
        merging.take_back_copies(c, [wrong.id], now=NOW + 4 * HOUR, staff_id=None)
    assert state(world, first).stage == Stage.CAPTURED
    assert state(world, first).offered_at == NOW + 2 * HOUR


def test_one_that_was_answered_as_it_came_in_answers_the_first(world: World) -> None:
    """The second call was spoken at once."""
    first, second = log(world), log(world, NOW + HOUR, answered_live=True)
    merge(world, second, first)
    assert state(world, first).first_contact.what.staffed_seconds == 3600


def test_what_cannot_be_merged_says_what_to_do(world: World) -> None:
    """The earlier into the later, into itself, into one that does not go on, into one that is closed."""
    first, second = log(world), log(world, NOW + HOUR)
    spam, closed = log(world), log(world)
    record(world, spam, e.Closed(reason=CloseReason.SPAM), NOW)
    record(world, closed, e.Closed(reason=CloseReason.WITHDRAWN), NOW)
    for lead, into, said in (
        (first, second, "came later"), (second, second, "itself"), (second, spam, "does not go on"),
        (second, closed, "Reopen it first"),
    ):  # fmt: skip
        with pytest.raises(NotPossible, match=said):
            merge(world, lead, into)
    with pytest.raises(LookupError):
        merge(world, second, 10_000)


def test_a_duplicate_is_not_reopened_beside_the_one_that_goes_on(world: World) -> None:
    """Its closing is taken back instead, and the copies with it."""
    first, second = log(world), log(world, NOW + HOUR)
    merge(world, second, first)
    with pytest.raises(NotPossible, match=f"goes on as inquiry {first}"):
        record(world, second, e.Reopened(), NOW + 4 * HOUR)


def test_a_merge_that_is_sent_twice_is_made_once(world: World) -> None:
    """The same key again copies nothing again."""
    first, second = log(world), log(world, NOW + HOUR)
    for _ in range(2):
        with writing(world.engine) as c:
            merging.merge_leads(c, second, first, now=NOW + 2 * HOUR, version=1, key="k")
    assert len(event_log_of(world, first)) == 2


def test_the_step_that_is_owed_goes_on_with_the_first(world: World) -> None:
    """Reached on the duplicate: the check comes next. Not answered there: the first is answered by the end of the day."""
    with writing(world.engine) as c:
        for need, step in ((Need.REACH, NextStep.CALL), (Need.CHECK, NextStep.CHECK_ELIGIBILITY)):
            follow_up.set_rule(c, need, step, wait_days=1, effective_from=LONG_AGO)
    first, reached = log(world), log(world, NOW + HOUR)
    record(world, first, e.Attempted(method=ContactMethod.CALL), NOW)
    record(world, reached, e.Reached(method=ContactMethod.CALL), NOW + HOUR)
    merge(world, reached, first)
    assert step_of(world, first) == NextStep.CHECK_ELIGIBILITY
    waiting = log(world, NOW + 2 * HOUR)
    merge(world, waiting, first)
    assert step_of(world, first) == NextStep.CALL
    with reading(world.engine) as c:
        assert c.scalar(sa.select(t.leads.c.next_step_by).where(t.leads.c.id == first)) == NOW + 5 * HOUR
    undo(world, waiting)
    assert step_of(world, first) == NextStep.CHECK_ELIGIBILITY


def step_of(world: World, lead: int) -> str | None:
    with reading(world.engine) as c:
        return c.scalar(sa.select(t.leads.c.next_step).where(t.leads.c.id == lead))


def test_the_wish_for_no_contact_goes_on_with_the_first_and_is_noted_there_from_then_on(world: World) -> None:
    """Nobody is to call them; a wish noted on the duplicate afterwards would be lost, and is refused."""
    with writing(world.engine) as c:
        follow_up.set_rule(c, Need.REACH, NextStep.CALL, wait_days=1, effective_from=LONG_AGO)
    first, second = log(world), log(world, NOW + HOUR)
    record(world, first, e.Attempted(method=ContactMethod.CALL), NOW)
    record(world, second, e.Consented(may_contact=False), NOW + HOUR)
    merge(world, second, first)
    assert step_of(world, first) == NextStep.DECIDE
    with pytest.raises(NotPossible, match=f"goes on as inquiry {first}"):
        record(world, second, e.Consented(may_contact=True), NOW + 4 * HOUR)


def test_two_that_both_have_an_appointment_are_not_merged_unseen(world: World) -> None:
    """One visit would stand for ever without an outcome: one of them is taken back first."""
    first, second = log(world), log(world, NOW + HOUR)
    for lead in (first, second):
        record(world, lead, e.Booked(starts_at=NOW + DAY), NOW + HOUR)
    with pytest.raises(NotPossible, match="both have an appointment"):
        merge(world, second, first)


def test_two_that_are_merged_into_one_at_once_both_arrive(world: World) -> None:
    """And the row and the facts are what the events make of them."""
    first, offered, booked = log(world), log(world, NOW + HOUR), log(world, NOW + HOUR)
    record(world, offered, e.Offered(), NOW + HOUR)
    record(world, booked, e.Booked(starts_at=NOW + DAY), NOW + HOUR)
    told = at_once(lambda: merge(world, offered, first), lambda: merge(world, booked, first))
    assert told == [None, None]
    assert state(world, first).stage == Stage.SCHEDULED
    assert state(world, first).offered_at == NOW + HOUR
    assert in_step(world)


def test_one_merge_sent_twice_at_once_is_made_once(world: World) -> None:
    """The second sender waits, and finds it done."""
    first, second = log(world), log(world, NOW + HOUR)

    def send() -> None:
        with writing(world.engine) as c:
            merging.merge_leads(c, second, first, now=NOW + 2 * HOUR, version=1, key="k")

    assert at_once(send, send) == [None, None]
    assert len([x for x in event_log_of(world, first) if isinstance(x.what, e.AskedAgain)]) == 1
