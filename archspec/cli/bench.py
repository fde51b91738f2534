"""`archspec bench`: how long a network takes, in torch and in onnxruntime, side by side."""

from __future__ import annotations

import argparse
import json
import os
import sys

from archspec.cli.line import Commands
from archspec.cli.printing import ERRORS, GOOD, complain, wants_color
from archspec.cli.target import add_target, add_weights, architecture, positive, seed
from archspec.diagnostics import in_words, near
from archspec.latency import WAYS, LatencyError

_WHAT = """Measure a network in torch and in onnxruntime, in turns: the median of all
rounds, and their spread. docs/bench.md tells more."""


def add(commands: Commands) -> None:
    ways = "\n".join(f"  {name:<8} {what}" for name, what in WAYS.items())
    parser = commands.add_parser(
        "bench",
        help="latency in torch and in onnxruntime, side by side",
        description=f"{_WHAT}\n\nways:\n{ways}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", type=_ways, default=list(WAYS), metavar="WAYS", help="these, with commas between")
    parser.add_argument("--batch", type=_numbers, default=[], metavar="1,8", help="batch sizes (1)")
    threads = "of the CPU (1, and as many as torch takes by itself)"
    parser.add_argument("--threads", type=_threads, default=[], metavar="1,4", help=threads)
    seconds = "how long each batch size is measured on each number of threads (10); 5 rounds at least"
    parser.add_argument("--seconds", type=_duration, default=10.0, metavar="S", help=seconds)
    parser.add_argument("--rounds", type=positive, metavar="N", help="exactly so many rounds instead")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--seed", type=seed, default=0, help="of initial weights and of the inputs")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    add_weights(parser)
    add_target(parser)
    parser.set_defaults(command=bench)


def bench(options: argparse.Namespace) -> int:
    network = architecture(options)
    from archspec.latency.measuring import measure
    from archspec.parity.devices import DeviceError
    from archspec.weights import WeightsError

    try:
        report = measure(
            network,
            weights=options.weights,
            rename=options.rename,
            batches=options.batch,
            threads=options.threads,
            ways=options.only,
            seconds=options.seconds,
            rounds=options.rounds,
            device=options.device,
            seed=options.seed,
            tell=lambda what: print(f"archspec: {what} ...", file=sys.stderr, flush=True),
        )
    except (LatencyError, WeightsError, DeviceError) as error:
        return complain(str(error), ERRORS)
    print(json.dumps(report.as_dict(), indent=2) if options.format == "json" else report.text(wants_color(sys.stdout)))
    return GOOD if report.rows else ERRORS


def _ways(text: str) -> list[str]:
    """Those that are named, in the order of tables."""
    names = text.split(",")
    for name in names:
        if name not in WAYS:
            helps = in_words(near(name, WAYS, f"choose from {', '.join(WAYS)}"))
            raise argparse.ArgumentTypeError("; ".join([f"there is no way `{name}`", *helps]))
    return [way for way in WAYS if way in names]


def _numbers(text: str) -> list[int]:
    return [positive(part) for part in text.split(",")]


def _threads(text: str) -> list[int]:
    """Not more than there are processors: those that wait for each other measure nothing."""
    numbers, most = _numbers(text), os.cpu_count() or 1
    if max(numbers) > most:
        raise argparse.ArgumentTypeError(f"this machine has {most} processors, which is less than {max(numbers)}")
    return numbers


def _duration(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"has to be a number of seconds, and is {text}")
    return seconds
