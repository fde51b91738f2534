"""The flat spec as a file: its sections, in the order in which people write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from archspec.backends.spec.flatten import Block, Flat, flatten
from archspec.backends.spec.layers import written
from archspec.backends.spec.sizes import of_symbols, spelled
from archspec.backends.spec.yaml import flow, name, sentence
from archspec.graph import Graph, Value
from archspec.types import DType, default_axes


class About(NamedTuple):
    """What a graph does not hold, and what its file tells: lines of a comment on top, and words for people."""

    comment: Sequence[str] = ()
    description: str = ""
    reference: str = ""
    allow: Sequence[str] = ()


def expand(graph: Graph, about: About | None = None) -> str:
    """A graph as the text of a flat spec, which stands alone and is the same network. Raises ExpandError."""
    about = about or About()
    sections = _sections(graph, flatten(graph), about)
    body = "\n\n".join("\n".join(lines) for lines in sections if lines)
    return "\n".join([*map(_comment, about.comment), body, ""])


def _comment(line: str) -> str:
    return "# " + "".join(character if character.isprintable() else " " for character in line)


def _sections(graph: Graph, flat: Flat, about: About) -> Iterator[list[str]]:
    texts = {"name": graph.name, "description": about.description, "reference": about.reference}
    yield ["archspec: 1", *(f"{key}: {sentence(text)}" for key, text in texts.items() if text)]
    yield ["inputs:", *(f"  {name(value.name)}: {flow(_input(value))}" for value in graph.inputs)]
    if flat.blocks:
        yield ["blocks:", *(line for key, block in flat.blocks.items() for line in _block(key, block))]
    layers = list(written(flat.layers.children, flat.layers.numbered, "  "))
    yield ["layers:", *layers] if layers else ["layers: []"]
    yield list(_outputs(graph, flat))
    if graph.init:
        yield ["init:", *(f"  {name(key)}: {flow(_plain(section))}" for key, section in graph.init.items())]
    if graph.state_dict_version > 1:
        yield [f"state_dict_version: {graph.state_dict_version}"]
    if about.allow:
        yield [f"allow: {flow(list(about.allow))}"]


def _input(value: Value) -> Any:
    type_ = value.type
    shape = [size if isinstance(size, int) else spelled(size, of_symbols) for size in type_.shape]
    dtype = {} if type_.dtype is DType.float32 else {"dtype": str(type_.dtype)}
    axes = {} if type_.axes == default_axes(type_.rank) else {"axes": list(type_.axes)}
    return {"shape": shape, **dtype, **axes} if dtype or axes else shape


def _block(key: str, block: Block) -> Iterator[str]:
    yield f"  {key}:"
    if block.inputs != ["x"]:
        yield f"    inputs: {flow(block.inputs)}"
    if block.body.children:
        yield "    layers:"
        yield from written(block.body.children, block.body.numbered, "      ")
        if block.body.order:
            yield f"    order: {flow(list(block.body.order))}"
    else:
        yield "    layers: []"


def _outputs(graph: Graph, flat: Flat) -> Iterator[str]:
    """The outputs, unless they are the last layer."""
    if flat.outputs == {flat.last: flat.last}:
        return
    yield "outputs:"
    for output in graph.outputs:
        source = flat.outputs[output.name]
        text = f"{{from: {name(source)}, training: true}}" if output.training else name(source)
        yield f"  {name(output.name)}: {text}"


def _plain(value: Any) -> Any:
    """A section as it was read, in plain mappings."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value
