"""A feature of the language: a spec, and the same network in plain torch. The two are compared in full:
state_dict keys, shapes and order, every inferred type, and the outputs of equal weights, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

import torch
from torch import Tensor, nn

import archspec
from archspec.backends.torch import run_values
from archspec.diagnostics import Diagnostic
from archspec.dims import evaluate
from archspec.types import TensorType
from tests.twins import assert_same_state

SIZES = {"N": 2, "H": 6, "W": 4, "L": 5}
# Warnings about the network that is described, which networks that are made to show the language mostly deserve.
OF_THE_NETWORK = {"A404", "A405", "A406", "A407", "A408", "A409", "A410"}


class Twin(nn.Module):
    """A module of named children, parameters and buffers, and the forward that is given."""

    def __init__(self, forward: Callable[..., Any], **children: nn.Module | Tensor) -> None:
        super().__init__()
        self._forward = forward
        for name, child in children.items():
            if isinstance(child, nn.Parameter):
                self.register_parameter(name, child)
            elif isinstance(child, Tensor):
                self.register_buffer(name, child)
            else:
                self.add_module(name, child)

    def forward(self, *inputs: Tensor) -> Any:
        return self._forward(self, *inputs)


def chain(**children: nn.Module) -> nn.Sequential:
    """Children that read each other in turn, by name."""
    made = nn.Sequential()
    for name, child in children.items():
        made.add_module(name, child)
    return made


def conv(inputs: int, outputs: int, kernel: int = 1, **arguments: Any) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, **arguments)


@dataclass(frozen=True)
class Feature:
    """`spec` lacks its first lines: the version and, where it names none, the input."""

    spec: str
    twin: Callable[[], nn.Module]
    warnings: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return whole(self.spec)


def whole(spec: str) -> str:
    """A spec with its version, and with an image of 3 x 8 x 8 as input unless it has inputs or extends another."""
    body = dedent(spec).lstrip("\n")
    has_inputs = any(line.startswith(("inputs:", "extends:")) for line in body.splitlines())
    return "archspec: 1\n" + ("" if has_inputs else "inputs: {image: [N, 3, 8, 8]}\n") + body


def check(feature: Feature) -> None:
    """The spec means what its twin does."""
    compare(archspec.load(feature.text, args=feature.arguments), feature.twin(), feature.warnings)


def compare(architecture: archspec.Architecture, twin: nn.Module, warnings: tuple[str, ...] = ()) -> nn.Module:
    """An architecture means what a torch module does; gives the module that was built."""
    assert tuple(_codes(architecture.warnings)) == warnings
    module = archspec.build(architecture)
    assert_same_state(module, twin)
    _randomise(module)
    twin.load_state_dict(module.state_dict(), strict=True)
    inputs = [_sample(value.type) for value in architecture.inputs]
    _compare_outputs(architecture, module, twin, inputs)
    by_name = {value.name: tensor for value, tensor in zip(architecture.inputs, inputs, strict=True)}
    found = run_values(module.train(), architecture.graph, by_name)
    for node in architecture.graph.nodes:
        for value in node.outputs:
            assert tuple(found[value.name].shape) == sizes(value.type), value
            assert str(found[value.name].dtype).removeprefix("torch.") == value.type.dtype, value
    return module.eval()


def _compare_outputs(
    architecture: archspec.Architecture, module: nn.Module, twin: nn.Module, inputs: list[Tensor]
) -> None:
    for training in (False, True):
        expected = [output for output in architecture.outputs if training or not output.training]
        torch.manual_seed(0)
        ours = module.train(training)(*inputs)
        torch.manual_seed(0)
        theirs = twin.train(training)(*inputs)
        if len(expected) == 1 and isinstance(ours, Tensor):
            ours, theirs = {expected[0].name: ours}, {expected[0].name: theirs}
        assert list(ours) == list(theirs) == [output.name for output in expected]
        for output in expected:
            assert tuple(ours[output.name].shape) == sizes(output.value.type)
            assert torch.equal(ours[output.name], theirs[output.name])


def sizes(type_: TensorType) -> tuple[Any, ...]:
    """The shape of a type at `SIZES`."""
    return tuple(evaluate(size, SIZES) for size in type_.shape)


def _sample(type_: TensorType) -> Tensor:
    shape = sizes(type_)
    generator = torch.Generator().manual_seed(0)
    if type_.dtype.is_floating:
        return torch.randn(shape, generator=generator)
    return torch.randint(0, 3, shape, generator=generator).to(getattr(torch, type_.dtype))


def _randomise(module: nn.Module) -> None:
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)


def codes(spec: str, **more: Any) -> list[str]:
    """The codes of all diagnostics of a spec without its first lines, in source order; none of the network."""
    return _codes(archspec.check(whole(spec), **more))


def _codes(items: Iterable[Diagnostic]) -> list[str]:
    return [item.code.name for item in items if item.code.name not in OF_THE_NETWORK]
