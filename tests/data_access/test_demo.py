"""The demo practices: as large, as varied and as honest as they claim, and the same every time."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from dashboard.metrics.partners import fit_prior
from dashboard.metrics.response import response
from data_access import demo, demo_simulation, facts, practice
from data_access import engine as databases
from data_access.days import day_number
from data_access.demo_profiles import PROFILES
from data_access.dimensions import Moment
from data_access.facts import Snapshot
from data_access.lead_state import epoch_minute
from data_access.tally import Where, tally
from tests import demos
from tests.demos import UNTIL

NOW = Moment(epoch_minute(UNTIL), day_number(UNTIL.date()))


@pytest.fixture(scope="module", params=list(PROFILES))
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, sa.Engine, Snapshot]:
    file = demos.copy(tmp_path_factory, request.param)
    engine = databases.connect(f"sqlite:///{file}")
    return request.param, engine, facts.load(engine)


def test_about_six_thousand_leads_over_eighteen_months(made) -> None:
    """Give or take five per cent."""
    _, _, snapshot = made
    assert 5_700 < tally(snapshot, [], Where(), NOW)["count"].sum() < 6_300
    day = snapshot.rows(facts.LEADS)["received_day"]
    assert 530 < day.max() - day.min() <= demo_simulation.DAYS


def test_mondays_are_busy_and_sundays_are_not(made) -> None:
    """Weekday and hour patterns, as a practice has them."""
    _, _, snapshot = made
    weekday = (snapshot.rows(facts.LEADS)["received_day"] + 3) % 7  # 1970-01-01 was a Thursday
    counts = np.bincount(weekday, minlength=7)
    assert counts[0] > counts[4] > 3 * counts[6]


def test_the_staffing_gap_shows_in_compliance(made) -> None:
    """Five weeks at the first location, far below the weeks before and after."""
    _, _, snapshot = made
    gap = (NOW.day - 125, NOW.day - 100)
    during = tally(snapshot, ["response"], Where(days=gap, keys={"location": (1,)}), NOW)
    before = tally(snapshot, ["response"], Where(days=(gap[0] - 100, gap[0] - 10), keys={"location": (1,)}), NOW)
    assert response(during)["rate"].iloc[0] < response(before)["rate"].iloc[0] - 0.15


def test_leads_are_still_in_play(made) -> None:
    """Some wait, some have an appointment ahead of them, a few went back a stage."""
    _, engine, snapshot = made
    waiting = tally(snapshot, ["furthest"], Where(keys={"state": (0,)}), NOW).set_index("furthest")["count"]
    assert all(waiting[stage] > 5 for stage in (1, 2, 4))
    assert tally(snapshot, [], Where(keys={"moved_back": (1,)}), NOW)["count"].sum() > 5
    with engine.connect() as c:
        ahead = c.scalar(sa.text("SELECT count(*) FROM appointments WHERE status = 'scheduled' AND starts_at > :now"),
                         {"now": UNTIL.strftime("%Y-%m-%d %H:%M:%S")})  # fmt: skip
    assert ahead > 20


def test_partners_truly_differ(made) -> None:
    """More than chance would give: the fitted spread is not that of one common rate."""
    _, _, snapshot = made
    counts = tally(
        snapshot,
        ["partner", "attended_in_time"],
        Where(keys={"mature": (1,), "kind": (1, 3)}),
        Moment(NOW.minute, NOW.day, 90),
    )
    counts = counts[counts["partner"] > 0]
    n = counts.groupby("partner")["count"].sum()
    k = counts[counts["attended_in_time"] == 1].groupby("partner")["count"].sum().reindex(n.index).fillna(0)
    assert fit_prior(k, n).strength < 500


def test_nothing_lies_in_the_future_and_nothing_contradicts_itself(made) -> None:
    """No flag, no event after the last moment."""
    _, engine, snapshot = made
    assert not snapshot.rows(facts.LEADS)["flags"].any()
    with engine.connect() as c:
        last = c.scalar(sa.text("SELECT max(occurred_at) FROM events"))
    assert last <= UNTIL.strftime("%Y-%m-%d %H:%M:%S.999999")


def test_no_identity_is_in_it(made) -> None:
    """References are codes, staff are roles, addresses and numbers are those set aside for examples."""
    name, engine, _ = made
    with engine.connect() as c:
        assert not c.scalar(sa.text("SELECT count(*) FROM leads WHERE reference NOT LIKE 'D-_____'"))
        staff = set(c.execute(sa.text("SELECT name FROM staff")).scalars())
        phones = set(c.execute(sa.text("SELECT phone FROM locations")).scalars())
        assert practice.get(c)["is_demo"]
        assert practice.get(c)["name"] == PROFILES[name].title
    assert staff == {"Intake desk", "Scheduling desk", "Front desk", "Clinical review", "Practice manager"}
    assert all("555" in phone for phone in phones)


def test_the_same_name_and_moment_make_the_same_practice(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """To the last number of the facts."""
    first = _facts(demos.copy(tmp_path_factory, "specialty"))
    demo.make(tmp_path / "2.db", "specialty", UNTIL)
    assert _facts(tmp_path / "2.db") == first
    demo.make(tmp_path / "3.db", "specialty", UNTIL + timedelta(days=1))
    assert _facts(tmp_path / "3.db") != first


def _facts(file: Path) -> bytes:
    engine = databases.connect(f"sqlite:///{file}")
    snapshot = facts.load(engine)
    engine.dispose()
    return b"".join(column.tobytes() for column in snapshot.rows(facts.LEADS).values())


def test_a_demo_that_was_broken_off_is_not_taken_for_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file appears only when it is complete."""

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        demo.make(tmp_path / "d.db", "therapy", UNTIL, stop)
    assert not (tmp_path / "d.db").exists()
