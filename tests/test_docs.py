"""What the documents say is what the code does."""

import doctest
import importlib
import re
import subprocess
from pathlib import Path

import pytest

from dashboard import explain, settings
from dashboard.cli import main
from tests.cases import all_cases, case, clock_cases
from tests.dashboard.test_cli import COLUMNS

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("title", explain.METRICS)
def test_every_metric_explains_itself(title: str) -> None:
    """Each docstring has the blocks that the page shows and those that an engineer needs."""
    told = explain.blocks(explain.METRICS[title][0])
    for heading in (*explain.FOR_PEOPLE, "Parameters", "Returns", "Raises", "References", "Examples"):
        assert told.get(heading), f"{title}: {heading}"


@pytest.mark.parametrize("module", sorted(p.stem for p in (ROOT / "dashboard" / "metrics").glob("[!_]*.py")))
def test_every_example_in_a_docstring_comes_out_as_written(module: str) -> None:
    """The examples are run."""
    result = doctest.testmod(importlib.import_module(f"dashboard.metrics.{module}"))
    assert result.attempted
    assert not result.failed


def test_the_metrics_document_is_made_from_the_docstrings() -> None:
    """`make docs` writes it; nobody edits it by hand."""
    assert (ROOT / "docs" / "metrics.md").read_text() == explain.document()


@pytest.mark.parametrize("setting", [s.name for s in settings.SETTINGS])
def test_every_setting_is_in_the_operations_document(setting: str) -> None:
    """With its name in full."""
    assert f"`{setting}`" in (ROOT / "docs" / "operations.md").read_text()


@pytest.mark.parametrize("metric", COLUMNS)
def test_every_metric_of_the_command_line_is_in_the_operations_document(metric: str) -> None:
    """With what it prints."""
    assert f"`{metric}`" in (ROOT / "docs" / "operations.md").read_text()


def test_the_readme_gives_the_two_commands() -> None:
    """A newcomer types these, and CI runs the second."""
    readme = (ROOT / "README.md").read_text()
    assert "make run" in readme
    assert "make test" in readme
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_every_command_is_in_the_readme_or_operations(capsys: pytest.CaptureFixture[str]) -> None:
    """`handoff COMMAND` for each command there is."""
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = set(re.findall(r"^    ([\w-]+) ", capsys.readouterr().out, re.M))
    text = (ROOT / "README.md").read_text() + (ROOT / "docs" / "operations.md").read_text()
    assert commands >= {"serve", "demo", "import", "metrics", "migrate"}
    assert not [c for c in commands if f"handoff {c}" not in text]


def test_every_metric_of_the_command_line_is_explained() -> None:
    """Its columns are those of an explained metric, or such columns with a key before them."""
    explained = {columns for _, columns in explain.METRICS.values()}
    shown = [tuple(columns) for columns in COLUMNS.values()]
    assert not [columns for columns in shown if not any(columns[-len(known) :] == known for known in explained)]


def test_every_decision_record_is_numbered_and_titled() -> None:
    """NNNN-title.md, no number twice."""
    records = sorted(p.name for p in (ROOT / "docs" / "adr").glob("*.md"))
    numbers = [name[:4] for name in records]
    assert records
    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", name) for name in records)


def test_no_document_names_a_path_of_one_machine_or_a_registry() -> None:
    """What is committed is the same for everybody."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for path in (ROOT / name for name in names if Path(name).suffix in {".md", ".toml", ".lock", ""}):
        text = path.read_text() if path.exists() else ""
        assert not re.search(r"/root/|/work/|(?<!emit-)index-url|https?://[^\s]*(pypi|pythonhosted)", text), path


def test_every_worked_case_is_held_by_a_test() -> None:
    """Each is named in a test, or belongs to the clock's own table of cases."""
    text = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    case("R01")  # skips with its reason where the cases are not beside this checkout
    assert not [name for name in all_cases() if f'"{name}"' not in text and name not in clock_cases()]
