"""Files: whole and checked, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
import torch
from safetensors.torch import load_file, save_file

import archspec
from archspec.backends.onnx import (
    EmitError,
    ExternalData,
    UnsoundError,
    check,
    emit,
    files,
    files_of,
    keep_failed,
    require_place,
    save,
    staged,
    weights_of,
    write,
)
from tests.backends.onnx.emitted import CLASSIFIER, session

State = dict[str, torch.Tensor]


@pytest.fixture
def state() -> State:
    return archspec.build(CLASSIFIER).state_dict()


@pytest.fixture
def model(state: State) -> ir.Model:
    return emit(archspec.load(CLASSIFIER).graph, state)


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
    with pytest.raises(UnsoundError, match="onnx refuses the file: "):
        write(model, path)
    assert (path.read_text(), _everything(tmp_path)) == ("before", ["net.onnx"])


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


def test_tensors_too_large_for_one_file_go_to_a_second(
    model: ir.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "whole.onnx"
    write(model, whole)
    monkeypatch.setattr(files, "LARGEST_FILE", 100)
    path = tmp_path / "split.onnx"
    write(model, path)
    assert _everything(tmp_path) == ["split.onnx", "split.onnx.data", "whole.onnx"]
    feeds = {"image": torch.randn(2, 3, 16, 16).numpy()}
    np.testing.assert_array_equal(*(session(file).run(None, feeds)[0] for file in (whole, path)))
    before = (tmp_path / "split.onnx.data").read_bytes()
    model.graph.outputs[0].shape = ir.Shape([7, 7, 7])
    with pytest.raises(UnsoundError):
        write(model, path)
    assert (tmp_path / "split.onnx.data").read_bytes() == before
    assert _everything(tmp_path) == ["split.onnx", "split.onnx.data", "whole.onnx"]


@pytest.fixture
def saved(model: ir.Model, state: State, tmp_path: Path) -> Path:
    """A model with its tensors as safetensors beside it."""
    return _saved(model, state, tmp_path / "net.onnx")


def _saved(model: ir.Model, state: State, path: Path) -> Path:
    with staged(path) as temporary:
        save(model, temporary, "safetensors", state)
        check(temporary)
    return path


def test_safetensors_serve_torch_and_onnxruntime_alike(model: ir.Model, saved: Path, state: State) -> None:
    data = saved.with_name("net.safetensors")
    assert files_of(saved) == [saved, data]
    found = load_file(data)
    assert {key: (tensor.dtype, tensor.shape) for key, tensor in found.items()} == {
        key: (tensor.dtype, tensor.shape) for key, tensor in state.items()
    }
    archspec.build(CLASSIFIER).load_state_dict(found, strict=True)
    feeds = {"image": torch.randn(2, 3, 16, 16).numpy()}
    np.testing.assert_array_equal(session(saved).run(None, feeds)[0], session(ir.to_proto(model)).run(None, feeds)[0])
    for key, array in weights_of(saved).items():
        np.testing.assert_array_equal(array, state[key].numpy())
    proto = onnx.load(saved, load_external_data=False)
    written = proto.graph.initializer
    places = {tensor.name: {entry.key: entry.value for entry in tensor.external_data} for tensor in written}
    assert {place["location"] for place in places.values()} == {"net.safetensors"}
    assert data.read_bytes()[int(places["fc.bias"]["offset"]) :][:20] == state["fc.bias"].numpy().tobytes()


def test_equal_exports_are_equal_files(saved: Path, model: ir.Model, state: State, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    again = _saved(model, state, tmp_path / "other" / "net.onnx")
    for one, other in zip(files_of(saved), files_of(again), strict=True):
        assert one.read_bytes() == other.read_bytes()
    before = [file.read_bytes() for file in files_of(saved)]
    _saved(model, state, saved)  # over the first
    assert [file.read_bytes() for file in files_of(saved)] == before
    assert _everything(tmp_path / "other") == ["net.onnx", "net.safetensors"]


def test_what_a_model_has_rounded_is_saved_as_the_model_has_it(model: ir.Model, state: State, tmp_path: Path) -> None:
    value = model.graph.initializers["fc.bias"]
    value.const_value = ir.tensor(state["fc.bias"].half(), name="fc.bias")
    save(model, tmp_path / "net.onnx", "safetensors", state)
    found = load_file(tmp_path / "net.safetensors")
    assert found["fc.bias"].dtype == torch.float16
    archspec.build(CLASSIFIER).load_state_dict(found, strict=True)


def test_safetensors_of_others_are_never_replaced(saved: Path, state: State, tmp_path: Path) -> None:
    require_place(saved, "safetensors")
    data = saved.with_name("net.safetensors")
    for name, content in [("copy", data.read_bytes()), ("mine", b"mine")]:
        (tmp_path / f"{name}.safetensors").write_bytes(content)
        require_place(tmp_path / f"{name}.onnx")
        with pytest.raises(FileExistsError, match=f"was not written with {name}.onnx"):
            require_place(tmp_path / f"{name}.onnx", "safetensors")
    save_file(state, tmp_path / "torch.safetensors", metadata={"format": "pt"})
    with pytest.raises(FileExistsError):
        require_place(tmp_path / "torch.onnx", "safetensors")


def test_tensors_are_not_put_where_no_runtime_finds_them(model: ir.Model, state: State, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "net.onnx").symlink_to(tmp_path / "store" / "net.onnx")
    with pytest.raises(OSError, match="is a link, through which tensors"):
        require_place(tmp_path / "net.onnx", "safetensors")
    with pytest.raises(OSError, match=r"write to .*store/net\.onnx itself"):
        _saved(model, state, tmp_path / "net.onnx")
    assert _everything(tmp_path / "store") == []


def test_one_file_that_would_be_too_large_is_refused(
    model: ir.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST_FILE", 100)
    with pytest.raises(EmitError, match=r"0\.00 GB of tensors.*`--external-data auto` writes them beside it"):
        save(model, tmp_path / "net.onnx", "never")
    assert _everything(tmp_path) == []


def test_a_model_that_failed_is_kept_with_its_tensors(
    model: ir.Model, saved: Path, state: State, tmp_path: Path
) -> None:
    def fail(external_data: ExternalData) -> None:
        with staged(saved) as temporary:
            save(model, temporary, external_data, state)
            assert keep_failed(temporary, saved) == tmp_path / "net.onnx.failed"
            raise KeyboardInterrupt

    before = {file: file.read_bytes() for file in files_of(saved)}
    weights = weights_of(saved)
    for external_data, names in (("auto", []), ("safetensors", ["net.safetensors.failed"])) * 2:
        with pytest.raises(KeyboardInterrupt):
            fail(external_data)
        assert set(names) <= set(_everything(tmp_path)) <= {*names, "net.safetensors.failed"} | NAMES
        check(tmp_path / "net.onnx.failed")
        kept = weights_of(tmp_path / "net.onnx.failed")
        assert all(np.array_equal(kept[key], array) for key, array in weights.items())
    assert {file: file.read_bytes() for file in files_of(saved)} == before


NAMES = {"net.onnx", "net.safetensors", "net.onnx.failed"}
