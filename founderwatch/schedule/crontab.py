"""The user's crontab: one marked block for each database, and nothing else touched."""

from __future__ import annotations

import os
import shlex
import subprocess

from founderwatch.schedule.job import Job, ScheduleError

# How `crontab -l` says that there is none yet (Debian and cronie; busybox).
_NONE_YET = ("no crontab for", "No such file or directory")


def block(job: Job) -> str:
    """The marked lines of a job."""
    begin, end = _marks(job)
    return f"{begin}\n{_times(job)} {_command(job)}\n{end}\n"


def install(job: Job) -> bool:
    """Writes the job's block, in place of an older one; tells whether that changed anything."""
    before = _read()
    head, tail = _around(before, job)
    if head is None:
        separator = "" if not before or before.endswith("\n") else "\n"
        head, tail = before + separator, ""
    return _write(before, head + block(job) + tail)


def remove(job: Job) -> bool:
    """Takes the job's block out; tells whether there was one."""
    before = _read()
    head, tail = _around(before, job)
    return head is not None and _write(before, head + tail)


def _marks(job: Job) -> tuple[str, str]:
    return f"# BEGIN founderwatch {job.database}", f"# END founderwatch {job.database}"


def _around(text: str, job: Job) -> tuple[str | None, str]:
    """What stands before and after the job's block; no head where there is no block."""
    lines = text.split("\n")
    begin, end = _marks(job)
    if begin not in lines:
        return None, ""
    first = lines.index(begin)
    if end not in lines[first:] or begin in lines[first + 1 :]:
        raise ScheduleError(
            f"line {first + 1} of the crontab begins a block for {job.database} that does not end or comes twice:"
            " take it out with `crontab -e`; nothing was changed"
        )
    last = lines.index(end, first)
    return "".join(f"{line}\n" for line in lines[:first]), "\n".join(lines[last + 1 :])


def _times(job: Job) -> str:
    # Not all at the full hour: a minute of its own for each database spares the outlets.
    if job.minutes < 60:
        return f"{job.digest % job.minutes}-59/{job.minutes} * * * *"
    hours = {60: "*", 1440: str(job.digest // 60 % 24)}.get(job.minutes, f"*/{job.minutes // 60}")
    return f"{job.digest % 60} {hours} * * *"


def _command(job: Job) -> str:
    # Cron ends the command at a %, and takes \% for one, but not after another backslash: a pair of quotes parts them.
    return shlex.join(job.command).replace("\\%", "\\''%").replace("%", "\\%")


def _read() -> str:
    done = _crontab("-l")
    if done.returncode == 0:
        return _text(done.stdout)
    why = _text(done.stderr).strip()
    if any(words in why for words in _NONE_YET):
        return ""
    raise ScheduleError(f"the crontab cannot be read: {why or f'crontab ended with {done.returncode}'}")


def _write(before: str, after: str) -> bool:
    if after == before:
        return False
    done = _crontab("-", given=after.encode("utf-8", "surrogateescape"))
    if done.returncode:
        why = _text(done.stderr).strip()
        raise ScheduleError(f"the crontab cannot be changed: {why or f'crontab ended with {done.returncode}'}")
    return True


def _crontab(argument: str, given: bytes = b"") -> subprocess.CompletedProcess:
    try:
        return subprocess.run(
            ["crontab", argument], input=given, capture_output=True, check=False, env=os.environ | {"LC_ALL": "C"}
        )
    except OSError as error:
        raise ScheduleError(
            f"the program `crontab` cannot be run ({error.strerror}): install cron, or say --with systemd"
        ) from error


def _text(output: bytes) -> str:
    """Text that turns back into the same bytes, whatever the other lines are written in."""
    return output.decode("utf-8", "surrogateescape")
