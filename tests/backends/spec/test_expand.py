"""`expand`: the same network, flat. The graphs of a spec and of its expansion are compared in full."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import archspec
from archspec.backends.spec import ExpandError, expand, flatten
from archspec.compilation import compile_target
from tests.backends.spec.corpus import features, of_feature, random_network, targets
from tests.backends.spec.same import assert_same_behaviour, assert_same_network, facts
from tests.backends.spec.scoping import SCOPING, SYMBOLS
from tests.elaborate.features import Feature, whole

GOLDENS = Path(__file__).parents[2] / "golden" / "expand"
FEATURES = dict(features())


@pytest.mark.parametrize("target", targets())
def test_a_packaged_network_is_the_same_when_it_is_flat(target: str) -> None:
    network = archspec.load(target)
    assert_same_network(network.compilation, network.expand())


def test_a_network_without_layers_stays_one() -> None:
    network = compile_target(whole("layers: []\noutputs: {same: image}\n"))
    assert network.graph is not None
    assert_same_network(network, expand(network.graph))


@pytest.mark.parametrize("feature", FEATURES.values(), ids=FEATURES)
def test_a_feature_of_the_language_is_the_same_when_it_is_flat(feature: Feature) -> None:
    network = of_feature(feature)
    if network.graph is not None:
        assert_same_network(network, expand(network.graph))


@pytest.mark.parametrize("spec", SCOPING.values(), ids=SCOPING)
def test_names_that_would_mean_another_layer_are_told_apart(spec: str) -> None:
    network = compile_target(whole(spec))
    assert network.graph is not None
    assert_same_behaviour(network.graph, assert_same_network(network, expand(network.graph)))


@pytest.mark.parametrize("spec", SYMBOLS.values(), ids=SYMBOLS)
def test_symbolic_sizes_are_read_off_values(spec: str) -> None:
    network = compile_target(whole(spec))
    assert network.graph is not None
    assert_same_network(network, expand(network.graph))


@pytest.mark.parametrize("part", range(5))
def test_a_random_network_is_the_same_when_it_is_flat(part: int) -> None:
    drawn = [network for seed in range(20) if (network := random_network(f"{part}:{seed}"))]
    assert len(drawn) > 10
    for number, network in enumerate(drawn):
        assert network.graph is not None
        flat = assert_same_network(network, expand(network.graph))
        if number < 2:
            assert_same_behaviour(network.graph, flat)


def test_scopes_that_stay_blocks_are_told_all_that_they_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flatten, "_DEEPEST", 5)  # as if files nested hardly at all
    blocks = 0
    for feature in FEATURES.values():
        network = of_feature(feature)
        if network.graph is not None:
            text = expand(network.graph)
            blocks += text.count("\nblocks:\n")
            assert_same_network(network, text)
    assert blocks > 5


def test_a_tower_of_blocks_is_cut_into_blocks_where_a_file_may_nest_no_deeper() -> None:
    network = compile_target(
        whole(
            """
            blocks:
              Tower:
                args: {floors: int}
                layers:
                  conv: {op: Conv2d, out_channels: 3, kernel_size: 1}
                  above: {op: Tower, if: floors > 1, floors: floors - 1}
                  add: {op: Add, from: [x, above, conv]}
            layers: {conv: {op: Conv2d, out_channels: 3, kernel_size: 1}, tower: {op: Tower, floors: 60}}
            """
        )
    )
    assert network.graph is not None
    text = expand(network.graph)
    assert "\nblocks:\n  Tower:\n" in text
    assert_same_network(network, text)


def test_sizes_from_outside_are_written_into_the_layers_that_need_them() -> None:
    layers = "conv: {op: Conv2d, out_channels: 4, kernel_size: 3}, flat: Flatten, fc: {op: Linear, out_features: 5}"
    spec = whole(f"layers: {{{layers}}}")
    network = archspec.load(spec, inputs="image=N,3,H,8")
    flat = archspec.load(network.expand())
    assert "fc: {op: Linear, in_features: 144, out_features: 5}" in network.expand()
    assert facts(flat.graph)[-1] == facts(network.graph)[-1] == [("H >= 3", "conv"), ("24*H - 48 == 144", "fc")]


def test_the_version_of_the_state_dict_comes_along() -> None:
    text = "layers: {fc: {op: Conv2d, out_channels: 4, kernel_size: 1}}\nstate_dict_version: 3\n"
    network = archspec.load(whole(text))
    flat = archspec.load(network.expand())
    assert flat.graph.state_dict_version == network.graph.state_dict_version == 3


def test_arguments_and_warnings_come_along(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(
        whole(
            """
            name: net
            args: {width: 4, act: ReLU}
            layers:
              conv: {op: Conv2d, out_channels: width, kernel_size: 1}
              act: act
              fc: {op: Linear, out_features: 4}
            allow: [A402]
            """
        )
    )
    text = archspec.load(str(path), width=6, act="Tanh").expand()
    assert text.startswith(f"# net, expanded by archspec {archspec.__version__}\n# args: width: 6, act: Tanh\n")
    assert "conv: {op: Conv2d, out_channels: 6, kernel_size: 1}\n  act: Tanh\n" in text
    assert archspec.check(text) == ()


def test_what_no_name_reaches_is_refused_by_path() -> None:
    clash = """
        blocks:
          S: {layers: {conv: {op: Conv2d, out_channels: 3, kernel_size: 1}, again: {share: x}}}
        layers: {conv: {op: Conv2d, out_channels: 3, kernel_size: 1}, s: S}
        """
    with pytest.raises(ExpandError, match=r"`s\.again` applies `conv` again, which no name reaches"):
        archspec.load(whole(clash)).expand()


@pytest.mark.parametrize("golden", sorted(GOLDENS.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_expansion_reads_as_it_did(golden: Path) -> None:
    network, blessed = archspec.load(str(golden)), golden.with_suffix(".txt")
    text = network.expand().replace(f"archspec {archspec.__version__}", "archspec VERSION")
    if os.environ.get("BLESS"):
        blessed.write_text(text, encoding="utf-8")
    assert text == blessed.read_text(encoding="utf-8")
    assert_same_behaviour(network.graph, assert_same_network(network.compilation, text))
