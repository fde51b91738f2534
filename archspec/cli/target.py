"""The TARGET of a command, and the options that change it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from archspec import compilation, given
from archspec.architecture import Architecture, Request, require_network
from archspec.cli.printing import print_diagnostics
from archspec.elaborate import MAX_LAYERS
from archspec.syntax.contents import TooLong, Unreadable, contents
from archspec.syntax.languages import looks_like_recipe
from archspec.syntax.library import recipe_called
from archspec.syntax.reader import MAX_BYTES
from archspec.syntax.tree import Sequence
from archspec.zoo.targets import is_path

_MOST_SEED = 2**63 - 1


def add_target(parser: argparse.ArgumentParser) -> None:
    """One TARGET, and the options that change it."""
    what = "a path, a zoo name, a spec's name, or a folder that archspec.save has written"
    parser.add_argument("target", metavar="TARGET", help=what)
    add_spec_options(parser)


def add_spec_options(parser: argparse.ArgumentParser) -> None:
    override = "override an arg of the spec"
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=override)
    shape = "override an input's shape: 1x3x320x320, or image=N,3,H,W"
    parser.add_argument("--input", action="append", default=[], metavar="[NAME=]SHAPE", help=shape)
    parser.add_argument("--plugin", action="append", default=[], metavar="NAME", help="load a package's ops")
    collection = "look a name up in this collection first: its folder, or the name of an installed one"
    parser.add_argument("--zoo", metavar="DIR", help=collection)
    parser.add_argument("--max-bytes", type=positive, default=MAX_BYTES, help="the largest file that is read")
    parser.add_argument("--max-layers", type=positive, default=MAX_LAYERS, help="the most layers after expansion")


def compile_(
    name: str, options: argparse.Namespace, unsaved: Mapping[Path, str] | None = None
) -> compilation.Compilation:
    """A target as the options have it, with all that is to be said of it. `unsaved`: texts in place of files.
    Raises SpecError for a bad option, WeightsError for weights that it cannot have."""
    return compilation.compile_target(
        name,
        arguments=given.settings(options.set),
        inputs=options.input,
        plugins=options.plugin,
        weights=getattr(options, "weights", None),
        zoo=options.zoo,
        max_bytes=options.max_bytes,
        max_layers=options.max_layers,
        unsaved=unsaved,
    )


def is_recipe(name: str, unsaved: Mapping[Path, str]) -> bool:
    """Whether a name or a path means a recipe, and no network. `unsaved`: texts in place of files, by resolved path."""
    if not is_path(name):
        return recipe_called(name) is not None
    try:
        text = unsaved.get(Path(name).resolve()) if unsaved else None
        data = contents(Path(name), MAX_BYTES, pipes=False) if text is None else text.encode()
    except (Unreadable, TooLong):  # which is told once it is read as a spec; a pipe is read but once
        return False
    return looks_like_recipe(data.decode("utf-8", errors="replace"))


def recipe_settings(options: argparse.Namespace) -> dict[str, object]:
    """What the options of a TARGET change in a recipe, by its keys. Raises SpecError for a bad option."""
    found: dict[str, object] = {f"model.args.{name}": node for name, (_, node) in given.settings(options.set).items()}
    for name, sizes in given.shapes(options.input).items():
        found[f"model.inputs.{name}"] = Sequence(list(sizes), sizes[0].span)
    plugins = {"model.plugins": options.plugin} if options.plugin else {}
    return found | plugins | ({} if options.zoo is None else {"model.zoo": options.zoo})


def architecture(options: argparse.Namespace) -> Architecture:
    """The target without errors; its warnings go to stderr. Raises SpecError and WeightsError."""
    compiled = require_network(compile_(options.target, options))
    if len(compiled.diagnostics):
        print_diagnostics([(options.target, tuple(compiled.diagnostics))])
    settings, plugins = given.settings(options.set), tuple(options.plugin)
    weights = getattr(options, "weights", None)
    request = Request(options.target, settings, options.input, plugins=plugins, weights=weights, zoo=options.zoo)
    return Architecture(request, compiled)


def add_weights(parser: argparse.ArgumentParser) -> None:
    """The weights of a TARGET, and what their keys are called in it."""
    what = "a zoo model's by name (DEFAULT, IMAGENET1K_V1), a file (.safetensors, .pt, .pth), or a saved folder"
    parser.add_argument("--weights", metavar="NAME|FILE|DIR", help=what)
    table = "a table of names for the weights' keys, as `weights plan` proposes it"
    parser.add_argument("--rename", metavar="FILE.yaml", help=table)


def seed(text: str) -> int:
    """What torch and NumPy both take for one, as the type of an option."""
    if not text.isdecimal() or int(text) > _MOST_SEED:
        raise argparse.ArgumentTypeError(f"has to be a whole number from 0 to {_MOST_SEED}, and is {text}")
    return int(text)


def positive(text: str) -> int:
    """A whole number of at least 1, as the type of an option."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"has to be a whole number of at least 1, and is {text}")
    return int(text)

