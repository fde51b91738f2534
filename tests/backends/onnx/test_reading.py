"""Files that may hold anything: their weights, or one clear word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import archspec
from archspec.backends.onnx import NotOnnxError, emit, save, weights_of, write
from tests.backends.onnx.emitted import CLASSIFIER


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A model with its tensors as safetensors beside it."""
    architecture = archspec.load(CLASSIFIER)
    tensors = archspec.build(architecture).state_dict()
    save(emit(architecture.graph, tensors), tmp_path / "net.onnx", "safetensors", tensors)
    return tmp_path / "net.onnx"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    architecture = archspec.load(CLASSIFIER)
    path = tmp_path_factory.mktemp("whole") / "net.onnx"
    write(emit(architecture.graph, archspec.build(architecture).state_dict()), path)
    return path.read_bytes()


def test_weights_are_found_by_their_keys(tmp_path: Path) -> None:
    architecture = archspec.load(CLASSIFIER)
    tensors = archspec.build(architecture).state_dict()
    write(emit(architecture.graph, tensors), tmp_path / "net.onnx")
    found = weights_of(tmp_path / "net.onnx")
    assert found.keys() == {key for key in tensors if not key.endswith("num_batches_tracked")}
    for key, array in found.items():
        np.testing.assert_array_equal(array, tensors[key].numpy())


@pytest.mark.parametrize("data", [b"", b"hello\n", b"<!DOCTYPE html>", bytes(range(256)), b"PK\x03\x04", b"\x08\x08"])
def test_what_is_no_model_is_told(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(data)
    with pytest.raises(NotOnnxError, match=r"bad\.onnx is no ONNX file, or a broken one"):
        weights_of(tmp_path / "bad.onnx")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keep=st.floats(0, 1), flips=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=3))
def test_no_broken_model_is_more_than_a_message(
    keep: float, flips: list[tuple[float, int]], whole: bytes, tmp_path: Path
) -> None:
    data = bytearray(whole)
    for where, byte in flips:
        data[int(where * len(data))] = byte
    (tmp_path / "bad.onnx").write_bytes(data[: int(keep * len(data))] if keep < 1 else data)
    try:
        weights_of(tmp_path / "bad.onnx")
    except NotOnnxError:
        return
    assert flips or keep == 1
    texts = [text for node in onnx.load(tmp_path / "bad.onnx").graph.node for text in (node.name, *node.input)]
    assert all(isinstance(text, str) for text in texts)


def test_a_name_that_is_no_text_is_told(whole: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(whole.replace(b"bn", b"b\x91"))
    assert isinstance(onnx.load(tmp_path / "bad.onnx").graph.node[1].name, bytes)
    with pytest.raises(NotOnnxError):
        weights_of(tmp_path / "bad.onnx")


def test_tensors_that_are_missing_or_too_short_are_told(saved: Path) -> None:
    data = saved.with_name("net.safetensors")
    data.write_bytes(data.read_bytes()[:-8])
    with pytest.raises(NotOnnxError, match="is no ONNX file, or a broken one"):
        weights_of(saved)
    data.unlink()
    with pytest.raises(FileNotFoundError, match=r"keeps its weights in net\.safetensors, which is not beside it"):
        weights_of(saved)


def test_what_the_system_has_against_a_file_is_told_in_its_words(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        weights_of(tmp_path / "nothing.onnx")
    with pytest.raises(IsADirectoryError):
        weights_of(tmp_path)
