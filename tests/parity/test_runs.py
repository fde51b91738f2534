"""Devices and sessions: nothing falls back in silence, nothing of the user's is touched."""

from __future__ import annotations

import onnxruntime
import pytest
import torch

from archspec.parity.runs import DeviceError, Session, SessionError, evaluating, require_device, run_torch


def test_the_cpu_is_always_there() -> None:
    require_device("cpu")


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(DeviceError, match="device tpu is none of cpu, cuda"):
        require_device("tpu")


def test_cuda_without_a_device_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"torch finds no CUDA device.*pytorch\.org"):
        require_device("cuda")


def test_cuda_without_its_provider_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(DeviceError, match="pip install onnxruntime-gpu"):
        require_device("cuda")


def test_a_provider_that_onnxruntime_swaps_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    class Swapped:
        def __init__(self, *arguments: object, **options: object) -> None:
            pass

        def get_providers(self) -> list[str]:
            return ["CPUExecutionProvider"]

    monkeypatch.setattr(onnxruntime, "InferenceSession", Swapped)
    with pytest.raises(DeviceError, match="chose CPUExecutionProvider in place of CUDAExecutionProvider"):
        Session(b"", "cuda")


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


def test_the_precision_of_matrix_products_is_given_back() -> None:
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        run_torch(torch.nn.Identity(), [torch.zeros(1)])
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before)
