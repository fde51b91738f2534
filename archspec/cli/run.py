"""`archspec export` and `verify`: what needs torch and onnx, which load when the work begins."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from archspec import driver
from archspec.cli.files import require_places
from archspec.cli.line import Commands
from archspec.cli.printing import ERRORS, GOOD, USAGE, complain, progress
from archspec.cli.target import add_target, add_weights, architecture

if TYPE_CHECKING:
    from archspec.parity import ParityReport


def add(commands: Commands) -> None:
    parser = commands.add_parser("export", help="write an ONNX file that is in parity with torch")
    parser.add_argument("-o", "--output", required=True, metavar="FILE.onnx")
    parser.add_argument("--opset", type=int, help="18 by default; raised only where an op needs it")
    dynamic = "axes that stay symbols, by label: N,H,W (N always does)"
    parser.add_argument("--dynamic", default="", metavar="LABELS", help=dynamic)
    parser.add_argument("--no-parity", dest="parity", action="store_false", help="skip the comparison with torch")
    _add_options(parser)
    add_target(parser)
    parser.set_defaults(command=export)

    parser = commands.add_parser("verify", help="compare an existing ONNX file with a target")
    parser.add_argument("file", metavar="FILE.onnx")
    _add_options(parser)
    add_target(parser)
    parser.set_defaults(command=verify)


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_weights(parser)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--seed", type=int, default=0, help="of initial weights and of the compared inputs")
    parser.add_argument("--report", metavar="FILE.json", help="write the parity report")


def export(options: argparse.Namespace) -> int:
    require_places(options.output, options.report)
    network = architecture(options)

    def work() -> ParityReport | None:
        return driver.export(
            network,
            options.output,
            weights=options.weights,
            rename=options.rename,
            device=options.device,
            opset=options.opset,
            dynamic=[label for label in options.dynamic.split(",") if label],
            seed=options.seed,
            parity=options.parity,
        )

    compared = " and comparing it with torch" if options.parity else ""
    with progress(f"building {network.name}, writing {options.output}{compared}"):
        report, code = _attempt(work, options)
    if code:
        return code
    if report is not None:
        _write_report(report, options)
        print(report.text())
    elif options.weights is None and network.compilation.target.weights is None:
        print(f"initial weights, seed {options.seed}")
    size = os.path.getsize(options.output)
    print(f"wrote {options.output} ({size / 1e6:.1f} MB)")
    return GOOD


def verify(options: argparse.Namespace) -> int:
    require_places(options.report)
    network = architecture(options)

    def work() -> ParityReport:
        return driver.verify(
            options.file,
            network,
            weights=options.weights,
            rename=options.rename,
            device=options.device,
            seed=options.seed,
        )

    with progress(f"comparing {options.file} with torch"):
        report, code = _attempt(work, options)
    if code or report is None:
        return code
    _write_report(report, options)
    print(report.text())
    return GOOD if report.passed else ERRORS


def _attempt(work: Callable[[], ParityReport | None], options: argparse.Namespace) -> tuple[ParityReport | None, int]:
    """Do what needs torch and onnx; what may go wrong with a user's files becomes a message."""
    from archspec.backends.onnx import EmitError, NotOnnxError
    from archspec.parity import DeviceError, NoSizes, ParityError
    from archspec.weights import WeightsError

    try:
        return work(), GOOD
    except ParityError as error:
        _write_report(error.report, options)
        print(error.report.text())
        return None, complain("not in parity: nothing was written", ERRORS)
    except NotOnnxError as error:
        return None, complain(str(error), USAGE)
    except (WeightsError, EmitError, DeviceError, NoSizes) as error:
        return None, complain(str(error), ERRORS)


def _write_report(report: ParityReport, options: argparse.Namespace) -> None:
    if options.report is not None:
        Path(options.report).write_text(json.dumps(report.as_dict(), indent=2) + "\n", encoding="utf-8")
