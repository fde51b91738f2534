"""Ops and their arguments: inferred and asserted sizes, owned tensors, refusals blamed on the right place."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import archspec
from tests.elaborate.features import Feature, Twin, chain, check, codes, conv, whole

OPS = {
    "input sizes are inferred, and may be written": Feature(
        """
        layers:
          a: {op: Conv2d, in_channels: 3, out_channels: 4, kernel_size: 3}
          b: {op: BatchNorm2d, num_features: 4}
          f: Flatten
          c: {op: Linear, in_features: 4 * 6 * 6, out_features: 2}
        """,
        lambda: chain(a=conv(3, 4, 3), b=nn.BatchNorm2d(4), f=nn.Flatten(), c=nn.Linear(144, 2)),
    ),
    "a merge of several, and of one with a number": Feature(
        """
        layers:
          a: ReLU
          b: {op: Add, from: [a, image, a]}
          c: {op: Mul, value: 4 ** -0.5}
          d: {op: Sub, value: 1}
          e: {op: Div, value: 2}
        """,
        lambda: Twin(lambda m, x: ((x.relu() + x + x.relu()) * 0.5 - 1) / 2),
    ),
    "functions take torch's argument names": Feature(
        """
        layers:
          a: {op: Permute, dims: [0, 2, 3, 1]}
          b: {op: Transpose, dim0: 1, dim1: 2}
          c: {op: Slice, dim: 1, start: 1, step: 2}
          d: {op: Mean, dim: [1, 2], keepdim: true}
          e: {op: Reshape, shape: [d.shape[0], -1]}
          f: {op: Concat, from: [e, e], dim: 1}
        """.replace("[d.shape[0], -1]", "['d.shape[0]', -1]"),
        lambda: Twin(
            lambda m, x: torch.cat(
                [e := x.permute(0, 2, 3, 1).transpose(1, 2)[:, 1::2].mean((1, 2), True).flatten(1), e], 1
            )
        ),
    ),
    "an uneven chunk gives what torch's gives": Feature(
        "inputs: {t: [N, 7, 4]}\nlayers: {s: {op: Chunk, chunks: 3}, c: {op: Concat, from: [s.2, s.0]}}",
        lambda: Twin(lambda m, x: torch.cat([x[:, 6:], x[:, :3]], 1)),
    ),
}

TENSORS = {
    "a parameter and a buffer are keys of their own": Feature(
        """
        layers:
          c: {op: Conv2d, out_channels: 4, kernel_size: 1}
          gamma: {op: Parameter, shape: [4, 1, 1], init: ones}
          scaled: {op: Mul, from: [c, gamma]}
          shift: {op: Buffer, shape: [1, 4, 1, 1]}
          moved: {op: Add, from: [scaled, shift]}
        """,
        lambda: Twin(
            lambda m, x: m.c(x) * m.gamma + m.shift,
            c=conv(3, 4),
            gamma=nn.Parameter(torch.ones(4, 1, 1)),
            shift=torch.zeros(1, 4, 1, 1),
        ),
    ),
    "a parameter is never the layer before": Feature(
        """
        layers:
          a: ReLU
          p: {op: Parameter, shape: [3, 1, 1]}
          b: {op: Add, from: [prev, p]}
          q: {op: Parameter, shape: [1]}
          c: {op: Mul, from: [prev, q]}
        """,
        lambda: Twin(
            lambda m, x: (x.relu() + m.p) * m.q, p=nn.Parameter(torch.zeros(3, 1, 1)), q=nn.Parameter(torch.zeros(1))
        ),
    ),
    "in a list it takes a number, as in torch's own lists": Feature(
        "layers: {f: [{op: Parameter, shape: [3, 1, 1], repeat: 2}, {op: Add, from: [prev, 0, 1]}]}",
        lambda: Twin(
            lambda m, x: x + m.f[0] + m.f[1],
            f=nn.ParameterList([nn.Parameter(torch.zeros(3, 1, 1)), nn.Parameter(torch.zeros(3, 1, 1))]),
        ),
    ),
    "in blocks, and under a bound name": Feature(
        """
        blocks:
          Scale: {args: {init: float}, op: Parameter, shape: [3, 1, 1], init: init}
          Scaled: {layers: {gamma: {op: Scale, init: 0.5}, mul: {op: Mul, from: [x, gamma]}}}
        layers: [Scaled, Scaled]
        """,
        lambda: nn.Sequential(
            *(Twin(lambda m, x: x * m.gamma, gamma=nn.Parameter(torch.zeros(3, 1, 1))) for _ in range(2))
        ),
    ),
    "integers": Feature(
        """
        inputs: {ids: {shape: [N, 4], dtype: int64}}
        layers: {b: {op: Buffer, shape: [4], dtype: int64, init: 7}, a: {op: Add, from: [ids, b]}}
        """,
        lambda: Twin(lambda m, x: x + m.b, b=torch.full((4,), 7)),
    ),
}


@pytest.mark.parametrize("name", OPS)
def test_ops(name: str) -> None:
    check(OPS[name])


@pytest.mark.parametrize("name", TENSORS)
def test_owned_tensors(name: str) -> None:
    check(TENSORS[name])


def test_parameters_of_a_scope_come_before_its_children() -> None:
    """As in torch, whatever their place in the spec."""
    spec = """
    layers:
      c: {op: Conv2d, out_channels: 3, kernel_size: 1}
      p: {op: Parameter, shape: [1]}
      add: {op: Add, from: [c, p]}
    """
    assert list(archspec.build(whole(spec)).state_dict()) == ["p", "c.weight", "c.bias"]


def test_an_absent_parameter_is_no_alias_because_it_reads_nothing() -> None:
    """Else `Mul: [a, gamma]` would quietly be a * a."""
    spec = "layers: {a: ReLU, gamma: {op: Parameter, shape: [1], if: false}, b: {op: Mul, from: [a, gamma]}}"
    [item] = archspec.check(whole(spec))
    assert (item.code.name, item.span.text) == ("A308", "gamma")
    assert item.helps == ("give the layers that read it the same `if`",)
    assert codes(spec.replace("[a, gamma]}", "[a, gamma], if: false}")) == []
    assert codes("blocks: {G: {op: Parameter, shape: [1]}}\n" + spec.replace("op: Parameter, shape: [1]", "op: G")) == [
        "A308"
    ]
    inner = "blocks: {B: {layers: {g: {op: Parameter, shape: [1], if: false}, r: ReLU}}}\n"
    assert codes(inner + "layers: {a: B, b: {op: Mul, from: [a, a.g]}}") == ["A308"]


# each refusal, and the text that it is blamed on
REFUSALS = [
    ("{a: {op: Conv2d, out_channels: 3}}", "A304", "a"),
    ("{a: {op: Conv2d, out_channels: 3, kernel_size: 3, grups: 2}}", "A303", "grups"),
    ("{a: {op: Conv2d, out_channels: 3.5, kernel_size: 1}}", "A305", "3.5"),
    ("{a: {op: Conv2d, out_channels: true, kernel_size: 1}}", "A305", "true"),
    ("{a: {op: Conv2d, out_channels: 0, kernel_size: 1}}", "A305", "0"),
    ("{a: {op: Conv2d, out_channels: 3, kernel_size: [1, 2, 3]}}", "A305", "[1, 2, 3]"),
    ("{a: {op: Conv2d, out_channels: 3, kernel_size: 3, padding: -1}}", "A305", "-1"),
    ("{a: {op: Conv2d, out_channels: 3, kernel_size: 3, padding: sam}}", "A301", "sam"),
    ("{a: {op: Conv2d, out_channels: 3, kernel_size: 3, bias: 2}}", "A305", "2"),
    ("{a: {op: Conv2d, out_channels: 4, kernel_size: 1, groups: 2}}", "A502", "2"),
    ("{a: {op: Conv2d, in_channels: 4, out_channels: 4, kernel_size: 1}}", "A502", "4"),
    ("{a: {op: Conv2d, out_channels: 4, kernel_size: 9}}", "A501", "9"),
    ("{a: {op: Conv1d, out_channels: 4, kernel_size: 1}}", "A501", "a"),
    ("{a: Flatten, b: {op: Conv2d, from: a, out_channels: 4, kernel_size: 1}}", "A501", "a"),
    ("{a: {op: Dropout, p: 1.5}}", "A305", "1.5"),
    ("{a: {op: Flatten, start_dim: 5}}", "A502", "5"),
    ("{a: {op: Linear, in_features: 7, out_features: 2}}", "A502", "7"),
    ("{a: {op: Conv2d, out_channels: 4, kernel_size: 3}, b: {op: Add, from: [a, image]}}", "A503", "image"),
    ("{a: {op: MaxPool2d, kernel_size: 2}, b: {op: Concat, from: [image, a]}}", "A503", "a"),
    ("{p: {op: Parameter, shape: [2], from: image}, a: ReLU}", "A504", "image"),
    ("{p: {op: Parameter, shape: [2], init: glorot}, a: {op: Add, from: [image, p]}}", "A301", "glorot"),
    (
        "{p: {op: Parameter, shape: [2], init: {normal: {sd: 1}}}, a: {op: Add, from: [image, p]}}",
        "A305",
        "{normal: {sd: 1}}",
    ),
    ("{a: {op: Mul, value: 3, from: [image, image]}}", "A502", "3"),
]


@pytest.mark.parametrize(("layers", "code", "text"), REFUSALS)
def test_refusals_are_blamed_on_the_argument_or_the_input(layers: str, code: str, text: str) -> None:
    [item] = archspec.check(whole(f"layers: {layers}"))
    assert (item.code.name, item.span.text) == (code, text)


def test_all_arguments_are_looked_at_even_if_one_fails() -> None:
    spec = "layers: {a: {op: Conv2d, out_channels: unknown, kernel_size: 0, strid: 2, groups: -1}}"
    assert codes(spec) == ["A301", "A305", "A303", "A305"]


def test_a_fraction_is_met_with_the_division_that_rounds() -> None:
    for spec in (
        "layers: {a: {op: Conv2d, out_channels: 7 / 2, kernel_size: 1}}",
        "blocks: {B: {args: {n: int}, layers: [{op: Dropout, p: n / 9}]}}\nlayers: {a: {op: B, n: 7 / 2}}",
    ):
        [item] = archspec.check(whole(spec))
        assert (item.code.name, item.span.text) == ("A305", "7 / 2")
        assert item.helps == ("`//` divides and rounds down",)
    [item] = archspec.check(whole("layers: {a: {op: Conv2d, out_channels: 3.5, kernel_size: 1}}"))
    assert item.helps == ()
