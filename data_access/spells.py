"""A lead's spells in a stage: from each entry until it moves on, moves back or is closed."""

from collections.abc import Iterator
from typing import NamedTuple

from data_access.counted import CameFrom, WentTo
from data_access.fact_tables import ALWAYS, NEVER
from data_access.lead_state import LeadState, Part, epoch_minute
from data_access.vocabulary import EXCLUDED_REASONS, CloseReason, Precision, Stage


class Spell(NamedTuple):
    """A stretch in which a lead stood open in one stage; moments are whole minutes since 1970, NEVER while it lasts.

    `dated_at` is the minute that was recorded for its end: before `ended_at` where it lies before the lead was received.
    `began_day_only`, `ended_day_only`: of that moment only the day is known.
    """

    stage: Stage
    began_at: int
    ended_at: int
    dated_at: int
    came_from: CameFrom
    went_to: WentTo
    began_day_only: bool
    ended_day_only: bool


class _Move(NamedTuple):
    """From a minute on the lead stands in this stage, or closed; `dated` is the minute that was recorded."""

    at: int
    dated: int
    to: WentTo
    precision: Precision


_BEFORE = _Move(0, 0, WentTo.STANDING, Precision.MINUTE)
_STILL = _Move(NEVER, NEVER, WentTo.STANDING, Precision.MINUTE)


def spells(state: LeadState) -> list[Spell]:
    """The spells of a lead in order; none in the last stage, and none while it is closed."""
    made, now, came_from = [], _BEFORE, CameFrom.RECEIVED
    for move in [*_lasting(list(_moves(state))), _STILL]:
        if move.to == now.to:
            continue
        if WentTo.CAPTURED <= now.to < WentTo.ATTENDED:
            only = (now.precision == Precision.DAY, move.precision == Precision.DAY)
            made.append(Spell(Stage(now.to), now.at, move.at, move.dated, came_from, move.to, *only))
        if now.to:
            came_from = CameFrom(now.to) if now.to <= WentTo.ATTENDED else CameFrom.REOPENED
        now = move
    return made


def hidden(state: LeadState) -> list[tuple[int, int]]:
    """When the lead stood closed as a duplicate, spam or a test, as (from, until) in minutes."""
    stretches: list[tuple[int, int]] = []
    for part, begins, ends in _parts(state):
        if part.closed_at and part.close_reason in EXCLUDED_REASONS:
            since = max(epoch_minute(part.closed_at), begins)
            if stretches and stretches[-1][1] == since:
                since = stretches.pop()[0]
            stretches.append((since, ends))
    return [(since, until) for since, until in stretches if since < until]


def _parts(state: LeadState) -> Iterator[tuple[Part, int, int]]:
    begins = [ALWAYS, *(epoch_minute(part.begins_at) for part in state.parts[1:] if part.begins_at)]
    return zip(state.parts, begins, [*begins[1:], NEVER], strict=True)


def _moves(state: LeadState) -> Iterator[_Move]:
    received = epoch_minute(state.received_at)
    for part, begins, ends in _parts(state):
        first = begins == ALWAYS
        since, precision = max(begins, received), state.received_precision if first else part.begins_precision
        closes = max(epoch_minute(part.closed_at), since) if part.closed_at else NEVER
        steps = [_Move(since, since, WentTo(part.stage), precision)]
        for stage, (at, known) in sorted(state.entered.items()):
            minute = epoch_minute(at)
            if stage > part.stage and begins < minute < ends:
                steps.append(_Move(max(minute, since), minute, WentTo(stage), known))
        if first or closes > since:
            yield from _rising(steps, closes)
        if part.closed_at and closes < ends:
            yield _Move(closes, epoch_minute(part.closed_at), _closed_as(part), part.closed_precision)


def _lasting(moves: list[_Move]) -> Iterator[_Move]:
    """Of the moves of one minute, the last; but each lead is captured first.

    Of bare dates every move counts: that several fall on one day says nothing about the minute.
    """
    for place, (move, following) in enumerate(zip(moves, [*moves[1:], None], strict=True)):
        bare = following is not None and following.precision == Precision.DAY
        if place == 0 or following is None or following.at > move.at or bare:
            yield move


def _rising(steps: list[_Move], until: int) -> Iterator[_Move]:
    """Steps in the order in which they happened, those that lead no further left out; of bare dates, also after a close of
    that day.
    """
    first, *entered = steps
    in_time = (step for step in entered if step.at < until or (step.at == until and step.precision == Precision.DAY))
    steps = [first, *sorted(in_time, key=lambda step: (step.at, step.to))]
    highest = WentTo.STANDING
    for step in steps:
        if step.to > highest:
            highest = step.to
            yield step


def _closed_as(part: Part) -> WentTo:
    if part.close_reason in EXCLUDED_REASONS:
        return WentTo.NOT_A_LEAD
    return WentTo.ANSWERED if part.close_reason == CloseReason.ANSWERED else WentTo.LOST
