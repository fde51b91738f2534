"""`archspec embed`: image files into vectors, by what stands at one place inside a network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from archspec.cli.files import require_places
from archspec.cli.images import add_images, attempt, progress, reading_of, tell_of
from archspec.cli.line import Commands
from archspec.cli.printing import USAGE, complain
from archspec.cli.target import add_target, add_weights, architecture
from archspec.prediction import POOLS

if TYPE_CHECKING:
    from archspec.prediction.embedding import Embedding

_WHAT = """A vector for each image: what a layer inside a network gives. Written are an
array of NumPy, float32 [images, numbers], and a table of the files beside it.
docs/predict.md tells more."""


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "embed",
        help="a vector for each image, from inside a network",
        description=_WHAT,
        usage="archspec embed [options] TARGET IMAGE... --at LAYER -o FILE.npy",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--at", required=True, metavar="LAYER", help="its path, as `archspec summary` lists it")
    parser.add_argument("-o", "--output", required=True, metavar="FILE.npy", help="with FILE.csv beside it")
    pool = "of maps and tokens: all their numbers (flatten), or the mean of each channel"
    parser.add_argument("--pool", choices=POOLS, default="flatten", help=pool)
    add_weights(parser)
    add_target(parser)
    add_images(parser)
    parser.set_defaults(command=embed)


def embed(options: argparse.Namespace) -> int:
    if not options.images:
        return complain("there is no image: `archspec embed TARGET IMAGE... --at LAYER -o FILE.npy`", USAGE)
    table = Path(options.output).with_suffix(".csv")
    require_places(options.output, table, read=[*options.images, options.weights, options.rename])
    network = architecture(options)
    from archspec.prediction import embedding

    def work() -> Embedding:
        return embedding.embed(
            network,
            options.images,
            options.at,
            pool=options.pool,
            path=options.output,
            weights=options.weights,
            rename=options.rename,
            tell=tell,
            **reading_of(options),
        )

    with progress("embedding") as tell:
        found, code = attempt(work)
    if found is None:
        return code
    images, numbers = found.vectors.shape
    shape = f" ({' x '.join(map(str, found.shape))})" if len(found.shape) > 1 else ""
    print(f"wrote {options.output} and {table}: {images} x {numbers} numbers of `{options.at}`{shape}")
    return tell_of(found.notes, found.unreadable)
