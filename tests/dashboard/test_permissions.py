"""Every page and every write names its permission, and every permission is named by one of them."""

import ast
from pathlib import Path

import pytest

from dashboard import auth, navigation
from data_access.vocabulary import Role

ROOT = Path(__file__).parents[2]
WRITES = ("actions", "partner_actions", "privacy_actions", "review_actions", "changes")
PAGE_FILES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


def test_the_table_of_pages_is_the_pages() -> None:
    """No page without a permission, no permission without a page, and each page asks for its own."""
    assert sorted(auth.PAGES) == PAGE_FILES == sorted(navigation.TITLES)
    for name in PAGE_FILES:
        assert f'frame.view("{name}")' in (ROOT / "pages" / f"{name}.py").read_text(), name
    assert set(auth.PAGES.values()) <= set(auth.PERMISSIONS)


def test_every_permission_is_asked_for_somewhere() -> None:
    """One that nothing asks for would promise what nobody keeps."""
    text = "\n".join(path.read_text() for path in (ROOT / "dashboard").rglob("*.py") if path.name != "auth.py")
    names = {
        name
        for name, value in vars(auth).items()
        if name.isupper() and isinstance(value, str) and value in auth.PERMISSIONS
    }
    unused = {name for name in names if f"auth.{name}" not in text and getattr(auth, name) not in auth.PAGES.values()}
    assert len(names) == len(auth.PERMISSIONS)
    assert not unused


@pytest.mark.parametrize("module", WRITES)
def test_every_write_asks_for_a_permission(module: str) -> None:
    """What takes a viewer and an engine asks, itself or through what it calls in its module, before it writes."""
    functions = {
        node.name: node
        for node in ast.parse((ROOT / "dashboard" / f"{module}.py").read_text()).body
        if isinstance(node, ast.FunctionDef)
    }

    def asks(name: str, seen: frozenset[str] = frozenset()) -> bool:
        calls = [ast.unparse(node.func) for node in ast.walk(functions[name]) if isinstance(node, ast.Call)]
        return any(
            call.startswith("auth.require") or (call in functions and call not in seen and asks(call, seen | {name}))
            for call in calls
        )

    doors = [n for n, f in functions.items() if {"engine", "viewer"} <= {arg.arg for arg in f.args.args}]
    assert doors
    only_note = {"note_export", "note_opened"}
    assert not [name for name in doors if name not in only_note and not asks(name)]


def test_the_agency_sees_one_page_and_no_lead() -> None:
    """And may write nothing."""
    agency = auth.Viewer("Agency", Role.MARKETING, None)
    assert [name for name in auth.PAGES if agency.may_open(name)] == ["shared"]
    assert [name for name in auth.PERMISSIONS if agency.may(name)] == [auth.SEE_SHARED]


@pytest.mark.parametrize("page", ["", "nowhere", "app"])
def test_a_page_that_the_table_does_not_name_nobody_opens(page: str) -> None:
    """Not the administrator either."""
    assert not auth.Viewer("Ada", Role.ADMINISTRATOR, None).may_open(page)
