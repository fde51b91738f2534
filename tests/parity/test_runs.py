"""Devices and sessions: nothing falls back in silence, nothing of the user's is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from onnx import parser

from archspec.parity.runs import Session, SessionError, evaluating, exact_float32, run_torch

TWO = """<ir_version: 8, opset_import: ["" : 18]>
two (float16[n] a, float[n] b) => (float16[n] c, float[n] d) { c = Neg (a)  d = Abs (b) }"""


def test_what_onnxruntime_refuses_is_one_error() -> None:
    with pytest.raises(SessionError, match=r"^onnxruntime: "):
        Session(b"no model", "cpu")


def test_a_training_module_is_copied_and_stays_as_it_is() -> None:
    module = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout())
    copy = evaluating(module, "cpu")
    assert (copy is module, copy.training, copy[1].training) == (False, False, False)  # type: ignore[index]
    assert module.training
    assert module[1].training
    module.eval()
    assert evaluating(module, "cpu") is module
    double = evaluating(module, "cpu", torch.float64)
    assert next(double.parameters()).dtype is torch.float64
    assert next(module.parameters()).dtype is torch.float32


def test_outputs_come_in_declared_order_from_a_dict_or_a_tensor() -> None:
    class Two(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"b": x, "a": x + 1}

    x = torch.zeros(1)
    assert [array.tolist() for array in run_torch(Two(), [x])] == [[0], [1]]
    assert [array.tolist() for array in run_torch(torch.nn.Identity(), [x])] == [[0]]


def test_a_session_takes_and_gives_in_the_order_that_is_asked_for() -> None:
    model = parser.parse_model(TWO).SerializeToString()
    session = Session(model, "cpu", inputs=["b", "a"], outputs=["d", "c"])
    d, c = session.run([torch.tensor([-2.0]), torch.tensor([3.0])])
    assert (d.tolist(), c.tolist(), c.dtype) == ([2.0], [-3.0], np.float16)  # float32 was converted for it


PARTS = (torch.backends, torch.backends.cuda.matmul, torch.backends.cudnn.conv, torch.backends.mkldnn.matmul)


def _precisions() -> list[str]:
    return [part.fp32_precision for part in PARTS]


@pytest.fixture
def _as_it_was() -> Iterator[None]:
    before = _precisions()
    yield
    for part, precision in zip(PARTS, before, strict=True):
        part.fp32_precision = precision  # type: ignore[attr-defined]


def _old() -> None:
    torch.set_float32_matmul_precision("medium")


def _new() -> None:
    torch.backends.fp32_precision = "tf32"


@pytest.mark.usefixtures("_as_it_was")
@pytest.mark.parametrize("setting", [_old, _new])
def test_float32_is_exact_meanwhile_and_the_user_keeps_what_was_set(setting: Callable[[], None]) -> None:
    """By either of torch's interfaces: it refuses to read by one what was set by the other."""
    setting()
    own = _precisions()
    with exact_float32():
        assert set(_precisions()[1:]) == {"ieee"}
        assert torch.backends.cudnn.deterministic
        run_torch(torch.nn.Linear(2, 2), [torch.zeros(1, 2)])
    assert _precisions() == own
    assert not torch.backends.cudnn.deterministic
