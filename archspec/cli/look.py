"""`archspec look`: pictures of what a network has learnt, of what it answers to an image, and of what it can see."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from archspec.cli.files import require_places
from archspec.cli.line import Commands, Parser
from archspec.cli.printing import ERRORS, GOOD, USAGE, complain, print_lines, progress
from archspec.cli.target import add_target, add_weights, architecture, positive, seed
from archspec.staging import replace

if TYPE_CHECKING:
    from archspec.pictures.sheet import Sheet
    from archspec.pictures.subject import Subject

    Draw: TypeAlias = Callable[[Subject], Sheet]

_WHAT = "Pictures of networks, as PNG. docs/look.md shows what each of them tells."
_NUMBERS = "0-15,40"


def add(commands: Commands) -> None:
    what = "pictures: filters, feature maps, Grad-CAM, kernels, receptive fields"
    parser = commands.add_parser("look", help=what, description=_WHAT)
    pictures = parser.add_subparsers(metavar="PICTURE", required=True)
    _add_filters(pictures.add_parser("filters", help="the filters of a Conv2d, all on one scale"))
    _add_maps(pictures.add_parser("maps", help="what the channels of layers answer to an image"))
    _add_cam(pictures.add_parser("cam", help="Grad-CAM: where in an image a network finds a class"))
    _add_kernels(pictures.add_parser("kernels", help="what kernels made by hand do to an image, or to printed numbers"))
    _add_field(pictures.add_parser("field", help="which pixels the units of layers can see"))


def _add_filters(parser: Parser) -> None:
    _add_network(parser)
    parser.add_argument("--at", required=True, metavar="LAYER", help="the path of the Conv2d")
    parser.add_argument("--filters", metavar=_NUMBERS, help="these filters")
    parser.add_argument("--channels", metavar=_NUMBERS, help="the planes of these channels, which the filters read")
    parser.set_defaults(command=filters)


def _add_maps(parser: Parser) -> None:
    _add_network(parser)
    parser.add_argument("image", metavar="IMAGE")
    parser.add_argument("--at", required=True, type=_paths, metavar="LAYER,...", help="the paths of layers")
    parser.add_argument("--channels", metavar=_NUMBERS, help="these channels of each layer")
    parser.set_defaults(command=maps)


def _add_cam(parser: Parser) -> None:
    _add_network(parser)
    parser.add_argument("image", metavar="IMAGE")
    parser.add_argument("--class", dest="class_", metavar="NAME|NUMBER", help="the class (the likeliest)")
    last = "the path of a layer (the last one whose map has a say)"
    parser.add_argument("--at", metavar="LAYER", help=last)
    parser.set_defaults(command=cam)


def _add_kernels(parser: Parser) -> None:
    parser.add_argument("image", metavar="IMAGE", nargs="?")
    parser.add_argument("--matrix", metavar="FILE|5x5|6x6", help="print numbers instead, of a file or of an example")
    which = "sobel_x, sobel_y, vertical_edge, edge, box_blur, gaussian_blur, sharpen, emboss, identity, or files"
    parser.add_argument("--kernel", type=_paths, default=[], metavar="NAME|FILE,...", help=f"{which} (all, or one)")
    parser.add_argument("--color", action="store_true", help="convolve red, green and blue, and not the image in gray")
    parser.add_argument("--stride", type=positive, metavar="S", help="of a matrix (1)")
    parser.add_argument("--padding", type=_padding, metavar="P", help="of a matrix (0)")
    _add_output(parser, required=False)
    parser.set_defaults(command=kernels)


def _add_field(parser: Parser) -> None:
    _add_network(parser)
    parser.add_argument("image", nargs="*", metavar="IMAGE", help="to draw on (plain gray)")
    parser.give_rest_to("image")
    parser.add_argument("--at", required=True, type=_paths, metavar="LAYER,...", help="the paths of layers")
    parser.add_argument("--unit", type=_unit, metavar="ROW,COLUMN", help="the unit of each layer (the middle one)")
    parser.set_defaults(command=field)


def _add_network(parser: Parser) -> None:
    add_target(parser)
    add_weights(parser)
    parser.add_argument("--seed", type=seed, default=0, help="of initial weights")
    _add_output(parser, required=True)


def _add_output(parser: Parser, *, required: bool) -> None:
    parser.add_argument("-o", "--output", type=_png, required=required, metavar="FILE.png")


def filters(options: argparse.Namespace) -> int:
    def draw(subject: Subject) -> Sheet:
        from archspec.pictures import filters

        return filters.draw(subject, options.at, options.filters, options.channels)

    return _drawn(options, draw)


def maps(options: argparse.Namespace) -> int:
    def draw(subject: Subject) -> Sheet:
        from archspec.pictures import maps

        return maps.draw(subject, subject.see(Path(options.image)), options.at, options.channels)

    return _drawn(options, draw)


def cam(options: argparse.Namespace) -> int:
    def draw(subject: Subject) -> Sheet:
        from archspec.pictures import cam

        return cam.draw(subject, subject.see(Path(options.image)), options.class_, options.at)

    return _drawn(options, draw)


def field(options: argparse.Namespace) -> int:
    if len(options.image) > 1:
        return complain(f"fields are drawn on one image, and {len(options.image)} are given", USAGE)
    options.image = options.image[0] if options.image else None

    def draw(subject: Subject) -> Sheet:
        from archspec.pictures import fields

        seen = subject.see(Path(options.image)) if options.image else None
        return fields.draw(subject, seen, options.at, options.unit)

    return _drawn(options, draw)


def kernels(options: argparse.Namespace) -> int:
    given = [f"--{name}" for name in ("stride", "padding") if getattr(options, name) is not None]
    if options.matrix is None and given:
        return complain(f"`{given[0]}` goes with `--matrix`", USAGE)
    if (options.matrix is None) == (options.image is None):
        return complain("either an IMAGE is convolved, or a `--matrix`: name one of the two", USAGE)
    if options.matrix is not None:
        return _printed(options)
    if options.output is None:
        return complain("`-o FILE.png` is needed, to write the picture there", USAGE)
    require_places(options.output, read=[options.image])

    def work() -> bytes:
        from archspec.pictures import kernels, matrices

        known = {name: matrices.kernel_of(name).float() for name in options.kernel or matrices.KERNELS}
        return kernels.draw(Path(options.image), known, options.color).png()

    return _written(options, work)


def _printed(options: argparse.Namespace) -> int:
    """Convolutions of a matrix as numbers."""
    if options.output or options.color:
        return complain(f"`--matrix` prints numbers: leave `{'-o' if options.output else '--color'}` out", USAGE)
    from archspec.pictures.errors import PictureError
    from archspec.pictures.matrices import default_kernel, kernel_of, matrix_of, text

    try:
        matrix, names = matrix_of(options.matrix), options.kernel or [default_kernel(options.matrix)]
        stride, padding = options.stride or 1, options.padding or 0
        texts = [text(matrix, Path(name).name, kernel_of(name), stride, padding) for name in names]
    except PictureError as error:
        return complain(str(error), ERRORS)
    print_lines(["\n\n".join(texts)], sys.stdout)
    return GOOD


def _drawn(options: argparse.Namespace, draw: Draw) -> int:
    """A picture of a network."""
    read = [options.target, options.weights, options.rename, getattr(options, "image", None)]
    require_places(options.output, read=read)
    network = architecture(options)

    def work() -> bytes:
        from archspec.pictures.subject import Subject

        return draw(Subject(network, options.weights, options.rename, options.seed)).png()

    return _written(options, work)


def _written(options: argparse.Namespace, work: Callable[[], bytes]) -> int:
    """Write a picture once it is whole; what may go wrong with a user's files becomes a message."""
    from archspec.architecture import UnknownPathError
    from archspec.data.extra import ExtraError, require
    from archspec.pictures.errors import PictureError
    from archspec.samples import SamplesError

    try:
        require("matplotlib", "archspec look")
        from matplotlib import style

        with progress(f"drawing {options.output}"), style.context("default"):  # whatever a user's settings are
            data = work()
    except (PictureError, SamplesError, UnknownPathError, ExtraError) as error:
        return complain(str(error), ERRORS)
    replace(options.output, data)
    print(f"wrote {options.output} ({len(data) / 1e3:.0f} kB)")
    return GOOD


def _paths(text: str) -> Sequence[str]:
    """With commas between, each once."""
    found = list(dict.fromkeys(part for part in text.split(",") if part))
    if not found:
        raise argparse.ArgumentTypeError(f"has to be names with commas between, and is `{text}`")
    return found


def _png(text: str) -> str:
    if not text.lower().endswith(".png"):
        raise argparse.ArgumentTypeError(f"has to end in .png, which the picture will be, and is {text}")
    return text


def _unit(text: str) -> tuple[int, int]:
    row, comma, column = text.partition(",")
    if not (comma and row.isdecimal() and column.isdecimal()):
        raise argparse.ArgumentTypeError(f"has to be two numbers, as in 3,5, and is {text}")
    return int(row), int(column)


def _padding(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"has to be a whole number of at least 0, and is {text}")
    return int(text)
