"""Follow-up by rule: after whatever happens to a lead, what comes next, and by when.

A rule says for a need (and a kind) which step follows after how many staffed days, and after how many tries somebody decides
instead. What a rule set is stamped on the event that it followed; it ends where the need does: with the records' receipt, the
booking, or the wish not to be contacted.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from data_access import partners, rules
from data_access import tables as t
from data_access.events import AskedAgain, Happening, Planned
from data_access.lead_state import LeadState
from data_access.promises import ResponseClock
from data_access.vocabulary import ContactMethod, Kind, Need, NextStep

RULE_KEYS = ("need", "kind")
_CONTACTS = (NextStep.CALL, NextStep.WRITE, NextStep.OFFER_APPOINTMENT, NextStep.CONFIRM_APPOINTMENT)
_TO_THE_PARTNER = (NextStep.REQUEST_RECORDS, NextStep.REMIND_OF_RECORDS)
_IN_WRITING = (ContactMethod.EMAIL, ContactMethod.SECURE_MESSAGE, ContactMethod.FAX, ContactMethod.TEXT)


def set_rule(
    connection: Connection,
    need: Need,
    step: NextStep | None,
    *,
    wait_days: int,
    effective_from: date,
    at_most: int | None = None,
    quiet_days: int | None = None,
    kind: Kind | None = None,
) -> None:
    """Say what follows where a lead has a need, from a day on; `step` None: nothing does.

    Parameters
    ----------
    wait_days : int
        Staffed days after what happened last, 0 for the end of its own; before a visit, days ahead of it.
    at_most : int, optional
        After so many tries somebody decides whether to go on.
    quiet_days : int, optional
        Staffed days in which nobody gets in touch after the last of them; None: `wait_days`.

    Raises
    ------
    ValueError
        When a number is out of range.
    """
    if not 0 <= wait_days <= 365:
        raise ValueError(f"{wait_days} days is out of range; choose 0 to 365")
    if at_most is not None and at_most < 1:
        raise ValueError(f"{at_most} tries is out of range; choose 1 or more, or leave it empty")
    if quiet_days is not None and (at_most is None or not 0 <= quiet_days <= 365):
        raise ValueError("days of quiet follow the last try: say how many tries there are, and 0 to 365 days")
    rule = {"need": need, "kind": kind, "step": step, "wait_days": wait_days, "at_most": at_most,
            "quiet_days": quiet_days, "effective_from": effective_from}  # fmt: skip
    rules.put(connection, t.follow_up_rules, RULE_KEYS, rule, "rule of follow-up")


def rules_on(connection: Connection, day: date) -> list[dict[str, Any]]:
    """The rules in force on a day, in the order of the needs."""
    found = rules.in_force(connection, t.follow_up_rules, RULE_KEYS, day)
    return sorted(found, key=lambda rule: (list(Need).index(Need(rule["need"])), rule["kind"] or ""))


class FollowUp:
    """The rules of follow-up, read once, with the clock by which they count."""

    def __init__(self, connection: Connection, clock: ResponseClock) -> None:
        self._connection, self._clock = connection, clock

    @cached_property
    def _rules(self) -> list[dict[str, Any]]:
        return [dict(rule) for rule in self._connection.execute(sa.select(t.follow_up_rules)).mappings()]

    @property
    def has_rules(self) -> bool:
        """Whether there is any rule."""
        return bool(self._rules)

    @cached_property
    def _silent_partners(self) -> frozenset[int]:
        return partners.silent(self._connection)

    def after(
        self, before: LeadState | None, state: LeadState, at: datetime, what: Happening | None = None
    ) -> Planned | None:
        """What the rules set after something happened; None where they set nothing, or an earlier step stands.

        Who got in touch again is answered by the end of the same staffed day, whatever the rules are.

        Parameters
        ----------
        before, state : LeadState
            The lead before and after; None before it was received.
        what : Happening, optional
            What happened.
        """
        if isinstance(what, AskedAgain) and state.need is not None:
            return self._answer_again(state, at)
        changed = before is None or before.need != state.need or before.wishes != state.wishes
        if state.planned and state.planned.step in _CONTACTS and not state.wishes.may_contact:
            return Planned(step=NextStep.DECIDE, due_at=state.planned.due_at)
        if state.need is None or (state.planned and not (changed and state.planned_by_rule)):
            return None
        place = state.received.location_id
        today = at.astimezone(self._clock.zone(place)).date()
        lead = {"need": state.need, "kind": state.received.lead_kind}
        rule = rules.best(self._rules, lead, RULE_KEYS, today)
        if rule is None or rule["step"] is None:
            return None
        spent = rule["at_most"] is not None and state.tries >= rule["at_most"]
        if state.need == Need.VISIT:
            return None if spent else self._ahead_of_visit(state, rule, at)
        step = NextStep.DECIDE if spent else self._wished(state, NextStep(rule["step"]))
        days = rule["wait_days"] if not spent or rule["quiet_days"] is None else rule["quiet_days"]
        due = self._clock.end_of_day(place, at, days) or at + timedelta(days=days)
        promised = state.received.respond_by if state.unanswered else None
        if promised and promised < due:  # whatever else is to be done, the answer that was promised comes first
            return Planned(step=NextStep.ANSWER, due_at=promised)
        return Planned(step=step, due_at=due)

    def _answer_again(self, state: LeadState, at: datetime) -> Planned | None:
        due = self._clock.end_of_day(state.received.location_id, at, 0) or at + timedelta(days=1)
        talks = state.planned is not None and state.planned.step in (*_CONTACTS, NextStep.ANSWER)
        promised = state.received.respond_by if state.unanswered and state.planned is None else None
        standing = state.planned.due_at if state.planned and talks else promised
        step = self._wished(state, NextStep.CALL)
        return None if standing and standing <= due else Planned(step=step, due_at=due)

    def _ahead_of_visit(self, state: LeadState, rule: rules.Rule, at: datetime) -> Planned | None:
        visit = state.appointment.starts_at if state.appointment else None
        if state.appointment and state.appointment.starts_on and visit is None:  # only the day is known: by its noon
            zone = self._clock.zone(state.received.location_id)
            visit = datetime.combine(state.appointment.starts_on, time(12), tzinfo=zone).astimezone(UTC)
        step = self._wished(state, NextStep(rule["step"]))
        if visit is None or step == NextStep.DECIDE:
            return None
        since = max(visit - timedelta(days=rule["wait_days"]), at)
        due = self._clock.end_of_day(state.received.location_id, since, 0)
        return Planned(step=step, due_at=min(due or visit, visit))

    def _wished(self, state: LeadState, step: NextStep) -> NextStep:
        """The step as the person, or the partner, wishes it: none against their will, in writing where preferred."""
        if step in _CONTACTS and not state.wishes.may_contact:
            return NextStep.DECIDE
        if step in _TO_THE_PARTNER and state.received.partner_id in self._silent_partners:
            return NextStep.DECIDE
        return NextStep.WRITE if step == NextStep.CALL and state.wishes.preferred in _IN_WRITING else step
