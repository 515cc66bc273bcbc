"""What a demo practice decided, wrote and whom it keeps in touch with: actions, pages, outreach, and notes to partners."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from data_access import annotations, outreach, partner_notes, practice, reviews
from data_access import tables as t
from data_access.days import week_number
from data_access.vocabulary import ActionEnding, ContactMethod, Outreach, PartnerCategory, Topic, TrendSeries

_NOTE = "Thank you for your referrals of this time. What each one needs is on our checklist."


def add(
    c: Connection, now: datetime, today: date, *, partners: Sequence[int], staff: Sequence[int], places: Sequence[int]
) -> None:
    """Write it down, as of the days on which it would have been.

    Parameters
    ----------
    partners : sequence of int
        Those that refer most, the first ones foremost.
    staff : sequence of int
        The intake, scheduling and front desks, and the manager.
    """
    intake, scheduling, front, manager = staff
    for weeks, text, owner, series, place, ending in (
        (5, "Second person on the phones on Mondays", intake, TrendSeries.IN_TIME, places[0], ActionEnding.DONE),
        (
            3,
            "Ask for two more openings a week for the first service line",
            scheduling,
            TrendSeries.BOOKED,
            places[1],
            None,
        ),
        (2, "Send the checklist again to who sends incomplete records", front, TrendSeries.COMPLETE, None, None),
    ):
        then = today - timedelta(days=7 * weeks)
        action = reviews.decide(
            c, text, owner_id=owner, due_on=then + timedelta(days=14), week=week_number(then) - 1, today=then,
            now=now - timedelta(days=7 * weeks), series=series, location_id=place, staff_id=manager,
        )  # fmt: skip
        if ending:
            reviews.end(c, reviews.get(c, action), ending, now=now - timedelta(days=3))
    for name, topic, published, reviewed in (
        ("Your first visit", Topic.INITIAL_CONSULT, 500, 90),
        ("What happens to a referral", Topic.TRIAGE, 400, 150),
        ("What to send with a referral", Topic.DOCUMENTATION, 300, 60),
        ("What to bring", Topic.PREPARATION, 130, None),
        ("Paying without insurance", Topic.SELF_PAY, 420, 260),
    ):
        practice.add(
            c, t.content_items, name=name, topic=topic, published_on=today - timedelta(days=published),
            reviewed_on=today - timedelta(days=reviewed) if reviewed else None,
        )  # fmt: skip
    annotations.write(c, "Second person on the phones", today - timedelta(days=30), now=now - timedelta(days=29))
    for days, kind, partner, category, text, done in (
        (160, Outreach.VISIT, partners[0], None, "Our schedulers meet theirs", True),
        (130, Outreach.CALL, partners[1], None, "How referrals are triaged", True),
        (70, Outreach.EMAIL_UPDATE, None, PartnerCategory.PRIMARY_CARE, "Openings and the checklist", True),
        (20, Outreach.CALL, partners[2], None, "What makes records complete", True),
        (4, Outreach.CALL, partners[3], None, "Their new secure e-mail address", False),
        (-10, Outreach.EMAIL_UPDATE, None, PartnerCategory.PRIMARY_CARE, "Openings of the next quarter", False),
    ):
        on = today - timedelta(days=days)
        outreach.plan(
            c, kind, text, on, owner_id=manager, now=now - timedelta(days=max(days, 0)), partner_id=partner,
            category=category, done_on=on if done else None,
        )  # fmt: skip
    after = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    first = date(after.year - (after.month == 1), (after.month - 4) % 12 + 1, 1)
    for partner in partners[:5]:
        partner_notes.sent(
            c, partner, (first, after), _NOTE, method=ContactMethod.EMAIL, today=today, now=now, staff_id=manager
        )
