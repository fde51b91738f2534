"""`archspec check`: every mistake of specs and recipes, at its place; with `--fix`, those that have one sensible fix
are gone."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import archspec
from archspec import render
from archspec.cli.line import Commands
from archspec.cli.printing import exit_code, print_diagnostics, print_lines
from archspec.cli.target import add_spec_options, compile_, is_recipe, recipe_settings
from archspec.compilation import Compilation
from archspec.diagnostics import Diagnostics, SpecError
from archspec.elaborate.collector import collector_paused
from archspec.graph import Graph

if TYPE_CHECKING:
    from archspec.architecture import Architecture
    from archspec.fixing import Fix
    from archspec.recipes import Written


def add(commands: Commands) -> None:
    parser = commands.add_parser("check", help="report every mistake of specs and recipes, at its line and column")
    what = "a path, a zoo name, or a spec's name; or a recipe, by its path or name"
    parser.add_argument("targets", nargs="+", metavar="TARGET", help=what)
    parser.add_argument("--fix", action="store_true", help="make the replacements that the messages propose")
    parser.add_argument("--format", choices=["text", "json", "github", "sarif"], default="text")
    memory = "warn of recipes whose training takes more than this (16GiB, 800MB)"
    parser.add_argument("--memory", type=_bytes, metavar="SIZE", help=memory)
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
        found = _compiled(name, options)
        if found.graph is None or found.graph.requirements:
            return found
        found.graph.take_apart()
        return replace(found, graph=None)


def _compiled(name: str, options: argparse.Namespace, unsaved: Mapping[Path, str] | None = None) -> Compilation:
    """A target, or a recipe with the network that it asks for, as the options have them."""
    if not is_recipe(name, unsaved or {}):
        return compile_(name, options, unsaved)
    from archspec.recipes.compiling import compile_recipe

    return compile_recipe(
        name,
        recipe_settings(options),
        unsaved=unsaved,
        max_bytes=options.max_bytes,
        max_layers=options.max_layers,
        more=None if options.memory is None else partial(_check_memory, options.memory),
    )


def _check_memory(there: int, written: Written, architecture: Architecture, diagnostics: Diagnostics) -> None:
    from archspec.recipes.memory import check_memory
    from archspec.training.memory import memory_of
    from archspec.training.stages import stages_of

    stages = stages_of(written.recipe, architecture.graph)
    check_memory(written, memory_of(architecture.graph, written.recipe, stages, processes=1), there, diagnostics)


def _bytes(text: str) -> int:
    """A size as people write it, as the type of an option."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT])(i?)B", text.strip(), re.IGNORECASE | re.ASCII)
    if found is None:
        raise argparse.ArgumentTypeError(f"has to be a size such as 16GiB or 800MB, and is {text}")
    number, prefix, binary = found.groups()
    thousand = 1024 if binary else 1000
    return round(float(number) * float(thousand ** (1 + "KMGT".index(prefix.upper()))))


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
    compiled = [fixer.fix(partial(_compiled, name, options)) for name in options.targets]
    fixer.write()
    _print_fixes(fixer.fixes, sys.stdout if options.format == "text" else sys.stderr)
    if fixer.fixes and len(compiled) > 1:  # a file may belong to several
        compiled = [_compiled(name, options) for name in options.targets]
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
