"""`archspec weights plan`, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import archspec
from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    state = archspec.build("resnet18").state_dict()
    save_file(state, "whole.safetensors")
    torch.save({f"module.{key}": tensor for key, tensor in state.items()}, "wrapped.pt")


def test_exit_codes(run: Run) -> None:
    assert run("weights", "plan", "whole.safetensors", "resnet18").code == 0
    assert run("weights", "plan", "wrapped.pt", "resnet18").code == 1
    for words, said in [
        (("nothing.pt", "resnet18"), "there is no weights file nothing.pt"),
        (("IMAGENET1K_V9", "resnet18"), "did you mean `IMAGENET1K_V1`?"),
        (("wrapped.pt", "resnet18", "--rename", "nothing.yaml"), "the table of renames nothing.yaml cannot be read"),
        (("wrapped.pt", "nothing"), "there is no model or spec `nothing`"),
        (("wrapped.pt", "resnet18", "-o", "nowhere/rename.yaml"), "there is no directory nowhere\n"),
        ((".", "resnet18"), ". is a directory without model.safetensors"),
    ]:
        result = run("weights", "plan", *words)
        assert (result.code, result.out) == (2, "")
        assert said in result.err


def test_a_head_of_another_size_would_be_made_anew(run: Run) -> None:
    result = run("weights", "plan", "whole.safetensors", "resnet18", "--set", "num_classes=5")
    assert result.code == 1
    assert "fc, the head  weight 1000x512 for 5x512, bias 1000 for 5" in result.out
    assert "all but the head would load" in result.out


def test_what_is_proposed_is_written_and_passed_back(run: Run) -> None:
    assert "wrote rename.yaml" in run("weights", "plan", "wrapped.pt", "resnet18", "-o", "rename.yaml").err
    assert run("weights", "plan", "wrapped.pt", "resnet18", "--rename", "rename.yaml").code == 0
    exported = run("export", "resnet18", "-o", "x.onnx", "--weights", "wrapped.pt", "--rename", "rename.yaml")
    assert exported.code == 0, exported.err
    same = ("verify", "x.onnx", "resnet18", "--weights", "wrapped.pt")
    assert run(*same, "--rename", "rename.yaml").code == 0
    assert "`archspec weights plan` says:\n\nwrapped.pt (torch.save): 122 tensors" in run(*same).err


def test_where_nothing_is_proposed_nothing_is_written(run: Run) -> None:
    result = run("weights", "plan", "whole.safetensors", "resnet18", "-o", "rename.yaml")
    assert (result.code, Path("rename.yaml").exists()) == (0, False)
    assert "nothing is proposed" in result.err


def test_json_tells_all_of_it(run: Run) -> None:
    found = json.loads(run("weights", "plan", "wrapped.pt", "resnet18", "--format", "json").out)
    assert (found["ok"], found["proposal"]["ok"], len(found["unexpected"])) == (False, True, 122)
    assert found["proposal"]["rename"] == [
        {
            "from": r"module\.(.*)",
            "to": r"\1",
            "why": "the same names and shapes under a prefix, as DataParallel writes it",
            "tensors": 122,
        }
    ]
