"""`archspec verify`: an ONNX file that is there, against a network."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from archspec import driver
from archspec.cli.files import require_folder, require_places
from archspec.cli.line import Commands
from archspec.cli.parity import add_parity, attempt, show
from archspec.cli.printing import ERRORS, GOOD, progress
from archspec.cli.target import add_target, architecture

if TYPE_CHECKING:
    from archspec.parity import ParityReport


def add(commands: Commands) -> None:
    parser = commands.add_parser("verify", help="compare an existing ONNX file with a target")
    parser.add_argument("file", metavar="FILE.onnx")
    third = "have torch.onnx.export write the network too, and say who disagrees with whom"
    parser.add_argument("--third-opinion", action="store_true", help=third)
    add_parity(parser)
    add_target(parser)
    parser.set_defaults(command=verify)


def verify(options: argparse.Namespace) -> int:
    require_places(options.report, read=[options.file, options.target, options.weights, options.rename])
    require_folder(options.reproduce)
    network = architecture(options)

    def work() -> ParityReport:
        return driver.verify(
            options.file,
            network,
            weights=options.weights,
            rename=options.rename,
            device=options.device,
            seed=options.seed,
            images=options.images,
            third_opinion=options.third_opinion,
        )

    with progress(f"comparing {options.file} with torch"):
        report, code = attempt(work, options)
    if code or report is None:
        return code
    show(report, options)
    return GOOD if report.passed else ERRORS
