"""The page of imports: a file is guessed, corrected, tried out, brought in and taken back, by those who may."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from dashboard import auth, import_actions
from dashboard.import_actions import Job
from data_access import audit, leads
from data_access import events as e
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.importing import planning
from data_access.importing.files import File
from data_access.importing.mapping import load, parse
from data_access.vocabulary import Role
from tests.dashboard.conftest import NOW, SignIn
from tests.dashboard.test_pages import visit, words
from tests.factories import World
from tests.imports import HEAD, MAPPING, ROWS

EXPORT = (
    "Record ID,Create Date,Clinic,Referred by,Lead Status,Appointment date,Channel\n"
    "1,01/13/2026,North,Lakeside Family Medicine,Completed,01/20/2026,Phone\n"
    "2,01/14/2026,North,Lakeside family medicine,No show,01/21/2026,E-mail\n"
    "3,01/15/2026,South,Harbor Hospital,New,,Pigeon\n"
    "4,soon,South,NULL,New,,Phone\n"
    "Total,,,,,,\n"
)


@pytest.fixture
def manager(shown_world: World, sign_in: SignIn) -> World:
    """The small practice, as its manager sees it."""
    sign_in(Role.MANAGER, shown_world.bob)
    return shown_world


def given(*files: tuple[str, str]) -> AppTest:
    at = visit("imports")
    uploaded = [(name, text.encode(), "text/csv") for name, text in files]
    at.file_uploader(key="imports_files").set_value(uploaded).run()
    assert not at.exception, at.exception
    return at


def box(at: AppTest, label: str) -> Any:
    return next(one for one in at.selectbox if one.label.rstrip(" *") == label)


def click(at: AppTest, text: str) -> AppTest:
    next(button for button in at.button if button.label.startswith(text)).click().run()
    if "imports_jobs" in at.session_state and (job := at.session_state["imports_jobs"].get("job")):
        job.wait()
        at.run()
    assert not at.exception, at.exception
    return at


def counts(world: World) -> tuple[int, int]:
    with reading(world.engine) as c:
        return tuple(
            int(c.scalar(sa.select(sa.func.count()).select_from(one)) or 0) for one in (t.leads, t.import_batches)
        )


def test_a_file_is_guessed_tried_out_and_brought_in(manager: World) -> None:
    """What it would do is said before anything is written; then it is done, and the audit log says by whom."""
    at = given(("hubspot export.csv", EXPORT))
    assert (box(at, "Received").value, box(at, "Location").value) == ("Create Date", "Clinic")
    assert (box(at, "Referral partner").value, box(at, "Its id there").value) == ("Referred by", "Record ID")
    assert "What do 'Pigeon' mean as the channel?" in words(at)
    click(at, "Try it out")
    assert "2 would be added, 0 would be updated, 0 would be unchanged, 3 would be rejected" in words(at)
    assert counts(manager) == (0, 0)
    reasons = next(table.value for table in at.table if "Rejected because" in table.value)
    assert list(reasons["Rows"]) == ["1", "1", "1"]
    funnel = next(frame.value for frame in at.dataframe if "With this import" in frame.value)
    assert list(funnel["With this import"]) == [2, 2, 2, 2, 1]
    next(one for one in at.selectbox if one.label == "Pigeon (1)").set_value("fax").run()
    assert not [button for button in at.button if button.label.startswith("Import ")]  # it was not tried out like this
    click(at, "Try it out")
    click(at, "Import 3 leads")
    assert "3 added" in words(at)
    assert counts(manager) == (3, 1)
    with reading(manager.engine) as c:
        batch = c.execute(sa.select(t.import_batches)).mappings().one()
        lines = [line["about"] for line in audit.lines(c, limit=5)]
    assert (batch["staff_id"], batch["files"], batch["rejected_rows"]) == (manager.bob, "hubspot export.csv", 2)
    assert len(batch["file_digests"]) == 64
    assert parse_text(batch["mapping"]).fields["partner"].empty == {"NULL"}
    assert f"imported hubspot export.csv as batch {batch['id']}" in lines


def parse_text(text: str) -> Any:
    from data_access.importing.mapping import read

    return read(text)


def test_rejected_rows_are_taken_away_corrected_and_come_in(manager: World) -> None:
    """The file has the reason before each row, and comes in with the same mapping."""
    at = given(("export.csv", EXPORT))
    click(at, "Try it out")
    click(at, "Import 2 leads")
    job = at.session_state["imports_jobs"]["job"]
    rows = list(csv.reader(io.StringIO(job.rejects().decode("utf-8-sig"))))
    assert [row[1] for row in rows[1:]] == ["4", "5", "6"]
    corrected = [[cell.replace("Pigeon", "Phone").replace("soon", "01/16/2026") for cell in row] for row in rows[:3]]
    out = io.StringIO()
    csv.writer(out).writerows(corrected)
    at = given(("corrected.csv", out.getvalue()))
    next(one for one in at.text_input if one.label == "It comes from").set_value("export").run()
    click(at, "Try it out")
    click(at, "Import 2 leads")
    assert counts(manager) == (4, 2)


def test_labels_that_are_nearly_equal_are_offered_as_one(manager: World) -> None:
    """Ticked, they are; the mapping says so."""
    text = "No,Date,Site,Lead source\n" + "".join(
        f"{n},2026-01-{n + 10},North,{source}\n"
        for n, source in enumerate(["Google", "Google", "google", "Radio", "Radio"])
    )
    at = given(("sheet.csv", text))
    offered = next(one for one in at.checkbox if "google" in one.label)
    assert offered.label == "Source: google (1) counts as Google (2)"
    offered.check().run()
    click(at, "Try it out")
    click(at, "Import 5 leads")
    with reading(manager.engine) as c:
        assert set(c.scalars(sa.select(t.sources.c.name).where(t.sources.c.name.ilike("google")))) == {"Google"}


def test_a_column_that_fits_both_orders_is_asked_about_with_an_example(manager: World) -> None:
    """Nothing is tried out before it is said."""
    text = "No,Date,Site\n1,02/03/2026,North\n2,04/05/2026,North\n"
    at = given(("sheet.csv", text))
    click(at, "Try it out")
    assert "every date fits both orders, for example 02/03/2026 in line 2" in words(at)
    box(at, "Its dates").set_value("dmy").run()
    click(at, "Try it out")
    assert "2 would be added" in words(at)


def test_several_files_are_joined_by_the_column_that_tells_them_apart(manager: World) -> None:
    """As it is in both, and each row has its own."""
    people = "Case ID,Created,Site\nA,2026-01-05,North\nB,2026-01-06,North\n"
    visits = "Case ID,Seen\nA,2026-01-09\n"
    at = given(("people.csv", people), ("visits.csv", visits))
    assert box(at, "Came to the visit").value == "Seen"
    click(at, "Try it out")
    funnel = next(frame.value for frame in at.dataframe if "With this import" in frame.value)
    assert list(funnel["With this import"]) == [2, 1, 1, 1, 1]


def test_a_mapping_is_kept_by_name_and_used_again(manager: World) -> None:
    """On the page, and by `handoff import --mapping NAME`; kept no longer, it is gone."""
    at = given(("export.csv", EXPORT))
    next(one for one in at.text_input if one.label == "Name").set_value("HubSpot, weekly").run()
    click(at, "Keep it by this name")
    viewer = import_actions_viewer()
    assert import_actions.mapping_names(manager.engine, viewer) == ["HubSpot, weekly"]
    at = given(("export.csv", EXPORT))
    at.selectbox(key="imports_mapping").set_value("HubSpot, weekly").run()
    assert box(at, "Its id there").value == "Record ID"
    at.segmented_control(key="imports_block").set_value("Mappings").run()
    assert 'id = { column = "Record ID" }' in at.code[0].value or 'column = "Record ID"' in at.code[0].value
    click(at, "Keep it no longer")
    assert import_actions.mapping_names(manager.engine, viewer) == []


def import_actions_viewer() -> auth.Viewer:
    return auth.Viewer("Ada", Role.MANAGER, None, None)


def test_an_import_is_undone_and_what_was_worked_since_is_asked_about(manager: World) -> None:
    """Which leads those are is shown; they stay unless somebody says otherwise."""
    file = File.of("sheet.csv", "\n".join([HEAD, *ROWS]).encode())
    job = Job(planning.plan([file], parse(MAPPING)), dry_run=False)
    job.start(manager.engine, import_actions_viewer())
    job.wait()
    assert job.result
    with writing(manager.engine) as c:
        lead = c.scalar(sa.select(t.leads.c.id).where(t.leads.c.source_key == "1"))
        leads.record(c, lead, e.Contacted(), occurred_at=NOW, now=NOW, version=1)
    at = visit("imports")
    at.segmented_control(key="imports_block").set_value("Earlier imports").run()
    at.session_state["imports_earlier"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    at.run()
    click(at, "See what undoing it would do")
    assert "**1 lead** had something recorded on them since" in words(at)
    assert next(frame.value for frame in at.dataframe if "Lead" in frame.value)["Lead"].tolist() == [lead]
    at.checkbox(key="imports_worked_too").check().run()
    click(at, "Undo import 1: remove 2 leads")
    assert counts(manager) == (0, 1)


def test_undoing_is_refused_when_something_was_recorded_since_it_was_looked_at(manager: World) -> None:
    """What was shown is what is done."""
    file = File.of("sheet.csv", "\n".join([HEAD, *ROWS]).encode())
    viewer = import_actions_viewer()
    job = Job(planning.plan([file], parse(MAPPING)), dry_run=False)
    job.start(manager.engine, viewer)
    job.wait()
    seen = import_actions.outlook(manager.engine, viewer, 1)
    with writing(manager.engine) as c:
        lead = c.scalar(sa.select(t.leads.c.id).where(t.leads.c.source_key == "1"))
        leads.record(c, lead, e.Contacted(), occurred_at=NOW, now=NOW, version=1)
    with pytest.raises(auth.NotDone, match="since you looked"):
        import_actions.undo(manager.engine, viewer, 1, seen, worked_too=True, now=NOW)
    assert counts(manager) == (2, 1)


def test_a_cancelled_import_leaves_nothing_behind(manager: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stops at the next rows, and says so."""
    file = File.of("sheet.csv", "\n".join([HEAD, *ROWS]).encode())
    job = Job(planning.plan([file], parse(MAPPING)), dry_run=False)
    job.cancel()
    job.start(manager.engine, import_actions_viewer())
    job.wait()
    assert (job.result, job.problem) == (None, import_actions.CANCELLED)
    assert counts(manager) == (0, 0)


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.MANAGER, Role.ADMINISTRATOR)])
def test_only_managers_and_administrators_import(role: Role, shown_world: World, sign_in: SignIn) -> None:
    """Everybody else is told that the page is not for them, and may do nothing of it."""
    viewer = sign_in(role, shown_world.bob)
    at = visit("imports")
    assert "not for your role" in words(at)
    assert not at.get("file_uploader")
    job = Job(planning.plan([File.of("s.csv", "\n".join([HEAD, *ROWS]).encode())], parse(MAPPING)), dry_run=True)
    engine = shown_world.engine
    calls: list[Callable[[], Any]] = [
        lambda: job.start(engine, viewer),
        lambda: import_actions.earlier(engine, viewer, limit=5),
        lambda: import_actions.outlook(engine, viewer, 1),
        lambda: import_actions.save_mapping(engine, viewer, "x", load("noshow").text),
        lambda: import_actions.remove_mapping(engine, viewer, "x"),
        lambda: import_actions.mapping_names(engine, viewer),
        lambda: import_actions.take_rejects(engine, viewer, job),
    ]
    for call in calls:
        with pytest.raises(auth.NotAllowed):
            call()


def test_a_manager_of_one_location_imports_nothing(shown_world: World, sign_in: SignIn) -> None:
    """A file is of the whole practice."""
    viewer = sign_in(Role.MANAGER, shown_world.bob, shown_world.north)
    assert "see the whole practice" in words(visit("imports"))
    with pytest.raises(auth.NotAllowed):
        import_actions.earlier(shown_world.engine, viewer, limit=5)
