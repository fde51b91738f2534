"""A parity report for a terminal of 80 columns."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from archspec.parity.measure import OutputParity

if TYPE_CHECKING:
    from archspec.parity.report import ParityReport, Part

_WIDTH = 80
_SHOWN = 5  # outputs; those behind them are counted
_SAID = 8  # problems
_LABEL = 10  # columns
_NAME = 12
_SEVERITY = ("fail", "vacuous", "pass")
_HEADER = ("output", "relative L2", "limit", "error/std", "limit", "top-1", "verdict")


def report_text(report: ParityReport) -> str:
    """The verdict, the worst outputs, what was compared and how; and, where it is no pass, why."""
    return "\n".join(_lines(report))


def _lines(report: ParityReport) -> Iterator[str]:
    where = f"{report.precision} on {report.provider}" if report.provider else report.precision
    yield f"parity: {report.verdict} ({where})"
    ranked = sorted(report.outputs, key=_badness, reverse=True)
    if ranked:
        yield from ["", *(["the fp32 file, before it was quantised:"] if report.quantization else [])]
        yield from _table(ranked)
    for part in (_failures(report, ranked), *_told(report.diagnosis, report.third_opinion), _facts(report)):
        lines = [line for label, text in part for line in _wrapped(text, label)]
        yield from ["", *lines] if lines else []


def _badness(output: OutputParity) -> tuple[int, float]:
    """By verdict; then by the share that it takes of its limits."""
    shares = [gate.found / gate.limit if gate.limit else math.inf for gate in output.gates]
    known = [share if share == share else math.inf for share in shares]  # what is no number is the worst
    return -_SEVERITY.index(output.verdict), max(known, default=0.0)


def _table(outputs: Sequence[OutputParity]) -> Iterator[str]:
    """One row each, the worst first. Where names are long, columns go that tell less."""
    columns = list(zip(_HEADER, *map(_row, outputs[:_SHOWN]), strict=True))
    columns = [column for column in columns if any(column[1:])]
    for dispensable in (("top-1",), ("error/std", "limit")):
        if sum(max(map(len, column)) + 2 for column in columns) - 2 > _WIDTH:
            columns = [*columns[:3], *(column for column in columns[3:] if column[0] not in dispensable)]
    widths = [max(map(len, column)) for column in columns]
    widths[0] = min(widths[0], max(_WIDTH - sum(widths[1:]) - 2 * len(widths[1:]), _NAME))
    for name, *numbers, verdict in zip(*columns, strict=True):
        middle = (number.rjust(width) for number, width in zip(numbers, widths[1:], strict=False))
        yield "  ".join((_shortened(name, widths[0]).ljust(widths[0]), *middle, verdict))
    yield from _folded([output.verdict for output in outputs], _SHOWN, "outputs")


def _row(output: OutputParity) -> tuple[str, ...]:
    rel_l2, over_std = "", ""
    limits = {gate.what: f"{gate.limit:.1e}" for gate in output.gates}
    errors, top1 = output.errors, ""
    if errors is not None:
        rel_l2, over_std = f"{errors.rel_l2:.1e}", f"{errors.error_over_std:.1e}"
        top1 = "" if errors.top1_agreement is None else f"{errors.top1_agreement:.0%}"
    verdict = f"{output.verdict}, limit widened" if output.limit_widened else output.verdict
    return (output.name, rel_l2, limits.get("relative L2", ""), over_std, limits.get("error / std", ""), top1, verdict)


def _shortened(name: str, width: int) -> str:
    """A long name without its middle."""
    if len(name) <= width:
        return name
    kept = width - 3
    return f"{name[: kept - kept * 2 // 3]}...{name[len(name) - kept * 2 // 3 :]}"


def _folded(items: Sequence[str], shown: int, what: str) -> Iterator[str]:
    """How many more there are, and of outputs what became of them."""
    rest = items[shown:]
    if not rest:
        return
    if what != "outputs":
        yield f"+ {len(rest)} more {what}, which --report tells"
    elif len(set(rest)) == 1:
        yield f"+ {len(rest)} more, all {rest[0]}"
    else:
        counts = {verdict: rest.count(verdict) for verdict in _SEVERITY}
        yield f"+ {len(rest)} more: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)


def _facts(report: ParityReport) -> Iterator[tuple[str, str]]:
    """What was compared and how, each under a label."""
    yield "run with", report.weights
    if report.sizes or report.samples:
        yield "run at", _inputs(report)
    errors = [output.errors for output in report.outputs if output.errors]
    if refereed := [(each.float64_rel_l2, each.torch_float64_rel_l2) for each in errors if each.float64_rel_l2]:
        ours, own = max(refereed)
        yield "float64", f"onnxruntime is {ours:.1e} off, torch itself {own:.1e}"
    if found := report.structure:
        parts = [f"opset {found.opset}", _count(found.nodes, "node"), _count(found.elements, "weight")]
        parts += [_count(found.constants, "constant")] if found.constants else []
        norms = found.folded + found.unfolded
        parts += [f"{found.folded} of {_count(norms, 'BatchNorm')} folded"] if found.folded else []
        yield "file", ", ".join(parts)
    if report.quantization:
        yield "int8", report.quantization.text
    yield from (("checked", text) for text in _checked(report))
    yield from (("assumed", text) for text in report.assumptions)
    yield from (("note", text) for text in report.notes)


def _checked(report: ParityReport) -> Iterator[str]:
    """What agrees beside the numbers, or was looked at."""
    apart = report.attributes.decomposed
    layers = _count(report.attributes.layers, "layer") + (f", {apart:,} more taken apart" if apart else "")
    if found := report.structure:
        yield f"every weight, {_count(found.shapes_compared, 'shape')} by onnx's inference, attributes of {layers}"
    elif report.attributes.layers:
        yield f"attributes of {layers}"


def _inputs(report: ParityReport) -> str:
    """The sizes of the seeded inputs, if there are any, symbol by symbol; and how many inputs came from disk."""
    if not report.sizes:
        return f"{_count(report.samples, 'input')} from disk"
    said = []
    for name in report.sizes[0]:
        numbers = [case[name] for case in report.sizes]
        said.append(f"{name} {', '.join(map(str, numbers if len(set(numbers)) > 1 else numbers[:1]))}")
    seeded = "; ".join(said) or _count(len(report.sizes), "seeded input")
    return f"{seeded}, and {report.samples} from disk" if report.samples else seeded


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def notes_on(outputs: Sequence[OutputParity]) -> Iterator[str]:
    """What a verdict does not say of the reference itself."""
    for output in outputs:
        if output.verdict == "pass" and output.reason:
            yield f"{output.name}: {output.reason}"


def _failures(report: ParityReport, outputs: Sequence[OutputParity]) -> Iterator[tuple[str, str]]:
    """Why it is no pass: of outputs first, the worst first."""
    reasons = [(each.verdict, f"{each.name}: {each.reason}") for each in outputs if each.verdict != "pass"]
    reasons += [("fail", problem) for problem in report.problems]
    yield from reasons[:_SAID]
    yield from (("", text) for text in _folded([text for _, text in reasons], _SAID, "problems"))


def _told(*parts: Part | None) -> Iterator[list[tuple[str | None, str]]]:
    """What tells itself, in lines that fit."""
    return ([(None, line) for line in part.lines()] for part in parts if part is not None)


def _wrapped(text: str, label: str | None) -> list[str]:
    if label is None:
        return [text]
    width = _WIDTH - _LABEL
    rows = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
    return [f"{label.ljust(_LABEL)}{rows[0]}", *(" " * _LABEL + row for row in rows[1:])]
