"""`archspec zoo`: the published networks, and what is known of each."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from archspec import render, zoo
from archspec.architecture import load
from archspec.cli import zoo_show, zoo_verify
from archspec.cli.line import Commands, Parser
from archspec.cli.printing import GOOD, USAGE, complain, print_lines, print_table, wants_color
from archspec.diagnostics import Diagnostics, in_words, near
from archspec.syntax.library import Library

_PATH = "another collection than archspec's own: its folder, or the name of an installed one"


def add(commands: Commands) -> None:
    parser = commands.add_parser("zoo", help="published networks")
    parser.add_argument("--path", metavar="DIR", help=_PATH)
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="all of them, those of installed collections too")
    listing.add_argument("pattern", nargs="?", default="", help=zoo_verify.PATTERN)
    listing.set_defaults(command=list_)
    showing = actions.add_parser("show", help="what is known of one, and how to use it")
    showing.add_argument("model", metavar="MODEL")
    showing.add_argument("--no-weights", dest="weights", action="store_false", help="don't ask torchvision: 3 s less")
    showing.add_argument("--plugin", action="append", default=[], metavar="NAME", help="load a package's ops")
    showing.set_defaults(command=show)
    for each in (listing, showing, zoo_verify.add(actions)):
        _add_path(each)
        each.add_argument("--format", choices=["text", "json"], default="text")


def _add_path(parser: Parser) -> None:
    """The option of `zoo` behind its action, where it may be forgotten."""
    parser.add_argument("--path", metavar="DIR", default=argparse.SUPPRESS, help=_PATH)


def list_(options: argparse.Namespace) -> int:
    try:
        found = [
            (collection, [model for model in collection.models() if model.matches(options.pattern)])
            for collection in _collections(options.path)
        ]
    except zoo.ZooError as error:
        return complain(str(error), USAGE)
    if options.format == "json":
        facts = [_facts(model, collection) for collection, models in found for model in models]
        print(json.dumps(facts, indent=2))
        return GOOD
    rows = [_row(model, collection) for collection, models in found for model in models]
    print_table(("model", "family", "input", "params", "GMACs"), rows, right=(3, 4))
    print()
    for collection, models in found:
        families = len({model.family for model in models})
        whose = f"{collection.name} (package {collection.package})" if collection.package else collection.name
        print(f"{whose}: {render.count(len(models), 'model')} of {families} famil{'y' if families == 1 else 'ies'}")
    return GOOD


def _collections(path: str | None) -> Iterator[zoo.Collection]:
    if path is not None:
        yield zoo.collection_called(path)
    else:
        yield zoo.own()
        yield from zoo.installed()


def _row(model: zoo.ZooModel, collection: zoo.Collection) -> tuple[str, ...]:
    params, gmacs = model.expect.get("params"), model.expect.get("gmacs")
    return (
        model.name,
        model.family,
        _input(model, collection),
        f"{params:,}" if params is not None else "",
        f"{gmacs:.3f}" if gmacs is not None else "",
    )


def _facts(model: zoo.ZooModel, collection: zoo.Collection) -> dict[str, Any]:
    return {
        "name": model.name,
        "family": model.family,
        "collection": collection.name,
        "spec": model.spec,
        "args": {name: node.span.text for name, (_, node) in model.args.items()},
        "input": _input(model, collection),
        "weights": model.weights or {name: str(path) for name, path in model.files.items()},
        "expect": dict(model.expect),
    }


def _input(model: zoo.ZooModel, collection: zoo.Collection) -> str:
    """The shape of the first input but for the batch, as `--input` has it: as the spec writes it, args by values."""
    library = Library(Diagnostics(), collection.specs)
    found = library.find(model.spec)
    spec = library.read(*found) if found else None
    if spec is None:
        return ""
    line = library.lineage(spec)
    inputs = next((each.inputs for each in reversed(line) if each.inputs), {})
    declared = [item for each in line for item in each.args.items()]
    defaults = {name: arg.default.span.text for name, arg in declared if arg.default is not None}
    values = {**defaults, **{name: node.span.text for name, (_, node) in model.args.items()}}
    sizes = [size.text for given in list(inputs.values())[:1] for size in given.shape]
    return "x".join(values.get(size, size) for size in sizes[1:])


def show(options: argparse.Namespace) -> int:
    try:
        collections = list(_collections(options.path))
        found = ((model, each) for each in collections if (model := each.model_named(options.model)) is not None)
        model, collection = next(found, (None, None))
        if model is None or collection is None:
            known = [model.name for collection in collections for model in collection.models()]
            message = f"there is no model `{options.model}` in the zoo"
            return complain("; ".join([message, *in_words(near(options.model, known))]), USAGE)
    except zoo.ZooError as error:
        return complain(str(error), USAGE)
    network = load(model.name, zoo=options.path, plugins=options.plugin)
    facts = zoo_show.facts(network, model, collection, options.weights)
    if options.format == "json":
        print(json.dumps(facts, indent=2))
    else:
        print_lines(zoo_show.text(facts, wants_color(sys.stdout)), sys.stdout)
    return GOOD
