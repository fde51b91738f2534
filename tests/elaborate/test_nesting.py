"""`only`: one layer of another spec in place of the whole. And edits of layers that are absent."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import archspec
from tests.elaborate.conftest import Write
from tests.elaborate.features import Twin, chain, compare, conv

HEAD = "archspec: 1\ninputs: {image: [N, 3, 8, 8]}\n"

NET = """
archspec: 1
args: {width: 4, normed: true, act: ReLU}
inputs: {image: [N, 3, 8, 8]}
defaults: {BatchNorm2d: {eps: 0.01}}
layers:
  features:
    - {op: Conv2d, out_channels: width, kernel_size: 3, padding: 1}
    - {op: BatchNorm2d, if: normed}
    - act
  tail{i}: {repeat: i in range(2), op: Conv2d, out_channels: width + i, kernel_size: 1}
  loop: {op: Conv2d, repeat: 2, out_channels: width, kernel_size: 1}
  late: {op: Conv2d, out_channels: tail0.C, kernel_size: 1}
  maybe: {op: Tanh, if: not normed}
  label: {splice: {spliced: ReLU}}
"""


def features(width: int = 4, eps: float = 0.01) -> nn.Sequential:
    return nn.Sequential(conv(3, width, 3, padding=1), nn.BatchNorm2d(width, eps=eps), nn.ReLU())


def test_one_layer_of_a_spec_in_its_place(write: Write) -> None:
    path = write(
        net=NET,
        new=HEAD
        + """
layers:
  backbone: {spec: net, only: features, width: 6}
  side: {op: Conv2d, from: backbone.0, out_channels: 6, kernel_size: 1}
  norm: BatchNorm2d
  again: {share: backbone, from: image}
  add: {op: Add, from: [backbone, norm, again]}
""",
    )
    twin = Twin(
        lambda m, x: m.backbone(x) + m.norm(m.side(m.backbone[0](x))) + m.backbone(x),
        backbone=features(6),
        side=conv(6, 6),
        norm=nn.BatchNorm2d(6),
    )
    architecture = archspec.load(path)
    module = archspec.build(architecture)
    assert isinstance(module.backbone, nn.Sequential)
    assert (module.backbone[1].eps, module.norm.eps) == (0.01, 1e-5)
    assert list(module.state_dict()) == list(twin.state_dict())
    twin.load_state_dict(module.state_dict())
    image = torch.randn(2, 3, 8, 8)
    assert torch.equal(module.eval()(image), twin.eval()(image))
    assert architecture.graph.root.steps[0].label == "net"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("only", "twin"),
    [
        ("features, normed: 0", lambda: nn.Sequential(conv(3, 4, 3, padding=1), nn.ReLU())),
        ("features, act: SiLU", lambda: nn.Sequential(*[*features()][:2], nn.SiLU())),
        ("tail1", lambda: conv(3, 5)),
        ("loop", lambda: nn.Sequential(conv(3, 4), conv(4, 4))),
        ('"tail{2 - 1}"', lambda: conv(3, 5)),
        ("maybe, normed: 0", nn.Tanh),
    ],
)
def test_what_may_stand_for_a_spec(only: str, twin: type[nn.Module], write: Write) -> None:
    path = write(net=NET, new=HEAD + f"layers: {{a: {{spec: net, only: {only}}}, flatten: Flatten}}\n")
    compare(archspec.load(path), chain(a=twin(), flatten=nn.Flatten()))


def test_an_absent_layer_of_a_spec_stands_for_what_it_reads(write: Write) -> None:
    path = write(net=NET, new=HEAD + "layers: {c: ReLU, a: {spec: net, only: maybe}, flatten: Flatten}\n")
    compare(archspec.load(path), chain(c=nn.ReLU(), flatten=nn.Flatten()))


def test_initialisation_goes_by_the_paths_of_the_spec(write: Write) -> None:
    init = "init: {Conv2d: {bias: zeros}, features.0: {weight: ones}, features.1: {bias: ones}, "
    init += "tail1: {weight: ones}}\n"
    net = HEAD + "layers: {a: {spec: net, only: features}, b: {spec: net, only: tail1}, c: {spec: net, only: tail0}}\n"
    module = archspec.build(write(net=NET + init, new=net + "init: {a.0: {bias: ones}}\n"))
    found = [module.a[0].weight, module.a[0].bias, module.a[1].bias, module.b.weight, module.b.bias, module.c.bias]
    assert [tuple(tensor.detach().unique().tolist()) for tensor in found] == [(1,), (1,), (1,), (1,), (0,), (0,)]
    assert module.c.weight.std() > 0.1


def test_edits_of_the_spec_go_along_and_those_around_it_come_first(write: Write) -> None:
    write(
        net=NET,
        variant="archspec: 1\nextends: net\nremove: [late]\nreplace: {features.2: Tanh}\n"
        "insert_after: {features.0: {extra: ReLU}}\n",
        other="archspec: 1\nextends: net\nreplace: {features: {layers: [Sigmoid]}}\n",
        base=HEAD + "layers: {a: ReLU, b: Tanh}\n",
    )
    path = write(
        new="archspec: 1\nextends: base\n"
        "replace: {a: {spec: variant, only: features}, b: {spec: other, only: features}}\n"
    )
    paths = [f"{node.path}: {type(node.op).__name__}" for node in archspec.load(path).graph.nodes]
    assert paths == ["a.0: Conv2d", "a.extra: ReLU", "a.1: BatchNorm2d", "a.2: Tanh", "b.0: Sigmoid"]


@pytest.mark.parametrize(
    ("layer", "code", "said"),
    [
        ("{spec: net, only: feature}", "A315", "`net` has no layer `feature`; did you mean `features`?"),
        ("{spec: net, only: image}", "A315", "`net` has no layer `image`"),
        ("{spec: net, only: label}", "A315", "`net` has no layer `label`"),
        ("{spec: net, only: spliced}", "A315", "`net` has no layer `spliced`"),
        ("{spec: net, only: late}", "A308", "there is no layer or input `tail0` here"),
        ("{spec: net, only: features, until: features}", "A206", "this one says `until` and `only`"),
        ("{op: ReLU, only: features}", "A201", "`only` goes with `spec` only"),
        ("{spec: net, only: features, from: [image, image]}", "A504", "`net` reads 1 value (image), and gets 2"),
    ],
)
def test_what_cannot_stand_for_a_spec(layer: str, code: str, said: str, write: Write) -> None:
    [item] = archspec.check(write(net=NET, new=HEAD + f"layers: {{a: {layer}}}\n"))
    assert item.code.name == code
    assert said in "; ".join([item.message, *map(str, item.helps)])


@pytest.mark.parametrize(
    ("edit", "left"),
    [
        ("replace: {tap: Tanh}", ["Conv2d", "Tanh", "ReLU"]),
        ("replace: {tap: {op: Tanh, if: tapped}}", ["Conv2d", "ReLU"]),
        ("remove: [tap]", ["Conv2d", "ReLU"]),
        ("insert_after: {tap: {more: Tanh}}", ["Conv2d", "Tanh", "ReLU"]),
    ],
)
def test_an_absent_layer_may_be_edited(edit: str, left: list[str], write: Write) -> None:
    base = HEAD + (
        "args: {tapped: false}\n"
        "layers: {a: {op: Conv2d, out_channels: 3, kernel_size: 1}, tap: {op: Sigmoid, if: tapped}, relu: ReLU}\n"
    )
    path = write(base=base, new=f"archspec: 1\nextends: base\n{edit}\n")
    assert [type(node.op).__name__ for node in archspec.load(path).graph.nodes] == left
