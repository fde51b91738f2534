"""What a plan says: the same as the load then does; and what it proposes: never a wrong name."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

import archspec
from archspec import zoo
from archspec.weights import WeightsError
from archspec.weights.checkpoint import Checkpoint, Shape, of_state
from archspec.weights.fitting import shapes_of
from archspec.weights.plan import Plan, plan, table_text
from archspec.weights.renames import Table, read_table
from archspec.weights.report import text

Change = Callable[[str], str]


def shapes(name: str) -> dict[str, Shape]:
    return shapes_of(archspec.load(name).graph)


def planned(name: str, found: Mapping[str, Shape], own: Table | None = None, format_: str = "torch.save") -> Plan:
    model = zoo.model_named(name)
    graph = archspec.load(name).graph
    return plan(Checkpoint("old.pt", format_, found), graph, own or {}, model.rename if model else {})


# How the keys of a network are changed, and how many entries of a table undo that.
CHANGES: dict[str, tuple[Change, int]] = {
    "nothing": (lambda key: key, 0),
    "DataParallel": (lambda key: f"module.{key}", 1),
    "two wrappers": (lambda key: f"module._orig_mod.{key}", 1),
    "a trainer": (lambda key: f"model.backbone.{key}", 1),
    "other words": (lambda key: key.replace("layer", "stage").replace("conv", "c").replace("fc", "head"), 5),
    "counted from 0": (lambda key: re.sub(r"layer(\d)", lambda m: f"stages.{int(m[1]) - 1}", key), 11),
    "a wrapper and other words": (lambda key: f"net.{key.replace('downsample', 'shortcut')}", 2),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_proposed_undoes_the_change(what: str, tmp_path: Path) -> None:
    change, entries = CHANGES[what]
    network = shapes("resnet18")
    found = planned("resnet18", {change(key): shape for key, shape in network.items()})
    assert found.then.loads == {change(key): key for key in network}
    assert len(found.proposal.entries) == entries
    (tmp_path / "rename.yaml").write_text(table_text(found), encoding="utf-8")
    if entries:
        assert read_table(tmp_path / "rename.yaml") == found.table
    state = {change(key): tensor for key, tensor in archspec.build("resnet18").state_dict().items()}
    torch.save(state, tmp_path / "old.pt")
    module = archspec.build("resnet18", weights=tmp_path / "old.pt", rename=tmp_path / "rename.yaml" if entries else {})
    assert all(torch.equal(tensor, state[change(key)]) for key, tensor in module.state_dict().items())


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "swin_t", "squeezenet1_1", "vgg11_bn"])
@pytest.mark.parametrize("order", ["as it is", "sorted", "shuffled"])
@pytest.mark.parametrize("seed", range(3))
def test_no_proposed_name_is_wrong(name: str, order: str, seed: int) -> None:
    """Some words of all paths are other ones. Where the order is not that of the layers, some names stay unknown."""
    draw = random.Random(seed)
    network = shapes(name)
    paths = {key: key.rpartition(".")[0] for key in network}
    words = sorted({word for path in paths.values() for word in re.findall(r"[A-Za-z_]+", path)})
    new = {word: word if draw.random() < 0.4 else "".join(draw.choices("abcdefgnorvlmyt", k=5)) for word in words}
    renamed = {key: re.sub(r"[A-Za-z_]+", lambda match: new[match[0]], path) for key, path in paths.items()}
    truth = {renamed[key] + key.removeprefix(path): key for key, path in paths.items()}
    assert len(truth) == len(network)
    keys = sorted(truth) if order == "sorted" else list(truth)
    if order == "shuffled":
        draw.shuffle(keys)
    format_ = "torch.save" if order == "as it is" else "safetensors"
    found = planned(name, {key: network[truth[key]] for key in keys}, format_=format_)
    assert {key: truth[key] for key in found.then.loads} == found.then.loads
    if order == "as it is":
        assert found.then.whole


def test_layers_that_cannot_be_told_apart_are_left_to_people() -> None:
    head = "archspec: 1\nname: net\ninputs: {image: [N, 4]}\nblocks: {FC: {op: Linear, out_features: 4}}\n"
    graph = archspec.load(f"{head}layers: {{a: FC, b: FC, c: FC}}\n").graph
    state = {f"{key}.{name}": shape for key in ("x", "y") for name, shape in [("weight", (4, 4)), ("bias", (4,))]}
    found = plan(Checkpoint("old.pt", "torch.save", state), graph, {}, {})
    assert found.proposal.entries == ()
    assert found.proposal.notes == ("`x`, `y` may be any of `a`, `b` and 1 more: all have bias 4, weight 4x4",)
    assert "not proposed" in text(found)


def test_a_rule_speaks_of_no_layer_that_it_was_not_made_for() -> None:
    head = "archspec: 1\nname: net\ninputs: {image: [N, 4]}\nblocks: {FC: {op: Linear, out_features: 4}}\n"
    graph = archspec.load(f"{head}layers: {{fc0: FC, fc1: FC}}\n").graph
    tensors = {"weight": (4, 4), "bias": (4,)}
    layers = {f"dense{number}.{name}": shape for number in (0, 1) for name, shape in tensors.items()}
    found = plan(Checkpoint("old.pt", "torch.save", layers), graph, {}, {})
    assert found.proposal.table == {r"dense(\d+)\.(\w+)": r"fc\1.\2"}
    more = plan(Checkpoint("old.pt", "torch.save", {**layers, "dense2.weight": (5, 5)}), graph, {}, {})
    assert more.proposal.table == {r"dense0\.(\w+)": r"fc0.\1", r"dense1\.(\w+)": r"fc1.\1"}


def test_a_backbone_is_found_behind_a_prefix() -> None:
    found = planned("fcn_resnet50", shapes("resnet50"))
    [entry] = found.proposal.entries
    assert (entry.old, entry.new) == (r"((?:conv1|bn1|layer1|layer2|layer3|layer4)\b.*)", r"backbone.\1")
    assert set(found.then.unexpected) == {"fc.weight", "fc.bias"}
    assert all(name.startswith(("classifier", "aux_classifier")) for name in found.then.missing)


def test_what_is_of_no_use_under_any_name_stays_unexpected() -> None:
    network = shapes("resnet18")
    found = planned("resnet18", {**{f"module.{key}": shape for key, shape in network.items()}, "module.x": (), "x": ()})
    assert found.proposal.table == {r"module\.(.*)": r"\1"}
    assert (len(found.then.loads), found.then.unexpected) == (122, ("module.x", "x"))


def test_of_two_prefixes_with_the_same_names_neither_is_proposed() -> None:
    network = shapes("resnet18")
    found = planned("resnet18", {f"{side}.{key}": shape for side in ("query", "key") for key, shape in network.items()})
    assert found.proposal.entries == ()
    assert found.proposal.notes == ("`query.` and `key.` hold the same names: drop one by `'key\\..*': null`",)
    chosen = planned("resnet18", found.checkpoint.shapes, {r"key\..*": None})
    assert chosen.proposal.table == {r"query\.(.*)": r"\1"}
    assert chosen.then.whole


def test_another_head_is_found_in_its_wrapper_among_renamed_layers() -> None:
    network = {**shapes("resnet18"), "fc.weight": (5, 512), "fc.bias": (5,)}
    found = planned("resnet18", {f"module.{key.replace('layer', 'stage')}": shape for key, shape in network.items()})
    assert found.proposal.table[r"module\.(.*)"] == r"\1"
    assert {each.name for each in found.then.mismatched} == {"fc.weight", "fc.bias"}
    assert (len(found.then.loads), found.then.missing, found.then.unexpected) == (120, (), ())


def test_the_counter_of_averaged_weights_is_dropped() -> None:
    network = shapes("resnet18")
    found = planned("resnet18", {"n_averaged": (), **{f"module.{key}": shape for key, shape in network.items()}})
    assert found.proposal.table == {"n_averaged": None, r"module\.(.*)": r"\1"}
    assert found.then.whole


def test_the_familys_table_still_comes_after_what_is_proposed() -> None:
    network = shapes("densenet121")
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])", r"module.\1.\2", key): size for key, size in network.items()}
    old = {f"module.{key.replace('module.', '')}": size for key, size in old.items()}
    found = planned("densenet121", old)
    assert found.proposal.table == {r"module\.(.*)": r"\1"}
    assert found.then.whole


def test_a_proposed_table_holds_what_was_given() -> None:
    network = shapes("resnet18")
    old = {f"module.{key}".replace("module.fc", "head"): shape for key, shape in network.items()}
    found = planned("resnet18", old, {r"head\.(.*)": r"fc.\1"})
    assert found.table == {r"module\.(.*)": r"\1", r"head\.(.*)": r"fc.\1"}
    assert found.then.whole
    assert planned("resnet18", old, found.table).whole


def test_two_keys_that_would_be_one_are_never_proposed() -> None:
    network = shapes("resnet18")
    found = planned("resnet18", {**network, **{f"module.{key}": shape for key, shape in network.items()}})
    assert not found.proposal.entries


def _states() -> dict[str, dict[str, Tensor]]:
    state = archspec.build("resnet18").state_dict()
    without = {key: tensor for key, tensor in state.items() if key != "fc.bias"}
    counters = {key: tensor for key, tensor in state.items() if "num_batches_tracked" not in key}
    other = {**state, "conv1.weight": torch.zeros(1)}
    return {"all": state, "less": without, "more": {**state, "x": torch.zeros(1)}, "old": counters, "other": other}


@pytest.mark.parametrize(("name", "state"), _states().items())
def test_a_plan_says_what_the_load_then_does(name: str, state: dict[str, Tensor], tmp_path: Path) -> None:
    found = plan(of_state("old.pt", state), archspec.load("resnet18").graph, {}, {})
    torch.save(state, tmp_path / "old.pt")
    try:
        archspec.build("resnet18", weights=tmp_path / "old.pt")
        loaded = True
    except WeightsError:
        loaded = False
    assert found.whole == loaded == (name in ("all", "old"))


@pytest.mark.parametrize("what", CHANGES)
def test_the_text_fits_into_80_columns(what: str) -> None:
    change, _ = CHANGES[what]
    report = text(planned("densenet121", {change(key): shape for key, shape in shapes("densenet121").items()}))
    assert max(map(len, report.splitlines())) <= 80
    assert len(report.splitlines()) < 80
