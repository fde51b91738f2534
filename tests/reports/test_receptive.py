"""Receptive fields against gradients: which pixels of the image move a position of the output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

import archspec
from archspec.dims import symbol
from archspec.graph import Graph, Node, Value
from archspec.ops.base import OpError
from archspec.reports import summarize
from archspec.reports.receptive import Reach, Scattered, image_of, receptive_fields, sizes
from tests.ops.cases import Example, op_class
from tests.ops.examples import EXAMPLES
from tests.ops.realize import one_layer
from tests.reports.nets import ORIGIN, Net, run

LayerSpec: TypeAlias = tuple[str, dict[str, Any]]


def build(shape: tuple[int, ...], layers: list[LayerSpec]) -> Graph:
    net = Net(*shape)
    for op, arguments in layers:
        net.add(op, **arguments)
    return net.graph()


def seen_by_gradient(graph: Graph, axis: int) -> list[tuple[int, int] | None]:
    """For each position of the output along an axis, the first and the last pixel along it that its gradient
    reaches."""
    (image,) = graph.inputs
    pixels = torch.rand(1, *map(int, image.type.shape[1:]), dtype=torch.float64) + 1  # type: ignore[arg-type]
    pixels.requires_grad_()
    output = run(graph, {image.name: pixels})[graph.outputs[0].value.name]
    return [_extent(_gradient(output.select(axis, k), pixels), axis) for k in range(output.shape[axis])]


def _gradient(part: Tensor, pixels: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad((part * (torch.rand_like(part) + 0.5)).sum(), pixels, retain_graph=True)
    return gradient


def _extent(gradient: Tensor, axis: int) -> tuple[int, int] | None:
    others = [k for k in range(gradient.dim()) if k != axis]
    touched = (gradient.abs().sum(others) > 1e-12).nonzero().flatten().tolist()
    return (touched[0], touched[-1]) if touched else None


def reach_along(graph: Graph, axis: int) -> Reach:
    """What the output sees along an axis that it shares with the image."""
    output = graph.outputs[0].value
    field = receptive_fields(graph)[output]
    assert field
    reach = field[str(output.type.axes[axis])]
    assert isinstance(reach, Reach)
    return reach


def assert_gradients_agree(graph: Graph) -> None:
    """No gradient reaches further than the field; and in the middle, where no border is near, each reaches
    as far, the widest as far as the size that the summary gives. What is seen starts where the summary says, and
    moves by its stride from position to position, or from period to period where fields differ."""
    image, output = graph.inputs[0], graph.outputs[0].value
    layer = summarize(graph).layers[-1]
    assert layer.receptive_stride
    assert layer.receptive_start
    for axis in range(2, image.type.rank):
        reach, reached = reach_along(graph, axis), seen_by_gradient(graph, axis)
        stride, start = layer.receptive_stride[axis - 2], layer.receptive_start[axis - 2]
        assert stride is not None
        fields = [reach.of(k, k) for k in range(len(reached))]
        for field, touched in zip(fields, reached, strict=True):
            assert not touched or (field and field[0] <= touched[0] <= touched[1] <= field[1])
        middle = slice(len(fields) // 3, len(fields) - len(fields) // 3)
        assert fields[middle] == reached[middle]
        size = sizes(receptive_fields(graph)[output], image)
        assert size
        assert max(last - first + 1 for first, last in filter(None, reached[middle])) == size[axis - 2]
        for position in range(middle.start, middle.stop):
            if start is not None and position % len(reach.seen) == 0:
                seen = reached[position]
                assert seen
                assert seen[0] == start + position * stride


CHAINS: dict[str, list[LayerSpec]] = {
    "convolutions": [("Conv2d", {"out_channels": 2, "kernel_size": 3, "stride": s}) for s in (1, 2, 1, 2)],
    "dilated": [("Conv2d", {"out_channels": 2, "kernel_size": (3, 2), "dilation": (2, 3)})] * 2,
    "transposed": [
        ("Conv2d", {"out_channels": 2, "kernel_size": 3, "stride": 2}),
        ("ConvTranspose2d", {"out_channels": 2, "kernel_size": 4, "stride": 2, "padding": 1}),
        ("Conv2d", {"out_channels": 2, "kernel_size": 3}),
    ],
    "transposed with holes": [("ConvTranspose2d", {"out_channels": 2, "kernel_size": 1, "stride": 3})],
    "transposed, strides 2 and 3": [
        ("ConvTranspose2d", {"out_channels": 1, "kernel_size": 3, "stride": 2, "padding": 1}),
        ("ConvTranspose2d", {"out_channels": 1, "kernel_size": 5, "stride": 3, "padding": 1}),
    ],
    "U-Net's": [
        ("Conv2d", {"out_channels": 2, "kernel_size": 3, "padding": 1}),
        ("AvgPool2d", {"kernel_size": 2}),
        ("Conv2d", {"out_channels": 2, "kernel_size": 3, "padding": 1}),
        ("ConvTranspose2d", {"out_channels": 2, "kernel_size": 2, "stride": 2}),
    ],
    "nearest": [("AvgPool2d", {"kernel_size": 2}), ("Upsample", {"scale_factor": 2.0})],
    "nearest-exact by 1.5": [("Upsample", {"scale_factor": 1.5, "mode": "nearest-exact"})],
    "bilinear": [("AvgPool2d", {"kernel_size": 2}), ("Upsample", {"scale_factor": 2.0, "mode": "bilinear"})],
    "bilinear by 3": [("Upsample", {"scale_factor": 3.0, "mode": "bilinear"})],
    "bilinear, downwards": [("Upsample", {"size": (7, 9), "mode": "bilinear"})],
    "bilinear, aligned corners": [("Upsample", {"size": (31, 33), "mode": "bilinear", "align_corners": True})],
    "bicubic": [("Upsample", {"scale_factor": 2.0, "mode": "bicubic"})],
    "padded and sliced": [
        ("ZeroPad2d", {"padding": (1, 2, 3, 0)}),
        ("Slice", {"dim": 2, "start": 2, "step": 2}),
        ("AvgPool2d", {"kernel_size": 3}),
    ],
    "channels last": [
        ("Conv2d", {"out_channels": 2, "kernel_size": 3, "stride": 2}),
        ("Permute", {"dims": (0, 2, 3, 1)}),
        ("LayerNorm", {}),
        ("Permute", {"dims": (0, 3, 1, 2)}),
        ("AvgPool2d", {"kernel_size": 2}),
    ],
    "pooled by the maximum": [
        ("MaxPool2d", {"kernel_size": (2, 3), "dilation": (1, 2), "stride": 2, "padding": 1, "ceil_mode": True})
    ],
    "normalised": [("Conv2d", {"out_channels": 2, "kernel_size": 3}), ("BatchNorm2d", {}), ("ReLU", {})],
}


@pytest.mark.parametrize("name", CHAINS)
def test_every_position_sees_what_its_gradient_reaches(name: str) -> None:
    torch.manual_seed(0)
    assert_gradients_agree(build((2, 22, 25), CHAINS[name]))


def of_dimensions(rank: int) -> dict[str, list[LayerSpec]]:
    """Windows of every kind along so many spatial axes."""
    kernel = (3, 2, 3)[:rank] if rank > 1 else 3
    shift = {"kernel_size": 3, "stride": 2, "padding": 1}
    return {
        "convolution": [(f"Conv{rank}d", {"out_channels": 2, "kernel_size": kernel, "dilation": 2, "stride": 2})],
        "strided pairs": [(f"Conv{rank}d", {"out_channels": 2, **shift})] * 2,
        "transposed": [(f"ConvTranspose{rank}d", {"out_channels": 2, **shift, "output_padding": 1})],
        "transposed, dilated": [(f"ConvTranspose{rank}d", {"out_channels": 2, "kernel_size": 3, "dilation": 2})],
        "down and up": [
            (f"Conv{rank}d", {"out_channels": 2, **shift}),
            (f"ConvTranspose{rank}d", {"out_channels": 2, "kernel_size": 2, "stride": 2}),
        ],
        "ceil-mode maximum": [(f"MaxPool{rank}d", {"kernel_size": kernel, "stride": 2, "ceil_mode": True})],
        "dilated maximum": [(f"MaxPool{rank}d", {"kernel_size": 2, "dilation": 3, "stride": 1})],
        "ceil-mode average": [(f"AvgPool{rank}d", {**shift, "ceil_mode": True})],
        "power average": [(f"LPPool{rank}d", {"norm_type": 2, "kernel_size": kernel, "stride": 2})],
        "power average, ceil mode": [(f"LPPool{rank}d", {"norm_type": 3, "kernel_size": 3, "ceil_mode": True})],
        "nearest": [("Upsample", {"scale_factor": 2.0})],
        "linear": [("Upsample", {"scale_factor": 2.0, "mode": ("linear", "bilinear", "trilinear")[rank - 1]})],
        "padded with zeros": [(f"ZeroPad{rank}d", {"padding": 2}), (f"AvgPool{rank}d", {"kernel_size": 2})],
        "padded with a constant": [(f"ConstantPad{rank}d", {"padding": 1, "value": 3.0})],
    }


WINDOWS = [(rank, name) for rank in (1, 2, 3) for name in of_dimensions(rank)]


@pytest.mark.parametrize(("rank", "name"), WINDOWS, ids=lambda part: str(part))
def test_windows_of_one_two_and_three_dimensions(rank: int, name: str) -> None:
    torch.manual_seed(0)
    channels = 12 if "maximum" in name else 1  # so that every position is the greatest of some window
    assert_gradients_agree(build((channels, *(12, 11, 13)[:rank]), of_dimensions(rank)[name]))


def test_paddings_that_copy_show_what_they_copy() -> None:
    """A reflection may show a position pixels beyond its window, which is that of the arithmetic; inside, where no
    border is near, they agree."""
    convolution = {"out_channels": 1, "kernel_size": 3, "padding": 2, "padding_mode": "reflect"}
    graph = build((1, 22, 25), [("Conv2d", convolution)])
    reach, reached = reach_along(graph, 2), seen_by_gradient(graph, 2)
    assert reached[0] == (0, 2)
    assert reach.of(0, 0) == (-2, 0)
    assert [reach.of(k, k) for k in range(2, 20)] == reached[2:20]


def inception() -> Net:
    net = Net(2, 30, 31)
    stem = net.add("Conv2d", out_channels=2, kernel_size=3, stride=2)
    one = net.add("Conv2d", stem, out_channels=2, kernel_size=1)
    five = net.add("Conv2d", stem, out_channels=2, kernel_size=(5, 1), padding=(2, 0))
    pool = net.add("MaxPool2d", stem, kernel_size=3, stride=1, padding=1)
    net.add("Concat", one, five, pool)
    return net


def residual() -> Net:
    net = Net(2, 30, 31)
    long = net.add("Conv2d", out_channels=2, kernel_size=3, stride=2, padding=1)
    long = net.add("Conv2d", long, out_channels=2, kernel_size=3, padding=1)
    short = net.add("Conv2d", "image", out_channels=2, kernel_size=1, stride=2)
    net.add("Add", short, long)
    return net


def unet() -> Net:
    net = Net(2, 64, 52)
    first = net.add("Conv2d", out_channels=2, kernel_size=3, padding=1)
    net.add("MaxPool2d", kernel_size=2)
    second = net.add("Conv2d", out_channels=2, kernel_size=3, padding=1)
    net.add("MaxPool2d", kernel_size=2)
    net.add("Conv2d", out_channels=2, kernel_size=3, padding=1)
    net.add("ConvTranspose2d", out_channels=2, kernel_size=2, stride=2)
    net.add("Concat", second, net.last)
    net.add("Conv2d", out_channels=2, kernel_size=3, padding=1)
    net.add("Upsample", scale_factor=2.0, mode="bilinear")
    net.add("Concat", first, net.last)
    return net


def split() -> Net:
    net = Net(4, 20, 21)
    net.add("Chunk", path="halves", chunks=2)
    conv = net.add("Conv2d", "halves.1", out_channels=2, kernel_size=3, padding=1)
    net.add("Concat", "halves.0", conv)
    net.add("ChannelShuffle", groups=2)
    return net


def deep_residual() -> Net:
    """Three residual blocks, one of which halves the map; a dilated branch beside a pooled one."""
    net = Net(2, 40, 41)
    last = net.add("Conv2d", out_channels=2, kernel_size=3, padding=1)
    for stride, dilation in ((1, 1), (2, 1), (1, 3)):
        kernel = {"kernel_size": 3, "stride": stride, "padding": dilation, "dilation": dilation}
        long = net.add("Conv2d", last, out_channels=2, **kernel)
        short = net.add("AvgPool2d", last, kernel_size=stride, ceil_mode=True) if stride > 1 else last
        last = net.add("Add", long, short)
    return net


def pyramid() -> Net:
    """A map at half the size, brought back and added: every other position sees further."""
    net = Net(2, 32, 36)
    fine = net.add("Conv2d", out_channels=2, kernel_size=3, padding=1)
    net.add("Conv2d", fine, out_channels=2, kernel_size=3, stride=2, padding=1)
    net.add("Upsample", scale_factor=2.0)
    net.add("Add", fine, net.last)
    return net


def resized() -> Net:
    """A map that is brought to the size of another, of which it sees nothing else."""
    net = Net(2, 30, 36)
    wide = net.add("Conv2d", out_channels=2, kernel_size=5, padding=2)
    down = net.add("Conv2d", "image", out_channels=2, kernel_size=1, stride=2)
    net.add("Interpolate", down, wide, mode="bilinear")
    return net


@pytest.mark.parametrize("network", [inception, residual, unet, split, deep_residual, pyramid, resized])
def test_paths_that_meet(network: Callable[[], Net]) -> None:
    torch.manual_seed(0)
    assert_gradients_agree(network().graph())


def layers() -> st.SearchStrategy[LayerSpec]:
    """Layers with windows of every kind; not all of them fit on every image."""
    small = st.integers(1, 3)
    kernel = {"kernel_size": small, "stride": small, "dilation": small, "out_channels": st.just(1)}
    convolution = st.fixed_dictionaries({**kernel, "padding": st.integers(0, 3)})
    transposed = st.fixed_dictionaries({**kernel, "padding": st.integers(0, 1)})
    pool = st.fixed_dictionaries(
        {"kernel_size": small, "stride": small, "padding": st.integers(0, 1), "ceil_mode": st.booleans()}
    )
    resize = st.fixed_dictionaries(
        {"scale_factor": st.sampled_from([0.5, 1.5, 2.0, 3.0]), "mode": st.sampled_from(["nearest", "bilinear"])}
    )
    return st.one_of(
        st.tuples(st.just("Conv2d"), convolution),
        st.tuples(st.just("ConvTranspose2d"), transposed),
        st.tuples(st.just("AvgPool2d"), pool),
        st.tuples(st.just("Upsample"), resize),
    )


@settings(max_examples=40)
@given(chain=st.lists(layers(), min_size=1, max_size=4))
def test_no_gradient_reaches_further_than_the_field_of_any_chain(chain: list[LayerSpec]) -> None:
    try:
        graph = build((1, 16, 6), chain)
    except OpError:
        assume(False)
    positions = graph.outputs[0].value.type.shape[2]
    assume(isinstance(positions, int) and positions <= 60)
    reach = reach_along(graph, 2)
    for k, touched in enumerate(seen_by_gradient(graph, 2)):
        field = reach.of(k, k)
        assert not touched or (field and field[0] <= touched[0] <= touched[1] <= field[1])


POINTWISE: list[LayerSpec] = [("Conv2d", {"out_channels": 4, "kernel_size": 3}), ("ReLU", {})]
TOKENS: list[LayerSpec] = [
    ("Conv2d", {"out_channels": 8, "kernel_size": 4, "stride": 4}),
    ("Flatten", {"start_dim": 2}),
    ("Permute", {"dims": (0, 2, 1)}),
]
VERDICTS: dict[str, tuple[list[LayerSpec], Any]] = {
    "global pooling": ([*POINTWISE, ("AdaptiveAvgPool2d", {"output_size": 1})], "whole"),
    "a mean over the map": ([*POINTWISE, ("Mean", {"dim": (2, 3)})], "whole"),
    "a mean over the channels": ([*POINTWISE, ("Mean", {"dim": 1})], (3, 3)),
    "normalisation over the map": ([*POINTWISE, ("GroupNorm", {"num_groups": 2})], "whole"),
    "pooling to equal parts": ([("AdaptiveAvgPool2d", {"output_size": (4, 3)})], (4, 8)),
    "flattened, each element": ([*POINTWISE, ("Flatten", {}), ("Dropout", {}), ("ReLU", {})], (3, 3)),
    "flattened, normalised one by one": ([*POINTWISE, ("Flatten", {}), ("BatchNorm1d", {})], (3, 3)),
    "flattened, then Linear": ([*POINTWISE, ("Flatten", {}), ("Linear", {"out_features": 5})], "whole"),
    "flattened, then Softmax": ([*POINTWISE, ("Flatten", {}), ("Softmax", {"dim": 1})], "whole"),
    "once whole, whole": ([("AdaptiveAvgPool2d", {"output_size": 1}), ("Upsample", {"scale_factor": 4.0})], "whole"),
    "tokens": (TOKENS, (4, 4)),
    "a Linear on tokens": ([*TOKENS, ("LayerNorm", {}), ("Linear", {"out_features": 5})], (4, 4)),
    "a window over tokens": (
        [*TOKENS, ("Permute", {"dims": (0, 2, 1)}), ("Conv1d", {"out_channels": 2, "kernel_size": 3})],
        None,
    ),
    "a window of one over tokens": (
        [*TOKENS, ("Permute", {"dims": (0, 2, 1)}), ("Conv1d", {"out_channels": 2, "kernel_size": 1})],
        (4, 4),
    ),
    "one token, normalised": ([*TOKENS, ("Select", {"dim": 1, "index": 0}), ("LayerNorm", {})], (4, 4)),
    "flattened, one position, normalised": (
        [("Conv2d", {"out_channels": 2, "kernel_size": (16, 24)}), ("Flatten", {}), ("LayerNorm", {})],
        (16, 24),
    ),
    "nothing": (
        [
            ("ConvTranspose2d", {"out_channels": 1, "kernel_size": 1, "stride": 2}),
            ("Slice", {"dim": 2, "start": 1, "step": 2}),
        ],
        (0, 1),
    ),
    "one token": ([*TOKENS, ("Select", {"dim": 1, "index": 0})], (4, 4)),
    "no labels": ([*POINTWISE, ("Reshape", {"shape": (-1, 4, 15, 2, 22)})], None),
    "a column": ([*POINTWISE, ("AvgPool2d", {"kernel_size": (14, 1)})], (16, 3)),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_what_is_said_where_windows_end(name: str) -> None:
    chain, expected = VERDICTS[name]
    graph = build((2, 16, 24), chain)
    assert sizes(receptive_fields(graph)[graph.outputs[0].value], image_of(graph)) == expected


FOLLOWERS: list[LayerSpec] = [
    ("ReLU", {}),
    ("Flatten", {"start_dim": 0}),
    ("Mean", {"dim": -1}),
    ("Linear", {"out_features": 2}),
    ("Conv2d", {"out_channels": 2, "kernel_size": 1}),
    ("Slice", {"dim": -1, "end": 1}),
]


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example.inputs], ids=str)
def test_something_is_said_behind_every_op(example: Example) -> None:
    graph = one_layer(example.make(), example)
    value = graph.nodes[0].outputs[0]
    for name, arguments in FOLLOWERS:
        op = op_class(name)(**arguments)
        try:
            result = op.infer(value.type)
        except OpError:
            continue
        node = Node(name, op, (value,), graph.root, ORIGIN, name)
        node.outputs = (Value(name, result, node),)  # type: ignore[arg-type]
        graph.nodes.append(node)
    fields = receptive_fields(graph)
    assert fields.keys() == {*graph.inputs, *(value for node in graph.nodes for value in node.outputs)}


def test_squeeze_and_excitation_sees_everything() -> None:
    net = Net(4, 8, 8)
    conv = net.add("Conv2d", out_channels=4, kernel_size=3, padding=1)
    net.add("AdaptiveAvgPool2d", output_size=1)
    gate = net.add("Sigmoid")
    net.add("Mul", conv, gate)
    assert summarize(net.graph()).layers[-1].receptive_field == "whole"


def test_paths_out_of_step_are_not_known() -> None:
    net = Net(2, 16, 16)
    strided = net.add("Conv2d", out_channels=2, kernel_size=2, stride=2)
    cropped = net.add("Slice", "image", dim=2, end=8)
    cropped = net.add("Slice", cropped, dim=3, end=8)
    net.add("Add", strided, cropped)
    net.add("Conv2d", out_channels=2, kernel_size=1)
    net.add("Add", net.last, strided)
    fields = [layer.receptive_field for layer in summarize(net.graph()).layers]
    assert fields == [(2, 2), (1, 1), (1, 1), None, None, None]
    assert summarize(net.graph()).notes == (
        "`3` reads values whose positions go in steps of 1 and 2 pixels: no field from there on",
    )


def test_strides_and_starts_as_json_has_them() -> None:
    net = Net(3, 64, 64)
    net.add("Conv2d", out_channels=2, kernel_size=(7, 3), stride=(2, 1), padding=(3, 0))
    net.add("MaxPool2d", kernel_size=3, stride=2, padding=1)
    net.add("Upsample", scale_factor=8.0)
    net.add("AdaptiveAvgPool2d", output_size=1)
    net.add("Flatten")
    found = [layer.as_dict() for layer in summarize(net.graph()).layers]
    assert [(layer["receptive_stride"], layer["receptive_start"]) for layer in found] == [
        ([2, 1], [-3, 0]),
        ([4, 2], [-5, -1]),
        (["1/2", "1/4"], [-5, -1]),
        (None, None),
        (None, None),
    ]
    weight = Net(3, 8, 8)
    weight.add("Parameter", path="w", shape=(3, 1, 1), init="ones")
    weight.add("Mul", "image", "w")
    parameter, product = (layer.as_dict() for layer in summarize(weight.graph()).layers)
    assert (parameter["receptive_stride"], parameter["receptive_start"]) == (None, None)
    assert (product["receptive_stride"], product["receptive_start"]) == ([1, 1], [0, 0])


def test_an_axis_that_is_seen_whole_has_the_image_s_size() -> None:
    net = Net(2, symbol("H"), 9)
    field = {"H": "whole", "W": Reach("W", 1, ((0, 2),))}
    assert sizes(field, net.inputs["image"]) == (symbol("H"), 3)  # type: ignore[arg-type]


def test_weights_see_nothing_of_the_image_and_other_inputs_are_not_counted() -> None:
    net = Net(image=(symbol("N"), 2, 8, 8), scale=(symbol("N"), 2))
    net.add("Parameter", path="gain", shape=(2, 1, 1), init="ones")
    net.add("Conv2d", "image", out_channels=2, kernel_size=3)
    net.add("Mul", net.last, "gain")
    net.add("Linear", "scale", out_features=3)
    assert [layer.receptive_field for layer in summarize(net.graph()).layers] == [None, (3, 3), (3, 3), None]


def test_windows_label_axes_anew() -> None:
    """A convolution calls its axes H and W, or L, whatever they were called before."""
    conv = ("Conv2d", {"out_channels": 4, "kernel_size": (3, 1)})
    graph = build((3, 9, 11), [("Transpose", {"dim0": 2, "dim1": 3}), conv])
    field = receptive_fields(graph)[graph.outputs[0].value]
    assert field == {"H": Reach("W", 1, ((0, 0),)), "W": Reach("H", 1, ((0, 2),))}
    conv = ("Conv1d", {"out_channels": 4, "kernel_size": 3})
    graph = build((3, 9, 11), [("Select", {"dim": -1, "index": 0}), conv, ("Transpose", {"dim0": 1, "dim1": 2})])
    field = receptive_fields(graph)[graph.outputs[0].value]
    assert field == {"H": Reach("L", 1, ((0, 2),)), "W": Scattered(None, 1)}


def test_fields_of_symbolic_images_are_numbers() -> None:
    net = Net(3, symbol("H"), symbol("W"))
    net.add("Conv2d", out_channels=2, kernel_size=7, stride=2, padding=3)
    net.add("MaxPool2d", kernel_size=3, stride=2, padding=1)
    net.add("Upsample", scale_factor=2.0)
    assert [layer.receptive_field for layer in summarize(net.graph()).layers] == [(7, 7), (11, 11), (11, 11)]


def test_sizes_that_have_to_be_equal_count_as_equal() -> None:
    net = Net(3, symbol("H"), symbol("W"))
    net.add("AvgPool2d", kernel_size=2)
    net.add("Upsample", scale_factor=2.0)
    net.add("Concat", "image", net.last)
    net.add("Conv2d", out_channels=2, kernel_size=3)
    assert [layer.receptive_field for layer in summarize(net.graph()).layers] == [(2, 2), (2, 2), (2, 2), (4, 4)]
    beside = Net(3, symbol("H"), symbol("W"))
    beside.add("Concat", "image", "image", dim=3)
    beside.add("Conv2d", out_channels=2, kernel_size=3)
    assert [layer.receptive_field for layer in summarize(beside.graph()).layers] == [(1, 1), None]


@pytest.mark.parametrize(("name", "pixels"), [("alexnet", 195), ("vgg16", 212)])
def test_published_numbers(name: str, pixels: int) -> None:
    """Araujo, Norris and Sim, Computing Receptive Fields of Convolutional Neural Networks, 2019: table 1."""
    layers = archspec.load(name).summary().layers
    assert [layer.receptive_field for layer in layers if layer.op == "MaxPool2d"][-1] == (pixels, pixels)
