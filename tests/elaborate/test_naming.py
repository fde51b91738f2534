"""Names of layers: free, but for what torch's modules, ops, blocks and other layers have taken."""

from __future__ import annotations

import pytest
from torch import nn

import archspec
from archspec.elaborate.reserved import MODULE_NAMES, SEQUENCE_NAMES
from tests.elaborate.features import codes, whole

C = "{op: Conv2d, out_channels: 3, kernel_size: 1}"


def test_the_reserved_names_are_those_that_torch_s_modules_have() -> None:
    """Every public name of an instance, in the torch that is installed; ours may know of older and newer ones."""
    public = {name for name in dir(nn.Module()) if not name.startswith("_")}
    assert public <= MODULE_NAMES
    assert {name for name in dir(nn.Sequential()) if not name.startswith("_")} - public <= SEQUENCE_NAMES
    assert not (MODULE_NAMES | SEQUENCE_NAMES) & {
        "x",
        "prev",
        "conv1",
        "features",
        "classifier",
        "weight",
        "bias",
        "size",
    }


@pytest.mark.parametrize("name", ["half", "type", "train", "forward", "to", "apply", "state_dict", "eval", "float"])
@pytest.mark.parametrize("layer", ["ReLU", C, "[ReLU]", "{layers: {a: ReLU}}", "{op: ReLU, repeat: 2}"])
def test_names_of_torch_s_modules_are_refused_with_a_way_out(name: str, layer: str) -> None:
    [item] = archspec.check(whole(f"layers: {{{name}: {layer}}}"))
    assert (item.code.name, item.span.text) == ("A205", name)
    assert item.helps == (f"`{name}_` is free, say",)
    assert codes(f"layers: {{{name}_: {layer}}}") == []


def test_in_lists_a_few_more_are_refused() -> None:
    assert codes("layers: {f: [ReLU, {splice: {append: ReLU}}]}") == ["A205"]
    assert codes("layers: {append: ReLU}") == []


def test_a_label_of_a_splice_is_no_module() -> None:
    assert codes("layers: {half: {splice: {a: ReLU}}, b: {op: Add, from: [half, image]}}") == []


@pytest.mark.parametrize("name", ["ReLU", "Conv2d", "Mine"])
def test_an_op_s_or_block_s_name_is_no_layer_s(name: str) -> None:
    assert codes(f"blocks: {{Mine: {{layers: [ReLU]}}}}\nlayers: {{a: Mine, {name}: ReLU}}") == ["A205"]
    assert codes("layers: {AuxLogits: ReLU, Conv9d: ReLU}") == []


@pytest.mark.parametrize(
    "name", ["prev", "a b", "a/b", "é", "a.", ".a", "a..b", "-a", "a[0]", '"a{1}b c"', '""', "a." * 200]
)
def test_what_is_no_name(name: str) -> None:
    written = name if name.startswith('"') else f'"{name}"'
    assert codes(f"layers: {{{written}: ReLU}}") == ["A205"]


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        ("{image: ReLU, b: GELU}", "image"),
        ("{a: ReLU, 'a{1 - 1}': GELU, a0: SiLU}", "a0"),
        ("{a: {splice: {b: ReLU}}, b: GELU}", "b"),
        ("{f: [ReLU, {splice: {'1': ReLU}}, GELU]}", "GELU"),
        (f"{{a.b: {C}, a: ReLU}}", "a"),
        (f"{{a: ReLU, a.b: {C}}}", "a.b"),
        (f"{{a: [ReLU], a.1: {C}}}", "a.1"),
        (f"{{a.b: {C}, 'a.{{p}}': {C}}}", "'a.{p}'"),
        (f"{{a.b: {C}, a.b.c: {C}}}", "a.b.c"),
        (f"{{s: {{splice: [ReLU]}}, s.b: {C}}}", "s.b"),
        ("{a: {op: ReLU, if: 1 > 2}, a.b: GELU}", "a.b"),
    ],
)
def test_a_name_stands_once_in_a_scope(layers: str, text: str) -> None:
    found = archspec.check(whole(f"args: {{p: b}}\nlayers: {layers}"))
    assert [(item.code.name, item.span.text) for item in found if item.code.name != "A401"] == [("A311", text)]


def test_names_of_inputs_and_blocks() -> None:
    assert codes("inputs: {a-b: [N, 3]}\nlayers: {c: ReLU}") == ["A205"]
    assert codes("blocks: {mine: {layers: [ReLU]}}\nlayers: {c: ReLU}") == ["A205"]
    assert codes("blocks: {ReLU: {layers: [GELU]}}\nlayers: {c: ReLU}") == ["A311"]
    assert codes("blocks: {B: {inputs: [a, a], layers: [ReLU]}}\nlayers: {c: {op: B, from: [image, image]}}") == [
        "A311"
    ]
    assert codes("blocks: {B: {args: {n: 3}, let: {n: 4}, layers: [{op: Dropout, p: n / 9}]}}\nlayers: [B]") == ["A311"]
    assert codes("blocks: {B: {layers: {x: ReLU}}}\nlayers: [B]") == ["A311"]
    assert codes("args: {n: 3}\nlet: {n: 4}\nlayers: [{op: Dropout, p: n / 9}]") == ["A311"]
