"""Arguments: declared types, values directed by what is wanted, blocks and bound ops."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import archspec
from tests.elaborate.features import Feature, Twin, chain, check, codes, conv, whole

BLOCKS = {
    "arguments, defaults, and let": Feature(
        """
        blocks:
          B:
            args: {out: int, kernel: 3, act: ReLU, bias: true}
            let: {half: out // 2, pad: kernel // 2}
            layers:
              a: {op: Conv2d, out_channels: half, kernel_size: kernel, padding: pad, bias: bias}
              act: act
        layers: [{op: B, out: 8}, {op: B, out: 6, kernel: 1, act: GELU, bias: 0}]
        """,
        lambda: nn.Sequential(
            chain(a=conv(3, 4, 3, padding=1), act=nn.ReLU()), chain(a=conv(4, 3, bias=False), act=nn.GELU())
        ),
    ),
    "let reads the sizes of the block's input, and is worked out when needed, in any order": Feature(
        """
        blocks: {B: {let: {b: a + 1, a: x.C * 2}, layers: [{op: Conv2d, out_channels: b, kernel_size: 1}]}}
        layers: {one: B, two: B}
        """,
        lambda: chain(one=nn.Sequential(conv(3, 7)), two=nn.Sequential(conv(7, 15))),
    ),
    "several inputs, by position": Feature(
        """
        blocks:
          Join:
            inputs: [x, skip]
            args: {out: int = 2}
            layers:
              c: {op: Conv2d, out_channels: out, kernel_size: 1}
              s: {op: Conv2d, from: skip, out_channels: c.C, kernel_size: 1}
              inner: {layers: {add: {op: Add, from: [s, c]}, m: {op: Concat, from: [add, x, skip]}}}
        layers:
          a: {op: Conv2d, out_channels: 5, kernel_size: 1}
          j: {op: Join, from: [a, image]}
        """,
        lambda: Twin(
            lambda m, x: m.j(m.a(x), x),
            a=conv(3, 5),
            j=Twin(lambda m, x, skip: torch.cat([m.s(skip) + m.c(x), x, skip], 1), c=conv(5, 2), s=conv(3, 2)),
        ),
    ),
    "an input that the block does not read": Feature(
        """
        blocks: {B: {inputs: [a, b], layers: {r: {op: ReLU, from: b}}}}
        layers: {c: ReLU, d: {op: B, from: [c, image]}, e: {op: Add, from: [c, d]}}
        """,
        lambda: Twin(lambda m, x: x.relu() + x.relu()),
    ),
    "a bound op adds no path level": Feature(
        """
        blocks:
          Pointwise:
            args: {out: int, stride: 1}
            op: Conv2d
            out_channels: out
            kernel_size: 1
            stride: stride
            bias: false
          Halve: {let: {half: x.C // 2}, op: Pointwise, out: half}
        layers: {a: {op: Pointwise, out: 8}, b: [{op: Pointwise, out: 4, stride: 2}, Halve]}
        """,
        lambda: chain(
            a=conv(3, 8, bias=False), b=nn.Sequential(conv(8, 4, stride=2, bias=False), conv(4, 2, bias=False))
        ),
    ),
    "a bound op of several inputs, and one that an arg chooses": Feature(
        """
        blocks:
          Beside: {inputs: [a, b], op: Concat, dim: 1}
          Act: {args: {act: op? = null}, op: act}
        layers:
          a: {op: Act, act: Tanh}
          b: {op: Act}
          c: {op: Beside, from: [b, image]}
        """,
        lambda: Twin(lambda m, x: torch.cat([x.tanh(), x], 1)),
    ),
    "ops as values, also in lists and conditions": Feature(
        """
        args: {hs: [false, true], acts: [ReLU, Tanh], norm: op? = null, block: Wide}
        blocks: {Wide: {args: {n: 4}, layers: [{op: Conv2d, out_channels: n, kernel_size: 1}]}}
        layers:
          "a{i}": {repeat: i in range(2), op: "Hardswish if hs[i] else ReLU"}
          "b{i}": {repeat: i in range(2), op: "acts[i]"}
          n: norm
          c: {op: block, n: 2}
          d: {op: "Sigmoid if norm == null else norm"}
        """,
        lambda: chain(
            a0=nn.ReLU(), a1=nn.Hardswish(), b0=nn.ReLU(), b1=nn.Tanh(), c=nn.Sequential(conv(3, 2)), d=nn.Sigmoid()
        ),
    ),
    "a block handed to a block sees its own file, not its user's": Feature(
        """
        args: {w: 4}
        blocks:
          Inner: {layers: [{op: Conv2d, out_channels: w, kernel_size: 1}]}
          Outer: {args: {w: 9, inner: op}, layers: {a: inner, b: {op: Conv2d, out_channels: w, kernel_size: 1}}}
        layers: [{op: Outer, inner: Inner}]
        """,
        lambda: nn.Sequential(chain(a=nn.Sequential(conv(3, 4)), b=conv(4, 9))),
    ),
    "recursion that a condition ends": Feature(
        """
        blocks:
          Nest:
            args: {depth: int}
            layers:
              c: {op: Conv2d, out_channels: depth + 1, kernel_size: 1}
              inner: {op: Nest, if: depth > 0, depth: depth - 1}
              up: {op: Conv2d, out_channels: x.C, kernel_size: 1}
        layers: {u: {op: Nest, depth: 2}}
        """,
        lambda: chain(
            u=chain(
                c=conv(3, 3),
                inner=chain(c=conv(3, 2), inner=chain(c=conv(2, 1), up=conv(1, 2)), up=conv(2, 3)),
                up=conv(3, 3),
            )
        ),
    ),
}

TYPES = {
    "a whole result of a division, or of a product with a fraction, is an integer": Feature(
        """
        args: {w: 8}
        blocks: {B: {args: {n: int}, layers: [{op: Conv2d, out_channels: n, kernel_size: 0.5 * 2}]}}
        layers: {a: {op: Conv2d, out_channels: w / 2, kernel_size: 6 / 6}, b: {op: B, n: w * 0.25}}
        """,
        lambda: chain(a=conv(3, 4), b=nn.Sequential(conv(4, 2))),
    ),
    "a quoted number is an expression like any text": Feature(
        "layers: {a: {op: Conv2d, out_channels: '4', kernel_size: '1', bias: 'false'}}",
        lambda: chain(a=conv(3, 4, bias=False)),
    ),
    "0 and 1 serve as bool": Feature(
        "layers: {a: {op: Conv2d, out_channels: 4, kernel_size: 1, bias: 1 - 1}}",
        lambda: chain(a=conv(3, 4, bias=False)),
    ),
    "a size is one number or a list": Feature(
        """
        args: {k: size = 3, s: 'size = [1, 2]'}
        layers: {a: {op: Conv2d, out_channels: 4, kernel_size: k, stride: s, padding: "[k // 2, 0]"}}
        """,
        lambda: chain(a=conv(3, 4, 3, stride=(1, 2), padding=(1, 0))),
    ),
    "the words of an argument win; text args are passed on by name": Feature(
        """
        args: {same: 0, mode: bilinear}
        layers:
          a: {op: Conv2d, out_channels: 4, kernel_size: 3, padding: same}
          b: {op: Upsample, scale_factor: 2, mode: mode}
          c: {op: Dropout, p: same}
        """,
        lambda: chain(
            a=conv(3, 4, 3, padding="same"), b=nn.Upsample(scale_factor=2, mode="bilinear"), c=nn.Dropout(0.0)
        ),
    ),
    "text is literal but for what stands in braces": Feature(
        """
        args: {kind: conv, depth: 2}
        blocks: {B: {args: {name: str}, layers: {"{name}": {op: Conv2d, out_channels: 2, kernel_size: 1}}}}
        layers: {a: {op: B, name: depth}, b: {op: B, name: "{kind}_{depth + 1}"}}
        """,
        lambda: chain(a=chain(depth=conv(3, 2)), b=chain(conv_3=conv(2, 2))),
    ),
    "lists: literal defaults, comprehensions, slices, arithmetic": Feature(
        """
        args: {widths: [2, 4], names: [a, b]}
        let: {all: "widths + [w * 3 for w in widths if w > 2]", last: "all[-1]", few: "all[:2] * 2"}
        layers:
          "{names[i]}": {repeat: i in range(len(names)), op: Conv2d, out_channels: "all[i + 1]", kernel_size: 1}
          c: {op: Conv2d, out_channels: last + len(few), kernel_size: 1}
        """,
        lambda: chain(a=conv(3, 4), b=conv(4, 12), c=conv(12, 16)),
    ),
    "an optional argument may be null": Feature(
        """
        args: {width: int? = null, groups: int? = 2}
        layers:
          a: {op: Conv2d, out_channels: 4 if width == null else width, kernel_size: 1}
          b: {op: GroupNorm, if: groups != null, num_groups: groups}
        """,
        lambda: chain(a=conv(3, 4), b=nn.GroupNorm(2, 4)),
    ),
    "a block's default may use the arguments before it": Feature(
        """
        blocks: {B: {args: {w: 2, double: int = w * 2}, layers: [{op: Conv2d, out_channels: double, kernel_size: 1}]}}
        layers: [B, {op: B, w: 3}]
        """,
        lambda: nn.Sequential(nn.Sequential(conv(3, 4)), nn.Sequential(conv(4, 6))),
    ),
    "a spec's args and let names may use each other, in any order": Feature(
        """
        args: {double: int = wide * 2, w: 2}
        let: {wide: w + more, more: 1}
        layers: {a: {op: Conv2d, out_channels: double, kernel_size: 1}}
        """,
        lambda: chain(a=conv(3, 12)),
        arguments={"w": 5},
    ),
    "args from outside": Feature(
        """
        args: {w: int, act: ReLU, p: 0.5, ks: [1, 1]}
        layers: {a: {op: Conv2d, out_channels: w, kernel_size: ks}, b: act, c: {op: Dropout, p: p}}
        """,
        lambda: chain(a=conv(3, 6, (1, 3)), b=nn.GELU(), c=nn.Dropout(0.0)),
        arguments={"w": "2 * 3", "act": "GELU", "p": 0, "ks": (1, 3)},
    ),
    "words in a list, from outside": Feature(
        "args: {names: [a]}\nlayers: {'{n}': {repeat: n in names, op: Conv2d, out_channels: 2, kernel_size: 1}}",
        lambda: chain(p=conv(3, 2), q=conv(2, 2)),
        arguments={"names": ["p", "q"]},
    ),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks(name: str) -> None:
    check(BLOCKS[name])


@pytest.mark.parametrize("name", TYPES)
def test_values_are_directed_by_the_type_that_is_wanted(name: str) -> None:
    check(TYPES[name])


# declared as, given as, and what is wrong with it: None for nothing
GIVEN = [
    ("int", "3", None),
    ("int", "7 / 2", "has to be an integer, and is the number 3.5"),
    ("int", "true", "has to be an integer, and is the bool true"),
    ("int", "ReLU", "has to be an integer, and is the op ReLU"),
    ("int", "[3]", "has to be an integer, and is a list of 1 items"),
    ("int", "null", "has to be an integer, and is null"),
    ("int?", "null", None),
    ("int?", "'text'", "there is no name"),
    ("float", "3", None),
    ("float", "1e-3", None),
    ("float", "true", "has to be a number, and is the bool true"),
    ("bool", "1", None),
    ("bool", "2", "has to be true or false, and is the number 2"),
    ("bool", "ReLU", "has to be true or false, and is the op ReLU"),
    ("str", "anything at all", None),
    ("str", "3", "has to be text, and is the number 3"),
    ("list", "[1, 2]", None),
    ("list", "range(3)", None),
    ("list", "[]", None),
    ("list", "[1, ReLU]", "has to be a list of one type, and is a list of 2 items"),
    ("list", "[true, 1]", None),
    ("list", "[true, 2]", "has to be a list of one type, and is a list of 2 items"),
    ("list", "[null, 2]", None),
    ("list", "3", "has to be a list of one type, and is the number 3"),
    ("op", "ReLU", None),
    ("op", "B", None),
    ("op", "3", "has to be an op or a block, and is the number 3"),
    ("op?", "null", None),
    ("op", "null", "has to be an op or a block, and is null"),
    ("size", "3", None),
    ("size", "[3, 1]", None),
    ("size", "[3, 1.5]", "has to be an integer or a list of integers, and is a list of 2 items"),
    ("size", "[]", "has to be an integer or a list of integers, and is a list of 0 items"),
]


@pytest.mark.parametrize(("declared", "given", "problem"), GIVEN)
def test_an_argument_of_the_wrong_type_is_blamed_on_the_caller(declared: str, given: str, problem: str | None) -> None:
    spec = f"""
    blocks:
      B: {{args: {{value: {declared}}}, layers: {{r: {{op: ReLU, if: value == value}}}}}}
    layers:
      b:
        op: B
        value: {given}
    """
    found = archspec.check(whole(spec))
    if problem is None:
        assert found == ()
    else:
        [item] = found
        assert problem in item.message
        assert item.span.text == given.strip("'")


@pytest.mark.parametrize(
    ("declaration", "found"),
    [
        ("{width: {a: 1}}", ["A207"]),
        ("{width: null}", ["A207"]),
        ("{Width: 3}", ["A205"]),
        ("{prev: 3}", ["A205"]),
        ("{if: 3}", ["A205"]),
        ("{null: 3}", ["A205"]),
        ("{width: int}", ["A304"]),
        ("{width: int = 2.5}", ["A305"]),
        ("{width: op = Relu}", ["A301"]),
        ("{b: int = width * 2, width: int = b}", ["A307"]),
        ("{b: int = later}\nlet: {later: b}", ["A307"]),
    ],
)
def test_what_is_no_declaration(declaration: str, found: list[str]) -> None:
    names = " + ".join(name for name in ("b", "width") if name in declaration)
    assert [
        code
        for code in codes(f"args: {declaration}\nlayers: {{a: {{op: ReLU, if: {names or 1} != 0}}}}")
        if code != "A401"
    ][:1] == found


def test_calls_of_blocks() -> None:
    block = "blocks: {B: {args: {n: int, m: 2}, layers: [{op: Dropout, p: n / (m + 9)}]}}\n"
    assert codes(block + "layers: {a: {op: B, n: 1}}") == []
    assert codes(block + "layers: {a: B}") == ["A304"]
    assert codes(block + "layers: {a: {op: B, n: 1, k: 2}}") == ["A303"]
    assert codes(block + "layers: {a: {op: B, nn: 1}}") == ["A304", "A303"]
    assert codes(block + "layers: {c: ReLU, a: {op: B, n: 1, from: [c, image]}}") == ["A504"]


def test_a_block_s_default_sees_no_later_argument() -> None:
    assert codes("blocks: {B: {args: {a: int = b, b: 2}, layers: [{op: Dropout, p: a / 9}]}}\nlayers: [B]") == ["A301"]


def test_a_circle_of_let_names() -> None:
    [item] = archspec.check(whole("let: {a: b, b: a + 1}\nlayers: {c: {op: Dropout, p: a}}"))
    assert item.code.name == "A307"
    assert "is defined by itself" in item.message


def test_endless_recursion_is_an_error() -> None:
    assert codes("blocks: {B: {layers: [{op: B}]}}\nlayers: {a: B}") == ["A314"]
    assert codes("blocks: {A: {op: B}, B: {op: A}}\nlayers: {a: A}") == ["A314"]


def test_conditions_on_symbolic_sizes() -> None:
    head = "inputs: {image: [N, 3, H, 2 * H]}\nlayers: "
    assert codes(head + "{a: {op: ReLU, if: image.H > 4}, b: GELU}") == ["A312"]
    assert codes(head + "{a: {op: ReLU, if: image.H == image.W - 6}, b: GELU}") == ["A312"]
    assert codes(head + "{a: {op: ReLU, if: image.H == image.W}, b: GELU}") == []
    assert codes(head + "{a: {op: ReLU, if: image.H >= 1 and image.W > 1 and not image.W < 2}, b: GELU}") == []
    assert codes(head + "{a: {op: ReLU, if: image.W == 2 * image.H}, b: GELU}") == []
    assert codes(head + "{a: {op: ReLU, if: image.H + 1 > image.H}, b: GELU}") == []
    assert codes(head + "{a: {op: ReLU, if: 'image.W // image.H == 2'}, b: GELU}") == ["A307"]
