"""`outputs`, training outputs, and the layers that reach none."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import archspec
from tests.elaborate.features import Feature, Twin, chain, check, codes, conv, whole

C = "{op: Conv2d, out_channels: 3, kernel_size: 1}"

OUTPUTS = {
    "by default the last layer": Feature(f"layers: {{a: {C}, b: ReLU}}", lambda: chain(a=conv(3, 3), b=nn.ReLU())),
    "one, by its name": Feature(
        f"layers: {{a: {C}, b: {{op: Add, from: [a, image]}}}}\noutputs: {{result: b}}",
        lambda: Twin(lambda m, x: m.a(x) + x, a=conv(3, 3)),
    ),
    "several, in the order in which they are declared": Feature(
        f"layers: {{a: {C}, b: ReLU}}\noutputs: {{second: b, first: a, again: a, input: image}}",
        lambda: Twin(lambda m, x: {"second": (a := m.a(x)).relu(), "first": a, "again": a, "input": x}, a=conv(3, 3)),
    ),
    "values by path, by number, with expressions": Feature(
        """
        args: {k: 1}
        layers: {f: [ReLU, Tanh], s: {op: Chunk, chunks: 3}}
        outputs: {x0: f.0, part: "s.{k + 1}", last: s.0}
        """,
        lambda: Twin(lambda m, x: {"x0": (r := x.relu()), "part": r.tanh()[:, 2:], "last": r.tanh()[:, :1]}),
        warnings=(),
    ),
    "one that exists in training only": Feature(
        """
        layers:
          a: {op: Conv2d, out_channels: 4, kernel_size: 1}
          aux: [{op: AdaptiveAvgPool2d, output_size: 1}, Flatten, {op: Linear, out_features: 2}]
          b: {op: BatchNorm2d, from: a}
        outputs: {main: b, aux: {from: aux, training: true}}
        """,
        lambda: Twin(
            lambda m, x: {"main": m.b(a := m.a(x)), "aux": m.aux(a)} if m.training else m.b(m.a(x)),
            a=conv(3, 4),
            aux=nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)),
            b=nn.BatchNorm2d(4),
        ),
    ),
    "one that an arg takes away": Feature(
        f"""
        args: {{aux: false}}
        layers: {{a: {C}, side: {{op: ReLU, if: aux}}}}
        outputs: {{main: a, side: {{from: side, if: aux, training: aux}}}}
        """,
        lambda: chain(a=conv(3, 3)),
    ),
    "an output's name is free, and may be an op's": Feature(
        "layers: {a: ReLU}\noutputs: {ReLU: a}", lambda: Twin(lambda m, x: x.relu())
    ),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs(name: str) -> None:
    check(OUTPUTS[name])


def test_layers_of_training_outputs_count_as_parameters_and_not_as_macs() -> None:
    spec = f"layers: {{a: {C}, aux: {C}, b: {{op: ReLU, from: a}}}}\n"
    spec += "outputs: {main: b, aux: {from: aux, training: true}}"
    summary = archspec.load(whole(spec)).summary().as_dict()
    assert summary["params"]["total"] == 24
    assert summary["macs"] == 3 * 3 * 64
    assert [node.training_only for node in archspec.load(whole(spec)).graph.nodes] == [False, True, False]


def test_a_training_output_may_read_what_others_read() -> None:
    spec = f"layers: {{a: {C}, b: ReLU}}\noutputs: {{main: b, early: {{from: a, training: true}}}}"
    module = archspec.build(whole(spec))
    image = torch.randn(2, 3, 8, 8)
    assert list(module.train()(image)) == ["main", "early"]
    assert isinstance(module.eval()(image), Tensor)


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("layers: {a: ReLU}\noutputs: {main: b}", ["A308"]),
        ("layers: {a: ReLU}\noutputs: {main: a.0}", ["A308"]),
        ("layers: {a: ReLU}\noutputs: {main: a.C}", ["A308"]),
        ("layers: {a: [ReLU, GELU]}\noutputs: {main: a.*}", ["A310"]),
        ("layers: {a: {op: Chunk, chunks: 3}}\noutputs: {main: a}", ["A310"]),
        ("layers: {a: ReLU}\noutputs: {}", ["A507"]),
        ("layers: {a: ReLU}\noutputs: {main: {from: a, training: true}}", ["A507"]),
        ("layers: {a: ReLU}\noutputs: {main: {from: a, if: false}}", ["A507"]),
        ("layers: {}", ["A507"]),
        ("layers: {a: ReLU}\noutputs: [a]", ["A203"]),
        ("layers: {a: ReLU}\noutputs: {main: [a]}", ["A203"]),
        ("layers: {a: ReLU}\noutputs: {main: null}", ["A203"]),
        ("layers: {a: ReLU}\noutputs: {main: {layer: a}}", ["A202", "A201"]),
        ("layers: {a: ReLU}\noutputs: {main: {from: a, training: maybe}}", ["A301"]),
    ],
)
def test_what_is_no_output(spec: str, found: list[str]) -> None:
    assert sorted(codes(spec)) == sorted(found)


DEAD = {
    "a branch is told once, by its last layer": (
        f"layers: {{a: {C}, b: ReLU, c: {{op: Tanh, from: image}}}}",
        ["b"],
    ),
    "each branch by itself": (
        f"layers: {{a: {C}, b: {{op: ReLU, from: image}}, c: {{op: Tanh, from: image}}}}",
        ["a", "b"],
    ),
    "a parameter that nothing reads": ("layers: {p: {op: Parameter, shape: [3]}, a: ReLU}", ["p"]),
    "an output that a chunk leaves unread is no dead layer": (
        "layers: {s: {op: Chunk, chunks: 3}, a: {op: ReLU, from: s.1}}",
        [],
    ),
}


@pytest.mark.parametrize("name", DEAD)
def test_layers_that_reach_no_output(name: str) -> None:
    spec, dead = DEAD[name]
    found = archspec.check(whole(spec))
    assert [(item.code.name, item.message) for item in found] == [
        ("A505", f"`{path}` reaches no output") for path in dead
    ]


@pytest.mark.parametrize("second", ["main", "prev", "main.1", "'mai{name}'"])
def test_the_error_names_the_alias_that_cut_the_layer_off(second: str) -> None:
    """The trap: a residual Add whose first `from` was the shortcut, and which an `if` takes away."""
    add = f"{{op: Add, from: [image, {second}], if: name == 3}}"
    spec = f"args: {{name: n}}\nlayers: {{main: [{C}, ReLU], add: {add}, last: GELU}}"
    [item] = archspec.check(whole(spec))
    assert (item.code.name, item.message) == ("A505", "`main` reaches no output")
    assert [(label.span.text, label.text) for label in item.labels] == [
        ("add", "`add` is absent here, and stands for what it reads first")
    ]
    assert item.helps == ("put the main path first in its `from`",)


def test_dead_layers_are_looked_for_only_when_nothing_else_is_wrong() -> None:
    assert codes(f"layers: {{a: {C}, b: {{op: ReLU, from: image, size: 3}}}}") == ["A303"]
