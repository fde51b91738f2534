"""`archspec weights plan`: what would become of a checkpoint in a network, before anything is built."""

from __future__ import annotations

import argparse
import json

from archspec.cli.files import require_places
from archspec.cli.line import Commands
from archspec.cli.printing import ERRORS, GOOD, USAGE, complain
from archspec.cli.target import add_target, architecture
from archspec.staging import replace
from archspec.weights import WeightsError

_ABOUT = """Says which tensors of a checkpoint would load into a network, which are missing, unexpected, or of another
shape, without building it, and proposes renames that would help, each with its reason. Exits 0 if all would load."""


def add(commands: Commands) -> None:
    parser = commands.add_parser("weights", help="what of a checkpoint fits a network, and how to make it fit")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    says = "what would load, and which renames would help; builds nothing"
    planning = actions.add_parser("plan", help=says, description=_ABOUT)
    planning.add_argument("checkpoint", metavar="CHECKPOINT", help="a file, or the name of a zoo model's weights")
    planning.add_argument("--rename", metavar="FILE.yaml", help="a table of names for the checkpoint's keys")
    planning.add_argument("-o", "--output", metavar="FILE.yaml", help="write the proposed table, to be reviewed")
    planning.add_argument("--format", choices=["text", "json"], default="text")
    add_target(planning)
    planning.set_defaults(command=plan)


def plan(options: argparse.Namespace) -> int:
    from archspec.weights.loading import find_weights
    from archspec.weights.plan import plan, table_text
    from archspec.weights.renames import read_table
    from archspec.weights.report import text

    require_places(options.output, read=[options.checkpoint, options.rename])
    options.weights = options.checkpoint
    try:
        network = architecture(options)
        model = network.compilation.target.model
        checkpoint = find_weights(options.checkpoint, model)
        own = read_table(options.rename) if options.rename else {}
        found = plan(checkpoint, network.graph, own, model.rename if model else {})
    except WeightsError as error:
        return complain(str(error), USAGE)
    print(json.dumps(found.as_dict(), indent=2) if options.format == "json" else text(found))
    if options.output and found.proposal.entries:
        replace(options.output, table_text(found).encode("utf-8"))
        complain(f"wrote {options.output}", GOOD)
    elif options.output:
        complain(f"nothing is proposed: {options.output} was not written", GOOD)
    return GOOD if found.whole else ERRORS
