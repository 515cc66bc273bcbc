"""Bringing in a file: how it is read, what it means, what it would do, and then doing it."""

import hashlib
import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import streamlit as st
import tomli_w

from dashboard import auth, import_actions, labels, loaders, practice_loaders, session
from dashboard.formats import plain, plural
from dashboard.frame import View
from dashboard.import_actions import Job
from dashboard.import_trial import Picture
from dashboard.screens.import_mapping import Editor, edit
from data_access.importing import guessing, mapping, planning, profiling, reading
from data_access.importing.dates import Unsettled
from data_access.importing.files import File, Unreadable
from data_access.importing.guessing import Guess
from data_access.importing.mapping import BadMapping
from data_access.importing.mapping import Mapping as Mapped
from data_access.importing.profiling import Column
from data_access.importing.reading import Layout, Table
from data_access.tables import LISTS

_PREVIEW = 8
_REASONS = 20
_GUESS = "Guess it from the file"
T = TypeVar("T")
_POLL_SECONDS = 1.0


# ---------------------------------------------------------------- a file


def bring(view: View) -> None:
    """From a file to leads: what is in it, what it means, what it would do, and then doing it."""
    given = st.file_uploader(
        "Files", accept_multiple_files=True, key="imports_files",
        help="CSV in any encoding, XLSX, XLS, XLSB, ODS, or one of these in a zip or gz. Several files are joined.",
    )  # fmt: skip
    if not given:
        st.caption(
            "Give the spreadsheet or export in which leads are kept so far. Nothing is written before you have seen what it "
            "would do, and an import can be undone."
        )
        return
    files = [File.of(one.name, one.getvalue()) for one in given]
    token = hashlib.sha256("".join(file.digest() for file in files).encode()).hexdigest()[:10]
    try:
        seen = [_opened(file, token, place, alone=len(files) == 1) for place, file in enumerate(files)]
    except Unreadable as problem:
        st.error(str(problem), icon=":material/error:")
        return
    for one in seen:
        _shown(one)
    base, which = _base(view, files, seen, token)
    for question in base.questions:
        st.markdown(f":orange[:material/help:] {plain(question)}")
    data = edit(Editor(base, [column for one in seen for column in one.columns], f"{token}_{which}"))
    if len(files) == 1 and (told := _as_told(seen[0].table.layout)):
        data["file"] = told
    made = _made(data)
    _text(view, data, token)
    if made:
        _carry_out(view, files, made, token)


@dataclass(frozen=True)
class _Seen:
    """A file as it was looked at: its table, the first rows of it, and what its columns hold."""

    table: Table
    first: list[dict[str, str]]
    columns: list[Column]


def _opened(file: File, token: str, place: int, *, alone: bool) -> _Seen:
    """The table in a file, laid out as it was found, or as somebody says who sees that it was not."""
    layout, key = Layout(), f"imports_{token}_{place}"
    with st.expander(f"How {plain(file.name)} is read", icon=":material/tune:"):
        places = st.columns(4)
        with places[0]:
            parts = _once(token, f"{place} parts", lambda: reading.parts(file)) if alone else []
            if parts:
                layout = replace(layout, part=st.selectbox("Sheet or file in it", parts, key=f"{key}_part"))
        with places[1]:
            row = st.number_input(
                "Line of the headings", min_value=0, value=None, step=1, key=f"{key}_row", placeholder="Found out",
                help="0: there are none.",
            )  # fmt: skip
        with places[2]:
            encoding = st.text_input("Encoding", key=f"{key}_encoding", placeholder="Found out")
        with places[3]:
            delimiter = st.text_input("Delimiter", key=f"{key}_delimiter", placeholder="Found out", max_chars=1)
        layout = replace(
            layout, headings=int(row) if row is not None else None, encoding=encoding.strip() or None,
            delimiter=delimiter or None,
        )  # fmt: skip
    return _once(token, f"{place} {layout}", lambda: _looked_at(file, layout))


def _looked_at(file: File, layout: Layout) -> _Seen:
    table = reading.table(file, layout)
    first = [{name: line.values.get(name, "") for name in table.headings} for line in islice(table.lines(), _PREVIEW)]
    return _Seen(table, first, profiling.columns(table))


def _once(token: str, key: str, make: Callable[[], T]) -> T:
    """What is found out of the files that are given now, once and not with every click."""
    known = session.kept("imports_seen", dict[str, dict[str, Any]])
    if token not in known:
        known.clear()
        known[token] = {}
    if key not in known[token]:
        known[token][key] = make()
    found: T = known[token][key]
    return found


def _shown(seen: _Seen) -> None:
    table, found = seen.table, seen.table.layout
    said = [f"headings in line {found.headings}" if found.headings else "no headings"]
    said += [f"sheet {found.part}"] if found.part else []
    said += [f"encoding {found.encoding}"] if found.encoding else []
    names = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"}
    said += [f"fields apart by {names.get(found.delimiter, found.delimiter)}"] if found.delimiter else []
    st.markdown(f"**{plain(table.name)}**: {plural(len(table.headings), 'column')}, {plain(', '.join(said))}.")
    st.dataframe(seen.first, hide_index=True, alt=f"The first rows of {table.name}", height="content")


def _base(view: View, files: list[File], seen: list[_Seen], token: str) -> tuple[Guess, str]:
    """The mapping to begin with: guessed, or one that is kept; and which."""
    engine = loaders.database()
    names = [*import_actions.mapping_names(engine, view.viewer), *mapping.shipped()]
    chosen = st.selectbox("Mapping", [_GUESS, *names], key="imports_mapping", width=400)
    text = session.kept("imports_written", dict[str, str]).get(token)
    if text is None and chosen and chosen != _GUESS:
        text = (import_actions.mapping(engine, view.viewer, chosen) or mapping.load(chosen)).text
    if text is not None:
        there = {name for one in seen for name in one.table.headings}
        lacking = planning.needed(mapping.read(text)) - there
        questions = [f"The mapping names the column {name!r}, and it is not in this file." for name in sorted(lacking)]
        return Guess(tomllib.loads(text), questions=questions), hashlib.sha256(text.encode()).hexdigest()[:6]
    return _once(token, f"guess {[one.table.layout for one in seen]}", lambda: _guessed(view, files, seen)), "guess"


def _guessed(view: View, files: list[File], seen: list[_Seen]) -> Guess:
    places = [place["name"] for place in loaders.locations(view.viewer)]
    known = {field: [one["name"] for one in practice_loaders.entries(table.name)] for field, table in LISTS.items()}
    return guessing.guess_together(
        [one.columns for one in seen],
        name=files[0].name.partition(".")[0],
        zone=view.zone,
        locations=places,
        known=known,
    )


def _as_told(layout: Layout) -> dict[str, Any]:
    """What was said about a file's layout, or found where it is not the usual."""
    told = {
        "part": layout.part,
        "encoding": layout.encoding,
        "delimiter": layout.delimiter,
        "headings": layout.headings,
    }
    usual = {"encoding": ("utf-8", "utf-8-sig"), "delimiter": (",",), "headings": (1,)}
    return {name: value for name, value in told.items() if value is not None and value not in usual.get(name, ())}


def _made(data: dict[str, Any]) -> Mapped | None:
    try:
        return mapping.read(tomli_w.dumps(data))
    except BadMapping as problem:
        st.error(f"{str(problem)[:1].upper()}{str(problem)[1:]}.", icon=":material/error:")
        return None


def _text(view: View, data: dict[str, Any], token: str) -> None:
    """The mapping as text: to be kept by name, taken away, or written by hand."""
    text = tomli_w.dumps(data)
    with st.expander("Keep this mapping, or write it as text", icon=":material/bookmark:"):
        left, right = st.columns([2, 1], vertical_alignment="bottom")
        with left:
            name = st.text_input("Name", value=str(data.get("name", "")), key=f"imports_{token}_name")
        with right:
            if st.button("Keep it by this name", key="imports_keep", disabled=not name.strip()):
                try:
                    import_actions.save_mapping(loaders.database(), view.viewer, name, text)
                    st.toast(f"Kept as {plain(name)}. It also works as: --mapping", icon=":material/check:")
                except (ValueError, auth.NotDone) as problem:
                    st.error(str(problem), icon=":material/error:")
        written = st.text_area("As text", value=text, key=f"imports_{token}_{hash(text)}_text", height=300)
        st.caption("All that can be said is in docs/importing.md: parts of a date, days before it, logs of events.")
        if written != text and st.button("Use this text", key="imports_use"):
            try:
                mapping.read(written)
                session.kept("imports_written", dict[str, str])[token] = written
                st.rerun()
            except BadMapping as problem:
                st.error(str(problem), icon=":material/error:")


# ---------------------------------------------------------------- trying it out, and doing it


def _carry_out(view: View, files: list[File], made: Mapped, token: str) -> None:
    jobs = session.kept("imports_jobs", dict[str, Job])
    job, key = jobs.get("job"), json.dumps([token, made.digest])
    same = jobs.get(key) is not None and jobs.get(key) is job
    if job and job.running:
        _under_way()
        return
    done = same and job is not None and job.result is not None and not job.dry_run
    if not done:
        asked = st.button(
            "Try it out", key="imports_try", type="secondary" if same else "primary", icon=":material/science:"
        )
        st.caption(
            "Nothing is written. It says what would be added, changed and rejected, and what the numbers would be."
        )
        if asked:
            _begin(view, files, made, key, dry_run=True)
    if not same or job is None:
        return
    if job.problem:
        st.error(job.problem, icon=":material/error:")
        return
    _result(view, job)
    if job.dry_run and job.result and job.result.added + job.result.updated:
        number = job.result.added + job.result.updated
        if st.button(f"Import {plural(number, 'lead')}", key="imports_go", type="primary", icon=":material/upload:"):
            _begin(view, files, made, key, dry_run=False)


def _begin(view: View, files: list[File], made: Mapped, key: str, *, dry_run: bool) -> None:
    with st.spinner("Looking over all rows …"):
        try:
            plan = planning.plan(files, made)
        except (Unreadable, Unsettled) as problem:
            st.error(f"{problem}", icon=":material/error:")
            return
    job = Job(plan, dry_run)
    jobs = session.kept("imports_jobs", dict[str, Job])
    jobs.clear()
    jobs["job"] = jobs[key] = job
    job.start(loaders.database(), view.viewer)
    st.rerun()


@st.fragment(run_every=_POLL_SECONDS)
def _under_way() -> None:
    """How far it is, and a way to stop it; it draws itself alone until it is over."""
    job = session.kept("imports_jobs", dict[str, Job]).get("job")
    if job is None or not job.running:
        st.rerun()
    share = job.done / job.total if job.total else 0.0
    what = "Trying it out" if job.dry_run else "Importing"
    st.progress(min(share, 1.0), f"{what}: {job.done:,} of {job.total or job.plan.rows:,} rows")
    st.button("Cancel", key="imports_cancel", on_click=_cancel, icon=":material/cancel:")
    st.caption("It goes on if you leave this page. Cancelled, it leaves nothing behind.")


@session.click
def _cancel() -> None:
    job = session.kept("imports_jobs", dict[str, Job]).get("job")
    if job:
        job.cancel()


def _result(view: View, job: Job) -> None:
    result = job.result
    if result is None:
        return
    would = "would be " if job.dry_run else ""
    said = [f"{getattr(result, name):,} {would}{name}" for name in ("added", "updated", "unchanged", "rejected")]
    text = f"Of **{plural(result.read, 'row')}**: {', '.join(said)}."
    (st.info if job.dry_run else st.success)(
        text if job.dry_run else f"{text} This is import {result.batch}; it can be undone under Earlier imports.",
        icon=":material/science:" if job.dry_run else ":material/check:",
    )
    if result.flags:
        flags = ", ".join(
            f"{labels.flag(int(flag)).lower()} {number:,}" for flag, number in sorted(result.flags.items())
        )
        st.markdown(
            f"**{plural(result.flagged, 'lead')}** with dates that contradict each other stay, and are flagged: {flags}."
        )
    if result.reasons:
        rows = [
            {"Rows": f"{number:,}", "First in line": f"{one.line:,}", "Rejected because": plain(one.about)}
            for why, number in result.reasons.most_common(_REASONS)
            for one in result.examples[why][:1]
        ]
        st.table(rows, border="horizontal", hide_index=True)
        if len(result.reasons) > _REASONS:
            st.caption(
                f"The {_REASONS} most frequent of {len(result.reasons)} reasons. The rejected rows say them all."
            )
        st.download_button(
            "Rejected rows, to be corrected", partial(import_actions.take_rejects, loaders.database(), view.viewer, job),
            "rejected-rows.csv", "text/csv", key="imports_rejects", icon=":material/download:", on_click="ignore",
            help="Correct them there and give that file here: it comes in with the same mapping.",
        )  # fmt: skip
    examples = [
        {"What": what.capitalize(), "Line": one.line, "Id there": one.key, "How": one.about}
        for what in ("added", "updated", "flagged")
        for one in result.examples.get(what, ())
    ]
    if examples:
        with st.expander("Examples", icon=":material/list:"):
            st.dataframe(examples, hide_index=True, alt="Examples of what is added, updated and flagged")
    if len(job.pictures) > 1:
        _pictures(*job.pictures)


def _pictures(before: Picture, after: Picture) -> None:
    left, right = st.columns(2)
    with left:
        st.markdown("**The funnel, of all leads headed for a visit**")
        rows = [
            {"Stage": labels.STAGES[stage], "Now": before.funnel[stage], "With this import": number}
            for stage, number in after.funnel.items()
        ]
        numbers = {name: st.column_config.NumberColumn(format="localized") for name in ("Now", "With this import")}
        st.dataframe(rows, hide_index=True, alt="The funnel now and with this import", column_config=numbers)
    with right:
        if after.league:
            st.markdown("**Partners with the most referrals, with this import**")
            league = [{"Partner": name, "Visits in time": k, "Referrals": n} for name, k, n in after.league]
            numbers = {
                name: st.column_config.NumberColumn(format="localized") for name in ("Visits in time", "Referrals")
            }
            st.dataframe(league, hide_index=True, alt="The league of partners with this import", column_config=numbers)
