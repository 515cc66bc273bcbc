"""Facts that are spread over three servers are counted where they lie, and count the same."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from data_access import facts
from data_access import tally as counting
from data_access.days import day_number
from data_access.dimensions import LEADS, Moment, Unit
from data_access.engine import connect, reading
from data_access.facts import LEADS as STORED_LEADS
from data_access.lead_state import epoch_minute
from data_access.tally import Where, tally
from data_access.units import UNITS
from tests import demos
from tests.cluster import servers

pytestmark = pytest.mark.cluster
NOW = Moment(epoch_minute(demos.UNTIL), day_number(demos.UNTIL.date()))
YEAR = (NOW.day - 365, NOW.day + 1)
WHERE = (
    Where(),
    Where(days=YEAR),
    Where(days=YEAR, keys={"kind": (1, 3), "pathway": (0,)}, locations=(1, 3)),
    Where(keys={"location": (2,)}),
    Where(locations=()),
)


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return connect(f"sqlite:///{demos.copy(tmp_path_factory, 'specialty')}")


@pytest.fixture(scope="module")
def cluster(practice: Engine) -> Iterator[Engine]:
    """The server that is asked; each of the three holds one location."""
    with servers.running() as three:
        servers.partition(three, [[1], [2], [3]])
        servers.fill(three[0], practice)
        held = []
        for number, server in enumerate(three):
            with server.connect() as c:
                held.append(c.scalar(sa.text(f"SELECT count(*) FROM lead_facts_{number}")))
        assert all(held), "each of the servers holds some"
        yield three[0]
        for server in three:
            server.dispose()


@pytest.mark.parametrize("unit", [LEADS, *UNITS], ids=lambda unit: unit.stored.table.name)
def test_each_dimension_counts_the_same_over_three_servers(unit: Unit, practice: Engine, cluster: Engine) -> None:
    """By itself and beside the location, with and without filters and a scope, as it does in this process."""
    snapshot = facts.load(practice, [unit.stored])
    with reading(cluster) as c:
        for name in unit.dimensions:
            for by in {(name,), tuple(dict.fromkeys((name, "location")))}:
                for where in WHERE if name == "qualified" else WHERE[1:3]:
                    assert tally(c, by, where, NOW, unit).equals(tally(snapshot, by, where, NOW, unit)), (by, where)
        assert tally(c, [], Where(), NOW, unit).equals(tally(snapshot, [], Where(), NOW, unit))


@pytest.mark.parametrize(
    "by", [[], ["received_week", "state"], ["partner", "response"], ["scheduled_days", "scheduled_ending"]], ids=str
)
def test_each_server_groups_and_counts_its_own_part(by: list[str], cluster: Engine) -> None:
    """What the others send is counts and no rows of leads, and all of them work at the same time."""
    plan = explained(cluster, by, Where(days=YEAR, keys={"kind": (1, 3), "pathway": (0,)}))
    remote = [line for line in plan.splitlines() if "Remote SQL" in line]
    assert len(remote) == 2
    assert all("count(*)" in line and "GROUP BY" in line for line in remote), plan
    assert plan.count("Async Foreign Scan") == 2, plan


def test_a_server_that_holds_nothing_in_the_scope_is_not_asked(cluster: Engine) -> None:
    """A manager of some locations waits for their servers alone."""
    plan = explained(cluster, ["state"], Where(locations=(1, 3)))
    assert plan.count("Remote SQL") == 1
    assert "lead_facts_2" in plan


def explained(engine: Engine, by: list[str], where: Where) -> str:
    """How PostgreSQL means to run a tally."""
    with reading(engine) as c:
        query = counting._grouped(c, [LEADS.dimensions[name] for name in by], where, NOW, LEADS)
        compiled = query.compile(c, compile_kwargs={"render_postcompile": True})
        return "\n".join(c.exec_driver_sql(f"EXPLAIN (VERBOSE, COSTS OFF) {compiled}", compiled.params).scalars())


def test_the_facts_in_memory_are_read_from_a_cluster_too(practice: Engine, cluster: Engine) -> None:
    """By the same COPY, from whichever server holds them."""
    with reading(cluster) as c:
        rows = facts._read(c, STORED_LEADS, sa.true())
    with reading(practice) as c:
        assert sorted(rows["lead_id"].tolist()) == sorted(facts._read(c, STORED_LEADS, sa.true())["lead_id"].tolist())
