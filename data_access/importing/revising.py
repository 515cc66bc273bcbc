"""What to append to a lead's log when its row in the source says something else than last time.

What the source no longer says is voided, what it says now is appended. What staff recorded stays, and so does what staff
voided. A promise that was made is kept, unless what it was made by has changed.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from data_access.events import Attempted, Event, Happening, Reached, Received, Voided
from data_access.leads import Draft
from data_access.promises import PROMISED_BY, ResponseClock
from data_access.vocabulary import Precision


def revise(log: Sequence[Event], draft: Draft, now: datetime, clock: ResponseClock) -> list[Event]:
    """Events that bring a lead from its log to what its row says now.

    Parameters
    ----------
    log : sequence of Event
        The lead's events as recorded, voided ones too.
    draft : Draft
        What the row says now.
    """
    voided = {e.what.event_id: e for e in log if isinstance(e.what, Voided)}
    wanted = Counter(_said(event) for event in draft.log)
    whole = {_said(event): event for event in draft.log}
    gone: list[Event] = []
    for event in log:
        if event.batch_id is None or isinstance(event.what, Voided):
            continue
        said, void = _said(event), voided.get(event.id)
        if void is not None and void.batch_id is not None:
            continue  # an import took it back
        if wanted[said] > 0:
            wanted[said] -= 1  # it stands, or staff took it back and know better
        elif void is None:
            gone.append(event)
    new = [replace(whole[said], recorded_at=now) for said in wanted.elements()]
    return _settled(log, voided, gone, new, draft.batch_id, now, clock)


def _settled(
    log: Sequence[Event], voided: dict[int, Event], gone: list[Event], new: list[Event], batch: int | None, now: datetime,
    clock: ResponseClock,
) -> list[Event]:  # fmt: skip
    old = next((e for e in gone if isinstance(e.what, Received)), None)
    receipt = next((e for e in new if isinstance(e.what, Received)), None)
    if old and receipt and isinstance(old.what, Received) and isinstance(receipt.what, Received):
        if _promise_of(old) == _promise_of(receipt):
            new[new.index(receipt)] = replace(receipt, what=receipt.what.promised_as(old.what))
        else:  # every answer is measured from the receipt as it is known now
            standing = [e for e in log if e.id not in voided and e not in gone]
            for event in (e for e in standing if isinstance(e.what, Attempted | Reached)):
                gone.append(event)
                came, answered = (receipt.occurred_at, receipt.precision), (event.occurred_at, event.precision)
                what = clock.measured(event.what, receipt.what.location_id, came, answered)
                new.append(replace(event, what=what, recorded_at=now, id=0))
    return [Event(Voided(event_id=event.id), now, now, batch_id=batch) for event in gone] + new


def _said(event: Event) -> tuple[Any, datetime, Precision]:
    """What the source says of an event, without what the practice measured or promised."""
    what: Happening = event.what
    if isinstance(what, Received):
        what = what.unstamped()
    elif isinstance(what, Attempted | Reached):
        what = replace(what, staffed_seconds=None)
    return what, event.occurred_at, event.precision


def _promise_of(receipt: Event) -> tuple[Any, ...]:
    return (receipt.occurred_at, receipt.precision, *(getattr(receipt.what, name) for name in PROMISED_BY))
