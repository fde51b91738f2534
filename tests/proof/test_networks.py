"""Random networks, drawn anew only when the generator changes: as specs and as plain torch. The long run is
`tools/fuzz.py networks`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from archspec.ops.base import Op
from archspec.types import TensorType
from tests.ops.cases import op_class
from tests.proof.networks import Disagreement, Tally
from tests.proof.networks_campaign import run

NETWORKS = 600

LEAST = {
    **dict.fromkeys(("scope of names", "scope of numbers", "splice of names", "call", "block", "if", "share"), 40),
    **dict.fromkeys(("block of several inputs", "block arguments", "from: dotted", "several outputs of an op"), 40),
    **dict.fromkeys(("expression: Size", "expression: Either", "expression: Binary", "expression: Name"), 40),
    **dict.fromkeys(("several inputs", "several outputs", "Add", "Concat", "Parameter", "let of a layer"), 40),
    **dict.fromkeys(("repeat under a key", "repeat under a list", "repeat under a name", "from: every", "let"), 20),
    **dict.fromkeys(("symbolic batch", "defaults", "bound op", "1x1 input", "repeat by count"), 20),
    **dict.fromkeys(("nested repeat", "splice of numbers", "op by argument", "let of a block", "from: by index"), 8),
}
"""How many networks have to use what, so that a generator that stops making it is found out."""


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def proof() -> tuple[Tally, list[tuple[str, Disagreement]]]:
    return run(0, 0, NETWORKS)


def test_archspec_and_torch_agree_about_every_network(proof: tuple[Tally, list[tuple[str, Disagreement]]]) -> None:
    _, found = proof
    assert not found, f"tools/fuzz.py networks --replay {found[0][0]}\n{found[0][1]}"


def test_networks_are_valid_and_invalid_and_use_the_whole_language(
    proof: tuple[Tally, list[tuple[str, Disagreement]]],
) -> None:
    tally, _ = proof
    assert tally.networks >= 0.95 * NETWORKS
    assert tally.valid >= 300
    assert tally.invalid >= 90
    assert tally.flat <= 20
    assert tally.onnx["parity"] >= 20
    assert {name: tally.features[name] for name, least in LEAST.items() if tally.features[name] < least} == {}


INFER = {name: op_class(name).infer for name in ("MaxPool2d", "Conv2d", "Concat", "Transpose")}


def _rounded_down(self: Op, *inputs: TensorType) -> TensorType:
    """A pool without `ceil_mode`."""
    return INFER["MaxPool2d"](self.model_copy(update={"ceil_mode": False}), *inputs)


def _of_any_size(self: Op, *inputs: TensorType) -> TensorType:
    """A convolution whose kernel is never too large."""
    batch, channels, *sizes = inputs[0].shape
    larger = TensorType.of((batch, channels, *(max(64, size) for size in sizes)))
    return INFER["Conv2d"](self, larger if min(sizes) < 3 else inputs[0])


def _of_two(self: Op, *inputs: TensorType) -> TensorType:
    """A concatenation that forgets what stands behind the second."""
    return INFER["Concat"](self, *inputs[:2])


def _with_old_labels(self: Op, *inputs: TensorType) -> TensorType:
    return INFER["Transpose"](self, *inputs)._replace(axes=inputs[0].axes)


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("MaxPool2d", _rounded_down),
        ("Conv2d", _of_any_size),
        ("Concat", _of_two),
        ("Transpose", _with_old_labels),
    ],
)
def test_a_mistake_in_an_op_is_found(name: str, mutant: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(op_class(name), "infer", mutant)
    assert any(run(0, first, first + 10)[1] for first in range(0, 200, 10))
