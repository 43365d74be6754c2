"""The configuration: where it is found, what it means, and how its mistakes are told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from founderwatch.alerts.channel import ChannelError
from founderwatch.config import Config, ConfigError, find, load
from models.encoder import WEIGHTS
from spiders.sources import PACKAGED

ONE = '[[alert]]\nname = "a"\nurl = "json://x"\n'


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
        ('judge = "some"\n', "f.toml:1: judge: must be all or founders, not 'some'"),
        ("database = 3\n", "f.toml:1: database: must be a text, not 3"),
        ('database = ""\n', "f.toml:1: database: must be a text"),
        ('\n\nsince = "soon"\n', "f.toml:3: since: since must be a span"),
        ('database = "x\n', "f.toml: .*line 1"),
        ('since = "7d"\nsince = "8d"\n', "f.toml: .*line 2"),
        ('ping_url = "ftp://x"\n', "f.toml:1: ping_url: must be an address such as https://"),
        ('[watchdog]\nsilent = "soon"\n', "f.toml:2: watchdog.silent: must be a length of time such as 90m"),
        (
            'since = "7d"\n[watchdog]\n\ndisk_fre = "1GB"\n',
            "f.toml:4: watchdog.disk_fre: unknown key; did you mean disk_free?",
        ),
        ("[watchdog]\ndisk_free = 1000\n", "f.toml:2: watchdog.disk_free: must be a size such as 500MB"),
        ("alert = 3\n", "f.toml:1: alert: must be tables: "),
        ('[alert]\nname = "a"\n', "f.toml:1: alert: must be tables: "),
        ('alert = [{name = "a"}]\n', "f.toml:1: alert.url: is missing"),
        (
            '[[alert]]\nname = "a"\nurl = "json://x"\n\n[[alert]]\nurl = "json://x"\n',
            "f.toml:5: alert.name: is missing",
        ),
        (ONE + ONE, "f.toml:5: alert.name: two channels are called 'a'"),
        (ONE + "min_score = 80\n", "f.toml:4: alert.min_score: must be a number from 0 to 1, not 80"),
        (ONE + 'statuses = ["sure"]\n', "f.toml:4: alert.statuses: 'sure' is none of rumoured, "),
        (ONE + 'employers = "Alibaba"\n', "f.toml:4: alert.employers: must be a list of texts, not 'Alibaba'"),
        (ONE + 'digest = "8 o\'clock"\n', 'f.toml:4: alert.digest: must be a time such as "08:00" or'),
        (ONE + 'digest = "mon 25:00"\n', "f.toml:4: alert.digest: must be a time"),
        (ONE + 'language = "fr"\n', "f.toml:4: alert.language: must be en or zh, not 'fr'"),
        (ONE + 'watched = "yes"\n', "f.toml:4: alert.watched: must be true or false"),
        (ONE + "scores = 1\n", "f.toml:4: alert.scores: unknown key"),
        (ONE + 'contact = "me"\n', "f.toml:4: alert.contact: unknown key; contact stands above the first "),
        ('[[alert]]\nname = "a\\nb"\nurl = "json://x"\n', "f.toml:2: alert.name: must be words of letters"),
        ('[[alert]]\nname = "a"\nurl = "hunter2"\n', "f.toml:3: alert.url: must be an address such as mailto"),
        (b'database = "x"\ncontact = "\xff"\n', "f.toml:2: is not UTF-8"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_key(text, message):
    with pytest.raises(ConfigError, match=message.replace("?", r"\?")) as told:
        load(write(text, "f.toml"))
    assert "hunter2" not in str(told.value)


def test_all_mistakes_are_told_at_once():
    text = 'sinse = "7d"\njudge = "some"\n[watchdog]\nsilent = "soon"\n[[alert]]\nname = "a"\n[[alert]]\nname = "b"\n'
    with pytest.raises(ConfigError) as told:
        load(write(text, "f.toml"))
    places = [line.split(": ")[1] for line in str(told.value).splitlines()]
    assert places == ["sinse", "judge", "watchdog.silent", "alert.url", "alert.url"]


def test_a_configuration_is_written_for_its_owner_alone(tmp_path):
    subprocess.run([sys.executable, "-m", "founderwatch", "init", "f.toml"], cwd=tmp_path, check=True)
    assert (tmp_path / "f.toml").stat().st_mode & 0o777 == 0o600


def test_channels_and_watchdog(monkeypatch):
    config = load(
        write(ONE + 'digest = "monday 8:05"\nemployers = ["阿里"]\n[watchdog]\nsilent = "off"\ndisk_free = "5GB"\n')
    )
    (channel,) = config.alert
    assert (channel.name, str(channel.digest), channel.employers) == ("a", "monday 08:05", ("阿里",))
    assert (config.watchdog.silent, config.watchdog.disk_free) == (None, 5 * 10**9)
    assert config.place("alert.a") == "founderwatch.toml:1"


def test_a_secret_comes_from_the_environment(monkeypatch):
    (channel,) = load(write('[[alert]]\nname = "a"\nurl = "json://u:${FW_PASS}@x"\n')).alert
    with pytest.raises(ChannelError, match="FW_PASS is not set"):
        channel.address  # noqa: B018
    monkeypatch.setenv("FW_PASS", "hunter2")
    assert channel.address == "json://u:hunter2@x"
    assert not channel.holds_secrets


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
