"""An explanation for a terminal: sections of indented lines, in ASCII but for what the spec itself says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from textwrap import TextWrapper

from archspec.derivation import Call, Derivation
from archspec.render import BOLD, paint, printable
from archspec.reports.explained.explanation import Cost, Explanation, Given, Tensor
from archspec.reports.figures import exact, times
from archspec.reports.tables import aligned, width_of
from archspec.source import Span
from archspec.types import in_spec

_COST = len("activation bytes")
_MOST = 8  # readers that are shown
_STEP = "  "
_LEFT = 34  # columns, at most, that a value takes where what is written for it stands beside others'


def text(found: Explanation, width: int, color: bool) -> str:
    """The whole explanation, in lines of `width` columns where words allow."""
    name, page = printable(found.path), _Page(found, width)
    first, *more = _lines(f"{name}  {printable(found.what)}{_remarks(found)}", width)
    blocks = [[first.replace(name, paint(name, BOLD, color), 1), *more, *_source(found, width)]]
    for title, lines in page.sections():
        if lines:
            blocks.append([paint(title, BOLD, color), *(_STEP + line for each in lines for line in each.split("\n"))])
    return "\n\n".join("\n".join(map(str.rstrip, lines)) for lines in blocks)


def _remarks(found: Explanation) -> str:
    remarks = [f", shares the weights of {found.owner}"] if found.owner else []
    remarks += [", in training only"] if found.training_only else []
    if found.kind == "absent":
        remarks.append(f": stands for {found.stands_for}" if found.stands_for else ", and stands for nothing")
    if found.kind == "output":
        remarks.append(f" of the model: {found.stands_for}")
    return printable("".join(remarks))


def _source(found: Explanation, width: int) -> Iterator[str]:
    """Where it is written, and that line."""
    if found.place is not None:
        span = found.place
        yield printable(_file(span) if _was_given(span) else f"{_file(span)}:{span.line}:{span.column}")
        line = f"{_STEP}{printable(span.file.line(span.line).strip())}"
        yield line if len(line) <= width else f"{line[: width - 3]}..."


class _Page:
    """The sections of an explanation."""

    def __init__(self, found: Explanation, width: int) -> None:
        self._found, self._width = found, width - len(_STEP)
        self._home = found.place.file.path if found.place else ""
        self._shown: set[int] = set()

    def sections(self) -> Iterator[tuple[str, list[str]]]:
        found = self._found
        yield "inside", list(self._inside())
        yield "written as", list(self._written())
        whose = f" of {found.owner}" if found.owner else ""
        yield ("sizes" if found.kind == "input" else f"arguments{whose}"), self._trees(found.arguments)
        yield "reads", self._reads()
        yield "gives", list(self._gives())
        yield "needs", [line for each in found.requires for line in self._wrapped(each)]
        yield "holds", _columns(found.layers, self._width)
        yield "read by", self._readers()
        batch = ", ".join(f"{name} = {size}" for name, size in found.batch.items())
        yield f"costs{f', at {batch}' if batch else ''}", list(self._costs())
        yield "state_dict", list(self._tensors(found.tensors))

    def _inside(self) -> Iterator[str]:
        told: set[int] = set()
        for passage in self._found.inside:
            indices = [each for each in passage.indices if id(each) not in told]
            told.update(map(id, indices))
            said = [*map(_call, passage.calls), *(f"{each.name} = {in_spec(each.value)}" for each in indices)]
            what = ", ".join(said) or "layers"
            yield from self._wrapped(f"{passage.path}: {what}, {self._at(passage.place)}")

    def _written(self) -> Iterator[str]:
        """What stands there other than an op: blocks, repetitions, conditions, edits."""
        passage = self._found.passage
        if passage is None:
            return
        outer = {id(each) for around in self._found.inside for each in around.indices}
        own = [index for index in passage.indices if id(index) not in outer]
        yield from self._trees([*own, *(each for each in (passage.condition, passage.op) if each is not None)])
        if passage.edit is not None and passage.original is not None:
            there = "" if passage.absent else f", in place of what stands at {self._at(passage.original)}"
            done = "removed" if passage.absent else "put here"
            yield from self._wrapped(f"extends: {done} by {self._at(passage.edit)}{there}")
        if passage.shares:
            yield f"share: {passage.shares}"
        if self._found.kind == "layer":
            for call in passage.calls:
                yield from self._wrapped(f"{_call(call)}, declared at {self._at(call.place)}")

    def _trees(self, derivations: Iterable[Derivation], depth: int = 0) -> list[str]:
        """Values, and beside them what is written for them; below each, further in, the values in that."""
        rows = [row for each in derivations for row in self._rows(each, depth)]
        column = max((len(head) for head, _ in rows if len(head) <= _LEFT), default=0) + len(_STEP)
        lines = []
        for head, note in rows:
            first = f"{printable(head):<{column}}"
            if not first.endswith(_STEP):  # what is written for it stands below
                lines += self._wrapped(head.lstrip(), " " * (len(head) - len(head.lstrip())))
                first = " " * column
            lines += self._wrapped(note, first, " " * column)
        return lines

    def _rows(self, derivation: Derivation, depth: int) -> Iterator[tuple[str, str]]:
        again = id(derivation) in self._shown
        self._shown.add(id(derivation))
        said = [derivation.about] if derivation.about else []
        value = in_spec(_brief(derivation.value))
        if derivation.text and derivation.text not in (value, in_spec(derivation.value)):
            said = [f"{': '.join([*said, f'`{derivation.text}`'])}"]
        if derivation.place is not None:
            said.append(self._at(derivation.place))
        if again and derivation.parts:
            said.append("as above")
        yield f"{_STEP * depth}{derivation.name} = {value}", ", ".join(said)
        if not again:
            for part in derivation.parts:
                yield from self._rows(part, depth + 1)

    def _reads(self) -> list[str]:
        rows = [
            (each.value, times(each.type.shape), f"`{each.how}`, {self._at(each.place)}" if each.place else each.how)
            for each in self._found.reads
        ]
        return _columns(rows, self._width)

    def _gives(self) -> Iterator[str]:
        for given in self._found.gives:
            yield from self._wrapped(f"{given.value}  {times(given.type.shape)}  {given.type.dtype}")
            yield from (line for each in _arithmetic(given) for line in self._wrapped(each, _STEP))

    def _readers(self) -> list[str]:
        readers, outputs = self._found.readers, self._found.outputs
        rows = [*readers[:_MOST], *((name, "output of the model") for name in outputs)]
        more = len(readers) - _MOST
        return [*_columns(rows, self._width), *([f"and {more} more"] if more > 0 else [])]

    def _costs(self) -> Iterator[str]:
        rows = [_cost(each) for each in self._found.costs]
        numbers = max((len(amount) for _, amount, share, _ in rows if share), default=1)
        for name, amount, share, product in rows:
            yield from self._wrapped(f"{amount:>{numbers}}{_STEP}{share}", f"{name:<{_COST}}{_STEP}", " " * _COST)
            if product:
                yield from self._wrapped(f"= {product}", _STEP)
        field = self._found.receptive_field
        if field is not None:
            shown = "the whole image" if field == "whole" else " x ".join(map(exact, field)) + " pixels"
            yield f"{'receptive field':<{_COST}}{_STEP}{shown}"

    def _tensors(self, tensors: tuple[Tensor, ...]) -> Iterator[str]:
        shown = tensors if self._found.kind == "layer" else tensors[: 2 * _MOST]
        rows = [(each.key, times(each.shape), each.dtype) for each in shown]
        for each, line in zip(shown, _columns(rows, self._width), strict=True):
            yield line
            if each.init is not None:
                yield from self._trees([each.init], 1)
        if len(shown) < len(tensors):
            yield f"and {len(tensors) - len(shown)} more"

    def _at(self, span: Span) -> str:
        """A place in words: its line, in another file also that; of what was given, how it was."""
        if _was_given(span):
            return span.file.path
        return f"line {span.line}" if span.file.path == self._home else f"{_file(span)}:{span.line}"

    def _wrapped(self, line: str, first: str = "", below: str | None = None) -> list[str]:
        """Lines of whole words; the first starts with `first`, the others, further in if nothing is said, with
        `below`."""
        return _lines(printable(line), self._width, first, first + 2 * _STEP if below is None else below)


def _lines(text: str, width: int, first: str = "", below: str = 2 * _STEP) -> list[str]:
    words = TextWrapper(
        width, initial_indent=first, subsequent_indent=below, break_long_words=False, break_on_hyphens=False
    )
    return words.wrap(text) or [first]


def _file(span: Span) -> str:
    """A file, from here where it lies below."""
    path, here = Path(span.file.path), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else span.file.path


def _was_given(span: Span) -> bool:
    """Whether a place is none in a file: `--set width`, or a keyword of Python."""
    return span.file.path.startswith("--") or span.file.path.endswith("=")


def _call(call: Call) -> str:
    values = ", ".join(f"{each.name}={in_spec(each.value)}" for each in call.arguments)
    return f"{call.name}({values})" if values else call.name


def _brief(value: object) -> object:
    """Equal sizes along all axes as one, as they are mostly written."""
    if isinstance(value, tuple) and len(value) > 1 and len(set(value)) == 1:
        return value[0]
    return value


def _arithmetic(given: Given) -> Iterator[str]:
    """`rows, columns: formula = size`, axes with the same formula together."""
    formulas = given.arithmetic.items()
    lines = [(f"{formula} = {given.type.shape[axis]}", given.type.counts(axis)) for axis, formula in formulas]
    for line, together in groupby(lines, key=lambda each: each[0]):
        yield f"{', '.join(name for _, name in together)}: {line}"


def _cost(cost: Cost) -> tuple[str, str, str, str]:
    percent = "" if not cost.share else f"{100 * cost.share:.1f} %" if cost.share >= 0.0005 else "under 0.1 %"
    share = f"{percent} of {exact(cost.total)}" if percent else ""
    return cost.name, exact(cost.amount), share, cost.product


def _columns(rows: Iterable[tuple[str, ...]], width: int) -> list[str]:
    """A text for each row: in columns where that fits, else of several lines; no name or size is cut."""
    table = [tuple(map(printable, row)) for row in rows]
    if table and width_of(table) <= width:
        return aligned(table, width, left=len(table[0]))
    return ["\n".join(_lines(_STEP.join(row), width)) for row in table]
