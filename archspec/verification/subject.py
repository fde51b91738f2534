"""What claims are held against: a network of the zoo beside its twin, made when a claim asks for them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import nn

from archspec import given
from archspec.architecture import Architecture, Request
from archspec.backends.torch import build_module, calibrate, example_inputs, example_sizes
from archspec.diagnostics import SpecError
from archspec.verification.twins import IMAGE_SIZE, Published, build_twin, builder_of, published, without_storage
from archspec.zoo import Arguments, ZooModel

Size: TypeAlias = tuple[int, int]

_SMALL: tuple[Size, ...] = ((64, 64), (96, 96))  # images on which whole networks are quick
_OBLONG: tuple[Size, ...] = ((72, 104), (96, 128))  # the first is no multiple of what networks divide by
_HEADS = "aux_logits"  # torchvision's name


class Pair(NamedTuple):
    """Our module, and torchvision's."""

    ours: nn.Module
    theirs: nn.Module


@dataclass
class Subject:
    """A network of the zoo, with the args of its weights that are named, if any.

    `target` is what archspec loads (the network's name, or the text of a spec), `args` what it is given on top of
    the zoo's, `zoo` the collection that has the name, if it is not archspec's own. The modules are made on first use;
    whoever is done with a subject drops it.
    """

    model: ZooModel
    target: str
    args: Arguments = field(default_factory=dict)
    weights: str = ""
    zoo: str | None = None
    seed: int = 0

    # What was published

    @cached_property
    def builder(self) -> str | None:
        """Torchvision's builder of the same network; None where the weights are not torchvision's."""
        return builder_of(self.model.weights.removeprefix("torchvision ")) if self.model.weights else None

    @property
    def published(self) -> list[Published]:
        """What torchvision tells of its weights, the default ones first."""
        return published(self.builder) if self.builder else []

    # The network with other args

    def variant(self, weights: str) -> Subject:
        """The network that some weights are for: the same for all weights whose args are the same."""
        args = {**self.args, **self.model.weights_args.get(weights, {})}
        return next((each for each in self.variants if _written(each.args) == _written(args)), self)

    @cached_property
    def variants(self) -> list[Subject]:
        """The network itself, and those that differ from it and from each other by the args of some weights."""
        found: dict[str, Subject] = {_written(self.args): self}
        for weights, more in self.model.weights_args.items():
            args = {**self.args, **more}
            found.setdefault(_written(args), replace(self, args=args, weights=weights))
        return list(found.values())

    @property
    def is_resized(self) -> bool:
        """Whether it is the network itself, only for images of another size."""
        return self.args.keys() == {IMAGE_SIZE}

    # The network for other images

    def architecture(self, size: Size | None = None) -> Architecture:
        """The network for images of a size, its own if none is given. Raises SpecError where it does not take that."""
        request = Request(self.target, dict(self.args), zoo=self.zoo)
        if size is not None:
            (image,) = self.default.inputs
            sizes: dict[str | None, int] = dict(zip("HW", size, strict=True))
            axes = zip(image.type.axes, image.type.shape, strict=True)
            request = replace(request, inputs={image.name: [sizes.get(axis, str(extent)) for axis, extent in axes]})
        return Architecture(request, Architecture(request).compilation)

    @cached_property
    def default(self) -> Architecture:
        """The network for images of its own size. Raises SpecError."""
        return self.architecture()

    @cached_property
    def evaluating(self) -> Subject:
        """The network without auxiliary heads, which training alone runs, and which may ask for larger images."""
        spec = self.default.compilation.target.spec
        if spec is None or _HEADS not in spec.args or not any(output.training for output in self.default.outputs):
            return self
        return replace(self, args={**self.args, **given.from_python({_HEADS: False})})

    def takes(self, size: Size) -> bool:
        """Whether the network has no errors for images of a size."""
        try:
            self.architecture(size)
        except SpecError:
            return False
        return True

    @cached_property
    def reads_images(self) -> bool:
        """Whether its only input has rows and columns."""
        axes = [axis for value in self.default.inputs for axis in value.type.axes]
        return len(self.default.inputs) == 1 and axes.count("H") == axes.count("W") == 1

    @property
    def own_size(self) -> Size:
        """The images' size that the network has by default; where it leaves that open, some that it takes."""
        return size_of(self.default)

    @cached_property
    def small(self) -> Architecture:
        """The network for images as small as a quick run wants them, or else as it is."""
        size = next((size for size in _SMALL if self.takes(size)), None) if self.reads_images else None
        return self.architecture(size)

    @cached_property
    def sizes(self) -> list[Size]:
        """Two sizes of images that evaluation is compared at, one of them oblong, as far as the network takes them."""
        found = next((size for size in _OBLONG if self.evaluating.takes(size)), None)
        square = next((size for size in _SMALL if self.evaluating.takes(size)), self.own_size)
        return [square, found] if found else [square]

    # Modules

    @cached_property
    def module_without_values(self) -> nn.Module:
        """Our module on the meta device."""
        with without_storage():
            return build_module(self.default.graph).to("meta")

    @cached_property
    def without_values(self) -> Pair:
        """Both modules on the meta device."""
        with without_storage():
            return Pair(self.module_without_values, self._build_twin().to("meta"))

    @cached_property
    def fresh(self) -> Pair:
        """Both modules as they are initialised, in training mode."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            return Pair(build_module(self.default.graph), self._build_twin())

    @cached_property
    def calibrated(self) -> Pair:
        """Both modules with the same weights, such that their outputs tell much; made of the fresh ones. They share
        their parameters; what training writes to, each has by itself."""
        pair = self.fresh
        del self.fresh
        calibrate(pair.ours, self.small.graph, self.seed)
        buffers = {name for name, _ in pair.ours.named_buffers()}
        state = pair.ours.state_dict()
        for name in buffers & state.keys():
            state[name] = state[name].clone()
        pair.theirs.load_state_dict(state, strict=True, assign=True)
        return pair

    @cached_property
    def calibrated_alone(self) -> nn.Module:
        """Our module with those weights, where no twin is wanted any more."""
        pair = self.__dict__.pop("calibrated", None)
        if pair is not None:
            ours: nn.Module = pair.ours
            return ours
        module = build_module(self.small.graph)
        calibrate(module, self.small.graph, self.seed)
        return module

    def _build_twin(self) -> nn.Module:
        if self.builder is None:
            raise LookupError(f"{self.model.name} has no twin in torchvision")
        return build_twin(self.builder, self.values)

    @property
    def values(self) -> dict[str, Any]:
        """The args on top of the zoo's, as Python has them."""
        return {name: node.value for name, (_, node) in self.args.items() if hasattr(node, "value")}


def images(size: Size, batch: int = 2, seed: int = 0) -> torch.Tensor:
    """The same random images on every run."""
    return torch.randn(batch, 3, *size, generator=torch.Generator().manual_seed(seed))


def _written(args: Arguments) -> str:
    return str(sorted((name, node.span.text) for name, (_, node) in args.items()))


def size_of(architecture: Architecture) -> Size:
    """The rows and columns of the images that a network reads."""
    graph = architecture.graph
    height, width = example_inputs(graph, sizes=example_sizes(graph, batch=1))[graph.inputs[0].name].shape[2:]
    return height, width
