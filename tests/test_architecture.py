"""Who may import whom, and the few rules that keep the rooms what they are."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("data_access", "dashboard", "pages")
FORBIDDEN_NAMES = ("utils", "util", "helpers", "common", "core", "misc", "services", "managers", "repositories")

# room -> what its modules never import
NEVER = {
    "data_access/vocabulary.py": ("sqlalchemy", "pandas", "numpy", "streamlit", "plotly", *OURS),
    "data_access/counted.py": ("sqlalchemy", "pandas", "numpy", "streamlit", "plotly", *OURS),
    "data_access": ("streamlit", "plotly", "dashboard", "pages"),
    "dashboard/metrics": ("streamlit", "plotly", "sqlalchemy", "pages"),
    "dashboard/charts": ("streamlit", "sqlalchemy", "pages"),
    "dashboard": ("pages",),
    "pages": ("pandas", "numpy", "plotly", "sqlalchemy", "data_access", "pages"),
}
# room -> the only modules of ours that it may import
ONLY = {
    "dashboard/metrics": ("dashboard.metrics", "data_access.vocabulary", "data_access.counted"),
    "dashboard/charts": ("dashboard.charts", "dashboard.metrics", "data_access.vocabulary", "data_access.counted"),
}


def modules(room: str) -> list[Path]:
    path = ROOT / room
    return [path] if path.suffix else sorted(path.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("room", NEVER)
def test_no_room_imports_what_it_must_not(room: str) -> None:
    """Pure rooms stay pure, and nobody reaches up."""
    broken = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(room)
        for name in imports(path)
        if any(within(name, never) for never in NEVER[room])
    ]
    assert not broken


@pytest.mark.parametrize("room", ONLY)
def test_pure_rooms_import_only_their_own(room: str) -> None:
    """Metrics know the vocabulary and each other; charts know metrics' columns."""
    broken = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(room)
        for name in imports(path)
        if any(within(name, ours) for ours in OURS) and not any(within(name, allowed) for allowed in ONLY[room])
    ]
    assert not broken


def in_a_fresh_interpreter(code: str) -> subprocess.CompletedProcess[str]:
    """What a program of a few lines says."""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)


def test_counting_and_measuring_never_load_the_screen() -> None:
    """In a fresh interpreter, the lead database and the metrics come up without streamlit and plotly."""
    code = (
        "import sys, data_access.leads, data_access.tally, data_access.importing.batches, dashboard.reports\n"
        "import dashboard.cli, dashboard.cli_importing, dashboard.cli_keeping, dashboard.cli_metrics, dashboard.cli_practice\n"
        "import dashboard.cli_report, dashboard.cli_serving\n"
        "print([m for m in ('streamlit', 'plotly') if m in sys.modules])"
    )
    assert in_a_fresh_interpreter(code).stdout.strip() == "[]"


def test_help_and_a_slip_of_the_keyboard_are_answered_before_anything_is_loaded() -> None:
    """The command line reads no database and counts nothing to say what it can do."""
    code = (
        "import sys, contextlib, dashboard.cli\n"
        "for typed in (['--help'], ['metrcs']):\n"
        "    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(sys.stderr):\n"
        "        dashboard.cli.main(typed)\n"
        "print([m for m in ('pandas', 'sqlalchemy', 'scipy', 'numpy') if m in sys.modules])"
    )
    done = in_a_fresh_interpreter(code)
    assert done.stdout.strip() == "[]"
    assert "undo-import" in done.stderr


def test_the_server_answers_before_what_counts_is_loaded() -> None:
    """That is loaded in the background, once the server is up."""
    code = (
        "import sys, dashboard.cli_serving, dashboard.server\n"
        "print([m for m in ('numpy', 'pandas', 'scipy', 'alembic') if m in sys.modules])"
    )
    assert in_a_fresh_interpreter(code).stdout.strip() == "[]"


def test_no_module_is_named_for_no_subject() -> None:
    """No drawers that everything falls into, and no standard module is shadowed beside the entry."""
    names = {path.stem for room in OURS for path in modules(room)}
    assert not names & set(FORBIDDEN_NAMES)
    beside_entry = {p.stem for p in (ROOT / "dashboard").iterdir() if p.suffix == ".py" or p.is_dir()}
    assert not beside_entry & sys.stdlib_module_names


def test_pages_are_short_and_modules_are_of_one_subject() -> None:
    """A page chooses, counts, measures and shows in under 60 lines; a module past 400 wants splitting."""
    assert not [p.name for p in modules("pages") if len(p.read_text().splitlines()) >= 60]
    assert len((ROOT / "dashboard" / "app.py").read_text().splitlines()) <= 60
    long = [p for room in ("dashboard", "data_access") for p in modules(room) if "versions" not in p.parts]
    assert not [str(p) for p in long if len(p.read_text().splitlines()) > 420]


def test_every_page_is_in_the_navigation() -> None:
    """A file in pages/ that the entry does not name would be dead, or open."""
    entry = (ROOT / "dashboard" / "navigation.py").read_text()
    assert not [p.name for p in modules("pages") if f'("{p.stem}", ' not in entry]
    assert not (ROOT / "dashboard" / "pages").exists()


def test_no_dangerous_building_blocks() -> None:
    """No HTML from strings, no pickles, no evaluated text."""
    text = "\n".join(p.read_text() for room in OURS for p in modules(room))
    for block in ("unsafe_allow_html", "pickle", "eval(", "exec("):
        assert block not in text, block


def test_what_a_page_brings_of_its_own_is_a_file_and_no_text() -> None:
    """Styles and scripts lie beside the code as they are sent; nothing that somebody typed can get into them."""
    for path in [p for room in OURS for p in modules(room)]:
        tree = ast.parse(path.read_text())
        files = {
            ast.unparse(node.targets[0])
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("Path(__file__)")
        }
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.html"]
        assert {ast.unparse(call.args[0]) for call in calls} <= files, path


SHOWS_ONLY = {"_ask", "_show_more"}
"""Callbacks that change what is shown and write nothing: pressed again, nothing is lost."""


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def test_a_click_that_writes_meets_no_place_where_it_is_broken_off() -> None:
    """A callback, and what it calls in its own module, reads the session whole and never writes to it (ADR 14)."""
    trees = {path.stem: ast.parse(path.read_text()) for path in modules("dashboard")}
    waiting = []
    for module, tree in trees.items():
        for word in ast.walk(tree):
            if isinstance(word, ast.keyword) and word.arg in ("on_click", "on_change") and not is_text(word.value):
                module_, _, name = ast.unparse(word.value).rpartition(".")
                waiting += [(module_ or module, name)] if name not in SHOWS_ONLY and module_ != "st" else []
    assert ("log_saving", "submit") in waiting
    functions = {
        (module, node.name): list(ast.walk(node))
        for module, tree in trees.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    assert set(waiting) <= set(functions)
    broken = set()
    while waiting:
        module, name = waiting.pop()
        for node in functions.pop((module, name), ()):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                waiting.append((module, node.func.id))
            if isinstance(node, ast.Attribute) and node.attr == "session_state":
                broken.add(f"{module}.{name}")
    assert not broken


def test_every_callback_says_so_where_the_database_does_not_answer() -> None:
    """What is named with on_click or on_change is a `session.click`: outside of it an error reaches nobody in words."""
    rooms = [path for room in ("dashboard", "pages") for path in (ROOT / room).rglob("*.py")]
    trees = {path.stem: ast.parse(path.read_text()) for path in rooms}
    guarded = {
        (stem, node.name)
        for stem, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(one) == "session.click" for one in node.decorator_list)
    }
    named = {
        (stem, ast.unparse(node.value))
        for stem, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword)
        and node.arg in ("on_click", "on_change")
        and not isinstance(node.value, ast.Constant)
    }
    assert len(named) > 10
    own = {(stem, name) for stem, name in named if not name.startswith("st.")}
    assert not {one for one in own if (tuple(one[1].split(".")) if "." in one[1] else one) not in guarded}
