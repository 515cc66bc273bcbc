"""An import can be taken back: what it added goes, what it changed is as before, and what was worked since is asked about."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access import event_log, facts, leads, merging, practice
from data_access import events as e
from data_access import tables as t
from data_access.columns import metadata
from data_access.engine import reading, writing
from data_access.importing import undoing
from data_access.lead_rules import NotPossible
from data_access.live_facts import LiveFacts
from data_access.vocabulary import Channel, Kind, Pathway
from tests.factories import NOW
from tests.imports import ROWS, counts, run

DAY = timedelta(days=1)
BESIDE = {"import_batches", "revisions", "removed_leads"}
"""What tells of an import that it was, also when it is undone."""


def held(engine: sa.Engine) -> dict[str, list[tuple[Any, ...]]]:
    """All that the database holds but what tells of imports themselves."""
    with reading(engine) as c:
        return {
            table.name: [tuple(row) for row in c.execute(sa.select(table).order_by(*table.primary_key.columns))]
            for table in metadata.sorted_tables
            if table.name not in BESIDE
        }


def undo(engine: sa.Engine, batch: int | None, **options: Any) -> undoing.Outlook:
    assert batch is not None
    with writing(engine) as c:
        return undoing.undo(c, batch, now=NOW + 5 * DAY, **options)


def id_of(engine: sa.Engine, key: str) -> int | None:
    with reading(engine) as c:
        return c.scalar(sa.select(t.leads.c.id).where(t.leads.c.source_key == key))


def test_what_an_import_added_is_gone_when_it_is_undone(empty: sa.Engine, tmp_path: Path) -> None:
    """With its locations and partners; the database holds what it held, and the batch says that it was undone."""
    before = held(empty)
    batch = run(empty, tmp_path, *ROWS).batch
    done = undo(empty, batch)
    assert (done.removed, done.worked, done.restored) == (2, (), 0)
    assert held(empty) == before
    with reading(empty) as c:
        status, at = c.execute(sa.select(t.import_batches.c.status, t.import_batches.c.undone_at)).one()
    assert (status, at) == ("undone", NOW + 5 * DAY)
    with pytest.raises(NotPossible, match="undone already"):
        undo(empty, batch)
    with pytest.raises(NotPossible, match="no batch 99"):
        undo(empty, 99)


def test_the_same_file_comes_in_again_after_it_was_undone(empty: sa.Engine, tmp_path: Path) -> None:
    """As new leads, with numbers that nothing had before."""
    first = run(empty, tmp_path, *ROWS)
    ids = {id_of(empty, key) for key in "12"}
    undo(empty, first.batch)
    assert counts(run(empty, tmp_path, *ROWS)) == (2, 2, 0, 0, 0, 0)
    assert not ids & {id_of(empty, key) for key in "12"}


def test_facts_in_memory_lose_what_was_undone(empty: sa.Engine, tmp_path: Path) -> None:
    """A process that holds them hears of it at its next look, as if they were loaded anew."""
    live = LiveFacts(empty)
    batch = run(empty, tmp_path, *ROWS).batch
    assert len(live.now(facts.LEADS).rows(facts.LEADS)["lead_id"]) == 2
    undo(empty, batch)
    anew = facts.load(empty)
    for unit in facts.UNITS:
        assert len(live.now(unit).rows(unit)["lead_id"]) == len(anew.rows(unit)["lead_id"]) == 0


def test_what_an_import_changed_is_as_the_source_said_before(empty: sa.Engine, tmp_path: Path) -> None:
    """The earlier booking stands again, the history shows both, and the same file changes it once more."""
    run(empty, tmp_path, *ROWS)
    before = lead(empty, "1")
    changed = (ROWS[0].replace("15/01/2026", "16/01/2026").replace("20/01/2026", ""), ROWS[1])
    second = run(empty, tmp_path, *changed, now=NOW + DAY)
    assert counts(second) == (2, 0, 1, 1, 0, 0)
    done = undo(empty, second.batch)
    assert (done.removed, done.restored, done.updated_since) == (0, 1, ())
    after = lead(empty, "1")
    assert {k: v for k, v in after.items() if k not in ("version", "source_digest")} == {
        k: v for k, v in before.items() if k not in ("version", "source_digest")
    }
    assert counts(run(empty, tmp_path, *changed, now=NOW + 6 * DAY)) == (2, 0, 1, 1, 0, 0)


def lead(engine: sa.Engine, key: str) -> dict[str, Any]:
    with reading(engine) as c:
        return dict(c.execute(sa.select(t.leads).where(t.leads.c.source_key == key)).mappings().one())


def test_what_was_worked_since_is_named_and_stays_unless_it_is_to_go(empty: sa.Engine, tmp_path: Path) -> None:
    """Staff called one of them: it stays with its location and its partner; asked again with consent, it goes too."""
    batch = run(empty, tmp_path, *ROWS).batch
    worked = id_of(empty, "1")
    assert worked is not None
    assert batch is not None
    with writing(empty) as c:
        leads.record(c, worked, e.Contacted(), occurred_at=NOW, now=NOW, version=1)
    with reading(empty) as c:
        seen = undoing.outlook(c, batch)
    assert (seen.removed, seen.worked) == (1, (worked,))
    undo(empty, batch)
    assert (id_of(empty, "1"), id_of(empty, "2")) == (worked, None)
    with reading(empty) as c:
        assert set(practice.names(c, t.locations).values()) == {"North"}
        assert set(practice.names(c, t.partners).values()) == {"Lakeside"}
    again = run(empty, tmp_path, *ROWS)
    assert counts(again) == (2, 1, 0, 1, 0, 0)
    with reading(empty) as c:
        kinds = [type(event.what).__name__ for event in event_log.log_of(c, worked)]
    assert kinds == ["Received", "Booked", "Attended", "Contacted"]


def test_what_stayed_can_go_later(empty: sa.Engine, tmp_path: Path) -> None:
    """Undone once more, with consent; and then there is nothing left to undo."""
    before = held(empty)
    batch = run(empty, tmp_path, *ROWS).batch
    with writing(empty) as c:
        leads.record(c, id_of(empty, "1") or 0, e.Contacted(), occurred_at=NOW, now=NOW, version=1)
    assert undo(empty, batch).removed == 1
    assert undo(empty, batch, worked_too=True).removed == 1
    assert held(empty) == before
    with pytest.raises(NotPossible, match="undone already"):
        undo(empty, batch)


def test_with_consent_worked_leads_go_too(empty: sa.Engine, tmp_path: Path) -> None:
    """With all that was recorded on them."""
    before = held(empty)
    batch = run(empty, tmp_path, *ROWS).batch
    with writing(empty) as c:
        leads.record(c, id_of(empty, "1") or 0, e.Contacted(), occurred_at=NOW, now=NOW, version=1)
    assert undo(empty, batch, worked_too=True).removed == 2
    assert held(empty) == before


def test_a_merged_lead_stays(empty: sa.Engine, tmp_path: Path) -> None:
    """It is part of another inquiry by now; it is named, and goes once the merge is taken back."""
    batch = run(empty, tmp_path, *ROWS).batch
    mine = lead(empty, "1")
    with writing(empty) as c:
        asked = e.Received(
            lead_kind=Kind.SCHEDULING, pathway=Pathway.PATIENT, channel=Channel.PHONE, location_id=mine["location_id"]
        )
        other = leads.log_inquiry(c, asked, received_at=mine["received_at"] - DAY, now=NOW).lead_id
        merging.merge_leads(c, mine["id"], other, now=NOW, version=mine["version"])
    done = undo(empty, batch, worked_too=True)
    assert (done.merged, done.removed) == ((mine["id"],), 1)
    assert id_of(empty, "1") == mine["id"]


def test_what_a_later_import_changed_again_stays(empty: sa.Engine, tmp_path: Path) -> None:
    """Undoing the middle one of three does not bring back what the last one replaced."""
    run(empty, tmp_path, *ROWS)
    second = run(empty, tmp_path, ROWS[0].replace("15/01", "16/01"), ROWS[1], now=NOW + DAY)
    run(empty, tmp_path, ROWS[0].replace("15/01", "17/01"), ROWS[1], now=NOW + 2 * DAY)
    before = lead(empty, "1")
    done = undo(empty, second.batch)
    assert (done.restored, done.updated_since) == (0, (before["id"],))
    assert lead(empty, "1") == before


ROW = st.tuples(
    st.sampled_from("123456"), st.integers(1, 28), st.sampled_from(["North", "South"]),
    st.sampled_from(["Lakeside", "Harbor", ""]), st.sampled_from(["", "29/01/2026", "30/01/2026"]),
    st.sampled_from(["", "02/02/2026"]),
)  # fmt: skip
SHEET = st.lists(ROW, min_size=1, unique_by=lambda row: row[0])


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=SHEET, second=SHEET)
def test_whatever_was_imported_before_the_last_import_undone_leaves_what_was_there(
    sqlite_database: sa.Engine, tmp_path: Path, first: list[Any], second: list[Any]
) -> None:
    """All leads stand as they did, row by row; only versions, digests and the history tell that anything was."""
    with writing(sqlite_database) as c:
        if practice.get(c) is None:
            practice.found(c, "Spreadsheet practice", "America/New_York")
    sheets = [
        [f"{n},{d:02}/01/2026,Tel,{at},{of},{booked},{seen},," for n, d, at, of, booked, seen in some]
        for some in (first, second)
    ]
    mark = ",31/01/2026,Tel,North,,,,,"  # so that the order of days and months is never in doubt
    base = run(sqlite_database, tmp_path, *sheets[0], f"a{mark}")
    seen = standing(sqlite_database)
    last = run(sqlite_database, tmp_path, *sheets[1], f"a{mark}", now=NOW + DAY)
    undo(sqlite_database, last.batch)
    assert standing(sqlite_database) == seen
    undo(sqlite_database, base.batch, worked_too=True)
    assert standing(sqlite_database) == {}


def standing(engine: sa.Engine) -> dict[str, dict[str, Any]]:
    """The leads by key, without what only tells how often they were written."""
    with reading(engine) as c:
        rows = c.execute(sa.select(t.leads)).mappings()
        return {
            row["source_key"]: {k: v for k, v in row.items() if k not in ("version", "source_digest")} for row in rows
        }
