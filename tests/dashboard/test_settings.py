"""Settings come from the environment, a file named there, or secrets; and fail loudly with an example."""

from pathlib import Path

import pytest

from dashboard import settings
from dashboard.settings import BadSetting, read


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for setting in settings.SETTINGS:
        monkeypatch.delenv(setting.name, raising=False)
        monkeypatch.delenv(f"{setting.name}_FILE", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before secrets."""
    monkeypatch.setenv("HANDOFF_DATABASE_URL", "sqlite:///a.db")
    assert read("HANDOFF_DATABASE_URL", {"database_url": "sqlite:///b.db"}) == "sqlite:///a.db"
    monkeypatch.delenv("HANDOFF_DATABASE_URL")
    assert read("HANDOFF_DATABASE_URL", {"database_url": "sqlite:///b.db"}) == "sqlite:///b.db"
    assert read("HANDOFF_DATABASE_URL", {}) is None


def test_a_value_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As container secrets do; a missing file is said."""
    (tmp_path / "url").write_text("sqlite:///c.db\n")
    monkeypatch.setenv("HANDOFF_DATABASE_URL_FILE", str(tmp_path / "url"))
    assert read("HANDOFF_DATABASE_URL") == "sqlite:///c.db"
    monkeypatch.setenv("HANDOFF_DATABASE_URL_FILE", str(tmp_path / "gone"))
    with pytest.raises(BadSetting, match="cannot be read"):
        read("HANDOFF_DATABASE_URL")


def test_set_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody should have to guess which one holds."""
    monkeypatch.setenv("HANDOFF_DATABASE_URL", "sqlite:///a.db")
    monkeypatch.setenv("HANDOFF_DATABASE_URL_FILE", "x")
    with pytest.raises(BadSetting, match="keep one"):
        read("HANDOFF_DATABASE_URL")


def test_a_value_that_is_no_choice_is_refused_with_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    """And an example."""
    monkeypatch.setenv("HANDOFF_COUNT_IN", "cloud")
    with pytest.raises(BadSetting, match="process, database"):
        read("HANDOFF_COUNT_IN")


def test_the_secrets_file_of_streamlit_is_read(tmp_path: Path) -> None:
    """Where there is one in the working directory."""
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text('[handoff]\ndatabase_url = "sqlite:///d.db"\n')
    assert read("HANDOFF_DATABASE_URL") == "sqlite:///d.db"


def test_without_settings_the_own_database_comes_before_the_demo(tmp_path: Path) -> None:
    """The first demo until something of one's own is there."""
    assert settings.demo_of(settings.database_url()) == "specialty"
    (tmp_path / ".handoff").mkdir()
    (tmp_path / ".handoff" / "handoff.db").touch()
    assert settings.database_url() == settings.own_url()
