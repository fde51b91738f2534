"""`archspec train`: a network trained by a recipe, or by options alone."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from archspec import given
from archspec.cli.line import Commands
from archspec.cli.printing import ERRORS, GOOD, USAGE, complain, print_diagnostics, print_lines, wants_color
from archspec.cli.target import is_recipe, positive
from archspec.diagnostics import Diagnostics, SpecError
from archspec.training import TrainingError
from archspec.training.folder import leads, require_new
from archspec.zoo.targets import SAVED_SPEC, SAVED_WEIGHTS

if TYPE_CHECKING:
    from archspec.recipes import Written
    from archspec.training.job import Job
    from archspec.training.progress import Rows
    from archspec.training.run import Result

_WHAT = """Train a network, by a recipe or by options alone. docs/training.md tells more,
docs/recipes.md has every key of a recipe."""
_SETS = ("cifar10", "cifar100", "digits", "fake")
# What each option changes in a recipe.
_KEYS = {
    "epochs": "epochs",
    "batch_size": "batch_size",
    "lr": "optimizer.lr",
    "optimizer": "optimizer.name",
    "weight_decay": "optimizer.weight_decay",
    "schedule": "schedule.name",
    "seed": "seed",
    "precision": "precision",
    "workers": "data.workers",
    "weights": "model.weights",
    "plugin": "model.plugins",
    "zoo": "model.zoo",
}


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "train", help="train a network", description=_WHAT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = "a recipe, by path or name; with --data, a network: a path, a zoo name, a spec's name, a saved folder"
    parser.add_argument("what", nargs="?", metavar="RECIPE|TARGET", help=what)
    where = "the folder to write (runs/NAME-<n>); it must not hold anything"
    parser.add_argument("-o", "--output", type=Path, metavar="RUN", help=where)
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with a run that was stopped")
    parser.add_argument("--check", action="store_true", help="say what would be done, and stop before the first batch")
    device = "cpu, cuda, cuda:1 ..., or auto (a GPU, if there is one)"
    parser.add_argument("--device", default="auto", help=device)
    _add_knobs(parser)
    parser.set_defaults(command=train)


def _add_knobs(parser: argparse.ArgumentParser) -> None:
    """What stands in the place of a recipe's keys."""
    knobs = parser.add_argument_group("in place of the recipe's")
    knobs.add_argument("--data", metavar="SET|DIR", help=f"{', '.join(_SETS)}, or a folder of images")
    knobs.add_argument("--epochs", type=positive, metavar="N")
    knobs.add_argument("--batch-size", type=positive, metavar="N")
    knobs.add_argument("--lr", type=_number, metavar="X", help="the learning rate")
    knobs.add_argument("--optimizer", choices=["SGD", "Adam", "AdamW", "RMSprop"])
    knobs.add_argument("--weight-decay", type=_number, metavar="X")
    knobs.add_argument("--schedule", choices=["constant", "cosine", "step", "one_cycle"])
    knobs.add_argument("--seed", type=int, metavar="N")
    knobs.add_argument("--precision", choices=["fp32", "bf16", "fp16"])
    knobs.add_argument("--workers", type=int, metavar="N", help="processes that read images")
    knobs.add_argument("--weights", metavar="NAME|FILE|RUN", help="what training begins with")
    knobs.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="an arg of the spec")
    shape = "an input's shape: Nx3x64x64, or image=N,3,64,64"
    knobs.add_argument("--input", action="append", default=[], metavar="[NAME=]SHAPE", help=shape)
    knobs.add_argument("--plugin", action="append", metavar="NAME", help="load a package's ops")
    collection = "look the network's name up in this collection first"
    knobs.add_argument("--zoo", metavar="DIR", help=collection)


def train(options: argparse.Namespace) -> int:
    from archspec.data.errors import DataError
    from archspec.data.extra import ExtraError
    from archspec.parity.devices import DeviceError
    from archspec.training.training import require_libraries

    if (amiss := _amiss(options)) is not None:
        return complain(amiss, USAGE)
    try:
        require_libraries()
        if options.check:
            return _check(options)
        return _report(_trained(options) if options.resume is None else _resumed(options))
    except (DataError, ExtraError, DeviceError, TrainingError) as error:
        return complain(str(error), ERRORS)


def _amiss(options: argparse.Namespace) -> str | None:
    """What is wrong with the command line as a whole."""
    if options.what is None and options.resume is None:
        return "a recipe or a network is needed, or `--resume RUN`"
    if options.resume is not None and options.check:
        return "`--check` tells of a new run, and `--resume` is of another: leave one of the two out"
    if options.resume is not None and options.output is not None:
        return f"a run goes on in its own folder, {options.resume}: leave `-o` out"
    if options.what is not None and (options.data is None or options.epochs is None) and _is_network(options.what):
        needed = "`--data` says what it is trained on, and `--epochs` how long"
        return f"`{options.what}` is a network, and no recipe: {needed}"
    return None


def _is_network(what: str) -> bool:
    """Whether this is surely a network, so that nobody looks for a recipe there."""
    from archspec import zoo

    path = Path(what)
    if is_recipe(what, {}):
        return False
    if path.is_file():
        return path.suffix in (".yaml", ".yml")
    return (path / SAVED_SPEC).is_file() or zoo.model_named(what) is not None or what in zoo.spec_names()


def _check(options: argparse.Namespace) -> int:
    from archspec.training.plan import plan_of

    print_lines(plan_of(_job(options)), sys.stdout)
    return GOOD


def _trained(options: argparse.Namespace) -> Result:
    from archspec.training.run import train

    return train(_job(options), options.output, _rows(), sys.argv)


def _resumed(options: argparse.Namespace) -> Result:
    from archspec.training.resuming import resume
    from archspec.training.sameness import FREE

    asked = _written(options) if options.what is not None else None
    overrides = {key: value for key, value in _overrides(options).items() if asked is None or key in FREE}
    return resume(options.resume, options.device, _rows(), asked=asked, overrides=overrides, command=sys.argv)


def _written(options: argparse.Namespace) -> Written:
    """The recipe that is meant, with what the options change. Raises SpecError."""
    from archspec.recipes import read_recipe, recipe_of

    diagnostics = Diagnostics()
    if options.data is None or is_recipe(options.what, {}):
        written = read_recipe(options.what, diagnostics, _overrides(options))
    else:
        written = recipe_of(options.what, _overrides(options), diagnostics)
    if written is None:
        raise SpecError(diagnostics)
    if len(diagnostics) and leads():
        print_diagnostics([(options.what, tuple(diagnostics))])
    return written


def _overrides(options: argparse.Namespace) -> dict[str, object]:
    """What the options change in a recipe, by its keys."""
    found = {key: value for name, key in _KEYS.items() if (value := getattr(options, name)) is not None}
    if options.data is not None:
        found["data.source" if options.data in _SETS else "data.image_folder"] = options.data
    if options.weights is not None and Path(options.weights, SAVED_WEIGHTS).is_file():  # a bare `run`, too
        found["model.weights"] = str(Path(options.weights).absolute())
    for name, (_, value) in given.settings(options.set).items():
        found[f"model.args.{name}"] = value
    if options.input:
        shapes = given.shapes(options.input)
        found["model.inputs"] = {name: [size.value for size in sizes] for name, sizes in shapes.items()}
    return found


def _job(options: argparse.Namespace) -> Job:
    """All of it, checked; warnings go to stderr."""
    from archspec.training.job import prepare

    if leads():
        require_new(options.output)
    job = prepare(_written(options), options.device)
    if job.warnings and leads():
        print_diagnostics([(options.what, job.warnings)])
    return job


def _rows() -> Rows:
    from archspec.training.progress import rows_on

    return rows_on(sys.stdout, wants_color(sys.stdout)) if leads() else rows_on(None)


def _report(result: Result) -> int:
    """Say what has come of it, in the process that leads."""
    if leads():
        print_lines(result.lines(), sys.stdout)
    return GOOD


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"has to be a number, and is {text}") from None
