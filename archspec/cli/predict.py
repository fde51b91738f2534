"""`archspec predict`: image files into their most probable classes, by torch or by an ONNX file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from archspec.cli.files import require_places
from archspec.cli.images import add_images, attempt, progress, reading_of, tell_of
from archspec.cli.line import Commands
from archspec.cli.printing import USAGE, complain, print_lines
from archspec.cli.target import add_target, add_weights, architecture, positive
from archspec.render import count
from archspec.staging import replace

if TYPE_CHECKING:
    from archspec.prediction.report import Predictions

_WHAT = """The most probable classes of images. A TARGET computes in torch, with its
weights; `--onnx FILE` takes its place, and all words are images then.
docs/predict.md tells more."""
_OF_TARGETS = ("weights", "rename", "set", "input", "plugin", "zoo", "seed")


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "predict",
        help="the most probable classes of images",
        description=_WHAT,
        usage="archspec predict [options] TARGET IMAGE...\n       archspec predict [options] --onnx FILE IMAGE...",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--onnx", metavar="FILE", help="the file that computes, instead of a TARGET")
    parser.add_argument("--top", type=positive, default=5, metavar="K", help="so many classes (5)")
    parser.add_argument("--format", choices=["table", "json", "csv"], default="table")
    parser.add_argument("-o", "--output", metavar="FILE", help="write there instead of printing")
    add_weights(parser)
    add_target(parser)
    add_images(parser)
    parser.set_defaults(command=predict)


def predict(options: argparse.Namespace) -> int:
    if problem := _misused(options):
        return complain(problem, USAGE)
    images = [options.target, *options.images] if options.onnx else options.images
    require_places(options.output, read=[*images, options.onnx, options.weights, options.rename])
    network = None if options.onnx else architecture(options)
    from archspec.prediction import predicting
    from archspec.prediction.expectations import Stated
    from archspec.prediction.onnx_file import OnnxFile

    def work() -> Predictions:
        if network is not None:
            own = {"weights": options.weights, "rename": options.rename, **reading_of(options)}
            return predicting.predict(network, images, top=options.top, tell=tell, **own)
        stated = Stated(options.resize, options.crop, options.mean, options.std, options.interpolation)
        file = OnnxFile(Path(options.onnx), options.device)
        return predicting.predictions(file, images, stated, options.top, options.batch_size, tell)

    with progress("predicting") as tell:
        found, code = attempt(work)
    if found is None:
        return code
    if found.images:
        _give(found, options)
    return tell_of(found.notes, found.unreadable)


def _misused(options: argparse.Namespace) -> str | None:
    """What does not go together on the command line."""
    if options.onnx is None:
        if options.target.endswith(".onnx"):
            return f"{options.target} is no TARGET: `--onnx {options.target}` takes the place of one"
        return None if options.images else "there is no image: `archspec predict TARGET IMAGE...`"
    told = [name for name in _OF_TARGETS if getattr(options, name) not in (None, [])]
    return f"`--{told[0]}` goes with a TARGET, and {options.onnx} has its own" if told else None


def _give(found: Predictions, options: argparse.Namespace) -> None:
    """Print what was found, or write it where that was asked for."""
    forms = {"table": lambda: found.text(get_terminal_size().columns), "json": found.json, "csv": found.csv}
    text = forms[options.format]()
    if options.output is None:
        print_lines([text], sys.stdout)
    else:
        replace(options.output, f"{text}\n".encode(errors="backslashreplace"))
        print(f"wrote {options.output} ({count(len(found), 'image')})")
