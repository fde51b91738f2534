"""What starting archspec costs: `check` and `summary` answer without any tensor library, and
`import archspec` alone is next to free."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TENSOR_LIBRARIES = {"torch", "torchvision", "onnx", "onnx_ir", "onnxruntime", "numpy", "sympy", "safetensors"}


def loaded_by(code: str, expect: int = 0) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded once it has run `code`, which leaves
    its exit code in `status`."""
    report = "import json, sys; print(json.dumps([status, sorted({name.split('.')[0] for name in sys.modules})]))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    status, modules = json.loads(done.stdout.splitlines()[-1])
    assert status == expect, done.stdout
    return set(modules)


def loaded_by_command(*arguments: str, expect: int = 0) -> set[str]:
    return loaded_by(f"from archspec.cli import main; status = main({list(arguments)!r})", expect)


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "resnet50"),
        ("check", "resnet50", "--format", "json"),
        ("summary", "resnet50"),
        ("summary", "resnet50", "--format", "json"),
        ("summary", "resnet50", "--format", "csv"),
        ("summary", "resnet50", "--format", "markdown"),
        ("check", "cifar10_sgd", "digits", "resnet50_finetune"),
        ("zoo", "list"),
        ("explain", "A301"),
    ],
    ids=" ".join,
)
def test_commands_that_load_no_tensor_library(arguments: tuple[str, ...]) -> None:
    assert not loaded_by_command(*arguments) & TENSOR_LIBRARIES


def test_a_spec_with_mistakes_loads_no_tensor_library(tmp_path: Path) -> None:
    spec = tmp_path / "wrong.yaml"
    text = "archspec: 1\nname: wrong\ninputs: {x: [N, 3, 8, 8]}\nlayers: {c: Conv3d, d: Nope}\n"
    spec.write_text(text, encoding="utf-8")
    assert not loaded_by_command("check", str(spec), expect=1) & TENSOR_LIBRARIES


def test_a_plan_for_safetensors_loads_no_tensor_library(tmp_path: Path) -> None:
    header = json.dumps({"conv1.weight": {"dtype": "F32", "shape": [64, 3, 7, 7], "data_offsets": [0, 37632]}}).encode()
    path = tmp_path / "w.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(37632))
    assert not loaded_by_command("weights", "plan", str(path), "resnet18", expect=1) & TENSOR_LIBRARIES


def test_an_export_loads_nothing_that_only_others_need(tmp_path: Path) -> None:
    """torchvision and torch's own compiler each take a second."""
    spec = tmp_path / "net.yaml"
    layers = "layers: {conv: {op: Conv2d, out_channels: 4, kernel_size: 3}}"
    spec.write_text(f"archspec: 1\nname: net\ninputs: {{image: [N, 3, 8, 8]}}\n{layers}\n", encoding="utf-8")
    loaded = loaded_by_command("export", str(spec), "-o", str(tmp_path / "net.onnx"))
    assert "torch" in loaded
    assert not loaded & {"torchvision", "PIL", "triton", "onnxscript"}


def test_importing_archspec_loads_nothing_heavy() -> None:
    assert not loaded_by("import archspec; status = 0") & (TENSOR_LIBRARIES | {"pydantic", "ruamel", "rich"})


def test_a_bug_of_ours_says_that_it_is_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from archspec import __main__, cli

    def broken() -> int:
        raise KeyError("lost")

    monkeypatch.setattr(cli, "main", broken)
    with pytest.raises(SystemExit) as stop:
        __main__.run()
    assert stop.value.code not in (0, 1, 2)
    assert "bug of archspec" in capsys.readouterr().err
