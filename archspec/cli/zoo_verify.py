"""`archspec zoo verify`: every claim of the zoo recomputed, a row for each network as soon as it is done."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap
from typing import TypeAlias

from archspec import render, zoo
from archspec.cli.files import require_places
from archspec.cli.line import Commands, Parser
from archspec.cli.printing import ERRORS, GOOD, USAGE, complain, print_lines
from archspec.diagnostics import in_words, near
from archspec.verification import CLAIMS, Ledger, LedgerError, ModelReport

Tell: TypeAlias = Callable[[str, str], None]  # which network, and which claim on it, comes now

_WHAT = """Recompute what is published of the networks, and compare each with its twin,
torchvision's network of the same weights. One that torchvision does not have is
held against what its zoo file expects, torch, and onnxruntime."""
PATTERN = "only names that contain this, or, with * or ?, are like it"
_COLUMNS = ("params", "GMACs", "ONNX relL2", "seconds")
_WIDTHS = (11, 8, 10, 7)


def add(actions: Commands) -> Parser:
    lines = (wrap(f"{name:<11}{what}", 78, subsequent_indent=" " * 11) for name, what in CLAIMS.items())
    claims = "\n".join(f"  {line}" for claim in lines for line in claim)
    parser = actions.add_parser(
        "verify",
        help="recompute all that is published of them",
        description=f"{_WHAT}\n\nclaims:\n{claims}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("pattern", nargs="?", default="", help=PATTERN)
    parser.add_argument("--claims", metavar="LIST", help="only these, with commas between them")
    kept = "keep what is found, network by network; a later run does what is missing or differed"
    parser.add_argument("--out", type=Path, metavar="FILE.json", help=kept)
    parser.set_defaults(command=verify)
    return parser


def verify(options: argparse.Namespace) -> int:
    claims = options.claims.split(",") if options.claims else list(CLAIMS)
    for name in claims:
        if name not in CLAIMS:
            helps = in_words(near(name, CLAIMS, f"choose from {', '.join(CLAIMS)}"))
            return complain("; ".join([f"there is no claim `{name}`", *helps]), USAGE)
    try:
        collection = zoo.own() if options.path is None else zoo.collection_called(options.path)
        models = [model for model in collection.models() if model.matches(options.pattern)]
        ledger = Ledger.at(options.out)
    except (zoo.ZooError, LedgerError) as error:
        return complain(str(error), USAGE)
    if not models:
        return complain(f"no network of the zoo has a name like `{options.pattern}`", USAGE)
    require_places(options.out)
    as_text = options.format == "text"
    table = _Table(models, claims) if as_text else None
    if table:
        table.head()
    with _progress(len(models), as_text) as tell:
        for model in models:
            report = _verified(model, claims, ledger, options.path, tell)
            if table:
                table.row(report)
    found = Ledger(reports={model.name: ledger.reports[model.name] for model in models})
    if table:
        table.foot(list(found.reports.values()))
    else:
        print(json.dumps(found.as_dict(), indent=2))
    return GOOD if all(report.holds for report in found.reports.values()) else ERRORS


def _verified(
    model: zoo.ZooModel, claims: Sequence[str], ledger: Ledger, collection: str | None, tell: Tell
) -> ModelReport:
    """What is found of a network, or was found before."""
    import gc

    from archspec.verification.run import sources, verify
    from archspec.verification.subject import Subject

    subject = Subject(model, model.name, zoo=collection)
    tell(model.name, "")
    known = ledger.kept(model.name, claims, sources(subject))
    if known is not None:
        return known
    report = verify(subject, claims, lambda claim: tell(model.name, claim))
    ledger.add(report)
    del subject
    gc.collect()  # hundreds of megabytes, held in a circle by modules and their hooks
    return report


class _Table:
    """Rows in columns that are as wide before the first as after the last."""

    def __init__(self, models: Sequence[zoo.ZooModel], claims: Sequence[str]) -> None:
        self.names = max(len("model"), *(len(model.name) for model in models))
        self.models, self.claims = models, claims
        self.width = get_terminal_size().columns

    def head(self) -> None:
        many = f"{render.count(len(self.models), 'model')}, {render.count(len(self.claims), 'claim')} on each"
        self._wrapped(f"{many}: {', '.join(self.claims)}", 0)
        print()
        self._row("model", _COLUMNS, "")

    def row(self, report: ModelReport) -> None:
        params, gmacs = report.figure("counts", "params"), report.figure("counts", "gmacs")
        error = report.figure("onnx", "relative_l2")
        cells = (
            "" if params is None else f"{params:,}",
            "" if gmacs is None else f"{gmacs:.3f}",
            "" if error is None else f"{error:.1e}",
            f"{report.seconds:.0f}",
        )
        self._row(report.name, cells, "holds" if report.holds else "differs")
        for claim, finding in report.findings.items():
            if finding.difference:
                self._wrapped(f"{claim}: {render.printable(finding.difference)}", 2)

    def foot(self, reports: Sequence[ModelReport]) -> None:
        differing = [report.name for report in reports if not report.holds]
        errors = {report.name: report.figure("onnx", "relative_l2") or 0.0 for report in reports}
        worst = max(errors, key=errors.__getitem__)
        print()
        if errors[worst]:
            print(f"the worst ONNX relL2: {errors[worst]:.1e}, {worst}")
        if differing:
            many = f"{len(differing)} of {render.count(len(reports), 'model')}"
            self._wrapped(f"{many} differ from what is claimed: {', '.join(differing)}", 0)
        else:
            print(f"{render.count(len(reports), 'model')}: everything holds")

    def _row(self, name: str, cells: Sequence[str], verdict: str) -> None:
        numbers = [cell.rjust(width) for cell, width in zip(cells, _WIDTHS, strict=True)]
        print("  ".join([name.ljust(self.names), *numbers, verdict]).rstrip(), flush=True)

    def _wrapped(self, text: str, indent: int) -> None:
        lines = wrap(text, max(self.width, 40), initial_indent=" " * indent, subsequent_indent=" " * (indent + 2))
        print_lines(lines, sys.stdout)


@contextmanager
def _progress(count: int, visible: bool) -> Iterator[Tell]:
    """A bar on stderr, where that is a terminal: which claim on which network comes now, and how much is left."""
    if not visible or not sys.stderr.isatty():
        yield lambda name, claim: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    here = sys.stdout.isatty()  # the rows then scroll above the bar
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=here) as bar:
        task = bar.add_task("loading torch", total=count)
        seen: list[str] = []

        def tell(name: str, claim: str) -> None:
            if name not in seen:
                seen.append(name)
            bar.update(task, completed=len(seen) - 1, description=f"{name} {claim}")

        yield tell
