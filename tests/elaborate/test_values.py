"""`from`: what a layer can read, and from where."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import archspec
from tests.elaborate.features import Feature, Twin, chain, check, codes, conv, whole

C = "{op: Conv2d, out_channels: 3, kernel_size: 1}"

READING = {
    "by default the layer before, in a scope first what the scope reads": Feature(
        f"layers: {{a: {C}, s: {{from: image, layers: {{b: {C}, c: ReLU}}}}, d: {{op: Add, from: [s, a]}}}}",
        lambda: Twin(lambda m, x: m.s(x) + m.a(x), a=conv(3, 3), s=chain(b=conv(3, 3), c=nn.ReLU())),
    ),
    "prev by its name": Feature(
        f"layers: {{a: {C}, b: {{op: Add, from: [prev, image]}}, c: {{op: Mul, from: [prev, prev]}}}}",
        lambda: Twin(lambda m, x: (b := m.a(x) + x) * b, a=conv(3, 3)),
    ),
    "siblings, layers of enclosing scopes, model inputs": Feature(
        f"""
        layers:
          a: {C}
          outer:
            layers:
              b: {C}
              inner: {{layers: {{c: {C}, add: {{op: Add, from: [c, b, a]}}}}}}
              d: {{op: Concat, from: [inner, image]}}
        """,
        lambda: Twin(
            lambda m, x: torch.cat([m.outer.inner["c"](b := m.outer.b(a := m.a(x))) + b + a, x], 1),
            a=conv(3, 3),
            outer=Twin(lambda m: None, b=conv(3, 3), inner=nn.ModuleDict({"c": conv(3, 3)})),
        ),
    ),
    "a nearer layer hides one further out": Feature(
        f"layers: {{a: {C}, s: {{layers: {{a: {C}, b: {{op: Add, from: [a, image]}}}}}}}}",
        lambda: Twin(lambda m, x: m.s.a(m.a(x)) + x, a=conv(3, 3), s=nn.ModuleDict({"a": conv(3, 3)})),
    ),
    "dotted paths into finished scopes, which are then called child by child": Feature(
        f"""
        layers:
          f: [{C}, [{C}, ReLU], {C}]
          add: {{op: Add, from: [f, f.0, f.1.0]}}
        """,
        lambda: Twin(
            lambda m, x: m.f[2](m.f[1][1](b := m.f[1][0](a := m.f[0](x)))) + a + b,
            f=nn.Sequential(conv(3, 3), nn.Sequential(conv(3, 3), nn.ReLU()), conv(3, 3)),
        ),
    ),
    "children of a list by their numbers, inside it": Feature(
        f"layers: {{f: [{C}, ReLU, {{layers: {{a: {C}, b: {{op: Add, from: [a, 0, 1]}}}}}}]}}",
        lambda: Twin(
            lambda m, x: m.f["2"]["a"](r := (c := m.f["0"](x)).relu()) + c + r,
            f=nn.ModuleDict({"0": conv(3, 3), "2": nn.ModuleDict({"a": conv(3, 3)})}),
        ),
    ),
    "a whole number needs no quotes": Feature(
        "layers: [ReLU, {op: Tanh, from: 0}, {op: Add, from: [0, 1]}]",
        lambda: Twin(lambda m, x: (r := x.relu()) + r.tanh()),
    ),
    "all children in order": Feature(
        """
        layers:
          levels:
            - {op: Conv2d, repeat: k in range(3), from: image, out_channels: k + 1, kernel_size: 1}
          all: {op: Concat, from: levels.*}
          some: {op: Concat, from: [levels.*, image, all]}
        """,
        lambda: Twin(
            lambda m, x: torch.cat([*(parts := [level(x) for level in m.levels]), x, *parts], 1),
            levels=nn.ModuleList([conv(3, 1), conv(3, 2), conv(3, 3)]),
        ),
    ),
    "numbered outputs of an op with several": Feature(
        """
        layers:
          c: {op: Conv2d, out_channels: 6, kernel_size: 1}
          s: {op: Split, split_size_or_sections: [1, 5]}
          a: {op: Conv2d, from: s.1, out_channels: 's[0].C + s[1].C', kernel_size: 1}
          b: {op: Mul, from: [a, s.0]}
        """,
        lambda: Twin(lambda m, x: (s := m.c(x).split([1, 5], 1)) and m.a(s[1]) * s[0], c=conv(3, 6), a=conv(5, 6)),
    ),
    "all outputs, and those of the layer before": Feature(
        """
        layers:
          s: {op: Chunk, chunks: 3}
          first: {op: Add, from: [prev.0, prev.2]}
          turned: {op: Concat, from: [first, s.*]}
        """,
        lambda: Twin(lambda m, x: torch.cat([x[:, :1] + x[:, 2:], x], 1)),
    ),
    "expressions in names": Feature(
        """
        layers:
          down{k}: {op: Conv2d, repeat: k in range(3), out_channels: 3, kernel_size: 1}
          up{k}: {op: Add, repeat: k in range(3), from: [prev, "down{2 - k}"]}
        """,
        lambda: Twin(
            lambda m, x: (c := m.down2(b := m.down1(a := m.down0(x)))) + c + b + a,
            **{f"down{k}": conv(3, 3) for k in range(3)},
        ),
    ),
    "a layer may have an argument's name": Feature(
        """
        args: {dropout: 0.25}
        layers: {dropout: {op: Dropout, p: dropout}, c: {op: Conv2d, out_channels: dropout.C, kernel_size: 1}}
        """,
        lambda: chain(dropout=nn.Dropout(0.25), c=conv(3, 3)),
    ),
    "several model inputs; the first is what the first layer reads": Feature(
        """
        inputs: {low: [N, 2, 4, 4], high: [N, 3, 8, 8]}
        layers: {up: {op: Upsample, scale_factor: 2}, c: {op: Concat, from: [up, high]}}
        """,
        lambda: Twin(lambda m, low, high: torch.cat([m.up(low), high], 1), up=nn.Upsample(scale_factor=2)),
    ),
}


@pytest.mark.parametrize("name", READING)
def test_what_a_layer_can_read(name: str) -> None:
    check(READING[name])


A308, A309, A310 = "A308", "A309", "A310"
REFUSED = [
    ("{a: {op: ReLU, from: b}}", A308),
    ("{a: {op: ReLU, from: image.0}}", A308),
    ("{a: {op: ReLU, from: -1}}", A308),
    ("{a: {op: ReLU, from: image.C}}", A308),
    ("{a: {op: ReLU, from: x}}", A308),  # `x` is a block's input: the model's have names
    ("{a: ReLU, b: {op: Add, from: [a, ReLU]}}", A308),
    ("{a: ReLU, b: {op: Concat, from: a.*}}", A308),
    ("{a: [], b: {op: Concat, from: a.*}}", A308),
    ("{a: [], b: {op: Concat, from: a.*, if: false}}", A308),
    ("{a: [ReLU], b: {op: GELU, from: a.1}}", A308),
    ("{a: [ReLU], b: {op: GELU, if: false}, c: {op: Tanh, from: b.0}}", A308),
    ("{s: {op: Chunk, chunks: 3}, a: {op: Add, from: [s.0, s.3]}}", A308),
    ("{a: {op: ReLU, from: 'image[0]'}}", A308),
    ("{a: {op: ReLU, from: a}}", A309),
    ("{a: {op: ReLU, from: b}, b: GELU}", A309),
    ("{a: {op: ReLU, from: b.c}, b: {layers: {c: GELU}}}", A309),
    ("{a: {op: ReLU, from: b.c}, b.c: GELU}", A309),
    ("{b.a: ReLU, a: {op: Add, from: [b.a, b.c]}, b.c: GELU}", A309),
    ("{b.a: ReLU, a: {op: Add, from: [b.a, b.c1]}, 'b.c{i}': {op: GELU, repeat: i in range(2)}}", A309),
    ("{a: {op: ReLU, from: b1}, 'b{i}': {op: GELU, repeat: i in range(2)}}", A309),
    ("{a: ReLU, s: {layers: {b: {op: GELU, from: a}, a: ReLU}}}", A309),  # the nearer `a`, which comes later
    ("{a: {layers: {b: {op: ReLU, from: a}}}}", A309),
    ("{a: {layers: {b: ReLU, c: {op: Add, from: [a.b, b]}}}}", A309),
    ("{a: {op: ReLU, from: b}, s: {splice: {b: GELU}}}", A309),
    ("{s: {op: Chunk, chunks: 3}, a: ReLU}", A310),
    ("{s: {op: Chunk, chunks: 3}, a: {op: ReLU, from: s}}", A310),
    ("{s: {op: Chunk, chunks: 3}, a: {op: Dropout, p: 0.1 * s.C, from: s.0}}", A310),
    ("{s: {layers: [{op: Chunk, chunks: 3}]}, a: {op: ReLU, from: s.0.1}}", A310),  # a scope gives one value
    ("{s: {op: Chunk, chunks: 3}}", A310),
]


@pytest.mark.parametrize(("layers", "code"), REFUSED)
def test_what_no_layer_can_read(layers: str, code: str) -> None:
    assert codes(f"layers: {layers}") == [code]


@pytest.mark.parametrize("layer", ["ReLU", "{op: ReLU, from: x}", "{op: ReLU, if: x.C == 3}"])
def test_a_block_sees_neither_the_callers_layers_nor_the_models_inputs(layer: str) -> None:
    inner = f"blocks: {{B: {{layers: {{a: {layer}, b: {{op: Add, from: [a, NAME]}}}}}}}}\nlayers: {{c: ReLU, d: B}}"
    assert codes(inner.replace("NAME", "c")) == ["A308"]
    assert codes(inner.replace("NAME", "image")) == ["A308"]
    assert codes(inner.replace("NAME", "x")) == []


def test_what_failed_is_said_once_and_what_depends_on_it_stays_silent() -> None:
    spec = """
    layers:
      a: {op: Convolution2d, out_channels: 3}
      b: ReLU
      c: {op: Add, from: [a, b, image]}
      d: {op: Conv2d, out_channels: b.C + c.H, kernel_size: 1}
      e: {op: Concat, from: [d, unknown]}
    """
    assert codes(spec) == ["A302", "A308"]


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ("{a: {op: Add, from: missing}}", ["A308"]),
        ("{a: {op: Concat, from: missing.*}}", ["A308"]),
        ("{a: {op: Two, from: missing}}", ["A308"]),
        ("{a: {op: Two, repeat: 2, from: [image, image]}}", ["A504"]),
    ],
)
def test_a_value_that_is_missing_is_no_wrong_number_of_values(layers: str, found: list[str]) -> None:
    block = "blocks: {Two: {inputs: [a, b], layers: {c: {op: Add, from: [a, b]}}}}\n"
    assert codes(f"{block}layers: {layers}") == found


def test_a_misspelt_name_is_met_with_the_near_one() -> None:
    [item] = archspec.check(whole("layers: {downsample: ReLU, a: {op: ReLU, from: downsampel}}"))
    assert item.helps == ("did you mean `downsample`?",)


def test_a_list_of_one_output_is_a_list() -> None:
    """`Chunk` gives as many parts as it can: a block that takes them by number works with one, too."""
    spec = """
    inputs: {image: [N, 1, 8, 8]}
    layers:
      chunk: {op: Chunk, chunks: 2}
      first: {op: ReLU, from: chunk.0}
      all: {op: Concat, from: ["chunk.*"]}
      sum: {op: Add, from: [first, all]}
    """
    assert str(archspec.load(whole(spec)).graph.outputs[0].value.type) == "N x 1 x 8 x 8"
    assert codes(spec.replace("chunk.0", "chunk")) == ["A310"]
    assert codes(spec.replace("chunk.0", "chunk.1")) == ["A308"]
    assert codes(spec.replace('"chunk.*"', "first")) == ["A504"]
