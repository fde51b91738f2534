"""Image networks for symbolic sizes: chains, pyramids, U-Nets, tokens, reshapes. Each layer is kept if the network
elaborates at the size that the spec has; so there is one size at least that works, if no condition is missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from archspec.compilation import compile_target
from tests.proof.source import Source
from tests.proof.symbols import Sizes, Subject


@dataclass
class _Net:
    source: Source
    declared: Sizes
    channels: int = 4
    layers: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        height, width = self.declared
        lines = [
            "archspec: 1",
            "name: drawn",
            f"inputs: {{image: [N, {self.channels}, {height}, {width}]}}",
            "layers:",
            *(f"  {layer}" for layer in self.layers),
        ]
        if self.outputs:
            every = dict.fromkeys([*self.outputs, self.last])
            lines.append(f"outputs: {{{', '.join(f'o{i}: {name}' for i, name in enumerate(every))}}}")
        return "\n".join(lines) + "\n"

    @property
    def last(self) -> str:
        """The name of the previous layer; at first the image's."""
        return self.layers[-1].partition(":")[0] if self.layers else "image"

    def add(self, text: str, name: str = "") -> str | None:
        """A layer, if the network takes it; its name."""
        name = name or f"l{len(self.layers)}"
        self.layers.append(f"{name}: {text}")
        if {item.code.name for item in compile_target(self.text).diagnostics} <= {"A402", "A505"}:  # dead, for now
            return name
        self.layers.pop()
        return None


def draw(source: Source) -> Subject:
    """A network, and the size that it is written for."""
    side = source.choice([16, 24, 32, 33, 40, 48, 64, 96])
    declared = (side, side if source.chance(2) else source.choice([16, 32, 40, 64]))
    net = _Net(source, declared)
    for _ in range(source.integer(1, 4)):
        source.choice(_PARTS)(net)
    if source.chance(2):
        source.choice(_HEADS)(net)
    if not net.layers:
        net.add("{op: Conv2d, out_channels: 4, kernel_size: 3}")
    _name_the_unread(net)
    text = net.text
    if source.chance(5):  # symbols in the spec itself: it has no sizes to fall back on
        text = text.replace(f"{declared[0]}, {declared[1]}]", "H, W]", 1)
    return Subject(text, net.channels, declared)


def _name_the_unread(net: _Net) -> None:
    """Layers that reach no output are outputs."""
    for _ in range(10):
        dead = [item for item in compile_target(net.text).diagnostics if item.code.name == "A505"]
        if not dead:
            return
        net.outputs += [net.layers[item.span.line - 5].partition(":")[0] for item in dead]


# --- parts: feature map -> feature map ----------------------------------------------------------------


def _window(source: Source, kernels: tuple[int, int], *more: str) -> str:
    kernel = source.integer(*kernels)
    words = [f"kernel_size: {kernel}" if source.chance(2) else f"kernel_size: [{kernel}, {source.integer(*kernels)}]"]
    if source.chance(2):
        words.append(f"stride: {source.integer(1, 4)}")
    if source.chance(2):
        words.append(f"padding: {source.integer(0, (kernel + 1) // 2)}")
    return ", ".join([*words, *more])


def _convolution(net: _Net) -> str | None:
    source = net.source
    more = [f"dilation: {source.integer(2, 3)}"] if source.chance(4) else []
    return net.add(f"{{op: Conv2d, out_channels: 4, {_window(source, (1, 7), *more)}}}")


def _pool(net: _Net) -> str | None:
    source = net.source
    more = ["ceil_mode: true"] if source.chance(2) else []
    return net.add(f"{{op: {source.choice(['MaxPool2d', 'AvgPool2d'])}, {_window(source, (1, 4), *more)}}}")


def _transposed(net: _Net) -> str | None:
    source = net.source
    stride = source.integer(1, 3)
    words = f"kernel_size: {source.integer(1, 5)}, stride: {stride}, padding: {source.integer(0, 2)}"
    words += f", output_padding: {source.integer(0, stride - 1)}"
    return net.add(f"{{op: ConvTranspose2d, out_channels: 4, {words}}}")


def _resized(net: _Net) -> str | None:
    source = net.source
    choices = ["{op: Upsample, scale_factor: 2}", "{op: Upsample, scale_factor: 3}", "{op: Upsample, size: [8, 8]}"]
    return net.add(source.choice(choices))


def _padded(net: _Net) -> str | None:
    source = net.source
    op, low = source.choice([("ZeroPad2d", -3), ("ReflectionPad2d", 0), ("ReplicationPad2d", 0), ("CircularPad2d", 0)])
    return net.add(f"{{op: {op}, padding: [{', '.join(str(source.integer(low, 4)) for _ in range(4))}]}}")


def _adaptive(net: _Net) -> str | None:
    size = net.source.choice(["1", "4", "[3, 5]", "[null, 2]"])
    return net.add(f"{{op: {net.source.choice(['AdaptiveAvgPool2d', 'AdaptiveMaxPool2d'])}, output_size: {size}}}")


def _sliced(net: _Net) -> str | None:
    source = net.source
    words = [f"dim: {source.integer(2, 3)}", f"start: {source.integer(-9, 9)}"]
    words += [f"end: {source.integer(-5, 40)}"] if source.chance(2) else []
    words += [f"step: {source.integer(1, 4)}"] if source.chance(2) else []
    return net.add(f"{{op: Slice, {', '.join(words)}}}")


def _chunked(net: _Net) -> str | None:
    source = net.source
    name = net.add(f"{{op: Split, split_size_or_sections: {source.integer(4, 20)}, dim: {source.integer(2, 3)}}}")
    if name is None:
        return None
    return net.add(f"{{op: Identity, from: {name}.0}}")


def _chain(net: _Net) -> str | None:
    name = None
    for _ in range(net.source.integer(1, 3)):
        name = net.source.choice(_STEPS)(net) or name
    return name


def _skip(net: _Net) -> str | None:
    """Down, perhaps deeper, up again, and back to where it came from."""
    source, before = net.source, net.last
    depth = source.integer(1, 3)
    skips = []
    for _ in range(depth):
        skips.append(net.last)
        strided = "Conv2d, out_channels: 4, kernel_size: 3, stride: 2, padding: 1"
        down = source.choice(["MaxPool2d, kernel_size: 2", strided])
        if net.add(f"{{op: {down}}}") is None:
            return None
    for skip in reversed(skips):
        up = source.choice(["Upsample, scale_factor: 2", "ConvTranspose2d, out_channels: 4, kernel_size: 2, stride: 2"])
        net.add(f"{{op: {up}}}")
        net.add(f"{{op: {source.choice(['Add', 'Concat'])}, from: [prev, {skip}]}}")
        net.add("{op: Conv2d, out_channels: 4, kernel_size: 1}")
    return before


def _pyramid(net: _Net) -> str | None:
    """Levels, and sums of each with the next one enlarged."""
    source = net.source
    levels = [name for _ in range(source.integer(2, 3)) if (name := _convolution(net) or _pool(net))]
    for level in reversed(levels[:-1]):
        net.add(f"{{op: Upsample, scale_factor: {source.choice([2, 2, 3, 4])}}}")
        net.add(f"{{op: Add, from: [prev, {level}]}}")
    return levels[-1] if levels else None


def _branches(net: _Net) -> str | None:
    """Two paths from one value, side by side."""
    start = net.last
    left = _chain(net)
    source = net.source
    words = f"out_channels: 4, {_window(source, (1, 5))}"
    right = net.add(f"{{op: Conv2d, from: {start}, {words}}}")
    if left and right:
        return net.add(f"{{op: {source.choice(['Add', 'Concat', 'Mul'])}, from: [{left}, {right}]}}")
    return None


def _gate(net: _Net) -> str | None:
    """Squeeze and excitation: an axis of 1 that is stretched."""
    before = net.last
    net.add("{op: AdaptiveAvgPool2d, output_size: 1}")
    return net.add(f"{{op: Mul, from: [prev, {before}]}}")


# --- heads: feature map -> something else -------------------------------------------------------------


def _linear(net: _Net) -> None:
    net.add("Flatten")
    net.add("{op: Linear, out_features: 3}")


def _tokens(net: _Net) -> None:
    source = net.source
    net.add("{op: Flatten, start_dim: 2}")
    net.add(source.choice(["{op: Transpose, dim0: 1, dim1: 2}", "{op: Permute, dims: [0, 2, 1]}"]))
    before = net.last
    net.add("LayerNorm")
    if source.chance(2):
        net.add("{op: Linear, out_features: 4}")
    if source.chance(2):
        net.add(f"{{op: Transpose, from: {before}, dim0: 1, dim1: 2}}")
        net.add(f"{{op: MatMul, from: [{before}, prev]}}")
    elif source.chance(2):
        net.add("{op: Parameter, shape: [1, prev.L, prev.C]}", "embedding")
        net.add("{op: Add, from: [prev, embedding]}")
    elif source.chance(2):
        net.add("{op: Slice, dim: 1, start: 1}")


def _reshaped(net: _Net) -> None:
    source = net.source
    part = source.choice([2, 3, 4, 6, 8, 12])
    net.add(
        source.choice(
            [
                f"{{op: Reshape, shape: [image.N, -1, {part}]}}",
                f"{{op: Reshape, shape: [image.N, 4, {part}, -1]}}",
                "{op: Reshape, shape: [image.N, 4, prev.H // 2, 2, prev.W]}",
                f"{{op: Reshape, shape: [image.N, 4, prev.H // {part}, {part}, prev.W // {part}, {part}]}}",
                f"{{op: Reshape, shape: [image.N, {4 * part}, -1, prev.W]}}",
                "{op: Reshape, shape: [image.N, 4, prev.W, prev.H]}",
                "{op: PixelUnshuffle, downscale_factor: 2}",
                f"{{op: Unflatten, dim: 2, unflattened_size: [-1, {part}]}}",
            ]
        )
    )


def _square(net: _Net) -> None:
    """A map times itself, transposed: height and width meet."""
    before = net.last
    net.add("{op: Transpose, dim0: 2, dim1: 3}")
    net.add(f"{{op: {net.source.choice(['Add', 'MatMul', 'Concat'])}, from: [prev, {before}]}}")


_STEPS: list[Callable[[_Net], str | None]] = [
    *[_convolution] * 4, *[_pool] * 3, _transposed, _transposed, _resized, _padded, _padded, _sliced, _chunked,
]  # fmt: skip
_PARTS: list[Callable[[_Net], str | None]] = [*[_chain] * 3, _skip, _skip, _pyramid, _branches, _gate, _adaptive]
_HEADS: list[Callable[[_Net], None]] = [_linear, _tokens, _tokens, _reshaped, _reshaped, _square]
