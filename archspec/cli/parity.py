"""What `export` and `verify` have in common: their options, the report, and what may go wrong in torch and onnx."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.cli.printing import ERRORS, GOOD, USAGE, complain, print_lines
from archspec.cli.target import add_weights, seed
from archspec.staging import replace

if TYPE_CHECKING:
    from archspec.parity import ParityReport


def add_parity(parser: argparse.ArgumentParser) -> None:
    """Whose weights, where, on which inputs, and the report."""
    add_weights(parser)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--seed", type=seed, default=0, help="of initial weights and of the compared inputs")
    parser.add_argument("--images", metavar="DIR", help="compare on these images as well as on random inputs")
    parser.add_argument("--report", metavar="FILE.json", help="write the parity report")
    alone = "if it fails, write the layer at fault there, with its tensors, to run alone"
    parser.add_argument("--reproduce", metavar="DIR", help=alone)


def attempt(
    work: Callable[[], ParityReport | None], options: argparse.Namespace
) -> tuple[ParityReport | None, int]:
    """Do what needs torch and onnx; what may go wrong with a user's files becomes a message."""
    from archspec.architecture import UnknownAxisError
    from archspec.backends.onnx import EmitError, NotOnnxError, UnknownTarget, UnsoundError
    from archspec.deployment import DeployError
    from archspec.parity import DeviceError, NoSizes, ParityError, PortsError
    from archspec.samples import SamplesError

    try:
        return work(), GOOD
    except ParityError as error:
        show(error.report, options)
        return None, complain(f"not in parity: {_fate(error.kept)}", ERRORS)
    except UnsoundError as error:
        return None, complain(f"{error}\nthis is a bug of archspec; please report it: {_fate(error.kept)}", ERRORS)
    except (NotOnnxError, UnknownTarget) as error:
        return None, complain(str(error), USAGE)
    except (DeployError, EmitError, DeviceError, NoSizes, PortsError, SamplesError, UnknownAxisError) as error:
        return None, complain(str(error), ERRORS)


def _fate(kept: Path | None) -> str:
    return f"the file is kept as {kept}" if kept else "nothing was written"


def show(report: ParityReport, options: argparse.Namespace) -> None:
    """Print a report; write it as JSON, and what reproduces a failure, where that was asked for."""
    if options.report is not None:
        replace(options.report, (json.dumps(report.as_dict(), indent=2) + "\n").encode("utf-8"))
    print_lines(report.text().splitlines(), sys.stdout)
    if options.reproduce is not None and report.diagnosis is not None:
        if report.diagnosis.reproduction is None:
            print("\nnothing to reproduce: no part of the file is at fault by itself")
        else:
            report.diagnosis.reproduction.save(options.reproduce)
            print(f"\npython {Path(options.reproduce) / 'run.py'} shows it alone")
