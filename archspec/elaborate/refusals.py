"""What an op refuses, as a diagnostic: at the argument or the input that it blames, with the places where the sizes
come from that it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archspec import ops
from archspec.diagnostics import Label
from archspec.dims import symbol, symbols
from archspec.elaborate.provenance import tell
from archspec.elaborate.state import State
from archspec.elaborate.values import Site
from archspec.graph import Value
from archspec.ops.base import Op, OpError, Unsettled
from archspec.syntax.layers import Arguments, argument_span

_OF_AXES = re.compile(r"(\w+)[123]d")


def report_refusal(
    state: State, op: Op, error: OpError, inputs: tuple[Value, ...], arguments: Arguments, site: Site
) -> None:
    """Report it once for all uses of the layer's text."""
    name = type(op).__name__
    place = argument_span(arguments, error.field) if error.field else None
    if place is None and error.input is not None and site.sources:
        place = site.source_span(error.input)
    if place is None and error.asking is not None:
        place = argument_span(arguments, error.asking)
    place = place or site.span
    told = [said for said in tell(error.facts, inputs, state.given) if said.span != place]
    state.diagnostics.add(
        error.code,
        error.message if error.message.startswith(name) else f"{name}: {error.message}",
        place,
        labels=[Label(said.span, f"{said.what} {said.how}") for said in told],
        notes=[*error.notes, *(said.note for said in told if said.note)],
        helps=[*error.helps, *_of_other_rank(name, error, inputs), *_of_symbols(error)],
    )


def _of_symbols(error: OpError) -> Iterator[str]:
    """How a size that depends on symbols becomes a number."""
    if isinstance(error, Unsettled):
        names = sorted(symbols(error.size))
        numbers = f"{' and '.join(f'`{name}`' for name in names)} {'a number' if len(names) == 1 else 'numbers'}"
        pool = "" if error.size == symbol(names[0]) else ", or pool to one size before"
        yield f"give {numbers}, in `inputs` or by `--input`{pool}"


def _of_other_rank(name: str, error: OpError, inputs: tuple[Value, ...]) -> Iterator[str]:
    """The op of the family that reads as many axes as there are, where it is those that are refused."""
    match = _OF_AXES.fullmatch(name)
    for fact in error.facts:
        rank = inputs[fact.input].type.rank
        if fact.axis is None and match is not None and ops.find(other := f"{match[1]}{rank - 2}d") is not None:
            yield f"`{other}` reads {rank} axes"
