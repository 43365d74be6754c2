"""The long runs: 100,000 inputs for the parsers of outside data, 200 kills, each with its figures.

python -m tests.faults.long                       # an hour on two cores
python -m tests.faults.long --inputs 10000 --kills 0
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

PARSERS = Path(__file__).with_name("test_parsers.py")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000, help="over all parsers together")
    parser.add_argument("--kills", type=int, default=200)
    options = parser.parse_args()
    failed = 0
    if options.inputs:
        tests = PARSERS.read_text(encoding="utf-8").count("@given(")
        each = -(-options.inputs // tests)
        print(f"{tests} properties, {each} inputs each, {tests * each} together", flush=True)
        command = [sys.executable, "-m", "pytest", str(PARSERS), "--durations=0"]
        failed |= subprocess.run(command, env=os.environ | {"FOUNDERWATCH_EXAMPLES": str(each)}, check=False).returncode
    if options.kills:
        command = [sys.executable, "-m", "tests.faults.kills", "--number", str(options.kills)]
        failed |= subprocess.run(command, check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
