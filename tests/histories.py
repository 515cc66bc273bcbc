"""Random leads with random histories, for properties that must hold whatever happened."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from data_access import events as happened
from data_access.events import Event
from data_access.leads import Draft
from data_access.vocabulary import (
    CancelledBy,
    Channel,
    Check,
    CloseReason,
    ContactMethod,
    Eligibility,
    Kind,
    NextStep,
    PartnerCategory,
    Pathway,
    Precision,
    Priority,
    RecordItem,
    StallReason,
    Topic,
)
from tests.factories import World, asked

START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)  # a Monday, ten in New York

items = st.lists(st.sampled_from(RecordItem), unique=True, max_size=3).map(tuple)
methods = st.sampled_from(ContactMethod)
starts = st.none() | st.integers(0, 60).map(lambda d: START + timedelta(days=d))
happenings = st.one_of(
    st.builds(happened.Attempted, method=methods, staffed_seconds=st.none() | st.integers(0, 40_000)),
    st.builds(happened.Reached, method=methods, staffed_seconds=st.none() | st.integers(0, 40_000)),
    st.just(happened.Acknowledged()),
    st.just(happened.ToldWhatToExpect()),
    st.builds(happened.EligibilityChecked, outcome=st.sampled_from(Eligibility), service_fit=st.sampled_from(Check)),
    st.builds(happened.RecordsRequested, items=items),
    st.builds(happened.RecordsReceived, items=items),
    st.builds(happened.RecordsWaived, items=items, reason=st.just("not needed here")),
    st.just(happened.Contacted()),
    st.just(happened.Offered()),
    starts.map(lambda s: happened.Booked(starts_at=s, starts_on=s.date() if s else None)),
    st.just(happened.Attended()),
    st.just(happened.NoShow()),
    st.builds(happened.Cancelled, by=st.sampled_from(CancelledBy)),
    st.builds(happened.Rescheduled, by=st.sampled_from(CancelledBy)),
    st.builds(happened.Closed, reason=st.sampled_from(CloseReason)),
    st.builds(happened.Closed, reason=st.sampled_from([CloseReason.SPAM, CloseReason.WITHDRAWN])),
    st.just(happened.Reopened()),
    st.builds(
        happened.Planned,
        step=st.sampled_from(NextStep),
        due_at=st.integers(0, 40 * 1440).map(lambda m: START + timedelta(minutes=m)),
    ),
    st.builds(happened.Stalled, reason=st.sampled_from(StallReason)),
    st.builds(happened.AskedAgain, channel=st.sampled_from(Channel)),
    st.just(happened.Prepared()),
)


@st.composite
def drafts(draw: st.DrawFn, world: World, bare_dates: bool = False) -> Draft:
    """One lead with up to eight further events, some dated before it was received."""
    received_at = START + timedelta(minutes=draw(st.integers(0, 20 * 1440)))
    minute = st.integers(-1440, 30 * 1440) | st.integers(1440, 1441)  # now and then several within one minute
    seconds = sorted(60 * draw(minute) + draw(st.sampled_from([0, 5, 50])) for _ in range(draw(st.integers(0, 8))))
    logged_at = received_at + timedelta(days=40)
    passed_on = st.one_of(
        st.builds(happened.Assigned, owner_id=st.sampled_from([None, world.alice, world.bob])),
        st.builds(happened.Transferred, location_id=st.sampled_from([world.north, world.south])),
        st.builds(
            happened.Reprioritised,
            priority=st.sampled_from(Priority),
            respond_by=st.none() | st.just(received_at + timedelta(hours=2)),
            answer_until=st.just(received_at + timedelta(hours=2)),
        ),
        st.builds(happened.Promoted, required_records=items),
        st.builds(happened.Consented, may_contact=st.booleans()),
    )
    what = happenings | happenings | passed_on
    then = [Event(draw(what), received_at + timedelta(seconds=s), logged_at, id=n) for n, s in enumerate(seconds, 1)]
    if bare_dates and draw(st.booleans()):
        then = [
            Event(e.what, e.occurred_at.replace(hour=5, minute=0), logged_at, Precision.DAY, e.id) for e in then[:3]
        ] + then[3:]
    due = draw(st.none() | st.integers(0, 3 * 1440))
    changes: dict[str, Any] = {
        "lead_kind": draw(st.sampled_from([Kind.SCHEDULING, Kind.INFORMATION])),
        "pathway": draw(st.sampled_from(Pathway)),
        "channel": draw(st.sampled_from(Channel)),
        "priority": draw(st.sampled_from(Priority)),
        "location_id": draw(st.sampled_from([world.north, world.south])),
        "partner_id": draw(st.sampled_from([None, world.lakeside, world.harbor])),
        "partner_category": draw(st.none() | st.sampled_from(PartnerCategory)),
        "service_line_id": draw(st.sampled_from([None, world.cardiology])),
        "topic": draw(st.sampled_from(Topic)),
        "answered_live": draw(st.booleans()),
        "required_records": draw(items),
        "window_minutes": draw(st.integers(0, 600)),
        "respond_by": None if due is None else received_at + timedelta(minutes=due),
        "answer_until": None if due is None else received_at + timedelta(minutes=due + draw(st.sampled_from([0, 960]))),
    }
    precision = draw(st.sampled_from([Precision.MINUTE, Precision.MINUTE, Precision.DAY]))
    return Draft(asked(world, **changes), received_at, precision, logged_at, then)
