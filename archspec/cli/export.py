"""`archspec export`: a network as an ONNX file, proved before it is written."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from archspec import driver
from archspec.cli.files import require_folder, require_places
from archspec.cli.line import Commands
from archspec.cli.parity import add_parity, attempt, show
from archspec.cli.printing import GOOD, USAGE, complain, progress
from archspec.cli.target import add_target, architecture
from archspec.deployment import DeployError, Head

if TYPE_CHECKING:
    from archspec.parity import ParityReport


_UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def add(commands: Commands) -> None:
    parser = commands.add_parser("export", help="write an ONNX file that is in parity with torch")
    parser.add_argument("-o", "--output", required=True, metavar="FILE.onnx")
    _add_model(parser)
    _add_precision(parser)
    _add_file(parser)
    parser.add_argument("--no-parity", dest="parity", action="store_false", help="skip the comparison with torch")
    add_parity(parser)
    add_target(parser)
    parser.set_defaults(command=export)


def _add_model(parser: argparse.ArgumentParser) -> None:
    """What the model computes, and for whom."""
    parser.add_argument("--opset", type=int, help="exactly this one, from 13 up; 18 by default, raised where needed")
    runtime = "the oldest onnxruntime that has to run it (ort-1.20, ort-latest): sets opset and IR version"
    parser.add_argument("--target", dest="runtime", metavar="RUNTIME", help=runtime)
    dynamic = "axes that stay symbols, by label: N,H,W (N always does)"
    parser.add_argument("--dynamic", default="", metavar="LABELS", help=dynamic)
    image = "put what happens to an image in front: `normalize` it, or take `uint8-nhwc` pixels"
    parser.add_argument("--preprocess", choices=["none", "normalize", "uint8-nhwc"], default="none", help=image)
    head = "what comes out: `logits`, `softmax` or `topk=5`"
    parser.add_argument("--head", type=_head, default="logits", metavar="HEAD", help=head)
    fold = "fold each BatchNorm into the convolution before it"
    parser.add_argument("--fold-bn", action="store_true", help=fold)


def _head(written: str) -> str:
    try:
        Head.of(written)
    except DeployError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return written


def _add_precision(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dtype", choices=["fp32", "fp16"], default="fp32", help="of weights and activations")
    parser.add_argument("--io-fp16", action="store_true", help="with fp16: inputs and outputs too")
    calibration = "quantise, calibrated by the images or .npy files of a folder, or by `generated` data"
    parser.add_argument("--int8", metavar="DIR|generated", help=calibration)


def _add_file(parser: argparse.ArgumentParser) -> None:
    where = "the weights beside the model: where one file cannot hold them, never, or as .safetensors"
    parser.add_argument("--external-data", choices=["auto", "never", "safetensors"], default="auto", help=where)
    kept = "write a file that is not in parity all the same, as FILE.onnx.failed"
    parser.add_argument("--keep-failed", action="store_true", help=kept)


def export(options: argparse.Namespace) -> int:
    require_places(options.output, options.report, read=[options.target, options.weights, options.rename])
    require_folder(options.reproduce)
    idle = [f"--{name}" for name in ("report", "reproduce") if getattr(options, name)]
    if idle and not options.parity:
        return complain(f"`{idle[0]}` tells of what `--no-parity` skips: leave one of the two out", USAGE)
    network = architecture(options)

    def work() -> ParityReport | None:
        return driver.export(
            network,
            options.output,
            weights=options.weights,
            rename=options.rename,
            opset=options.opset,
            target=options.runtime,
            dynamic=[label for label in options.dynamic.split(",") if label],
            fold_bn=options.fold_bn,
            preprocess=options.preprocess,
            head=options.head,
            dtype=options.dtype,
            io_fp16=options.io_fp16,
            int8=options.int8,
            external_data=options.external_data,
            images=options.images,
            device=options.device,
            seed=options.seed,
            parity=options.parity,
            keep_failed=options.keep_failed,
        )

    from archspec.backends.onnx import files_of

    compared = " and comparing it with torch" if options.parity else ""
    with progress(f"building {network.name}, writing {options.output}{compared}"):
        report, code = attempt(work, options)
    if code:
        return code
    if report is not None:
        show(report, options)
    elif options.weights is None and network.compilation.target.weights is None:
        print(f"initial weights, seed {options.seed}")
    print(f"wrote {' and '.join(map(_sized, files_of(options.output)))}")
    return GOOD


def _sized(path: Path) -> str:
    size = path.stat().st_size
    unit, bytes_ = next(((name, n) for name, n in _UNITS if size >= n), _UNITS[-1])
    return f"{path} ({size / bytes_:.1f} {unit})"
