"""How fast archspec is, as ratios: each row measures our work and what it stands against side by side, in
turns within one run, and compares medians. Prints one table; exits 1 if a row is below its bar.

    python tools/bench.py                # all rows, a quarter of an hour
    python tools/bench.py --only cold    # one row
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import NamedTuple

from benches import compiler, modules, onnx_files, training
from benches.measuring import NOISE, ROOT, Result


class Row(NamedTuple):
    """A row of the table, and the least that theirs / ours may be."""

    name: str
    work: str
    against: str
    bar: float
    measure: Callable[[], Result]


_WHOLE = "torchvision's on meta, whole process"
_ON_META = "build and run them on meta"
_BARE = "torch.onnx.export's of torchvision's, whole process"
_LATENCY = f"onnxruntime on ours, the worst of {len(onnx_files.RUN)} networks"

ROWS = (
    Row("cold", "`archspec check resnet50`, whole process", _WHOLE, 12, compiler.cold_check),
    Row("mistakes", "the same with five mistakes", _WHOLE, 12, compiler.cold_check_of_mistakes),
    Row("warm", "elaborate and infer four families, warm", _ON_META, 15, compiler.warm_elaborate),
    Row("zoo", "check of all models of the zoo, one after the other", _ON_META, 20, compiler.every_model),
    Row("export", "`archspec export resnet50`, whole process", _BARE, 1, onnx_files.whole_export),
    Row("emit", "emit and save the ONNX of five families", "torch.onnx.export", 15, onnx_files.emission_of_families),
    Row("latency", _LATENCY, "on torch.onnx.export's", 1 / onnx_files.SLOWEST, onnx_files.latency_of_families),
    Row("build", "build of five families", "torchvision's constructors", 1 / 1.5, modules.build_of_families),
    Row("forward", "forward of five families, eager", "torchvision's", NOISE, modules.forward_of_families),
    Row("training", "training step of five families, eager", "torchvision's", NOISE, modules.training_of_families),
    Row("loop", "epoch of `archspec train`, of two networks", "a bare loop by hand", NOISE, training.loop_of_networks),
    Row("chain", "check of 10,000 written layers, per layer", "of 1,000, per layer", 1 / 1.3, compiler.long_chain),
    Row("growth", "check of 100,000 layers in blocks, per layer", "of 10,000, per layer", 1 / 1.3, compiler.growth),
)


def duration(value: float) -> str:
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.2f} s"


def line_of(row: Row, result: Result) -> tuple[str, bool]:
    """The row's line in the table, and whether it holds."""
    ratio = result.theirs / result.ours
    facts = [(f"{ratio:.2f}", ratio >= row.bar), *result.facts]
    shown, *others = [fact if holds else f"**{fact}: FAILS**" for fact, holds in facts]
    cells = (row.work, row.against, duration(result.ours), duration(result.theirs), shown, f"{row.bar:.2f}")
    return f"| {' | '.join((*cells, '; '.join(others)))} |", all(holds for _, holds in facts)


def circumstances() -> str:
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty=, with changes"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "torchvision", "onnx", "onnxruntime"))
    python = sys.version.split()[0]
    return f"Commit {commit.stdout.strip() or 'unknown'}; Python {python}, {versions}; {os.cpu_count()} cores."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME", choices=[row.name for row in ROWS], help="measure one row")
    only = parser.parse_args().only

    print(circumstances())
    print("\n| work | against | ours | theirs | ratio | at least | and |\n|---|---|---|---|---|---|---|", flush=True)
    passed = True
    for row in ROWS:
        if only in (None, row.name):
            line, holds = line_of(row, row.measure())
            print(line, flush=True)
            passed &= holds
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
