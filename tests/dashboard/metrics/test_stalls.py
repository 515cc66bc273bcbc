"""Time in a stage by a second program, stalls, and next steps as worked."""

from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from dashboard import reports
from dashboard.filters import Filters, moment
from dashboard.metrics.stalls import (
    FOLLOW_UP_COLUMNS,
    STALL_COLUMNS,
    TIME_IN_STAGE_COLUMNS,
    follow_up,
    stalls,
    time_in_stage,
)
from data_access import events as e
from data_access import facts, leads, promises
from data_access.counted import Due, Ending, WentTo
from data_access.engine import reading, writing
from data_access.lead_state import epoch_minute
from data_access.leads import Draft
from data_access.tally import tally
from data_access.vocabulary import CancelledBy, CloseReason, Eligibility, NextStep, Precision, Stage
from tests import factories
from tests.cases import case
from tests.factories import NOW, World, log, record

DAY = timedelta(days=1)
EMPTY = pd.DataFrame(columns=["stage", "minutes", "ending", "count"])


def spells_of(rows: list[tuple[int, int]]) -> pd.DataFrame:
    """(days, over) of spells in one stage, each counted once."""
    return pd.DataFrame(
        [(2, 3 if over else 0, days, int(Ending.HAPPENED if over else Ending.OPEN), 1) for days, over in rows],
        columns=["stage", "went_to", "spell_days", "spell_ending", "count"],
    )


def measured(rows: list[tuple[int, int]]) -> pd.Series:
    spells = spells_of(rows)
    return time_in_stage(spells, spells.rename(columns={"spell_days": "total_days"}), EMPTY).iloc[0]


def test_spells_in_a_stage_come_out_as_worked() -> None:
    """Seven spells, two of them still open: half are over within four days, not within two."""
    given_, expected = case("F13")["inputs"], case("F13")["expected"]
    row = measured(list(zip(given_["days"], given_["completed"], strict=True)))
    assert (row.p50, row.p90) == (expected["median"], expected["p90"])
    assert row.open == given_["completed"].count(0)


@given(rows=st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=40))
def test_percentiles_are_those_of_a_second_kaplan_meier(rows: list[tuple[int, int]]) -> None:
    """The smallest time by which the second program's curve has come down to a half."""
    row = measured(rows)
    days, over = np.array([d for d, _ in rows]), np.array([int(o) for _, o in rows])
    if not over.any():
        assert np.isnan(row.p50)
        return
    curve = SurvfuncRight(days, over)
    reached = curve.surv_times[curve.surv_prob <= 0.5 + 1e-12]
    assert row.p50 == reached[0] if len(reached) else np.isnan(row.p50)


def test_a_lead_that_comes_back_has_two_spells_and_one_total(world: World) -> None:
    """Eligible for two days, booked, undone after one day, eligible again for three and still there."""
    lead = log(world)
    record(world, lead, e.EligibilityChecked(outcome=Eligibility.ELIGIBLE), NOW)
    record(world, lead, e.Booked(), NOW + 2 * DAY)
    record(world, lead, e.Cancelled(by=CancelledBy.PATIENT), NOW + 3 * DAY)
    as_of = NOW + 6 * DAY
    snapshot, when = facts.load(world.engine), moment(as_of, "America/New_York", 30)
    with reading(world.engine) as c:
        clock = reports.Clock(partial(promises.waited_minutes, c), epoch_minute(as_of))
        for source in (snapshot, c):
            count = lambda keys, where, unit, source=source: tally(source, keys, where, when, unit)  # noqa: E731
            table = reports.time_in_stage(count, Filters(), None, clock=clock).table.set_index("stage")
            assert list(table.columns) == list(TIME_IN_STAGE_COLUMNS[1:])
            eligible, booked = table.loc[Stage.ELIGIBILITY], table.loc[Stage.SCHEDULED]
            assert (eligible.spells, eligible.went_on, eligible.open) == (2, 1, 1)
            assert (booked.spells, booked.went_back, booked.p50) == (1, 1, 1)
            assert eligible.p50 == 2
            assert np.isnan(eligible.total_p50), "five days so far, and not over"
            assert eligible.open_p50 == 3
            # Wednesday noon to Friday noon, nine to five: five hours, eight, three.
            assert eligible.staffed_p50 == 16 * 60


@given(
    rows=st.lists(
        st.tuples(st.integers(1, 4), st.sampled_from(WentTo), st.integers(0, 60), st.integers(1, 9)), max_size=25
    )
)
def test_every_spell_ended_in_one_way_or_stands(rows: list[tuple[int, ...]]) -> None:
    """On, back, lost, answered and open add up."""
    rows = [row for row in rows if row[1] not in (row[0], WentTo.NOT_A_LEAD)]
    spells = pd.DataFrame(rows, columns=["stage", "went_to", "spell_days", "count"]).astype("int64")
    spells["spell_ending"] = [int(Ending.OPEN if went == 0 else Ending.HAPPENED) for went in spells["went_to"]]
    table = time_in_stage(spells, spells.rename(columns={"spell_days": "total_days"}), EMPTY)
    parts = table[["went_on", "went_back", "lost", "answered", "open"]].sum(axis=1)
    assert (parts == table["spells"]).all()
    assert table["spells"].sum() == spells["count"].sum()


def test_next_steps_come_out_as_worked(world: World) -> None:
    """Overdue, due today, later, and none: closed leads and those that were seen are in none of them."""
    given_, expected = case("C05")["inputs"], case("C05")["expected"]
    as_of = datetime.fromisoformat(given_["as_of"]).replace(tzinfo=UTC)
    early, named = as_of - timedelta(days=20), {}
    for lead in given_["leads"]:
        then = [e.Event(e.Contacted(), early, early, id=1)]
        if lead["next_action"]:
            due = datetime.fromisoformat(lead["next_action"]).replace(tzinfo=UTC)
            then.append(e.Event(e.Planned(step=NextStep.CALL, due_at=due), early, early, id=2))
        if lead["status"] == "lost":
            then.append(e.Event(e.Closed(reason=CloseReason.OTHER), early + DAY, early, id=3))
        if lead["status"] == "attended":
            then.append(e.Event(e.Attended(), early + DAY, early, id=3))
        asked = factories.asked(world, answered_live=True)
        with writing(world.engine) as c:
            made = leads.add_many(c, [Draft(asked, early, Precision.MINUTE, early, then)])
        named[lead["id"]] = made[0][0]
    when, snapshot = moment(as_of, "UTC", 30), facts.load(world.engine)
    row = reports.follow_up(partial(_count, snapshot, when), Filters(), None).table.iloc[0]
    assert row["overdue"] == len(expected["overdue"])
    assert row["today"] == len(expected["due_today"])
    assert row["later"] == len(expected["later"])
    assert row["no_step"] == len(expected["no_next_step"])
    assert row["open"] == sum(len(ids) for ids in expected.values())


def _count(snapshot, when, keys, where, unit):
    return tally(snapshot, keys, where, when, unit)


@given(rows=st.lists(st.tuples(st.integers(0, 4), st.sampled_from(Due), st.integers(1, 9)), max_size=20))
def test_next_steps_of_owners_add_up_to_all(rows: list[tuple[int, ...]]) -> None:
    """Each open lead in one column."""
    counts = pd.DataFrame(rows, columns=["owner", "due", "count"]).astype("int64")
    table = follow_up(counts, ["owner"])
    assert list(table.columns) == ["owner", *FOLLOW_UP_COLUMNS]
    assert table["open"].sum() == counts["count"].sum()
    assert (table[["overdue", "today", "later", "no_step"]].sum(axis=1) == table["open"]).all()


@pytest.mark.parametrize("empty", [True, False])
def test_stalls_count_each_open_lead_once(empty: bool) -> None:
    """By stage and reason; an empty practice has no rows."""
    counts = pd.DataFrame([] if empty else [[1, 6, 1, 2], [1, 6, 0, 1], [4, 0, 0, 5]],
                          columns=["stage", "waits_for", "stalled", "count"]).astype("int64")  # fmt: skip
    table = stalls(counts)
    assert list(table.columns) == list(STALL_COLUMNS)
    assert table.values.tolist() == ([] if empty else [[1, 6, 3, 2], [4, 0, 5, 0]])
