"""A recipe against its network and the data that turned out to be there."""

from __future__ import annotations

import pytest

from archspec.diagnostics import Diagnostics
from archspec.recipes import DataFacts, ImageType, check_recipe, classifier_of, facts_of, network_of, recipe_of
from archspec.recipes.memory import check_memory
from archspec.syntax.library import packaged


def told(target: str, facts: DataFacts | None = None, **keys: object) -> list[tuple[str, str]]:
    diagnostics = Diagnostics()
    knobs = {"data.source": "fake", "epochs": 2, **{key.replace("__", "."): value for key, value in keys.items()}}
    written = recipe_of(target, knobs, diagnostics)
    network = None if written is None else network_of(written, diagnostics)
    if written is not None and network is not None:
        check_recipe(written, network, diagnostics, facts)
    return [(item.code.name, item.message) for item in diagnostics]


OPEN = {"image": ["N", 3, "H", "W"]}


@pytest.mark.parametrize(
    ("target", "facts", "inputs", "codes"),
    [
        ("simple_cnn_gap", DataFacts("pets", 10, 3), {}, []),
        ("simple_cnn_gap", DataFacts("pets", 37, 3), {}, ["A706"]),
        ("simple_cnn_gap", DataFacts("pets", 10, 1), {}, ["A707"]),
        ("simple_cnn_gap", DataFacts("pets", 10), {}, []),  # their channels become the network's
        ("simple_cnn_gap", DataFacts("pets", 10, 3), OPEN, ["A707"]),
        ("simple_cnn_gap", DataFacts("pets", 10, 3, (16, 24)), OPEN, []),
        ("simple_cnn_gap", DataFacts("pets", 10, 3, (4, 24)), OPEN, ["A707"]),  # too small for its layers
    ],
)
def test_what_the_data_turned_out_to_be(
    target: str, facts: DataFacts, inputs: dict[str, object], codes: list[str]
) -> None:
    assert [code for code, _ in told(target, facts, model__inputs=inputs)] == codes


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("unet", "`unet` is no image classifier: it gives [N, 2, 256, 256], and not [N, classes]"),
        (str(packaged("specs") / "blocks" / "conv.yaml"), "`conv` is a library of blocks, not a network"),
    ],
)
def test_what_cannot_be_trained(target: str, said: str) -> None:
    assert [message for _, message in told(target)] == [said]


@pytest.mark.parametrize("shape", [[8, 3, 32, 32], ["2*N", 3, 32, 32], ["N", 3, "N", 32]])
def test_batches_have_to_be_of_any_size(shape: list[object]) -> None:
    [(code, message)] = told("simple_cnn_gap", model__inputs={"image": shape})
    assert code == "A705"
    assert message.endswith(f"it reads [{', '.join(map(str, shape))}], and not batches of any size")


def test_sizes_that_a_network_leaves_open_are_the_datas() -> None:
    diagnostics = Diagnostics()
    knobs = {"data.source": "cifar10", "epochs": 2, "model.inputs": OPEN}
    written = recipe_of("simple_cnn_gap", knobs, diagnostics)
    assert written is not None
    network = network_of(written, diagnostics)
    assert network is not None
    classifier = classifier_of(network.graph, diagnostics, written.span("model"))
    assert classifier is not None
    assert classifier.classes == 10
    assert classifier.image(facts_of(written.recipe.data, 10)) == ImageType(3, 32, 32)
    assert classifier.image(DataFacts("pets", 10, 3)) is None


class Needed:
    total, activations, parts = 3_000 * 2**20, 2_048 * 2**20, "952.0 MiB weights, 2.0 GiB activations"


@pytest.mark.parametrize(
    ("there", "helps"),
    [(3_000, None), (2_999, "batches of 127 would fit"), (953, "no batch would fit"), (952, "no batch would fit"),
     (968, "batches of 1 would fit"), (900, "no batch would fit")],
)
def test_memory_that_there_is_not(there: int, helps: str | None) -> None:
    diagnostics = Diagnostics()
    written = recipe_of("tiny_cnn", {"data.source": "fake", "epochs": 1, "batch_size": 128}, diagnostics)
    assert written is not None
    check_memory(written, Needed(), there * 2**20, diagnostics)
    assert [item.helps for item in diagnostics] == ([] if helps is None else [(helps,)])
    assert not diagnostics.has_errors
