"""The configuration: where it is found, what it means, and how its mistakes are told."""

import os
from pathlib import Path

import pytest

from founderwatch.config import Config, ConfigError, find, load
from models.encoder import WEIGHTS
from spiders.sources import PACKAGED


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A folder and a home without any configuration."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("FOUNDERWATCH_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def write(text, path="founderwatch.toml"):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_without_a_file_the_defaults_hold():
    assert load() == Config()
    assert (load().database, load().sources, load().model) == (Path("founderwatch.db"), PACKAGED, str(WEIGHTS))


def test_the_file_named_goes_before_the_environment_the_folder_and_the_home(monkeypatch, tmp_path):
    home = write("", tmp_path / "home" / "founderwatch" / "founderwatch.toml")
    assert find() == home
    write("")
    assert find() == Path("founderwatch.toml")
    monkeypatch.setenv("FOUNDERWATCH_CONFIG", str(write("", "environment.toml")))
    assert find() == Path("environment.toml")
    assert find(write("", "named.toml")) == Path("named.toml")


def test_paths_are_relative_to_the_file():
    Path("conf/weights").mkdir(parents=True)
    path = write(
        'database = "data/x.db"\nsources = "/etc/sources.toml"\nmodel = "weights"\nalarms_per_1000 = 3\n', "conf/f.toml"
    )
    config = load(path)
    assert config == Config(
        database=Path("conf/data/x.db"),
        sources=Path("/etc/sources.toml"),
        own_sources=Path("conf/sources.toml"),
        model="conf/weights",
        alarms_per_1000=3.0,
        origin=path,
    )


def test_the_own_registry_is_named_or_beside_the_file_or_at_home(tmp_path):
    assert load().own_sources == tmp_path / "home/founderwatch/sources.toml"
    write("")
    assert load().own_sources == Path("sources.toml")
    write('own_sources = "lists/mine.toml"\n')
    assert load().own_sources == Path("lists/mine.toml")


def test_a_tilde_is_the_home(tmp_path):
    (tmp_path / "home" / "weights").mkdir(parents=True)
    config = load(write('model = "~/weights"\ndatabase = "~/x.db"\n'))
    assert (config.model, config.database) == (str(tmp_path / "home/weights"), tmp_path / "home/x.db")


def test_a_model_that_is_no_folder_may_be_a_hub_name():
    assert load(write('model = "someone/a-model"\n')).model == "someone/a-model"


def test_a_byte_order_mark_is_no_mistake():
    assert load(write('\ufeffsince = "7d"\r\n')).since == "7d"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# one\n\nalarm_per_1000 = 2\n", "f.toml:3: alarm_per_1000: unknown key; did you mean alarms_per_1000?"),
        ("wholly_other = 1\n", "f.toml:1: wholly_other: unknown key"),
        ('since = "7d"\n[crawl]\nlimit = 3\n', "f.toml:2: crawl: unknown key"),
        ('since = "7d"\ncrawl.limit = 3\n', "f.toml:2: crawl: unknown key"),
        ("\nalarms_per_1000 = -1\n", "f.toml:2: alarms_per_1000: must be a number between 0 and 1000, not -1"),
        ("alarms_per_1000 = true\n", "f.toml:1: alarms_per_1000: must be a number between 0 and 1000"),
        ("alarms_per_1000 = nan\n", "f.toml:1: alarms_per_1000: must be a number between 0 and 1000"),
        ("database = 3\n", "f.toml:1: database: must be a text, not 3"),
        ('database = ""\n', "f.toml:1: database: must be a text"),
        ('\n\nsince = "soon"\n', "f.toml:3: since: since must be a span"),
        ('database = "x\n', "f.toml: .*line 1"),
        ('since = "7d"\nsince = "8d"\n', "f.toml: .*line 2"),
        (b'database = "x"\ncontact = "\xff"\n', "f.toml:2: is not UTF-8"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_key(text, message):
    with pytest.raises(ConfigError, match=message.replace("?", r"\?")):
        load(write(text, "f.toml"))


def test_a_named_file_must_be_there(monkeypatch):
    for missing in ("missing.toml", "."):
        with pytest.raises(ConfigError, match="no such configuration file"):
            load(Path(missing))
    monkeypatch.setenv("FOUNDERWATCH_CONFIG", "gone.toml")
    with pytest.raises(ConfigError, match=r"gone\.toml"):
        load()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_told():
    path = write("")
    path.chmod(0)
    with pytest.raises(ConfigError, match="cannot be read"):
        load()
