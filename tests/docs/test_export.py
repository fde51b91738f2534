"""docs/export.md: its examples run, one after the other, and the table names every key of the metadata."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from PIL import Image
from torchvision import models

import archspec
from archspec.cli import main
from archspec.driver import exporting

PAGE = (Path(__file__).parents[2] / "docs" / "export.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
TABLE = PAGE.partition("| key `archspec.` |")[2]
KEYS = {name for row in re.findall(r"^\| (`.*?`) \|", TABLE, re.MULTILINE) for name in re.findall(r"\w+", row)}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> models.ResNet:
    """The files of the page: photos, and weights in torch.hub's directory, with the network that they are of."""
    monkeypatch.chdir(tmp_path)
    proved = SimpleNamespace(passed=True, assumptions=())
    monkeypatch.setattr(exporting, "_proved", lambda *_: proved)  # parity is tested elsewhere
    torch.manual_seed(0)
    module = models.resnet18().eval()
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(folder.parent))
    torch.save(module.state_dict(), folder / "resnet18-f37072fd.pth")
    Path("runs").mkdir()
    images = archspec.Preprocessing((8,), (8,), (0.3,), (0.4,), "bilinear")
    archspec.save(archspec.build("digits_cnn"), "runs/digits", facts=archspec.Facts(images))
    rows, columns = np.mgrid[0:300, 0:400]
    pixels = np.stack([rows % 256, columns % 256, (rows + columns) % 256], axis=-1)
    for place in (".", "photos", "more-photos"):
        Path(place).mkdir(exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(f"{place}/photo.jpg", quality=95)
    return module


def test_the_examples_run(files: models.ResNet, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    for language, block in BLOCKS:
        if language == "python":
            exec(block, names)
        elif language == "sh":
            assert main([*shlex.split(block)[1:], "--no-parity"]) == 0, block
        elif language == "console":
            command, _, shown = block.removeprefix("$ ").partition("\n")
            capsys.readouterr()
            assert main(shlex.split(command)[1:]) == 1
            assert shown in capsys.readouterr().err
    weights = models.ResNet18_Weights.DEFAULT
    with torch.no_grad():
        found = files(weights.transforms()(Image.open("photo.jpg"))[None]).softmax(1).topk(5)
    assert names["classes"].tolist() == found.indices.tolist()
    np.testing.assert_allclose(names["scores"], found.values, rtol=1e-3)
    metadata = onnx.load("photos.onnx").metadata_props
    assert {each.key.removeprefix("archspec.") for each in metadata} == KEYS - {"sizes", "license"}
