"""`archspec zoo`: the published networks, and what is known of each."""

from __future__ import annotations

import argparse
import json
from typing import Any

from archspec import zoo
from archspec.cli.line import Commands
from archspec.cli.printing import GOOD, USAGE, complain, print_table
from archspec.diagnostics import in_words, near


def add(commands: Commands) -> None:
    actions = commands.add_parser("zoo", help="published networks").add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="all of them")
    listing.add_argument("pattern", nargs="?", default="", help="only names that contain this")
    listing.add_argument("--format", choices=["text", "json"], default="text")
    listing.set_defaults(command=list_)
    showing = actions.add_parser("show", help="what is known of one")
    showing.add_argument("model", metavar="MODEL")
    showing.add_argument("--format", choices=["text", "json"], default="text")
    showing.set_defaults(command=show)


def list_(options: argparse.Namespace) -> int:
    found = [model for model in zoo.models() if options.pattern in model.name]
    if options.format == "json":
        print(json.dumps([_facts(model) for model in found], indent=2))
        return GOOD
    rows = [
        (m.name, m.family, f"{m.expect.get('params', 0):,}", f"{m.expect.get('gmacs', 0):.3f}", m.weights.split()[-1])
        for m in found
    ]
    print_table(("model", "family", "params", "GMACs", "weights"), rows, right=(2, 3))
    return GOOD


def show(options: argparse.Namespace) -> int:
    model = zoo.model_named(options.model)
    if model is None:
        helps = near(options.model, [each.name for each in zoo.models()])
        message = f"there is no model `{options.model}` in the zoo"
        return complain("; ".join([message, *in_words(helps)]), USAGE)
    facts = _facts(model)
    if options.format == "json":
        print(json.dumps(facts, indent=2))
        return GOOD
    for name, value in facts.items():
        if isinstance(value, dict):
            print(f"{name}:")
            print("\n".join(f"  {key:<14}{item}" for key, item in value.items()))
        else:
            print(f"{name + ':':<16}{value}")
    print(f"{'build:':<16}archspec.build({model.name!r})")
    print(f"{'export:':<16}archspec export {model.name} -o {model.name}.onnx")
    return GOOD


def _facts(model: zoo.ZooModel) -> dict[str, Any]:
    args = {name: node.span.text for name, (_, node) in model.args.items()}
    return {
        "name": model.name,
        "family": model.family,
        "spec": model.spec,
        "args": args,
        "weights": model.weights,
        "expect": dict(model.expect),
    }
