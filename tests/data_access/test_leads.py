"""Recording: one transaction, one replay, nothing lost and nothing doubled."""

import dataclasses
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from data_access import engine as databases
from data_access import event_log, facts, leads, practice, promises, staffed_hours
from data_access import events as e
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.fact_tables import lead_facts
from data_access.lead_rules import NotPossible
from data_access.replay import replay
from data_access.vocabulary import (
    AppointmentStatus,
    CancelledBy,
    Channel,
    Check,
    CloseReason,
    ContactMethod,
    Eligibility,
    EventKind,
    Kind,
    Pathway,
    Priority,
    RecordItem,
    RecordsStatus,
    SchedulingStatus,
    Topic,
)
from tests import factories
from tests.cases import case
from tests.conftest import empty, sqlite
from tests.factories import NOW, World, asked, log, record
from tests.histories import drafts

HOUR = timedelta(hours=1)


def row(world: World, lead_id: int) -> sa.RowMapping:
    with reading(world.engine) as c:
        return c.execute(sa.select(t.leads).where(t.leads.c.id == lead_id)).mappings().one()


def test_a_new_inquiry_carries_the_deadline_that_was_promised(world: World) -> None:
    """Noon on Wednesday and four staffed hours: four o'clock, stamped on the lead."""
    lead = row(world, log(world, NOW))
    assert lead["respond_by"] == datetime(2026, 3, 11, 20, 0, tzinfo=UTC)
    assert (lead["window_minutes"], lead["stage"], lead["version"]) == (240, 1, 1)


def test_a_clinician_referral_opens_the_checklist_and_a_patient_inquiry_does_not(world: World) -> None:
    """Records come from clinicians."""
    referral = log(world, pathway=Pathway.CLINICIAN)
    inquiry = log(world, pathway=Pathway.PATIENT)
    assert row(world, referral)["records_status"] == RecordsStatus.PENDING
    assert row(world, inquiry)["records_status"] == RecordsStatus.NOT_NEEDED
    with reading(world.engine) as c:
        assert c.scalar(sa.select(sa.func.count()).select_from(t.records)) == len(RecordItem)


def test_a_lead_is_worked_from_first_call_to_visit(world: World) -> None:
    """Attempt, contact, eligibility, records, offer, booking, visit: each step shows in the row."""
    lead = log(world, pathway=Pathway.CLINICIAN)
    record(world, lead, e.Attempted(method=ContactMethod.VOICEMAIL), NOW + HOUR)
    record(world, lead, e.Reached(method=ContactMethod.CALL), NOW + 5 * HOUR)
    ok = e.EligibilityChecked(
        outcome=Eligibility.ELIGIBLE, service_fit=Check.OK, demographics=Check.OK, scheduling_needs=Check.OK
    )
    record(world, lead, ok, NOW + 5 * HOUR)
    record(world, lead, e.RecordsRequested(), NOW + 6 * HOUR)
    assert row(world, lead)["records_status"] == RecordsStatus.REQUESTED
    record(world, lead, e.RecordsReceived(items=(RecordItem.CLINICAL_NOTES,)), NOW + 7 * HOUR)
    assert row(world, lead)["records_status"] == RecordsStatus.REQUESTED
    record(world, lead, e.RecordsReceived(), NOW + 24 * HOUR)
    record(world, lead, e.Contacted(), NOW + 25 * HOUR)
    record(world, lead, e.Offered(), NOW + 26 * HOUR)
    record(world, lead, e.Booked(starts_on=date(2026, 3, 20)), NOW + 27 * HOUR)
    assert row(world, lead)["scheduling_status"] == SchedulingStatus.BOOKED
    record(world, lead, e.Attended(), NOW + 220 * HOUR)
    final = row(world, lead)
    assert (final["stage"], final["records_status"], final["appointment_status"]) == (
        5, RecordsStatus.RECEIVED, AppointmentStatus.ATTENDED,
    )  # fmt: skip
    assert final["attempt_seconds"] == 3600
    assert final["contact_seconds"] == 5 * 3600  # Wednesday 12:00 to 17:00; the last of them after the window
    assert final["version"] == 11


def test_a_moved_appointment_keeps_a_link_to_the_first(world: World) -> None:
    """The chain remembers the first date."""
    lead = log(world)
    record(world, lead, e.Booked(starts_on=date(2026, 3, 20)))
    record(world, lead, e.Rescheduled(by=CancelledBy.PATIENT, starts_on=date(2026, 3, 27)), NOW + HOUR)
    with reading(world.engine) as c:
        chain = c.execute(sa.select(t.appointments).order_by(t.appointments.c.number)).mappings().all()
    assert [(a["starts_on"].day, a["status"], a["replaces_number"]) for a in chain] == [
        (20, "rescheduled", None), (27, "scheduled", 1),
    ]  # fmt: skip


def test_a_cancelled_appointment_moves_the_lead_back_but_not_its_furthest_stage(world: World) -> None:
    """The funnel does not shrink; the lead's present stage does."""
    lead = log(world)
    record(world, lead, e.Booked(starts_on=date(2026, 3, 20)))
    record(world, lead, e.Cancelled(by=CancelledBy.PATIENT), NOW + HOUR)
    assert row(world, lead)["stage"] == 1
    assert row(world, lead)["scheduled_at"] == NOW


def test_closing_needs_reopening_before_anything_else(world: World) -> None:
    """A closed inquiry says so and what to do."""
    lead = log(world)
    record(world, lead, e.Closed(reason=CloseReason.UNREACHABLE))
    with pytest.raises(NotPossible, match="Reopen it first"):
        record(world, lead, e.Offered(), NOW + HOUR)
    record(world, lead, e.Reopened(), NOW + HOUR)
    assert row(world, lead)["closed_at"] is None
    record(world, lead, e.Offered(), NOW + 2 * HOUR)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (e.Attended(), "there is none yet"),
        (e.Reopened(), "open already"),
        (e.Closed(reason=CloseReason.ANSWERED), "not closed as answered"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(world: World, what: e.Happening, says: str) -> None:
    """No traceback, no silent change."""
    lead = log(world)
    with pytest.raises(NotPossible, match=says):
        record(world, lead, what)
    assert row(world, lead)["version"] == 1


def test_a_time_in_the_future_is_refused(world: World) -> None:
    """Clock skew of five minutes is forgiven, an hour is not."""
    with pytest.raises(NotPossible, match="future"):
        log(world, NOW + HOUR, now=NOW)
    log(world, NOW + timedelta(minutes=4), now=NOW)


def test_a_time_before_the_inquiry_is_refused(world: World) -> None:
    """Nobody can have called back before there was anything to call about."""
    lead = log(world)
    with pytest.raises(NotPossible, match="before the inquiry was received"):
        record(world, lead, e.Attempted(method=ContactMethod.CALL), NOW - HOUR, now=NOW)


def test_what_would_have_no_effect_is_refused(world: World) -> None:
    """Reopened before it was closed, closed before it was reopened, seen before the appointment was booked."""
    lead = log(world)
    record(world, lead, e.Closed(reason=CloseReason.UNREACHABLE), NOW + 2 * HOUR)
    with pytest.raises(NotPossible, match="closed after this time"):
        record(world, lead, e.Reopened(), NOW + HOUR, now=NOW + 2 * HOUR)
    record(world, lead, e.Reopened(), NOW + 3 * HOUR)
    with pytest.raises(NotPossible, match="reopened after this time"):
        record(world, lead, e.Closed(reason=CloseReason.OTHER), NOW + HOUR, now=NOW + 3 * HOUR)
    record(world, lead, e.Booked(), NOW + 5 * HOUR)
    with pytest.raises(NotPossible, match="before the appointment was booked"):
        record(world, lead, e.Attended(), NOW + 4 * HOUR, now=NOW + 5 * HOUR)
    assert row(world, lead)["version"] == 4


def test_only_a_standing_entry_of_the_same_inquiry_can_be_taken_back(world: World) -> None:
    """Not another lead's, not one that there is not, not the receipt, and none twice."""
    lead, other = log(world), log(world)
    record(world, other, e.Offered())
    record(world, lead, e.Offered())
    with reading(world.engine) as c:
        receipt, offered = (event.id for event in event_log.log_of(c, lead))
        foreign = event_log.log_of(c, other)[1].id
    for wrong in (receipt, foreign, 99_999):
        with pytest.raises(NotPossible, match="no such entry"):
            record(world, lead, e.Voided(event_id=wrong))
    record(world, lead, e.Voided(event_id=offered))
    assert row(world, lead)["scheduling_status"] == SchedulingStatus.NOT_CONTACTED
    with pytest.raises(NotPossible, match="no such entry"):
        record(world, lead, e.Voided(event_id=offered))


def test_two_people_at_once_make_one_change_and_one_message(world: World) -> None:
    """The second one learns which version there is now; nothing of theirs is half written."""
    lead = log(world)
    record(world, lead, e.Offered())
    with pytest.raises(leads.Stale) as lost, writing(world.engine) as c:
        leads.record(c, lead, e.Contacted(), occurred_at=NOW, now=NOW, version=1)
    assert (lost.value.seen, lost.value.current) == (1, 2)
    assert row(world, lead)["scheduling_status"] == SchedulingStatus.OFFERED


def test_the_same_form_sent_twice_makes_one_lead(world: World) -> None:
    """A double click returns the inquiry that was saved first."""
    with writing(world.engine) as c:
        first = leads.log_inquiry(c, asked(world), received_at=NOW, now=NOW, key="k" * 64)
    with writing(world.engine) as c:
        second = leads.log_inquiry(c, asked(world), received_at=NOW, now=NOW, key="k" * 64)
    assert second.lead_id == first.lead_id
    assert second.again
    assert second.respond_by == first.respond_by


def test_the_same_form_sent_from_eight_connections_makes_one_lead(world: World) -> None:
    """At the same instant, too."""
    results: list[int] = []

    def send() -> None:
        with writing(world.engine) as c:
            results.append(leads.log_inquiry(c, asked(world), received_at=NOW, now=NOW, key="z" * 64).lead_id)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert len(set(results)) == 1
    with reading(world.engine) as c:
        assert c.scalar(sa.select(sa.func.count()).select_from(t.leads)) == 1
        assert c.scalar(sa.select(sa.func.count()).select_from(t.events)) == 1


def test_eight_writers_at_once_lose_nothing_and_every_reader_catches_up(world: World) -> None:
    """While they write, a reader refreshes again and again; in the end it holds every lead that was acknowledged."""
    saved: list[int] = []
    snapshot = facts.load(world.engine)

    def write() -> None:
        for _ in range(6):
            lead = log(world)
            record(world, lead, e.Offered())
            saved.append(lead)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        snapshot = facts.refresh(world.engine, snapshot)
    snapshot = facts.refresh(world.engine, snapshot)
    assert len(saved) == 48
    assert sorted(snapshot.rows(facts.LEADS)["lead_id"]) == sorted(saved)
    with reading(world.engine) as c:
        assert databases.current_revision(c) == snapshot.revision


def test_of_many_writers_in_one_process_none_gives_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite alone would let some wait too long: here each has its own engine, and together they take ten such waits."""
    monkeypatch.setattr(databases, "BUSY_TIMEOUT_SECONDS", 0.1)
    world, failed = factories.found(sqlite(tmp_path / "x.db")), []

    def write() -> None:
        try:
            with databases.opened(f"sqlite:///{tmp_path / 'x.db'}") as engine, writing(engine) as c:
                c.execute(sa.select(t.leads))
                time.sleep(0.05)
        except sa.exc.OperationalError as error:
            failed.append(error)

    writers = [threading.Thread(target=write) for _ in range(20)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failed
    with reading(world.engine) as c:
        assert databases.current_revision(c) == 1 + len(writers)


def test_behind_somebody_who_said_that_they_will_be_long_a_writer_waits_only_so_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while an import writes: then it is told that the database is locked; and afterwards it is not."""
    monkeypatch.setattr(databases, "BUSY_TIMEOUT_SECONDS", 0.05)
    world = factories.found(sqlite(tmp_path / "x.db"))
    locked = pytest.raises(sa.exc.OperationalError, match="database is locked")
    with writing(world.engine, long=True), locked, writing(world.engine):
        pass
    with writing(world.engine):
        pass


def test_what_was_acknowledged_survives_a_killed_process(tmp_path: Path) -> None:
    """A writer is killed in the middle of its work: each inquiry that it reported as saved is there, whole."""
    world = factories.found(sqlite(tmp_path / "k.db"))
    code = (
        "from data_access import engine\n"
        "from tests import factories\n"
        f"ids = {[getattr(world, f.name) for f in dataclasses.fields(world)[1:]]}\n"
        f"world = factories.World(engine.connect('sqlite:///{tmp_path / 'k.db'}'), *ids)\n"
        "while True: print(factories.log(world), flush=True)\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        acknowledged = [int(writer.stdout.readline()) for _ in range(20)]
        writer.kill()
        acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]
    with reading(world.engine) as c:
        for table in (t.leads.c.id, t.events.c.lead_id, lead_facts.c.lead_id):
            assert set(acknowledged) <= set(c.execute(sa.select(table)).scalars())
        assert c.scalar(sa.select(sa.func.count()).where(lead_facts.c.revision.is_(None))) == 0


def test_an_event_sent_twice_is_recorded_once(world: World) -> None:
    """Even when the first answer was lost on the way."""
    lead = log(world)
    for seen in (1, 1, 2):  # sent again with the version before, and with the one after
        with writing(world.engine) as c:
            version = leads.record(c, lead, e.Offered(), occurred_at=NOW, now=NOW, version=seen, key="o" * 64)
        assert version == row(world, lead)["version"] == 2
    with reading(world.engine) as c:
        offers = sa.select(sa.func.count()).select_from(t.events).where(t.events.c.kind == EventKind.OFFERED)
        assert c.scalar(offers) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"lead_kind": Kind.WARM_INTRO},
        {"lead_kind": Kind.PARTNER_REQUEST},
        {"lead_kind": Kind.INFORMATION},
        {"channel": "pigeon"},
        {"pathway": "sideways"},
    ],
)
def test_the_database_refuses_what_the_vocabulary_does_not_know(world: World, wrong: dict) -> None:
    """Whatever the forms let through: a word that is not one, a kind without what it requires."""
    with pytest.raises((sa.exc.IntegrityError, ValueError)):
        log(world, **wrong)
    with reading(world.engine) as c:
        assert c.scalar(sa.select(sa.func.count()).select_from(t.leads)) == 0


def test_a_partner_request_never_carries_a_patient(world: World) -> None:
    """The database itself refuses a patient reference there."""
    log(world, lead_kind=Kind.PARTNER_REQUEST, partner_id=world.lakeside)
    with pytest.raises(sa.exc.IntegrityError):
        log(world, lead_kind=Kind.PARTNER_REQUEST, partner_id=world.lakeside, reference="A-17")


def test_an_edited_window_does_not_rejudge_yesterdays_lead(world: World) -> None:
    """The new promise holds from its day on."""
    before = log(world, NOW)
    with writing(world.engine) as c:
        promises.set_window(c, 60, effective_from=date(2026, 3, 12))
    record(world, before, e.Offered(), NOW + HOUR)
    after = log(world, NOW + 24 * HOUR)
    assert row(world, before)["window_minutes"] == 240
    assert row(world, after)["window_minutes"] == 60


def test_edited_hours_do_not_change_what_was_measured(world: World) -> None:
    """Staffed time is measured when the answer is recorded, and kept."""
    lead = log(world, NOW)
    record(world, lead, e.Attempted(method=ContactMethod.CALL), NOW + 2 * HOUR)
    with writing(world.engine) as c:
        staffed_hours.set_hours(c, world.north, {}, effective_from=date(2020, 1, 1))
    record(world, lead, e.Offered(), NOW + 3 * HOUR)
    assert row(world, lead)["attempt_seconds"] == 2 * 3600


def test_the_most_specific_window_wins_and_a_tie_is_refused(world: World) -> None:
    """Urgent at North beats urgent beats everything; two rules of equal weight cannot both stand."""
    with writing(world.engine) as c:
        promises.set_window(c, 120, effective_from=date(2021, 1, 1), priority=Priority.URGENT)
        promises.set_window(c, 60, effective_from=date(2021, 1, 1), priority=Priority.URGENT, location_id=world.north)
        with pytest.raises(ValueError, match="as specific as"):
            promises.set_window(c, 30, effective_from=date(2021, 1, 1), channel=Channel.PHONE)
        promises.set_window(c, 240, effective_from=date(2022, 1, 1))  # renewed later, and still the least specific
    urgent = {"priority": Priority.URGENT}
    assert row(world, log(world, **urgent))["window_minutes"] == 60
    assert row(world, log(world, **urgent, location_id=world.south))["window_minutes"] == 120
    assert row(world, log(world))["window_minutes"] == 240


def test_a_call_taken_live_has_no_deadline(world: World) -> None:
    """It was answered as it came in."""
    lead = row(world, log(world, channel=Channel.PHONE, answered_live=True))
    assert lead["respond_by"] is None
    assert lead["answered_live"]


def test_a_naive_time_is_refused(world: World) -> None:
    """Databases would drop the zone in silence."""
    with pytest.raises((sa.exc.StatementError, TypeError, ValueError)):
        log(world, datetime(2026, 3, 11, 12, 0), now=datetime(2026, 3, 11, 12, 0))  # noqa: DTZ001


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_replaying_the_events_gives_the_row(database: sa.Engine, data: st.DataObject) -> None:
    """Whatever happened, in whatever order: the stored row, checklist and appointments are the replay's."""
    empty(database)
    world = factories.found(database)
    made = data.draw(st.lists(drafts(world), min_size=1, max_size=4))
    with writing(database) as c:
        ids = [lead_id for lead_id, _ in leads.add_many(c, made)]
    with reading(database) as c:
        for lead_id, log_ in event_log.logs_of(c, ids).items():
            state = replay(log_)
            stored = c.execute(sa.select(t.leads).where(t.leads.c.id == lead_id)).mappings().one()
            assert {k: stored[k] for k in state.row()} == state.row()
            appointments = c.execute(
                sa.select(t.appointments).where(t.appointments.c.lead_id == lead_id).order_by(t.appointments.c.number)
            ).mappings()
            assert [dict(a) for a in appointments] == [{"lead_id": lead_id, **a.row()} for a in state.appointments]
            records = c.execute(sa.select(t.records).where(t.records.c.lead_id == lead_id)).mappings()
            assert {r["item"]: r["status"] for r in records} == {r.item: r.status for r in state.records.values()}


@settings(max_examples=60)
@given(data=st.data())
def test_recording_late_gives_what_recording_in_order_gives(data: st.DataObject) -> None:
    """Back-dated events find their place."""
    world = factories.World(None, *range(1, 11))  # type: ignore[arg-type]  # ids only
    draft = data.draw(drafts(world))
    first = e.Event(draft.received, draft.received_at, draft.logged_at, draft.precision)
    late = [dataclasses.replace(event, id=n) for n, event in enumerate(data.draw(st.permutations(draft.then)), start=1)]
    assume(len({event.occurred_at for event in late}) == len(late))  # what happens at once is taken as it was recorded
    assert replay([first, *draft.then]).row() == replay([first, *late]).row()


def test_an_event_survives_the_trip_through_json() -> None:
    """Every field of every class comes back as it went."""
    asked_ = e.Received(
        lead_kind=Kind.INFORMATION, pathway=Pathway.PATIENT, channel=Channel.EMAIL, location_id=3, topic=Topic.TRIAGE,
        required_records=(RecordItem.CLINICAL_NOTES,), respond_by=NOW, window_minutes=5,
    )  # fmt: skip
    booked = e.Booked(starts_at=NOW, starts_on=NOW.date(), preparation_sent=True)
    for what in (asked_, booked, e.Voided(event_id=4), e.Cancelled(by=CancelledBy.PRACTICE)):
        assert e.restore(what.kind, e.details(what)) == what


def test_a_machines_receipt_stops_no_clock_and_a_voicemail_is_an_attempt_but_no_contact(world: World) -> None:
    """As worked: an automatic confirmation, then a voicemail, then a call that connects."""
    given_, expected = case("R28")["inputs"], case("R28")["expected"]
    what = {
        "auto_ack": e.Acknowledged(),
        "voicemail": e.Attempted(method=ContactMethod.VOICEMAIL),
        "call_connected": e.Reached(method=ContactMethod.CALL),
    }  # notes and inbound messages are no answer and have no event
    lead = log(world, datetime.fromisoformat(given_["received"]))
    for event in given_["events"]:
        if event["kind"] in what:
            record(world, lead, what[event["kind"]], datetime.fromisoformat(event["at"]))
    stored = row(world, lead)
    assert stored["first_attempt_at"] == datetime.fromisoformat(expected["first_attempt"])
    assert stored["first_contact_at"] == datetime.fromisoformat(expected["first_live_contact"])


def test_a_correction_keeps_the_promise_of_the_day_and_what_changed_hands(world: World) -> None:
    """Noted as a web form, it was a fax: judged by the fax window that was in force then; the owner it was given stays."""
    with writing(world.engine) as c:
        promises.set_window(c, 60, effective_from=date(2020, 1, 1), channel=Channel.FAX)
    lead = log(world)
    record(world, lead, e.Assigned(owner_id=world.bob), NOW)
    with writing(world.engine) as c:
        promises.set_window(c, 30, effective_from=NOW.date() + timedelta(days=1), channel=Channel.FAX)
        asked = event_log.log_of(c, lead)[0].what.unstamped()
        changed = dataclasses.replace(asked, channel=Channel.FAX)
        later = NOW + timedelta(days=2)
        leads.correct(c, lead, changed, received_at=NOW, now=later, version=2)
        row = c.execute(sa.select(t.leads)).mappings().one()
    assert (row["respond_by"], row["owner_id"], row["logged_at"]) == (NOW + timedelta(hours=1), world.bob, NOW)
    with writing(world.engine) as c:
        with pytest.raises(leads.Stale):
            leads.correct(c, lead, changed, received_at=NOW, now=later, version=2)
        with pytest.raises(NotPossible, match="lies in the future"):
            leads.correct(c, lead, changed, received_at=later + timedelta(days=1), now=later, version=3)


def test_a_correction_cannot_put_an_inquiry_after_what_happened_to_it(world: World) -> None:
    """It was answered at one; it cannot have come at two."""
    lead = log(world)
    record(world, lead, e.Reached(method=ContactMethod.CALL), NOW + timedelta(hours=1))
    with writing(world.engine) as c:
        asked = event_log.log_of(c, lead)[0].what
        with pytest.raises(NotPossible, match="before this time"):
            leads.correct(c, lead, asked, received_at=NOW + timedelta(hours=2), now=NOW + timedelta(hours=3), version=2)


def test_preparation_that_was_sent_later_is_noted_on_the_appointment(world: World) -> None:
    """On the latest one, while it stands; a moved one wants it again."""
    lead = log(world)
    with pytest.raises(NotPossible, match="no appointment ahead"):
        record(world, lead, e.Prepared())
    record(world, lead, e.Booked(starts_at=NOW + 24 * HOUR))
    record(world, lead, e.Prepared(), NOW + HOUR)
    record(world, lead, e.Rescheduled(by=CancelledBy.PATIENT, starts_at=NOW + 48 * HOUR), NOW + 2 * HOUR)
    with reading(world.engine) as c:
        sent = c.execute(sa.select(t.appointments.c.preparation_sent).order_by(t.appointments.c.number)).scalars().all()
    assert sent == [True, False]


def test_correcting_what_does_not_bear_on_it_leaves_the_promise_as_it_was_made(world: World) -> None:
    """The hours have changed since; another reference moves no deadline, another time of receipt does."""
    lead = log(world, reference="A-1")
    with writing(world.engine) as c:
        staffed_hours.set_hours(c, world.north, {3: [("09:00", "17:00")]}, effective_from=NOW.date())
        state = replay(event_log.log_of(c, lead))
        again = dataclasses.replace(state.received, reference="A-2")
        leads.correct(c, lead, again, received_at=NOW, now=NOW, version=1)
    assert row(world, lead)["respond_by"] == NOW + 4 * HOUR
    with writing(world.engine) as c:
        leads.correct(c, lead, again, received_at=NOW - HOUR, now=NOW, version=2)
    assert row(world, lead)["respond_by"] == NOW + 25 * HOUR  # by the hours that now hold: Thursday at one


def test_an_answer_is_measured_from_the_receipt_as_it_is_corrected_and_again_when_that_is_taken_back(
    world: World,
) -> None:
    """Received two hours earlier, it took two hours longer; the history shows both, and undo brings the first back."""
    lead = log(world, NOW)
    record(world, lead, e.Attempted(method=ContactMethod.CALL), NOW + HOUR)
    assert row(world, lead)["attempt_seconds"] == 3600
    with writing(world.engine) as c:
        asked_ = replay(event_log.log_of(c, lead)).received
        entry = leads.correct(c, lead, asked_, received_at=NOW - 2 * HOUR, now=NOW + HOUR, version=2)
    assert row(world, lead)["attempt_seconds"] == 3 * 3600
    record(world, lead, e.Voided(event_id=entry), NOW + HOUR)
    assert row(world, lead)["attempt_seconds"] == 3600
    with writing(world.engine) as c:
        assert [type(event.what).__name__ for event in event_log.log_of(c, lead)] == [
            "Received", "Attempted", "Received", "Voided", "Attempted", "Voided", "Voided", "Attempted",
        ]  # fmt: skip
        before = c.execute(sa.select(t.leads)).all()
        leads.rebuild(c, [lead])
        after = c.execute(sa.select(t.leads)).all()
    assert [tuple(one)[2:] for one in before] == [tuple(one)[2:] for one in after]


# ---------------------------------------------------------------- clocks


def stands(world: World, lead: int) -> tuple[datetime | None, datetime | None, int]:
    """Its deadline, when it was first reached, and at which stage it is."""
    c = t.leads.c
    with reading(world.engine) as connection:
        row = connection.execute(sa.select(c.respond_by, c.first_contact_at, c.stage).where(c.id == lead)).one()
        assert replay(event_log.log_of(connection, lead)).stage == row.stage
    return row.respond_by, row.first_contact_at, int(row.stage)


@pytest.mark.parametrize("back", [timedelta(seconds=1), timedelta(hours=2), timedelta(days=400)])
def test_a_clock_that_is_set_back_stops_nobody_and_moves_no_deadline(world: World, back: timedelta) -> None:
    """What is done now comes after what was recorded before, whatever the clock says; a time that is entered stands."""
    lead = log(world, NOW)
    promised, _, _ = stands(world, lead)
    record(world, lead, e.Reached(method=ContactMethod.CALL), NOW - back)
    record(world, lead, e.Booked(starts_at=NOW + timedelta(days=9)), NOW - back)
    record(world, lead, e.Cancelled(by=CancelledBy.PATIENT), NOW - back / 2)
    assert stands(world, lead)[:2] == (promised, NOW)
    with pytest.raises(NotPossible, match="before the inquiry"):
        record(world, lead, e.Offered(), NOW - back - timedelta(minutes=1), now=NOW - back)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (
            datetime(2026, 3, 8, 6, 30, tzinfo=UTC),
            datetime(2026, 3, 8, 7, 30, tzinfo=UTC),
        ),  # 1:30, then 3:30 that night
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),  # 1:30, then 1:30 again
    ],
)
def test_an_hour_is_an_hour_in_the_nights_when_clocks_change(world: World, received: datetime, due: datetime) -> None:
    """At a location that is staffed all night: the deadline, and the answer in its last minute."""
    with writing(world.engine) as c:
        night = practice.add_location(c, "Night", "America/New_York", {day: [("00:00", "24:00")] for day in range(7)})
        promises.set_window(c, 60, effective_from=factories.LONG_AGO, location_id=night)
    lead = log(world, received, location_id=night)
    assert stands(world, lead)[0] == due
    record(world, lead, e.Reached(method=ContactMethod.CALL), due)
    with reading(world.engine) as c:
        seconds = c.scalar(sa.select(t.leads.c.contact_seconds).where(t.leads.c.id == lead))
    assert seconds == 3600
