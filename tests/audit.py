"""Asks pip-audit for known holes in packages, and tells "there are some" (status 1) from "nobody answered" (status 3).

python -m tests.audit .venv-audit/bin/pip-audit dist/requirements.txt [options of pip-audit, such as -s osv]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from founderwatch import status

_MOST_NAMES = 12


def audit(program: str, requirements: str, *options: str) -> tuple[str, int]:
    """Runs pip-audit; gives the verdict and its status."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder, "told.json")
        fixed = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json", "--output", str(told)]
        done = subprocess.run(
            [program, *fixed, "--requirement", requirements, *options], capture_output=True, text=True, check=False
        )
        if not told.exists():
            last = (done.stderr.strip().splitlines() or [f"pip-audit ended with {done.returncode}"])[-1]
            return f"NO ANSWER: {last}", status.FAILED
        return verdict(json.loads(told.read_text(encoding="utf-8")))


def verdict(told: Mapping) -> tuple[str, int]:
    """What pip-audit's report says: a line for each hole and each package about which nothing is known."""
    packages = told["dependencies"]
    holes = [
        f"{package['name']} {package['version']}: {hole['id']}, mended in {' or '.join(hole['fix_versions']) or 'no release yet'}"
        for package in packages
        for hole in package.get("vulns", ())
    ]
    silent = sorted(package["name"] for package in packages if "skip_reason" in package)
    lines = [f"VULNERABLE, known holes: {len(holes)}", *holes] if holes else []
    if silent:
        names = ", ".join(silent[:_MOST_NAMES]) + (" …" if len(silent) > _MOST_NAMES else "")
        lines.append(f"NO ANSWER about {len(silent)} of {len(packages)} packages: {names}")
    if not lines:
        lines.append(f"no known hole in {len(packages)} packages")
    return "\n".join(lines), status.PARTLY if holes else status.FAILED if silent or not packages else status.DONE


if __name__ == "__main__":
    text, number = audit(*sys.argv[1:])
    print(text)
    sys.exit(number)
