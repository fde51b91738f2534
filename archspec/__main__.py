"""`python -m archspec` is the command."""

from archspec.cli import run

run()
