"""The command line: argparse, with near names for what is misspelt, and every family of commands on it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from itertools import takewhile
from typing import Any, TypeAlias

import archspec
from archspec.diagnostics import in_words, near


class Parser(argparse.ArgumentParser):
    """Says near names for misspelt commands, options and words, all taken from the parser itself. Options are not
    abbreviated: each new one would take some short form away from scripts."""

    def __init__(self, **more: Any) -> None:
        super().__init__(allow_abbrev=False, **more)
        self._rest = ""

    def give_rest_to(self, name: str) -> None:
        """Have an argument that takes several words take those behind options too: to argparse, only words that stand
        together are one argument's."""
        self._rest = name

    def parse_known_args(self, args: Iterable[str] | None = None, namespace: Any = None) -> Any:
        """What argparse gives, once no option is misspelt: argparse looks last for that, and so tells that a required
        one is missing, or shows the usage of another command."""
        words = list(sys.argv[1:] if args is None else args)
        for word in self._own(words):
            option = word.partition("=")[0]
            if option.startswith("--") and " " not in word and option not in self._option_string_actions:
                self.error(_misspelt(f"there is no option `{option}`", option, self._option_string_actions))
        found, others = super().parse_known_args(words, namespace)
        before = list(takewhile(lambda word: word != "--", others))
        if self._rest and not any(word.startswith("-") for word in before):
            setattr(found, self._rest, [*getattr(found, self._rest), *before, *others[len(before) + 1 :]])
            others = []
        if others:
            self.error(f"unexpected: {' '.join(others)}")
        return found, others

    def _own(self, words: Sequence[str]) -> Sequence[str]:
        """The words up to the command, where this parser takes one, or else up to what can only be values."""
        if self._subparsers is not None:
            return list(takewhile(lambda word: word.startswith("-"), words))
        return list(takewhile(lambda word: word != "--", words))

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = list(action.choices)
            what = action.metavar if isinstance(action.metavar, str) else "value"
            message = f"there is no {what.lower()} `{value}`: choose from {', '.join(known)}"
            raise argparse.ArgumentError(action, _misspelt(message, str(value), known))


def _misspelt(message: str, word: str, known: Any) -> str:
    return "; ".join([message, *in_words(near(word, known))])


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"

# Each command's module, whose `add` puts it on the command line. What others import is not for `check` to wait for.
_HOMES = {
    "check": "check",
    "expand": "expand",
    "explain": "explain",
    **dict.fromkeys(["summary", "sizes", "schema"], "reports"),
    "bench": "bench",
    "embed": "embed",
    "export": "export",
    "look": "look",
    "predict": "predict",
    "train": "train",
    "verify": "verify",
    "weights": "weights",
    "zoo": "zoo",
}


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The options that a command line says, with its function as `command`. Raises SystemExit, once all is printed,
    where there is nothing to do."""
    line = Parser(prog="archspec", description="The compiler for neural-network architectures.")
    line.add_argument("--version", action="version", version=f"archspec {archspec.__version__}")
    commands = line.add_subparsers(metavar="COMMAND", required=True)
    known = [_HOMES[word] for word in words[:1] if word in _HOMES]
    for home in known or dict.fromkeys(_HOMES.values()):
        import_module(f"archspec.cli.{home}").add(commands)
    return line.parse_args(words)
