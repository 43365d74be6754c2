"""`make audit` tells known holes from silence."""

import sys

from tests.audit import audit, verdict

HOLE = {"id": "CVE-1", "fix_versions": ["3.1.6"], "aliases": [], "description": ""}


def test_holes_silence_and_all_well_are_three_things():
    whole = {"name": "click", "version": "8.1.0", "vulns": []}
    open_ = {"name": "jinja2", "version": "2.4.1", "vulns": [HOLE, HOLE | {"id": "CVE-2", "fix_versions": []}]}
    unknown = {"name": "own", "skip_reason": "not found"}
    assert verdict({"dependencies": [whole]}) == ("no known hole in 1 packages", 0)
    text, status = verdict({"dependencies": [whole, open_, unknown]})
    assert status == 1 and text.splitlines() == [
        "VULNERABLE, known holes: 2",
        "jinja2 2.4.1: CVE-1, mended in 3.1.6",
        "jinja2 2.4.1: CVE-2, mended in no release yet",
        "NO ANSWER about 1 of 3 packages: own",
    ]
    assert verdict({"dependencies": [whole, unknown]}) == ("NO ANSWER about 1 of 2 packages: own", 3)
    assert verdict({"dependencies": []})[1] == 3, "nothing was looked at"


def test_a_service_that_is_out_of_reach_is_no_hole(tmp_path):
    program = tmp_path / "pip-audit"
    program.write_text(f"#!{sys.executable}\nraise SystemExit('Failed to resolve api.example')\n")
    program.chmod(0o755)
    assert audit(str(program), "r.txt") == ("NO ANSWER: Failed to resolve api.example", 3)
