"""`archspec check`: every mistake of specs, at its place; with `--fix`, those that have one sensible fix are gone."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, TextIO

import archspec
from archspec import render
from archspec.cli.line import Commands
from archspec.cli.printing import exit_code, print_diagnostics, print_lines
from archspec.cli.target import add_spec_options, compile_
from archspec.compilation import Compilation
from archspec.diagnostics import SpecError
from archspec.elaborate.collector import collector_paused
from archspec.graph import Graph

if TYPE_CHECKING:
    from archspec.fixing import Fix


def add(commands: Commands) -> None:
    parser = commands.add_parser("check", help="report every mistake of specs, at its line and column")
    parser.add_argument("targets", nargs="+", metavar="TARGET", help="a path, a zoo name, or a spec's name")
    parser.add_argument("--fix", action="store_true", help="make the replacements that the messages propose")
    parser.add_argument("--format", choices=["text", "json", "github", "sarif"], default="text")
    add_spec_options(parser)
    parser.set_defaults(command=check)


def check(options: argparse.Namespace) -> int:
    try:
        compiled = _fixed(options) if options.fix else [_looked_over(name, options) for name in options.targets]
    except SpecError as error:  # of an option, which no target is to blame for
        return _report([(error.diagnostics[0].span.file.path, error.diagnostics)], options.format)
    named = list(zip(options.targets, compiled, strict=True))
    code = _report([(name, tuple(found.diagnostics)) for name, found in named], options.format)
    if options.format == "text":
        if not options.fix and any(item.fix for found in compiled for item in found.diagnostics):
            _print_fixable(compiled)
        for name, found in named:
            if found.graph is not None and found.graph.requirements:
                _print_requirements(name, found.graph)
    return code


def _looked_over(name: str, options: argparse.Namespace) -> Compilation:
    """A target, and its network only where there is something to be said of it."""
    with collector_paused():
        found = compile_(name, options)
        if found.graph is None or found.graph.requirements:
            return found
        found.graph.take_apart()
        return replace(found, graph=None)


def _report(checked: render.Checked, form: str) -> int:
    code = max(exit_code(items) for _, items in checked)
    if form == "json":
        print(render.json_(checked))
    elif form == "github":
        print_lines([render.github(checked)], sys.stdout)
    elif form == "sarif":
        print(render.sarif(checked, code, archspec.__version__))
    else:
        print_diagnostics(checked, sys.stdout)
    return code


def _fixed(options: argparse.Namespace) -> list[Compilation]:
    """The targets as they are once their files are fixed."""
    from archspec.fixing import Fixer

    fixer = Fixer()
    compiled = [fixer.fix(partial(compile_, name, options)) for name in options.targets]
    fixer.write()
    _print_fixes(fixer.fixes, sys.stdout if options.format == "text" else sys.stderr)
    if fixer.fixes and len(compiled) > 1:  # a file may belong to several
        compiled = [compile_(name, options) for name in options.targets]
    return compiled


def _print_fixable(compiled: list[Compilation]) -> None:
    from archspec.fixing import Fixer

    fixer = Fixer()
    if fixable := {fix.identity for found in compiled for fix in fixer.possible(found)}:
        print(f"`archspec check --fix` mends {len(fixable)} of them")


def _print_fixes(fixes: list[Fix], stream: TextIO) -> None:
    def path(fix: Fix) -> str:
        return fix.span.file.path

    for shown, in_file in groupby(sorted(fixes, key=lambda fix: (path(fix), fix.span.start)), path):
        found = list(in_file)
        lines = [f"fixed {render.count(len(found), 'mistake')} in {shown}"]
        lines += [f"  {shown}:{fix.span.line}:{fix.span.column}: `{fix.span.text}` -> `{fix.text}`" for fix in found]
        print_lines(map(render.printable, lines), stream)


def _print_requirements(name: str, graph: Graph) -> None:
    from archspec.reports import sizes_of

    if statements := sizes_of(graph).statements():
        head = f"{render.printable(name)} takes these sizes:"
        print_lines([head, *(f"  {statement}" for statement in statements)], sys.stdout)
