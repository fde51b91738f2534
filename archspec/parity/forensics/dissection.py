"""An ONNX file taken apart: every value of it, and any part of it alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import onnx
import torch
from onnx.external_data_helper import load_external_data_for_model
from torch import Tensor

from archspec.graph import Graph, Node, Value
from archspec.parity.measure import Array
from archspec.parity.precision import tolerance_of
from archspec.parity.runs import Level, Session, SessionError

Arrays: TypeAlias = Mapping[str, Array]
"""Values of a file by their names there."""

_TRACED = 0.25  # of all layers have values in a file of ours, at least: a few names may agree by chance


@dataclass(frozen=True, slots=True)
class Part:
    """Some nodes of a file as a model of their own, and what they read. Its tensors may still lie in `folder`."""

    model: onnx.ModelProto
    feeds: Arrays
    folder: Path

    @property
    def nodes(self) -> list[onnx.NodeProto]:
        return list(self.model.graph.node)

    def attempt(self, level: Level, device: str) -> dict[str, Array]:
        """Its outputs by name; none where it doesn't run."""
        try:
            return self.run(level, device)
        except SessionError:
            return {}

    def run(self, level: Level = "disabled", device: str = "cpu") -> dict[str, Array]:
        """Its outputs by name. Raises SessionError."""
        session = Session(self.model.SerializeToString(), device, level=level, folder=self.folder)
        arrays = session.run([torch.from_numpy(self.feeds[name]) for name in session.inputs])
        return dict(zip(session.outputs, arrays, strict=True))

    def complete(self) -> onnx.ModelProto:
        """The model with all its tensors inside."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        load_external_data_for_model(model, str(self.folder))
        return model


class Dissection:
    """A file, and what it computes for one set of inputs with onnxruntime's optimisations off."""

    def __init__(self, graph: Graph, path: Path, inputs: Sequence[Tensor]) -> None:
        self._path = path
        self._model = onnx.load(path, load_external_data=False)
        self.precision = tolerance_of(self._model).precision
        self._tensors = {tensor.name: tensor for tensor in self._model.graph.initializer}
        self.nodes = list(self._model.graph.node)
        self._makers = {name: number for number, node in enumerate(self.nodes) for name in node.output if name}
        declared = (*self._model.graph.input, *self._model.graph.value_info, *self._model.graph.output)
        self._declared = {info.name: info for info in declared}
        self.outputs = [value.name for value in self._model.graph.output]
        self.names = dict(self._named(graph))
        found = {value for value in self.names if value.node is not None}
        self.traced = len(found) >= _TRACED * len(graph.nodes)
        pairs = zip((info for info in self._model.graph.input if info.name not in self._tensors), inputs, strict=True)
        self.inputs = {info.name: _fed(tensor, info) for info, tensor in pairs}
        self.values: Arrays = {}
        self.refused: onnx.NodeProto | None = None  # the first node that onnxruntime doesn't run
        if self.traced:
            self._run_longest()

    def attempt(self, level: Level, device: str) -> Arrays:
        """The outputs of the whole file by name; none where it doesn't run."""
        tensors = [torch.from_numpy(array) for array in self.inputs.values()]
        try:
            arrays = Session(self._path, device, level=level).run(tensors)
        except SessionError:
            return {}
        return dict(zip(self.outputs, arrays, strict=True))

    def known(self) -> dict[str, Array]:
        """The values of all layers."""
        return {name: self.values[name] for name in self.names.values() if name in self.values}

    def part(self, outputs: Iterable[str], known: Arrays) -> Part:
        """The nodes that lead to these values from the nearest known ones, and from the file's inputs."""
        outputs = list(outputs)
        known = {**self.inputs, **{name: array for name, array in known.items() if name not in outputs}}
        numbers: set[int] = set()
        reached: dict[str, None] = {}
        wanted = list(outputs)
        while wanted:
            name = wanted.pop()
            if not name or name in reached:
                continue
            reached[name] = None
            if name not in self._tensors and name not in known:
                numbers.add(self._makers[name])
                wanted += self.nodes[self._makers[name]].input
        feeds = {name: array for name, array in known.items() if name in reached}
        between = reached.keys() - {*feeds, *outputs}
        model = onnx.ModelProto(ir_version=self._model.ir_version, opset_import=self._model.opset_import)
        model.graph.name = self._model.graph.name
        model.graph.node.extend(self.nodes[number] for number in sorted(numbers))
        model.graph.initializer.extend(tensor for name, tensor in self._tensors.items() if name in reached)
        model.graph.value_info.extend(info for info in self._model.graph.value_info if info.name in between)
        model.graph.input.extend(self._declaration(name, array) for name, array in feeds.items())
        model.graph.output.extend(self._declaration(name, self.values.get(name)) for name in outputs)
        return Part(model, feeds, self._path.parent)

    def first(self, count: int) -> Part:
        """The first nodes, with what the others read of them, and the file's outputs."""
        made = {name for node in self.nodes[:count] for name in node.output if name}
        read = [name for node in self.nodes[count:] for name in node.input]
        return self.part([name for name in dict.fromkeys([*read, *self.outputs]) if name in made], {})

    def named(self, layer: Node) -> dict[Value, str]:
        """The outputs of a layer that the file has, with their names there."""
        return {value: self.names[value] for value in layer.outputs if value in self.names}

    def found(self, layer: Node) -> dict[Value, Array]:
        """Those of them that onnxruntime could compute."""
        return {value: self.values[name] for value, name in self.named(layer).items() if name in self.values}

    def layers(self, graph: Graph, part: Part) -> list[Node]:
        """The layers of a graph that give values in a part, in order."""
        made = {name for node in part.model.graph.node for name in node.output}
        return [layer for layer in graph.nodes if made & set(self.named(layer).values())]

    def end(self, layer: Node) -> int:
        """How many nodes there are up to the last that makes an output of a layer."""
        return 1 + max(self._makers[name] for name in self.named(layer).values())

    def _named(self, graph: Graph) -> Iterator[tuple[Value, str]]:
        """The graph's values that the file has, with their names there: their own, or those of outputs."""
        values = {value.name: value for node in graph.nodes for value in node.outputs}
        outputs = {output.name: output.value for output in graph.outputs if not output.training}
        paths = {node.name.partition("/")[0] for node in self.nodes}
        for name, value in outputs.items():
            while value.node and value.node.path not in paths and value.node.inputs and not value.node.parameters():
                value = value.node.inputs[0]  # which a Dropout passes on
            if name in self._makers:
                yield value, name
        yield from ((value, name) for name, value in values.items() if name in self._makers and name not in outputs)

    def _declaration(self, name: str, array: Array | None) -> onnx.ValueInfoProto:
        """What the file says of a value, unless that is untrue: optimisations go by it."""
        said: onnx.ValueInfoProto = self._declared.get(name, onnx.ValueInfoProto(name=name))
        if array is None:
            return said
        sizes = [size.dim_value for size in said.type.tensor_type.shape.dim]
        if len(sizes) == array.ndim and all(size in (0, now) for size, now in zip(sizes, array.shape, strict=True)):
            return said
        dtype = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
        found: onnx.ValueInfoProto = onnx.helper.make_tensor_value_info(name, dtype, [None] * array.ndim)
        return found

    def _run_longest(self) -> None:
        """Compute what the nodes give; where the file doesn't run, what as many of the first ones as do give."""
        works, fails = 0, len(self.nodes) + 1
        count = len(self.nodes)
        while works + 1 < fails:
            names = [name for node in self.nodes[:count] for name in node.output if name]
            try:
                self.values = self.part(names, {}).run()
                works = count
            except SessionError:
                fails = count
            count = (works + fails) // 2
        if works < len(self.nodes):
            self.refused = self.nodes[works]


def _fed(tensor: Tensor, info: onnx.ValueInfoProto) -> Array:
    """An input as the file wants it: in half precision, say."""
    return tensor.cpu().numpy().astype(onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type))
