"""docs/weights.md: its examples run, one after the other, and print what the page shows."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torchvision import models

import archspec
from archspec.cli import main
from archspec.weights.renames import read_table

PAGE = (Path(__file__).parents[2] / "docs" / "weights.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of the page: one in torch.hub's directory, and those of somebody's training."""
    monkeypatch.chdir(tmp_path)
    state = models.resnet18().state_dict()
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(cache.parent))
    torch.save(state, cache / "resnet18-f37072fd.pth")
    Path("checkpoints").mkdir()
    save_file(state, "checkpoints/mine.safetensors")
    Path("runs").mkdir()
    for name, run in (("resnet18", "runs/flowers"), ("digits_cnn", "runs/digits")):
        archspec.save(archspec.build(name), run)
    torch.save({f"module.{key}": tensor for key, tensor in state.items()}, "wrapped.pt")
    stages = {re.sub(r"layer(\d)", r"backbone.stage\1", key): tensor for key, tensor in state.items()}
    torch.save({"state_dict": stages, "epoch": 3, "optimizer": {"state": {}}}, "run.pt")


def test_the_examples_run_and_print_what_the_page_shows(
    files: None, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    told = ""
    shown: list[str] = []
    for language, block in BLOCKS:
        if language == "python":
            exec(block, {"archspec": archspec})
        elif language == "sh":
            for line in block.splitlines():
                assert main(shlex.split(line)[1:]) in (0, 1), line
        elif language == "console" and block.startswith("$"):
            command, _, expected = block.partition("\n")
            assert main(shlex.split(command)[2:]) == 1
            told = capsys.readouterr().out
            shown.append(expected)
        elif language == "console":
            shown.append(block)
        elif language == "pycon":
            call, _, shown_error = block.removeprefix(">>> ").splitlines()
            with pytest.raises(archspec.WeightsError) as caught:
                eval(call, {"archspec": archspec})
            assert shown_error == f"archspec.weights.MisfitError: {caught.value}"
        elif language == "text":
            [line] = block.splitlines()
            assert line.format(checkpoint=Path("hub/checkpoints/resnet18-f37072fd.pth").resolve()) in caplog.text
    assert shown
    assert all(block in told for block in shown)


def test_the_table_of_the_page_is_one(tmp_path: Path) -> None:
    [table] = [block for language, block in BLOCKS if language == "yaml"]
    (tmp_path / "table.yaml").write_text(table, encoding="utf-8")
    assert list(read_table(tmp_path / "table.yaml").values()) == ["fc.weight", r"\1", None]


def test_every_key_of_the_json_form_is_told(files: None, capsys: pytest.CaptureFixture[str]) -> None:
    main(["weights", "plan", "run.pt", "resnet18", "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    words = set(re.findall(r"`(\w+)`", PAGE))
    assert found.keys() <= words
    assert found["checkpoint"].keys() | found["proposal"].keys() <= words
