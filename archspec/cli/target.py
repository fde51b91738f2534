"""The TARGET of a command, and the options that change it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from archspec import driver, given
from archspec.cli.printing import print_diagnostics
from archspec.elaborate import MAX_LAYERS
from archspec.syntax.reader import MAX_BYTES


def add_target(parser: argparse.ArgumentParser) -> None:
    """One TARGET, and the options that change it."""
    parser.add_argument("target", metavar="TARGET", help="a path, a zoo name, or a spec's name")
    add_spec_options(parser)


def add_spec_options(parser: argparse.ArgumentParser) -> None:
    override = "override an arg of the spec"
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=override)
    shape = "override an input's shape: 1x3x320x320, or image=N,3,H,W"
    parser.add_argument("--input", action="append", default=[], metavar="[NAME=]SHAPE", help=shape)
    parser.add_argument("--plugin", action="append", default=[], metavar="NAME", help="load a package's ops")
    parser.add_argument("--max-bytes", type=positive, default=MAX_BYTES, help="the largest file that is read")
    parser.add_argument("--max-layers", type=positive, default=MAX_LAYERS, help="the most layers after expansion")


def compile_(
    name: str, options: argparse.Namespace, unsaved: Mapping[Path, str] | None = None
) -> driver.Compilation:
    """A target as the options have it, with all that is to be said of it. `unsaved`: texts in place of files.
    Raises SpecError for a bad option."""
    return driver.compile_target(
        name,
        arguments=given.settings(options.set),
        inputs=options.input,
        plugins=options.plugin,
        max_bytes=options.max_bytes,
        max_layers=options.max_layers,
        unsaved=unsaved,
    )


def architecture(options: argparse.Namespace) -> driver.Architecture:
    """The target without errors; its warnings go to stderr. Raises SpecError."""
    compilation = driver.require_network(compile_(options.target, options))
    if len(compilation.diagnostics):
        print_diagnostics([(options.target, tuple(compilation.diagnostics))])
    recipe = driver.Recipe(options.target, given.settings(options.set), options.input, plugins=tuple(options.plugin))
    return driver.Architecture(recipe, compilation)


def positive(text: str) -> int:
    """A whole number of at least 1, as the type of an option."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"has to be a whole number of at least 1, and is {text}")
    return int(text)

