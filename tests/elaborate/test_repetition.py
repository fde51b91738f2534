"""`repeat` in every form, and `let` beside it."""

from __future__ import annotations

import pytest
from torch import nn

import archspec
from tests.elaborate.features import Feature, Twin, chain, check, codes, conv, whole

C = "{op: Conv2d, out_channels: 3, kernel_size: 1}"

FORMS = {
    "a count, in a list": Feature(
        "layers: {f: [{op: Conv2d, out_channels: 3, kernel_size: 1, repeat: 2}, ReLU]}",
        lambda: chain(f=nn.Sequential(conv(3, 3), conv(3, 3), nn.ReLU())),
    ),
    "a count that is an expression": Feature(
        "args: {n: 4}\nlayers: [{op: ReLU, repeat: n // 2}]", lambda: nn.Sequential(nn.ReLU(), nn.ReLU())
    ),
    "an index, in a key": Feature(
        "layers: {'c{i + 1}': {op: Conv2d, repeat: i in range(3), out_channels: i + 2, kernel_size: 1}}",
        lambda: chain(c1=conv(3, 2), c2=conv(2, 3), c3=conv(3, 4)),
    ),
    "an index over a list": Feature(
        """
        layers:
          c{k}:
            repeat: k in [1, 3, 5]
            op: Conv2d
            out_channels: 3
            kernel_size: k
            padding: k // 2
        """,
        lambda: chain(c1=conv(3, 3), c3=conv(3, 3, 3, padding=1), c5=conv(3, 3, 5, padding=2)),
    ),
    "an index over a list of words, and of lists": Feature(
        """
        args: {names: [left, right], sizes: [[2, 1], [4, 3]]}
        layers:
          "{name}": {op: ReLU, repeat: name in names}
          "c{s[0]}": {op: Conv2d, repeat: s in sizes, out_channels: 's[0]', kernel_size: 's[1]'}
        """,
        lambda: chain(left=nn.ReLU(), right=nn.ReLU(), c2=conv(3, 2), c4=conv(2, 4, 3)),
    ),
    "several indices, the last one fastest, each may use those before it": Feature(
        """
        layers:
          c{s}{i}: {op: Conv2d, repeat: "s in range(3), i in range(s)", out_channels: s + i, kernel_size: 1}
        """,
        lambda: chain(c10=conv(3, 1), c20=conv(1, 2), c21=conv(2, 3)),
    ),
    "under a plain name: a list of that name": Feature(
        "layers: {f: {op: Conv2d, repeat: i in range(2), out_channels: 3 + i, kernel_size: 1}}",
        lambda: chain(f=nn.Sequential(conv(3, 3), conv(3, 4))),
    ),
    "under a plain name, from is what the list reads, and the repetitions chain": Feature(
        """
        layers:
          a: {op: Conv2d, out_channels: 5, kernel_size: 1}
          f: {op: Conv2d, repeat: 2, from: image, out_channels: 5, kernel_size: 1}
          add: {op: Add, from: [a, f]}
        """,
        lambda: Twin(lambda m, x: m.a(x) + m.f(x), a=conv(3, 5), f=nn.Sequential(conv(3, 5), conv(5, 5))),
    ),
    "elsewhere, an explicit from means what it says in every repetition": Feature(
        """
        layers:
          a: {op: Conv2d, out_channels: 5, kernel_size: 1}
          "b{i}": {op: Conv2d, repeat: i in range(2), from: a, out_channels: 5, kernel_size: 1}
          "c{i}": {op: Add, repeat: i in range(2), from: [prev, "b{i}", a]}
        """,
        lambda: Twin(
            lambda m, x: (p := m.b1(a := m.a(x))) + m.b0(a) + a + p + a,
            a=conv(3, 5),
            b0=conv(5, 5),
            b1=conv(5, 5),
        ),
    ),
    "scopes and blocks repeat as well": Feature(
        f"""
        blocks: {{B: {{args: {{n: int}}, layers: {{c: {{op: Conv2d, out_channels: n, kernel_size: 1}}}}}}}}
        layers:
          "stage{{s}}": {{repeat: s in range(2), layers: [{{op: B, n: s + 1, repeat: 2}}]}}
          tail: {{repeat: 2, layers: {{c: {C}, r: ReLU}}}}
        """,
        lambda: chain(
            stage0=nn.Sequential(chain(c=conv(3, 1)), chain(c=conv(1, 1))),
            stage1=nn.Sequential(chain(c=conv(1, 2)), chain(c=conv(2, 2))),
            tail=nn.Sequential(chain(c=conv(2, 3), r=nn.ReLU()), chain(c=conv(3, 3), r=nn.ReLU())),
        ),
    ),
    "conditions are asked in each repetition; in lists, numbers close up": Feature(
        """
        layers:
          f: [{op: Conv2d, repeat: i in range(4), if: i != 1, out_channels: i + 1, kernel_size: 1}]
          g{i}: {op: ReLU, repeat: i in range(3), if: i > 0}
        """,
        lambda: chain(f=nn.Sequential(conv(3, 1), conv(1, 3), conv(3, 4)), g1=nn.ReLU(), g2=nn.ReLU()),
    ),
    "none at all pass the input on": Feature(
        f"""
        layers:
          a: {C}
          b: {{op: Conv2d, repeat: 0, out_channels: 9, kernel_size: 1}}
          "c{{i}}": {{op: ReLU, repeat: "i in []"}}
          f: [ReLU, {{op: Conv2d, repeat: i in range(0), out_channels: i, kernel_size: 1}}]
          add: {{op: Add, from: [f, b, image]}}
        """,
        lambda: Twin(lambda m, x: m.f(a := m.a(x)) + a + x, a=conv(3, 3), f=nn.Sequential(nn.ReLU())),
    ),
    "a splice that repeats": Feature(
        """
        layers:
          s:
            repeat: i in range(2)
            splice: {"c{i}": {op: Conv2d, out_channels: i + 1, kernel_size: 1}, "r{i}": ReLU}
          add: {op: Add, from: [s, r0]}
        """,
        lambda: Twin(
            lambda m, x: (a := m.c0(x).relu()) + m.c1(a).relu(),
            c0=conv(3, 1),
            r0=nn.ReLU(),
            c1=conv(1, 2),
            r1=nn.ReLU(),
        ),
    ),
    "let, anew in each repetition, with the sizes that stand there": Feature(
        """
        layers:
          "c{i}":
            repeat: i in range(3)
            let: {twice: prev.C * 2, out: twice + i}
            op: Conv2d
            out_channels: out
            kernel_size: 1
        """,
        lambda: chain(c0=conv(3, 6), c1=conv(6, 13), c2=conv(13, 28)),
    ),
    "let on a layer may use a name again": Feature(
        """
        args: {w: 4}
        layers:
          a: {let: {w: 5}, op: Conv2d, out_channels: w, kernel_size: 1}
          b: {op: Conv2d, out_channels: w, kernel_size: 1}
        """,
        lambda: chain(a=conv(3, 5), b=conv(5, 4)),
    ),
    "let comes after if": Feature(
        """
        args: {k: 0}
        layers: {a: {if: k > 0, let: {w: 8 // k}, op: Conv2d, out_channels: w, kernel_size: 1}, b: ReLU}
        """,
        lambda: chain(b=nn.ReLU()),
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms(name: str) -> None:
    check(FORMS[name])


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ("{f: {op: ReLU, repeat: 0 - 1}}", ["A208"]),
        ("{f: {op: ReLU, repeat: 1.5}}", ["A208"]),
        ("{f: {op: ReLU, repeat: 3 / 2}}", ["A208"]),
        ("{f: {op: ReLU, repeat: true}}", ["A208"]),
        ("{f: {op: ReLU, repeat: null}}", ["A208"]),
        ("{f: {op: ReLU, repeat: '[1, 2]'}}", ["A208"]),
        ("{f: {op: ReLU, repeat: i in 3}}", ["A208"]),
        ("{f: {op: ReLU, repeat: 'i in range(2), 3'}}", ["A208"]),
        ("{f: {op: ReLU, repeat: for i in x}}", ["A306"]),
        ("{f: {op: ReLU, repeat: [1, 2]}}", ["A203"]),
        ("{'f{i}': {op: ReLU, repeat: 3}}", ["A301"]),
        ("{'f{i // 2}': {op: ReLU, repeat: i in range(3)}}", ["A311"]),
        ("{f: {repeat: i in range(2), layers: [{op: ReLU, repeat: i in range(2)}]}}", ["A311"]),
        ("{f: {op: ReLU, repeat: 'i in range(2), i in range(2)'}}", ["A311"]),
        ("{f: {op: ReLU, repeat: if in range(2)}}", ["A205"]),
        ("{f: {op: ReLU, repeat: N in range(2)}}", ["A205"]),
        ("{f: {op: Conv2d, repeat: i in unknown, out_channels: i, kernel_size: 0}}", ["A301", "A305"]),
        ("{f: {op: ReLU, repeat: image.shape}}", ["A208"]),
    ],
)
def test_what_is_no_repetition(layers: str, found: list[str]) -> None:
    assert codes(f"layers: {layers}") == found


def test_an_index_may_not_reuse_an_arg_or_a_let_name() -> None:
    assert codes("args: {i: 3}\nlayers: {f: {op: Dropout, p: i / 9, repeat: i in range(2)}}") == ["A311"]
    assert codes("let: {i: 3}\nlayers: {f: {op: Dropout, p: i / 9, repeat: i in range(2)}}") == ["A311"]


def test_a_division_is_met_with_the_one_that_rounds() -> None:
    [item] = archspec.check(whole("layers: {f: {op: ReLU, repeat: 3 / 2}}"))
    assert item.helps == ("`//` divides and rounds down",)


def test_empty_inner_loops_count_against_the_limit() -> None:
    loops = "'a in range(99999), b in range(99999), c in range(0)'"
    assert codes(f"layers: {{f: [{{op: ReLU, repeat: {loops}}}]}}") == ["A606"]


def test_absent_layers_count_against_the_limit() -> None:
    assert codes("layers: {f: [{op: ReLU, repeat: 10 ** 12, if: false}]}") == ["A606"]


def test_an_unknown_repetition_is_gone_through_once() -> None:
    spec = """
    layers:
      a: ReLU
      b{i}: {op: Conv2d, repeat: i in nothing, out_channels: 1, kernel_size: 1}
      c: {op: GELU, from: b7}
    """
    assert codes(spec) == ["A301"]
