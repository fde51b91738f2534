"""`archspec summary`, `sizes` and `schema`: what is told of a network, and of the language."""

from __future__ import annotations

import argparse
import json
import sys

from archspec.cli.line import Commands
from archspec.cli.printing import GOOD, wants_color
from archspec.cli.target import add_target, architecture, positive
from archspec.types import SPATIAL

_COLUMNS = """MACs: multiply-adds of convolutions, linear layers and matrix products. field: the receptive field,
in pixels of the first image that one position of the output depends on (one number where it is square, whole where
it depends on all). activations, peak: the most bytes of inputs and results that are alive while a layer runs.
MACs and bytes are those of one inference at N = 1. docs/costs.md tells more."""


def add(commands: Commands) -> None:
    what = "layers with shapes, parameters, MACs, receptive fields; totals"
    parser = commands.add_parser("summary", help=what, description=what, epilog=_COLUMNS)
    per = "a row for each layer, or for each block or op with what its layers add up to"
    parser.add_argument("--per", choices=["layer", "block", "op"], default="layer", help=per)
    parser.add_argument("--depth", type=positive, help="roll up scopes at this depth")
    parser.add_argument("--format", choices=["text", "json", "csv", "markdown"], default="text")
    args = "the network that goes with a zoo model's weights, whose args may be others (image_size, say)"
    parser.add_argument("--weights", metavar="NAME|FILE", help=args)
    add_target(parser)
    parser.set_defaults(command=summary)

    parser = commands.add_parser("sizes", help="which input sizes a network takes, and which layers ask for that")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    add_target(parser)
    parser.set_defaults(command=sizes)

    parser = commands.add_parser("schema", help="the JSON Schema of specs, or of recipes, for editors")
    which = "spec, or recipe"
    choices = ["spec", "recipe"]
    parser.add_argument("language", nargs="?", metavar="LANGUAGE", choices=choices, default="spec", help=which)
    parser.set_defaults(command=schema)


def summary(options: argparse.Namespace) -> int:
    found = architecture(options).summary()
    report = found if options.per == "layer" else found.per(options.per)
    if options.format == "json":
        print(json.dumps(report.as_dict(), indent=2))
    elif options.format == "markdown":
        print(report.markdown(options.depth))
    elif options.format == "csv":
        print(report.csv(options.depth), end="")
    else:
        print(report.text(depth=options.depth, color=wants_color(sys.stdout)))
    return GOOD


def sizes(options: argparse.Namespace) -> int:
    network = architecture(options)
    if not options.input:
        network = network.with_dynamic(("N", *SPATIAL))
    found = network.sizes()
    print(json.dumps(found.as_dict(), indent=2) if options.format == "json" else found.text())
    return GOOD


def schema(options: argparse.Namespace) -> int:
    if options.language == "recipe":
        from archspec.recipes.schema import json_schema as of_recipes

        found = of_recipes()
    else:
        from archspec.reports.schema import json_schema

        found = json_schema()
    print(json.dumps(found, indent=2))
    return GOOD
