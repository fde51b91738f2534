"""The root of a network: its inputs and their axes, unused blocks, several mistakes at once."""

from __future__ import annotations

import pytest
from torch import nn

import archspec
from tests.elaborate.features import Feature, Twin, chain, check, codes, conv, whole

AXES = {
    "labels go with Permute and Transpose": Feature(
        """
        inputs: {image: [N, 3, 8, 6]}
        layers:
          p: {op: Permute, dims: [0, 2, 3, 1]}
          l: {op: Linear, out_features: p.C * 2}
          t: {op: Transpose, dim0: 1, dim1: 3}
          c: {op: Conv2d, out_channels: t.C + t.H * 0 + l.W, kernel_size: 1}
        """,
        lambda: Twin(lambda m, x: m.c(m.l(x.permute(0, 2, 3, 1)).transpose(1, 3)), l=nn.Linear(3, 6), c=conv(6, 12)),
    ),
    "Flatten of the spatial axes makes L, with C a new C": Feature(
        """
        layers:
          tokens: {op: Flatten, start_dim: 2}
          mixed: {op: Linear, out_features: tokens.L}
          all: Flatten
          fc: {op: Linear, out_features: all.C // 64}
        """,
        lambda: chain(tokens=nn.Flatten(2), mixed=nn.Linear(64, 64), all=nn.Flatten(), fc=nn.Linear(192, 3)),
    ),
    "a shape by rank: N C, N C L, N C D H W": Feature(
        """
        inputs: {a: [N, 4], b: [N, 4, 5], c: [N, 2, 3, 4, 5]}
        layers:
          x1: {op: Linear, from: a, out_features: a.C + b.L + c.D + c.H + c.W + b.C}
          x2: {op: Conv1d, from: b, out_channels: b.C, kernel_size: 1}
          x3: {op: Conv3d, from: c, out_channels: c.C, kernel_size: 1}
        outputs: {p: x1, q: x2, r: x3}
        """,
        lambda: Twin(
            lambda m, a, b, c: {"p": m.x1(a), "q": m.x2(b), "r": m.x3(c)},
            x1=nn.Linear(4, 25),
            x2=nn.Conv1d(4, 4, 1),
            x3=nn.Conv3d(2, 2, 1),
        ),
    ),
    "labels of one's own": Feature(
        """
        inputs: {tokens: {shape: [N, 5, 4], axes: [N, L, C]}, other: {shape: [N, 7], axes: [N, null]}}
        layers:
          a: {op: Linear, from: tokens, out_features: tokens.C * 2}
          b: {op: Linear, from: other, out_features: 'other.shape[1] + tokens.L'}
        outputs: {a: a, b: b}
        """,
        lambda: Twin(lambda m, t, o: {"a": m.a(t), "b": m.b(o)}, a=nn.Linear(4, 8), b=nn.Linear(7, 12)),
    ),
    "a channels-last block reads right": Feature(
        """
        blocks:
          Mlp:
            layers:
              norm: LayerNorm
              a: {op: Linear, out_features: 4 * x.C}
              act: GELU
              b: {op: Linear, out_features: x.C}
              add: {op: Add, from: [b, x]}
        layers: [{op: Permute, dims: [0, 2, 3, 1]}, Mlp]
        """,
        lambda: _channels_last(),
    ),
    "symbolic sizes, args, and expressions of both in a shape": Feature(
        """
        args: {size: 4, channels: 2}
        inputs: {image: [N, channels, 2 * H, size * 2]}
        layers:
          a: {op: Conv2d, out_channels: image.W, kernel_size: 3, stride: 2, padding: 1}
          b: {op: MaxPool2d, kernel_size: 2}
        """,
        lambda: chain(a=conv(2, 8, 3, stride=2, padding=1), b=nn.MaxPool2d(2)),
    ),
    "let reads the sizes of the model's inputs": Feature(
        "let: {twice: 2 * image.C}\nlayers: {a: {op: Conv2d, out_channels: twice, kernel_size: 1}}",
        lambda: chain(a=conv(3, 6)),
    ),
}


def _channels_last() -> nn.Module:
    mlp = Twin(
        lambda m, x: m.b(m.act(m.a(m.norm(x)))) + x,
        norm=nn.LayerNorm(3),
        a=nn.Linear(3, 12),
        act=nn.GELU(),
        b=nn.Linear(12, 3),
    )
    return Twin(lambda m, x: getattr(m, "1")(x.permute(0, 2, 3, 1)), **{"1": mlp})


@pytest.mark.parametrize("name", AXES)
def test_inputs_and_axes(name: str) -> None:
    check(AXES[name])


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        ("{image: [n, 3, 8, 8]}", ["A301"]),
        ("{image: [N, 3.5, -1, true]}", ["A305", "A305", "A305"]),
        ("{image: [N, 3, null, 8]}", ["A305"]),
        ("{image: 3}", ["A203"]),
        ("{image: [N, [3]]}", ["A203"]),
        ("{image: {shape: [N, 3], size: 3}}", ["A201"]),
        ("{image: {dtype: int64}}", ["A202"]),
        ("{image: {shape: [N, 3], dtype: long}}", ["A305"]),
        ("{image: {shape: [N, 3], axes: [N, Q]}}", ["A305"]),
        ("{image: {shape: [N, 3], axes: [N]}}", ["A305"]),
        ("{image: {shape: [N, 3], axes: [N, N]}}", ["A311"]),
        ("{Image: [N, 3]}", ["A205"]),
        ("{}", ["A202"]),
    ],
)
def test_what_is_no_input(inputs: str, found: list[str]) -> None:
    assert codes(f"inputs: {inputs}\nlayers: {{a: ReLU}}") == found


def test_a_lower_case_symbol_is_met_with_the_capital() -> None:
    [item] = archspec.check(whole("inputs: {image: [n, 3]}\nlayers: {a: ReLU}"))
    assert item.helps == ("a symbolic size has a capital: `N`",)


def test_labels_that_a_value_lacks() -> None:
    head = "layers:\n  r: {op: Reshape, shape: [image.N, 3, 64]}\n"
    head += "  m: {op: Mean, from: image, dim: [2, 3]}\n  f: Flatten\n"
    tail = "  c: {op: Concat, from: [r, r]}\n  a: {op: Dropout, p: VALUE / 9}\noutputs: {a: a, f: f}"
    assert codes(head + tail.replace("VALUE", "r.shape[1]").replace("r.shape[1] / 9", "'r.shape[1] / 9'")) == []
    assert codes(head + tail.replace("VALUE", "r.C")) == ["A307"]
    assert codes(head + tail.replace("VALUE", "m.H")) == ["A307"]
    assert codes(head + tail.replace("VALUE", "m.C")) == []
    assert codes(head + tail.replace("VALUE", "f.Q")) == ["A306"]


def test_a_name_that_means_a_value_has_to_be_followed_by_a_size() -> None:
    [item] = archspec.check(whole("layers: {conv: ReLU, b: {op: Dropout, p: conv}}"))
    assert item.code.name == "A301"
    assert item.helps == ("`conv` is a layer or input: an expression reads its sizes, say `conv.C`",)


def test_blocks_that_nothing_uses_are_checked_all_the_same() -> None:
    layers = "{a: {op: Conv2d, out_channels: n, kernel_siz: 1}, b: {op: Foo}, c: {op: ReLU, from: d}}"
    block = f"blocks: {{B: {{args: {{n: int}}, layers: {layers}}}}}\n"
    assert codes(block + "layers: {a: ReLU}") == ["A303", "A302", "A308"]
    library = archspec.check("archspec: 1\n" + block)
    assert [item.code.name for item in library] == ["A303", "A302", "A308"]


def test_a_library_is_no_network() -> None:
    text = "archspec: 1\nblocks: {B: {layers: [ReLU]}}\n"
    assert archspec.check(text) == ()
    with pytest.raises(archspec.SpecError, match="library of blocks"):
        archspec.load(text)


def test_many_mistakes_of_one_file_are_told_in_one_run() -> None:
    spec = """
    archspec: 1
    args: {width: 8}
    inputs: {image: [N, 3, 8, 8]}
    blocks:
      Bad: {args: {n: int}, layers: [{op: Conv2d, out_channels: n, kernel: 3}]}
    layers:
      a: {op: Convv2d, out_channels: 3}
      b: {op: Conv2d, from: image, out_channels: width / 3, kernel_size: 3}
      c: {op: ReLU, from: nowhere}
      c: GELU
      d: {op: Dropout, from: image, p: 2}
      e: {op: Bad, from: image}
      half: {op: ReLU, from: image}
      f: {op: Conv2d, from: image, out_channels: 4, kernel_size: 20}
      g: {op: Add, from: [image, later]}
      later: {op: Sigmoid, from: image, if: maybe}
    assert: [a.C == 3, image.C == 4]
    """
    from textwrap import dedent

    found = [(item.code.name, item.span.line) for item in archspec.check(dedent(spec).strip() + "\n")]
    assert found == [
        ("A303", 5),
        ("A302", 7),
        ("A305", 8),
        ("A308", 9),
        ("A102", 10),
        ("A305", 11),
        ("A304", 12),
        ("A205", 13),
        ("A501", 14),
        ("A309", 15),
        ("A301", 16),
    ]


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("blocks: {A: {args: {n: int}, layers: [NEST]}}\nlayers: [{op: A, n: 60}]", "A314"),
        ("let: {a: '[i for i in range(999)]', b: '[sum(a) + 1001 for i in range(1001)]'}\nlayers: [ReLU]", "A604"),
        ("layers: [{op: Dropout, p: 'sum(range(1001))'}]", "A307"),
        ("layers: [{op: Dropout, p: 'max(range(100000))'}]", "A307"),
        ("let: {a: '(image.N + 1) ** 4', b: a * a, c: b * b, d: c * c, e: d * d, f: e * e}\nlayers: [ReLU]", "A307"),
        ("layers: [{op: Dropout, p: 'CHAIN.C'}]", "A604"),
        ("layers: [{op: ReLU, repeat: 100001}]", "A603"),
    ],
)
def test_no_short_text_costs_much_time_or_breaks_anything(spec: str, code: str) -> None:
    nest = "[" * 40 + "{op: A, n: n - 1, if: n > 0}, ReLU" + "]" * 40
    found = codes(spec.replace("NEST", nest).replace("CHAIN", "a" + ".a" * 900))
    assert code in found


def test_long_chains_are_no_deep_ones() -> None:
    aliases = "".join(f"  a{i}: {{op: ReLU, if: false}}\n" for i in range(1_500))
    shares = "".join(f"  b{i}: {{share: {f'b{i - 1}' if i else 'b'}}}\n" for i in range(1_500))
    assert codes(f"layers:\n  b: ReLU\n{aliases}{shares}") == []
