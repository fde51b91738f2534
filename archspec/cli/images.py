"""What `predict` and `embed` have in common: which images, what becomes of them, and what may go wrong."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

from archspec.cli.line import Parser
from archspec.cli.printing import ERRORS, GOOD, USAGE, complain
from archspec.cli.printing import progress as said_once
from archspec.cli.target import positive, seed
from archspec.prediction import PredictionError

Result = TypeVar("Result")
Tell: TypeAlias = Callable[[int, int], None]
_SHOWN = 10  # unreadable images that are named


def add_images(parser: Parser) -> None:
    """The images, as many as there are words left, and how they are read."""
    what = "an image, or a folder: all images in it and below"
    parser.add_argument("images", nargs="*", metavar="IMAGE", help=what)
    parser.give_rest_to("images")
    parser.add_argument("--batch-size", type=positive, metavar="N", help="images that are computed at once (32)")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--seed", type=seed, help="take initial weights of this seed, which know nothing")
    group = parser.add_argument_group("what the weights expect of images, where they don't tell it themselves")
    group.add_argument("--resize", type=positive, metavar="SIDE", help="the shorter side")
    group.add_argument("--crop", type=positive, metavar="SIDE", help="the side of the square in the middle")
    group.add_argument("--mean", type=_numbers, metavar="R,G,B", help="of pixels from 0 to 1; one number is for all")
    group.add_argument("--std", type=_numbers, metavar="R,G,B", help="likewise")
    kinds = ["bilinear", "bicubic", "nearest", "lanczos"]
    group.add_argument("--interpolation", choices=kinds, metavar="KIND", help=f"{', '.join(kinds)}")


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(number) for number in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"has to be numbers with commas between, and is {text}") from None


def reading_of(options: argparse.Namespace) -> dict[str, Any]:
    """The options of `add_images` as arguments of `predict` and `embed`."""
    names = ("batch_size", "device", "seed", "resize", "crop", "mean", "std", "interpolation")
    return {name: getattr(options, name) for name in names}


def attempt(work: Callable[[], Result]) -> tuple[Result | None, int]:
    """Do what needs torch and onnx; what may go wrong with a user's files becomes a message."""
    from archspec.architecture import UnknownPathError
    from archspec.backends.onnx import NotOnnxError
    from archspec.parity import DeviceError
    from archspec.parity.runs import SessionError

    try:
        return work(), GOOD
    except NotOnnxError as error:
        return None, complain(str(error), USAGE)
    except (PredictionError, UnknownPathError, DeviceError, SessionError) as error:
        return None, complain(str(error), ERRORS)


def tell_of(notes: Iterable[str], unreadable: Mapping[str, str]) -> int:
    """Say on stderr what there is to know of a result, and which images are not in it; gives the exit code."""
    for note in notes:
        complain(note, GOOD)
    reasons = list(unreadable.values())
    for reason in reasons[:_SHOWN]:
        complain(reason, ERRORS)
    if len(reasons) > _SHOWN:
        complain(f"and {len(reasons) - _SHOWN} images more that cannot be read", ERRORS)
    return ERRORS if reasons else GOOD


@contextmanager
def progress(what: str) -> Iterator[Tell]:
    """How many images are done, as a bar on stderr where that is a terminal; else, once, what is going on."""
    if not sys.stderr.isatty():
        with said_once(what):
            yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
