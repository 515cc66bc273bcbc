"""The tables of the facts: narrow rows of numbers that are counted, one table per unit. Meanings in fact_rows, unit_rows.

They are made from the events alone; a change of their shape takes a new FACTS_VERSION, and `handoff migrate` makes
them anew.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Table

from data_access.columns import BIG, metadata

FACTS_VERSION = 6  # 6: days and staffed minutes are narrower
NEVER = 2**31 - 1
"""Stands in a column of minutes since 1970 where nothing happened, or nothing is known."""
ALWAYS = -(2**31)
NO_DAY = 2**15 - 1
"""The same in a column of days, be it a date or a difference."""
LONGEST_LAG = 30_000
"""Differences of days are kept up to here, which is a lifetime; dates are kept from 1970 to September 2059."""
LONGEST_MINUTES = 30 * 24 * 60
NO_MINUTES = LONGEST_MINUTES + 1
"""Staffed minutes are kept up to thirty days, what is longer as that long; the second stands where they are not known."""
NOT_MEASURED = 2
"""In attempt_met and contact_met, beside 0 (late) and 1 (in time): known to the day on which it was due."""

_IDS = ("location", "partner", "service_line", "source", "campaign", "owner")
_WORDS = ("kind", "pathway", "channel", "priority", "asker", "partner_category", "topic")


def _columns(*, moments: str, days: str, weeks: str = "", minutes: str = "", codes: str) -> dict[str, str]:
    """Every counted column and its type in memory; the keys that all units share are among them.

    Moments are whole minutes since 1970, days dates or differences of them, minutes staffed ones, codes small numbers.
    """
    types = {"int32": moments.split(), "int16": [*days.split(), *weeks.split()], "uint16": minutes.split(),
             "int8": [*codes.split(), *_WORDS], "id": _IDS}  # fmt: skip
    return {name: kind for kind, names in types.items() for name in names}


def _table(name: str, number: str, comment: str, columns: Mapping[str, str], *stamp: Column[int]) -> Table:
    return Table(
        name,
        metadata,
        Column("lead_id", BIG, ForeignKey("leads.id"), primary_key=True),
        Column(number, sa.SmallInteger, primary_key=True, comment=comment),
        *stamp,
        *[
            Column(column, sa.SmallInteger if kind in ("int16", "int8") else sa.Integer, nullable=False)
            for column, kind in columns.items()
        ],
    )


LEAD_COLUMNS = _columns(
    moments="valid_from valid_until received_at eligible_at records_at scheduled_at attended_at closed_at due_at "
    "attempt_at contact_at day_over_at arrival_at",
    days="received_day eligible_lag records_lag scheduled_lag attended_lag visit_lag closed_lag",
    weeks="received_week due_week received_hour flags",
    minutes="attempt_minutes contact_minutes log_minutes",
    codes="attempt_met contact_met answered_live stage moved_back close_reason visit_weekday records_needed",
)
APPOINTMENT_COLUMNS = _columns(
    moments="seen_from seen_until starts_at outcome_at replaced_at eligible_at",
    days="start_day lead_days",
    weeks="start_week",
    codes="start_weekday outcome cancelled_by late first_visit first_chain moves",
)
ITEM_COLUMNS = _columns(
    moments="seen_from seen_until eligible_at day_over_at item_at waived_at",
    days="received_day item_lag",
    weeks="received_week",
    codes="item required",
)
REQUEST_COLUMNS = _columns(moments="seen_from seen_until eligible_at", days="received_day", codes="ordinal")
SPELL_COLUMNS = _columns(
    moments="seen_from seen_until eligible_at began_at ended_at again_at",
    days="began_day first_day days run_days earlier_days",
    weeks="began_week ended_week",
    minutes="minutes",
    codes="stage came_from went_to began_day_only ended_day_only spoiled",
)
SITUATION_COLUMNS = _columns(
    moments="seen_from seen_until eligible_at starts_at due_at",
    days="received_day stage_day due_day",
    codes="stage waits_for",
)

_stamp: Column[int] = Column("revision", BIG, comment="of the write that made it; NULL only inside that write")
lead_facts = _table("lead_facts", "part", "0, and one more for each return to an earlier stage", LEAD_COLUMNS, _stamp)
sa.Index("ix_lead_facts_revision", lead_facts.c.revision)
_ROW = "0, and one more for each further row of the lead"
appointment_facts = _table("appointment_facts", "number", _ROW, APPOINTMENT_COLUMNS)
item_facts = _table("item_facts", "number", _ROW, ITEM_COLUMNS)
request_facts = _table("request_facts", "number", _ROW, REQUEST_COLUMNS)
spell_facts = _table("spell_facts", "number", _ROW, SPELL_COLUMNS)
situation_facts = _table("situation_facts", "number", _ROW, SITUATION_COLUMNS)

fact_copies = Table(
    "fact_copies",
    metadata,
    Column("token", sa.String(32), primary_key=True, comment="of a copy of facts on some machine"),
    Column("revision", BIG, nullable=False, comment="at which it was made"),
)

sa.Index("ix_lead_facts_received_day", lead_facts.c.received_day)
sa.Index("ix_appointment_facts_start_day", appointment_facts.c.start_day)
sa.Index("ix_item_facts_received_day", item_facts.c.received_day)
sa.Index("ix_request_facts_received_day", request_facts.c.received_day)
sa.Index("ix_spell_facts_began_day", spell_facts.c.began_day)
sa.Index("ix_situation_facts_received_day", situation_facts.c.received_day)
