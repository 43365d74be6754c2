"""A systemd user timer: two unit files for each database."""

from __future__ import annotations

import subprocess
from pathlib import Path

from founderwatch.schedule.job import Job, ScheduleError

_SERVICE = """\
# Written by `founderwatch schedule install`.
[Unit]
Description=founderwatch: crawl into {database}

[Service]
Type=oneshot
ExecStart={command}
# 75: another crawl holds the lock.
SuccessExitStatus=75
Nice=10
"""
_TIMER = """\
# Written by `founderwatch schedule install`.
[Unit]
Description=founderwatch: crawl into {database}

[Timer]
OnCalendar={calendar}
RandomizedDelaySec={jitter}
Persistent=true

[Install]
WantedBy=timers.target
"""


def units(job: Job) -> dict[str, str]:
    """The unit files of a job by name; the timer comes last."""
    hours = {60: "*", 1440: "0"}.get(job.minutes, f"0/{job.minutes // 60}")
    database = str(job.database).replace("%", "%%").replace("\\", "\\\\")
    return {
        f"{_name(job)}.service": _SERVICE.format(database=database, command=" ".join(map(_quoted, job.command))),
        f"{_name(job)}.timer": _TIMER.format(
            database=database,
            calendar=f"*:0/{job.minutes}" if job.minutes < 60 else f"*-*-* {hours}:00",
            jitter=job.minutes * 60 // 10,
        ),
    }


def install(job: Job, folder: Path) -> bool:
    """Writes the units and starts the timer; tells whether that changed anything."""
    wanted = {folder / name: text for name, text in units(job).items()}
    before = {path: path.read_text("utf-8", "surrogateescape") if path.is_file() else None for path in wanted}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _put(wanted)
        _systemctl("daemon-reload")
        _systemctl("enable", "--now", f"{_name(job)}.timer")
    except (OSError, ScheduleError) as error:
        _put(before)
        raise ScheduleError(f"the timer cannot be started: {error}; nothing was changed") from error
    return before != wanted


def remove(job: Job, folder: Path) -> bool:
    """Stops the timer and takes its units away; tells whether there were any."""
    files = [path for path in (folder / name for name in units(job)) if path.is_file()]
    if not files:
        return False
    _systemctl("disable", "--now", f"{_name(job)}.timer")
    _put(dict.fromkeys(files))
    _systemctl("daemon-reload")
    return True


def _name(job: Job) -> str:
    return f"founderwatch-{job.digest:08x}"


def _quoted(word: str) -> str:
    """A word of a command line as systemd reads it: it has specifiers (%) and variables ($) of its own."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def _put(files: dict[Path, str | None]) -> None:
    """Writes each file, or takes it away where it has no text."""
    for path, text in files.items():
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(text, "utf-8", "surrogateescape")


def _systemctl(*arguments: str) -> None:
    try:
        done = subprocess.run(
            ["systemctl", "--user", *arguments], capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        raise ScheduleError(f"the program `systemctl` cannot be run ({error.strerror}); say --with crontab") from error
    if done.returncode:
        why = done.stderr.strip() or f"ended with {done.returncode}"
        raise ScheduleError(f"systemctl --user {arguments[0]}: {why}")
