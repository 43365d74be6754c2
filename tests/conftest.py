"""What many tests of commands start from."""

import pytest
from hypothesis import settings

# A machine that does something else meanwhile is slow, and no test is about that.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, with no configuration but what a test writes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FOUNDERWATCH_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    return tmp_path
