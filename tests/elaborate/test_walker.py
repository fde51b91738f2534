"""What a layer may be, and what stands there when its `if` is false."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.elaborate.features import Feature, Twin, chain, check, codes, conv

C = "{op: Conv2d, out_channels: 3, kernel_size: 1}"

KINDS = {
    "an op by name, with all defaults": Feature("layers: {act: ReLU}", lambda: chain(act=nn.ReLU())),
    "an op with arguments": Feature(
        "layers: {c: {op: Conv2d, out_channels: 4, kernel_size: 3, bias: false}}",
        lambda: chain(c=conv(3, 4, 3, bias=False)),
    ),
    "a list of layers numbers them": Feature(
        f"layers: {{f: [{C}, ReLU, {C}]}}", lambda: chain(f=nn.Sequential(conv(3, 3), nn.ReLU(), conv(3, 3)))
    ),
    "layers as a list is the same": Feature(
        f"layers: {{f: {{layers: [{C}, ReLU]}}}}", lambda: chain(f=nn.Sequential(conv(3, 3), nn.ReLU()))
    ),
    "layers as a mapping names them": Feature(
        f"layers: {{f: {{layers: {{a: {C}, b: ReLU}}}}}}", lambda: chain(f=chain(a=conv(3, 3), b=nn.ReLU()))
    ),
    "the root may be a list": Feature(
        f"layers: [{C}, ReLU, {C}]", lambda: nn.Sequential(conv(3, 3), nn.ReLU(), conv(3, 3))
    ),
    "lists in lists": Feature(
        f"layers: [[{C}, [{C}]], ReLU]",
        lambda: nn.Sequential(nn.Sequential(conv(3, 3), nn.Sequential(conv(3, 3))), nn.ReLU()),
    ),
    "empty scopes pass their input on": Feature(
        "layers: {a: [], b: {layers: {}}, c: {splice: []}, d: {op: Add, from: [a, b, c]}}",
        lambda: Twin(lambda m, x: x + x + x),
    ),
    "names with dashes and digits, integer keys with gaps": Feature(
        f"layers: {{my-conv: {C}, 3: {C}, 7: {C}}}",
        lambda: chain(**{"my-conv": conv(3, 3), "3": conv(3, 3), "7": conv(3, 3)}),
    ),
    "a name may begin with a capital": Feature(f"layers: {{AuxLogits: {C}}}", lambda: chain(AuxLogits=conv(3, 3))),
    "splice in a list numbers on": Feature(
        f"layers: {{f: [{C}, {{splice: [ReLU, {C}], repeat: 2}}, {C}]}}",
        lambda: chain(f=nn.Sequential(conv(3, 3), nn.ReLU(), conv(3, 3), nn.ReLU(), conv(3, 3), conv(3, 3))),
    ),
    "splice in a mapping makes siblings, and is a label": Feature(
        f"layers: {{a: {C}, both: {{splice: {{b: {C}, c: {C}}}}}, d: ReLU, add: {{op: Add, from: [both, d, b]}}}}",
        lambda: Twin(
            lambda m, x: (c := m.c(b := m.b(m.a(x)))) + m.d(c) + b,
            a=conv(3, 3),
            b=conv(3, 3),
            c=conv(3, 3),
            d=nn.ReLU(),
        ),
    ),
    "splice of names in a list, of numbers in a mapping": Feature(
        f"layers: {{f: [{C}, {{splice: {{b: {C}}}}}, {C}], g: {{splice: [{C}]}}}}",
        lambda: chain(f=chain(**{"0": conv(3, 3), "b": conv(3, 3), "1": conv(3, 3)}), **{"0": conv(3, 3)}),
    ),
    "splice with a from of its own": Feature(
        f"layers: {{a: {C}, s: {{from: image, splice: {{b: {C}}}}}, add: {{op: Add, from: [a, s]}}}}",
        lambda: Twin(lambda m, x: m.a(x) + m.b(x), a=conv(3, 3), b=conv(3, 3)),
    ),
    "a dotted key places a layer in a container, in turns with others": Feature(
        f"""
        layers:
          convs.0: {C}
          bns.0: BatchNorm2d
          convs.1: {C}
          bns.1: BatchNorm2d
          add: {{op: Add, from: [bns.0, bns.1]}}
        """,
        lambda: Twin(
            lambda m, x: (a := m.bns[0](m.convs[0](x))) + m.bns[1](m.convs[1](a)),
            convs=nn.ModuleList([conv(3, 3), conv(3, 3)]),
            bns=nn.ModuleList([nn.BatchNorm2d(3), nn.BatchNorm2d(3)]),
        ),
    ),
    "a container reads as its last layer, and .* as all of them": Feature(
        """
        layers:
          "c.k{i}": {op: Conv2d, repeat: i in range(2), from: image, out_channels: i + 1, kernel_size: 1}
          last: {op: ReLU, from: c}
          all: {op: Concat, from: [c.*, last]}
        """,
        lambda: Twin(
            lambda m, x: torch.cat([m.c.k0(x), b := m.c.k1(x), b.relu()], 1),
            c=nn.ModuleDict({"k0": conv(3, 1), "k1": conv(3, 2)}),
        ),
    ),
    "containers in containers": Feature(
        f"layers: {{a.b.c: {C}, a.b.d: {C}, a.e: {C}, sum: {{op: Add, from: [a.b.c, a.b, a.e]}}}}",
        lambda: Twin(
            lambda m, x: (c := m.a.b.c(x)) + (d := m.a.b.d(c)) + m.a.e(d),
            a=nn.ModuleDict({"b": nn.ModuleDict({"c": conv(3, 3), "d": conv(3, 3)}), "e": conv(3, 3)}),
        ),
    ),
    "any key may hold an expression": Feature(
        f'args: {{k: 3}}\nlayers: {{"conv{{k + 1}}": {C}}}', lambda: chain(conv4=conv(3, 3))
    ),
}

ABSENCE = {
    "an absent layer stands for the layer before": Feature(
        f"layers: {{a: {C}, b: {{op: ReLU, if: false}}, c: {{op: Add, from: [b, a]}}}}",
        lambda: Twin(lambda m, x: (a := m.a(x)) + a, a=conv(3, 3)),
    ),
    "or for the first that it reads": Feature(
        f"layers: {{a: {C}, b: {{op: Add, from: [image, a], if: false}}, c: {{op: Concat, from: [b, a]}}}}",
        lambda: Twin(lambda m, x: torch.cat([x, m.a(x)], 1), a=conv(3, 3)),
    ),
    "aliases of aliases": Feature(
        f"""
        layers:
          a: {C}
          b: {{op: ReLU, if: false}}
          c: {{op: Tanh, if: 1 > 2, from: b}}
          d: {{op: Concat, from: [c, b, image]}}
        """,
        lambda: Twin(lambda m, x: torch.cat([a := m.a(x), a, x], 1), a=conv(3, 3)),
    ),
    "of the values of an absent layer only the first has to exist": Feature(
        f"layers: {{a: {C}, b: {{op: Add, from: [a, nowhere], if: false}}}}", lambda: chain(a=conv(3, 3))
    ),
    "what is wrong inside an absent layer does not matter": Feature(
        f"layers: {{a: {C}, b: {{op: Conv9d, let: {{w: 1 // 0}}, padding: w, if: false}}}}", lambda: chain(a=conv(3, 3))
    ),
    "in a list, an absent layer takes no number": Feature(
        f"layers: {{f: [{C}, {{op: ReLU, if: false}}, {C}]}}", lambda: chain(f=nn.Sequential(conv(3, 3), conv(3, 3)))
    ),
    "null is an absent layer": Feature(
        f"args: {{act: op? = null}}\nlayers: {{f: [{C}, act, null, {C}], a: null, b: {{op: act}}, c: {{op: null}}}}",
        lambda: chain(f=nn.Sequential(conv(3, 3), conv(3, 3))),
    ),
    "every output of an absent multi-output op is what it reads": Feature(
        f"layers: {{a: {C}, s: {{op: Chunk, chunks: 3, if: false}}, add: {{op: Add, from: [s.0, s.2]}}}}",
        lambda: Twin(lambda m, x: (a := m.a(x)) + a, a=conv(3, 3)),
    ),
    "also of a bound one, and through a second alias": Feature(
        f"""
        blocks: {{Thirds: {{op: Chunk, chunks: 3}}}}
        layers:
          a: {C}
          s: {{op: Thirds, if: false}}
          t: {{op: Identity, if: false}}
          add: {{op: Add, from: [s.0, t.2]}}
        """,
        lambda: Twin(lambda m, x: (a := m.a(x)) + a, a=conv(3, 3)),
    ),
    "an absent scope and an absent splice": Feature(
        f"""
        layers:
          a: {C}
          b: {{if: false, layers: [{C}]}}
          c: {{if: false, from: image, splice: {{d: {C}}}}}
          e: {{op: Concat, from: [b, c]}}
        """,
        lambda: Twin(lambda m, x: torch.cat([m.a(x), x], 1), a=conv(3, 3)),
    ),
    "an absent layer does not count among all children": Feature(
        f"""
        layers:
          levels: {{layers: {{a: {C}, b: {{op: ReLU, if: false}}, c: {{op: Tanh, from: a}}}}}}
          all: {{op: Concat, from: levels.*}}
        """,
        lambda: Twin(
            lambda m, x: torch.cat([a := m.levels.a(x), a.tanh()], 1), levels=nn.ModuleDict({"a": conv(3, 3)})
        ),
    ),
    "a condition asks for sizes": Feature(
        """
        blocks:
          Residual:
            args: {out: int}
            layers:
              conv: {op: Conv2d, out_channels: out, kernel_size: 1}
              project: {op: Conv2d, from: x, if: x.C != out, out_channels: out, kernel_size: 1, bias: false}
              add: {op: Add, from: [conv, project]}
        layers: [{op: Residual, out: 3}, {op: Residual, out: 5}]
        """,
        lambda: nn.Sequential(
            Twin(lambda m, x: m.conv(x) + x, conv=conv(3, 3)),
            Twin(lambda m, x: m.conv(x) + m.project(x), conv=conv(3, 5), project=conv(3, 5, bias=False)),
        ),
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_kinds_of_layers(name: str) -> None:
    check(KINDS[name])


@pytest.mark.parametrize("name", ABSENCE)
def test_absent_layers(name: str) -> None:
    check(ABSENCE[name])


@pytest.mark.parametrize(
    ("layers", "code"),
    [
        ("{a: {kernel_size: 3}}", "A206"),
        ("{a: {op: ReLU, layers: []}}", "A206"),
        ("{a: {}}", "A206"),
        ("{a: 3}", "A203"),
        ("{a: {layers: ReLU}}", "A203"),
        ("{a: {layers: [], size: 3}}", "A201"),
        ("{a: {op: ReLU, until: b}}", "A201"),
        ("{a: {op: relu}}", "A302"),
        ("{a: {op: 3 + 4}}", "A302"),
        ("{a: ReLU, b: {op: GELU, from: [a, image]}}", "A504"),
        ("{a: ReLU, b: {layers: [GELU], from: [a, image]}}", "A504"),
        ("{a: ReLU, b: {splice: [GELU], from: [a, image]}}", "A504"),
        ("{a: ReLU, b: Add}", "A504"),
        ("{a: ReLU, b: {op: Add, from: a}}", "A504"),
        ("{a: ReLU, b: {op: Concat, from: a}}", "A504"),
        ("{a: {op: ReLU, from: []}}", "A504"),
        ("{a: {op: ReLU, if: 3}}", "A305"),
        ("{a: {op: ReLU, if: yes}}", "A301"),
        ("{a: ReLU, b: {op: Add, from: [missing, a], if: false}}", "A308"),
    ],
)
def test_what_a_layer_may_not_be(layers: str, code: str) -> None:
    assert codes(f"layers: {layers}") == [code]
