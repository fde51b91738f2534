"""A408 against torch: where two paths meet, what a position of each sees is where its gradient is."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import archspec
from archspec.compilation import compile_target
from archspec.lint.alignment import _may_be_misaligned
from tests.elaborate.features import whole

LENGTH = 96
WINDOWS = st.tuples(st.integers(1, 6), st.integers(1, 2), st.integers(0, 3))  # kernel, stride, padding
PATHS = st.lists(WINDOWS, min_size=1, max_size=3)


def layers_of(name: str, path: list[tuple[int, int, int]]) -> str:
    text = ""
    for k, (kernel, stride, padding) in enumerate(path):
        source = "image" if k == 0 else f"{name}{k - 1}"
        arguments = f"out_channels: 1, kernel_size: {kernel}, stride: {stride}, padding: {padding}"
        text += f"  {name}{k}: {{op: Conv1d, from: {source}, {arguments}}}\n"
    return text


def length(path: list[tuple[int, int, int]]) -> int:
    size = LENGTH
    for kernel, stride, padding in path:
        size = (size + 2 * padding - kernel) // stride + 1
    return size


def seen(model: torch.nn.Module, output: str, position: int) -> tuple[int, int]:
    image = torch.ones(1, 1, LENGTH, requires_grad=True)
    model(image)[output][0, 0, position].backward()
    assert image.grad is not None
    found = image.grad[0, 0].nonzero()
    return int(found.min()), int(found.max())


@given(PATHS, PATHS)
def test_two_paths_from_an_image(left: list[tuple[int, int, int]], right: list[tuple[int, int, int]]) -> None:
    end = min(length(left), length(right))
    crops = "".join(
        f"  {name}: {{op: Slice, from: {name}{len(path) - 1}, dim: 2, start: 0, end: {end}}}\n"
        for name, path in (("a", left), ("b", right))
    )
    text = (
        f"inputs: {{image: [N, 1, {LENGTH}]}}\nlayers:\n{layers_of('a', left)}{layers_of('b', right)}{crops}"
        "  sum: {op: Add, from: [a, b]}\noutputs: {a: a, b: b, sum: sum}\n"
    )
    told = [item for item in archspec.check(whole(text)) if item.code.name == "A408"]

    model = archspec.build(whole(text)).eval()
    for parameter in model.parameters():
        torch.nn.init.ones_(parameter)
    middle = end // 2  # away from the borders, where padding is not seen
    intervals = [[seen(model, name, middle + k) for k in range(2)] for name in ("a", "b")]
    steps = [after[0] - before[0] for before, after in map(tuple, intervals)]
    if any(low == 0 or high == LENGTH - 1 for interval in intervals for low, high in interval):
        return
    (a0, a1), (b0, b1) = (interval[0] for interval in intervals)
    apart = abs(a0 + a1 - b0 - b1) >= steps[0]
    nested = (a0 <= b0 and b1 <= a1) or (b0 <= a0 and a1 <= b1)
    slow, fast = sorted(steps)
    assert bool(told) == (fast >= 1.5 * slow if slow != fast else apart and not nested)


def test_the_paths_of_an_encoder_and_decoder_are_in_line() -> None:
    for up in ("{op: Upsample, scale_factor: 2}", "{op: ConvTranspose2d, out_channels: 4, kernel_size: 2, stride: 2}"):
        for down in ("kernel_size: 2, stride: 2", "kernel_size: 3, stride: 2, padding: 1", "kernel_size: 1, stride: 2"):
            text = f"""
            layers:
              a: {{op: Conv2d, out_channels: 4, kernel_size: 3, padding: 1}}
              b: {{op: Conv2d, out_channels: 4, {down}}}
              c: {{op: Conv2d, out_channels: 4, {down}}}
              up1: {up}
              sum1: {{op: Add, from: [b, up1]}}
              up2: {up}
              sum2: {{op: Add, from: [a, up2]}}
            """
            assert [item.code.name for item in archspec.check(whole(text))] == []


@pytest.mark.parametrize("size", ["size: [75, 75]", "from: [prev, image]"])
def test_maps_that_are_resized_to_a_size_are_in_line(size: str) -> None:
    text = f"""
    inputs: {{image: [N, 4, 75, 75]}}
    layers:
      down: {{op: Conv2d, out_channels: 4, kernel_size: 3, stride: 2, padding: 1}}
      up: {{op: Interpolate, {size}, mode: bilinear}}
      sum: {{op: Add, from: [image, up]}}
    """
    assert archspec.check(whole(text)) == ()


def test_networks_of_the_zoo_need_no_receptive_fields() -> None:
    """The exact fields would take longer than all else of a check."""
    for name in ("resnet50", "densenet", "inception_v3", "unet", "googlenet", "shufflenet_v2"):
        graph = compile_target(name).graph
        assert graph is not None
        assert not _may_be_misaligned(graph), name


def test_all_pairs_of_inputs_are_compared() -> None:
    text = """
    layers:
      a: {op: Conv2d, from: image, out_channels: 4, kernel_size: 3, stride: 2, padding: 1}
      b: {op: Conv2d, from: image, out_channels: 4, kernel_size: 5, stride: 2, padding: 2}
      c: {op: MaxPool2d, from: image, kernel_size: 3, stride: 2, ceil_mode: true}
      cat: {op: Concat, from: [b, a, c]}
    """
    [item] = archspec.check(whole(text))
    assert item.message == "`cat` merges `a` and `c`, whose positions are shifted against each other along H"
    assert [label.text for label in item.labels] == [
        "position k sees pixels 2k - 1 to 2k + 1",
        "position k sees pixels 2k to 2k + 2",
    ]
