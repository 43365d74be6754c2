"""The encoder's library says nothing to anybody."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Where one of these is set, onnxruntime keeps quiet by itself.
QUIET = {"ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "CI", "GITHUB_ACTIONS", "TF_BUILD"}


def test_onnxruntime_keeps_no_number_of_the_machine_and_tells_nobody(tmp_path):
    kept = {name: value for name, value in os.environ.items() if name not in QUIET and not name.startswith("XDG_")}
    text = "Mara Lindqvist, an engineer at Northwind, has left to found a start-up."
    command = [sys.executable, "-m", "founderwatch", "scan", "-"]
    environment = kept | {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, input=text, text=True, capture_output=True, check=True, timeout=300
    )
    assert "Mara Lindqvist" in done.stdout
    assert [path for path in tmp_path.rglob("*") if "onnx" in str(path).lower()] == []
