"""What a lead, an answer, an appointment, a record or a stay counts as at a moment: the keys that the facts work out.

Unlike the words of the vocabulary, no column of the lead database holds these.
"""

from enum import IntEnum


class Standing(IntEnum):
    """How a lead stands at a moment, whatever stage it came to. EXCLUDED: not a lead at all (EXCLUDED_REASONS)."""

    OPEN = 0
    LOST = 1
    ANSWERED = 2
    EXCLUDED = 3


ARE_LEADS = (Standing.OPEN, Standing.LOST, Standing.ANSWERED)
"""Whatever is a lead, however it stands."""


class Promise(IntEnum):
    """How an answer stands against the promised window at a moment.

    NOT_JUDGED: no promise, or no time of day. LIVE: answered as it came in. LEFT_OUT: not a lead, or withdrawn before
    the window ended and before anybody answered.
    """

    NOT_JUDGED = 0
    IN_TIME = 1
    LATE = 2
    OVERDUE = 3
    PENDING_ANSWERED = 4
    PENDING_WAITING = 5
    LIVE = 6
    LEFT_OUT = 7


class Ending(IntEnum):
    """How a lead's wait for something ended at a moment.

    ENDED: by a close that rules it out. SPOILED: it happened, but is dated before the lead was received. EXCLUDED: not a
    lead at all.
    """

    OPEN = 0
    HAPPENED = 1
    ENDED = 2
    SPOILED = 3
    EXCLUDED = 4


class Attendance(IntEnum):
    """What an appointment counts as at a moment.

    LATE_CANCEL: cancelled by the patient less than 24 hours before it began. MISSING: it is past and nobody recorded what
    became of it. UNDATED: nobody knows when it is.
    """

    FUTURE = 0
    ATTENDED = 1
    NO_SHOW = 2
    LATE_CANCEL = 3
    CANCELLED_IN_TIME = 4
    BY_PRACTICE = 5
    RESCHEDULED = 6
    MISSING = 7
    UNDATED = 8


class AtArrival(IntEnum):
    """Whether a lead came with the records that it needs. FIRST_DAY: its day is not over yet, so that nobody is judged."""

    NONE_NEEDED = 0
    COMPLETE = 1
    INCOMPLETE = 2
    FIRST_DAY = 3


class ItemState(IntEnum):
    """How one item of a checklist stands at a moment.

    WAIVED: required by the list, and found not to be needed. FIRST_DAY: the day of receipt is not over yet.
    """

    OPTIONAL = 0
    AT_ARRIVAL = 1
    LATER = 2
    MISSING = 3
    FIRST_DAY = 4
    WAIVED = 5


class CameFrom(IntEnum):
    """How a spell in a stage began: with the lead, from another stage, or because the lead was reopened."""

    RECEIVED = 0
    CAPTURED = 1
    ELIGIBILITY = 2
    DOCUMENTATION = 3
    SCHEDULED = 4
    ATTENDED = 5
    REOPENED = 6


class WentTo(IntEnum):
    """How a spell in a stage ended: not yet, into another stage, or because the lead was closed."""

    STANDING = 0
    CAPTURED = 1
    ELIGIBILITY = 2
    DOCUMENTATION = 3
    SCHEDULED = 4
    ATTENDED = 5
    LOST = 6
    ANSWERED = 7
    NOT_A_LEAD = 8


class Due(IntEnum):
    """When the next step of an open lead is due. NO_STEP: none is planned, promised or booked."""

    NO_STEP = 0
    OVERDUE = 1
    TODAY = 2
    LATER = 3
