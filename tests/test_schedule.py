"""Schedules: one marked block in a crontab full of other people's lines, and units that systemd can read."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from founderwatch import status
from founderwatch.cli import main
from founderwatch.schedule import crontab, timer
from founderwatch.schedule.job import MINUTES, Job, ScheduleError

# What the program does, on a file of its own: Debian's words and statuses.
CRONTAB = """#!{python}
import pathlib, sys
spool = pathlib.Path({spool!r})
if pathlib.Path(str(spool) + ".deny").exists():
    sys.exit("You (somebody) are not allowed to use this program (crontab)")
if sys.argv[1:] == ["-l"]:
    if not spool.exists():
        sys.exit("no crontab for somebody")
    sys.stdout.buffer.write(spool.read_bytes())
elif sys.argv[1:] == ["-"]:
    given = sys.stdin.buffer.read()
    if given and not given.endswith(b"\\n"):
        sys.exit("new crontab file is missing newline before EOF, can't install.")
    spool.write_bytes(given)
else:
    sys.exit("usage")
"""
# Keeps what it is told; enabling needs the unit to be there.
SYSTEMCTL = """#!{python}
import pathlib, sys
pathlib.Path({log!r}).open("a").write(" ".join(sys.argv[1:]) + "\\n")
if "enable" in sys.argv and not (pathlib.Path({units!r}) / sys.argv[-1]).exists():
    sys.exit("Failed to enable unit: Unit file does not exist.")
"""
OTHERS = (
    "# my own lines — 我的\nMAILTO=me@example.org\n\n*/5 * * * * /bin/true % input\n"
    "# BEGIN founderwatch /somewhere/else.db\n3 * * * * founderwatch crawl\n# END founderwatch /somewhere/else.db\n  \t\n"
).encode() + b"0 0 * * * echo \xff\xfe\r\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder with awkward characters, and programs that work on files of their own."""
    folder, programs = tmp_path / "a b's 100% \\%新", tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    units = tmp_path / "xdg" / "systemd" / "user"
    for name, text in {
        "crontab": CRONTAB.format(python=sys.executable, spool=str(tmp_path / "spool")),
        "systemctl": SYSTEMCTL.format(python=sys.executable, log=str(tmp_path / "log"), units=str(units)),
    }.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("FOUNDERWATCH_CONFIG", raising=False)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "spool"


def run(*arguments):
    return CliRunner().invoke(main, ["schedule", *arguments])


def as_cron(line: str, tmp_path: Path) -> list[str]:
    """The arguments that a program gets from a crontab's line, as cron passes it to the shell."""
    command, escaped, given = "", False, line.split(" ", 5)[5]
    for character in given:
        if escaped:
            command += character if character == "%" else f"\\{character}"
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "%":
            break
        else:
            command += character
    program = tmp_path / "python"
    program.write_text('#!/bin/sh\nprintf "%s\\0" "$@"\n')
    program.chmod(0o755)
    assert command.startswith(sys.executable)
    command = str(program) + command.removeprefix(sys.executable)
    return subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=True).stdout.decode().split("\0")[:-1]


# Crontab


def test_the_line_says_what_it_should_to_a_shell(here, tmp_path):
    (here / "founderwatch.toml").write_text('database = "data/x y.db"\n')
    shown = run("print", "--every", "5m")
    assert shown.exit_code == status.DONE, shown.output
    begin, line, end = shown.stdout.splitlines()
    assert [begin, end] == [f"# {word} founderwatch {here}/data/x y.db" for word in ("BEGIN", "END")]
    assert as_cron(line, tmp_path) == [
        "-P", "-m", "founderwatch", "crawl", "--due", "--quiet", "--for", "4m",
        "--config", str(here / "founderwatch.toml"), "--db", str(here / "data/x y.db"),
    ]  # fmt: skip


def test_print_changes_nothing(spool):
    assert run("print").exit_code == run("print", "--with", "systemd").exit_code == status.DONE
    assert not spool.exists()
    assert not (spool.parent / "xdg").exists()


@pytest.mark.parametrize("before", [None, b"", b"\n", b"# one\n", b"# no newline", OTHERS], ids=str)
def test_installing_and_removing_leaves_other_lines_byte_for_byte(spool, before):
    if before is not None:
        spool.write_bytes(before)
    assert run("install").exit_code == status.DONE
    first = spool.read_bytes()
    assert first.startswith(before or b"")
    assert first.count(b"-m founderwatch crawl") == 1
    again = run("install")
    assert "as before" in again.stdout
    assert spool.read_bytes() == first
    assert run("install", "--every", "6h").exit_code == status.DONE
    assert spool.read_bytes().count(b"-m founderwatch crawl") == 1
    assert b" */6 * * * " in spool.read_bytes()
    assert "no more crawls" in run("remove").stdout
    kept = before or b""
    assert spool.read_bytes() == (kept if kept.endswith(b"\n") or not kept else kept + b"\n")
    assert "there was no schedule" in run("remove").stdout


def test_a_block_in_the_middle_is_replaced_in_its_place(spool):
    run("install")
    spool.write_bytes(b"# above\n" + spool.read_bytes() + OTHERS)
    run("install", "--every", "1h")
    assert spool.read_bytes().startswith(b"# above\n# BEGIN founderwatch ")
    assert spool.read_bytes().endswith(OTHERS)
    run("remove")
    assert spool.read_bytes() == b"# above\n" + OTHERS


def test_each_database_has_its_own_block(spool, here):
    run("install")
    one = spool.read_bytes()
    run("install", "--db", "other.db")
    assert spool.read_bytes().startswith(one)
    run("remove", "--db", str(here / "sub/../other.db"))
    assert spool.read_bytes() == one


def test_a_broken_block_is_told_and_nothing_changed(spool, here):
    broken = f"# one\n# BEGIN founderwatch {here}/founderwatch.db\n* * * * * x\n".encode()
    spool.write_bytes(broken)
    for command in ("install", "remove"):
        found = run(command)
        assert found.exit_code == status.FAILED
        assert "line 2 of the crontab begins a block" in found.stderr
        assert spool.read_bytes() == broken


def test_a_crontab_that_may_not_be_read_is_not_overwritten(spool):
    spool.write_bytes(OTHERS)
    Path(f"{spool}.deny").touch()
    found = run("install")
    assert found.exit_code == status.FAILED
    assert "cannot be read: You (somebody) are not allowed" in found.stderr
    assert spool.read_bytes() == OTHERS


def test_a_machine_without_the_programs_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert "install cron, or say --with systemd" in run("install").stderr
    assert "--with crontab" in run("install", "--with", "systemd").stderr


@pytest.mark.parametrize("every", MINUTES)
def test_every_interval_is_right_for_cron_and_for_systemd(every, tmp_path):
    for number in range(20):
        job = Job(tmp_path / f"{number}.db", None, MINUTES[every])
        minute, hour, *rest = crontab.block(job).splitlines()[1].split()[:5]
        assert rest == ["*", "*", "*"]
        first, _, step = minute.partition("-59/")
        assert int(first) < (int(step) if step else 60)
        starts = (60 // int(step) if step else 1) * (
            24 if hour == "*" else 24 // int(hour[2:]) if hour.startswith("*/") else 1
        )
        assert starts == 24 * 60 // MINUTES[every]


def test_a_name_that_no_schedule_can_carry_is_refused(spool):
    found = run("install", "--db", "two\nlines.db")
    assert found.exit_code == status.USAGE
    assert "control character" in found.stderr
    assert not spool.exists()


# systemd


def test_a_timer_is_installed_once_and_removed(tmp_path, here):
    units = tmp_path / "xdg/systemd/user"
    units.mkdir(parents=True)
    (units / "mine.timer").write_text("mine")
    assert "enable-linger" in run("install", "--with", "systemd").stdout
    names = [p.name for p in sorted(units.iterdir())]
    assert [n.partition(".")[2] for n in names] == ["service", "timer", "timer"]
    assert "as before" in run("install", "--with", "systemd").stdout
    assert f"--user enable --now {names[1]}" in (tmp_path / "log").read_text()
    assert "no more crawls" in run("remove", "--with", "systemd").stdout
    assert [p.name for p in units.iterdir()] == ["mine.timer"]
    assert "there was no schedule" in run("remove", "--with", "systemd").stdout


def test_without_a_user_manager_nothing_is_left_behind(tmp_path):
    (tmp_path / "bin/systemctl").write_text("#!/bin/sh\necho Failed to connect to bus: No medium found >&2\nexit 1\n")
    found = run("install", "--with", "systemd")
    assert found.exit_code == status.FAILED
    assert "Failed to connect to bus: No medium found; nothing was changed" in found.stderr
    assert list((tmp_path / "xdg/systemd/user").iterdir()) == []


ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze")
@pytest.mark.parametrize("every", ["5m", "1h", "6h", "24h"])
def test_systemd_reads_the_units(tmp_path, here, every):
    job = Job(here / '$HOME "quoted".db', here / "founderwatch.toml", MINUTES[every])
    for name, text in timer.units(job).items():
        (tmp_path / name).write_text(text)
        assert "RandomizedDelaySec" in text or "ExecStart" in text
    for path in (tmp_path / name for name in timer.units(job)):
        found = subprocess.run([ANALYZE, "verify", "--man=no", path], capture_output=True, text=True, check=False)
        assert path.name not in found.stderr, found.stderr


def test_a_control_character_is_refused_by_the_job_itself():
    with pytest.raises(ScheduleError):
        Job(Path("/x\x7f.db"), None, 15)
