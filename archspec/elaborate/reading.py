"""What a layer reads: the entries that its `from` stands for, or the previous layer's."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.diagnostics import in_words
from archspec.elaborate.names import Failed
from archspec.elaborate.state import Context, State
from archspec.elaborate.values import FAILED, Entry, Site
from archspec.graph import Value
from archspec.syntax.expressions import ExpressionError, parse_template
from archspec.syntax.layers import LayerDecl
from archspec.syntax.tree import Scalar


def sources_of(layer: LayerDecl, context: Context, state: State) -> tuple[list[Entry], tuple[Scalar, ...]]:
    """What a layer reads, and where each of that is written; nowhere for the implicit previous."""
    if layer.sources is None:
        return [context.values.prev], ()
    found = [(entry, scalar) for scalar in layer.sources for entry in source_of(scalar, context, state)]
    state.evaluator.effort.spend(len(found), layer.span)
    return [entry for entry, _ in found], tuple(scalar for _, scalar in found)


def source_of(scalar: Scalar, context: Context, state: State) -> list[Entry]:
    """The entries that one item of `from` stands for; FAILED where it stands for none."""
    try:
        text = state.evaluator.text(scalar, context)
    except Failed:
        return [FAILED]
    try:
        return context.values.resolve(tuple(text.split(".")))
    except Failed:
        return [FAILED]
    except ExpressionError as error:
        if text != scalar.text:  # then its offsets are not those of the source
            error = ExpressionError(error.code, error.message, 0, None, in_words(error.helps))
        state.evaluator.report(scalar, error)
        return [FAILED]


def one_source(layer: LayerDecl, sources: list[Entry], site: Site, state: State) -> Entry:
    """The one entry that a scope reads."""
    if len(sources) == 1:
        return sources[0]
    message = f"`{layer.kind}` reads one value, and gets {len(sources)}"
    helps = ["a block with `inputs: [a, b]` reads several"]
    state.diagnostics.add("A504", message, site.source_span(1), helps=helps)
    return FAILED


def unread(layer: LayerDecl, context: Context) -> Iterator[Value]:
    """What an absent layer would have read beside its first value, as far as that can be told."""
    for scalar in (layer.sources or ())[1:]:
        try:
            text = parse_template(scalar.text).render(context)
            found = context.values.resolve(tuple(text.split(".")))
        except (ExpressionError, Failed):
            continue
        yield from (value for entry in found for value in entry.values or ())
