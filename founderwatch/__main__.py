"""`python -m founderwatch`: the command, by the interpreter that has it."""

from founderwatch.cli import run

run()
