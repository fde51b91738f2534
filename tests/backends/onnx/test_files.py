"""Files: whole and checked, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
import torch

import archspec
from archspec.backends.onnx import emit, files, staged, weights_of, write
from tests.backends.onnx.emitted import CLASSIFIER, session


@pytest.fixture
def model() -> ir.Model:
    architecture = archspec.load(CLASSIFIER)
    return emit(architecture.graph, archspec.build(architecture).state_dict())


def _everything(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.rglob("*"))


def test_a_file_is_there_in_the_end_and_nothing_else(model: ir.Model, tmp_path: Path) -> None:
    write(model, tmp_path / "net.onnx")
    assert _everything(tmp_path) == ["net.onnx"]
    assert onnx.load(tmp_path / "net.onnx") == ir.to_proto(model)
    (tmp_path / "plain").touch()
    assert (tmp_path / "net.onnx").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_model_that_is_not_sound_leaves_the_file_that_was_there(model: ir.Model, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_text("before")
    model.graph[0].attributes["group"] = ir.AttrInt64("group", 3)
    model.graph.outputs[0].shape = ir.Shape([7, 7, 7])
    with pytest.raises((onnx.checker.ValidationError, onnx.shape_inference.InferenceError)):
        write(model, path)
    assert (path.read_text(), _everything(tmp_path)) == ("before", ["net.onnx"])


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, MemoryError])
def test_an_interrupt_leaves_nothing(error: type[BaseException], tmp_path: Path) -> None:
    def write_half() -> None:
        with staged(tmp_path / "net.onnx") as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert _everything(tmp_path) == []


def test_an_interrupt_between_writing_and_checking_leaves_nothing(
    model: ir.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path) -> None:
        assert path.exists()
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "check", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(model, tmp_path / "net.onnx")
    assert _everything(tmp_path) == []


def test_a_directory_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), staged(tmp_path):
        pytest.fail("nothing should be done")
    assert _everything(tmp_path) == []


def test_a_missing_directory_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), staged(tmp_path / "missing" / "net.onnx"):
        pytest.fail("nothing should be done")


def test_a_link_stays_a_link(model: ir.Model, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    link = tmp_path / "net.onnx"
    link.symlink_to(tmp_path / "store" / "net.onnx")
    write(model, link)
    assert link.is_symlink()
    assert _everything(tmp_path) == ["net.onnx", "net.onnx", "store"]


def test_tensors_too_large_for_one_file_go_to_a_second(
    model: ir.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "whole.onnx"
    write(model, whole)
    monkeypatch.setattr(files, "_LARGEST_FILE", 100)
    path = tmp_path / "split.onnx"
    write(model, path)
    assert _everything(tmp_path) == ["split.onnx", "split.onnx.data", "whole.onnx"]
    feeds = {"image": torch.randn(2, 3, 16, 16).numpy()}
    np.testing.assert_array_equal(*(session(file).run(None, feeds)[0] for file in (whole, path)))
    before = (tmp_path / "split.onnx.data").read_bytes()
    model.graph.outputs[0].shape = ir.Shape([7, 7, 7])
    with pytest.raises(onnx.shape_inference.InferenceError):
        write(model, path)
    assert (tmp_path / "split.onnx.data").read_bytes() == before
    assert _everything(tmp_path) == ["split.onnx", "split.onnx.data", "whole.onnx"]


def test_weights_are_found_by_their_keys(tmp_path: Path) -> None:
    architecture = archspec.load(CLASSIFIER)
    tensors = archspec.build(architecture).state_dict()
    write(emit(architecture.graph, tensors), tmp_path / "net.onnx")
    found = weights_of(tmp_path / "net.onnx")
    assert found.keys() == {key for key in tensors if not key.endswith("num_batches_tracked")}
    for key, array in found.items():
        np.testing.assert_array_equal(array, tensors[key].numpy())
