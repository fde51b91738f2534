"""`archspec expand` on the command line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import archspec
from archspec.cli import main

NET = """archspec: 1
name: net
args: {width: 4}
inputs: {image: [N, 3, 8, 8]}
blocks:
  Wide: {layers: {conv: {op: Conv2d, out_channels: width, kernel_size: 1}, act: ReLU}}
layers: {a: Wide, b: Wide}
"""
FLAT = f"""# net, expanded by archspec {archspec.__version__}
# args: width: 6
archspec: 1
name: net

inputs:
  image: [N, 3, H, 8]

layers:
  a:  # Wide
    layers:
      conv: {{op: Conv2d, out_channels: 6, kernel_size: 1}}
      act: ReLU
  b:  # Wide
    layers:
      conv: {{op: Conv2d, out_channels: 6, kernel_size: 1}}
      act: ReLU
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(NET)
    return tmp_path


def test_it_prints_the_flat_spec(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["expand", "net.yaml", "--set", "width=6", "--input", "image=N,3,H,8"]) == 0
    assert capsys.readouterr().out == FLAT


def test_it_writes_a_file_in_one_go_also_over_the_spec_itself(folder: Path) -> None:
    (folder / "net.yaml").chmod(0o600)
    assert main(["expand", "net.yaml", "-o", "net.yaml"]) == 0
    assert "Wide: {" not in (folder / "net.yaml").read_text()
    assert (folder / "net.yaml").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["net.yaml"]
    assert main(["check", "net.yaml"]) == 0


def test_it_writes_to_a_pipe(folder: Path) -> None:
    reader, writer = os.pipe()
    code = main(["expand", str(folder / "net.yaml"), "-o", f"/dev/fd/{writer}"])
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:
        assert (code, pipe.readline()[:11]) == (0, "# net, expa")


def test_a_place_that_is_not_there_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["expand", str(folder / "net.yaml"), "-o", str(folder / "nowhere" / "flat.yaml")]) == 2
    assert capsys.readouterr().err == f"archspec: there is no directory {folder / 'nowhere'}\n"


def test_what_has_mistakes_is_not_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.yaml").write_text(NET.replace("ReLU", "Relu"))
    assert main(["expand", "bad.yaml", "-o", "flat.yaml"]) == 1
    assert not (folder / "flat.yaml").exists()
    assert "A302" in capsys.readouterr().err
    assert main(["expand", "net.yaml", "-o", "nowhere/flat.yaml"]) == 2


def test_a_layer_that_no_name_reaches_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hidden = NET.replace("act: ReLU", "act: {share: x}").replace("{a: Wide, b: Wide}", "{conv: ReLU, b: Wide}")
    (folder / "hidden.yaml").write_text(hidden)
    assert main(["expand", "hidden.yaml"]) == 1
    assert capsys.readouterr().err.startswith("archspec: `b.act` applies `conv` again")
