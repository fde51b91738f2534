"""`archspec look`: what it writes, and what it says where it writes nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

from archspec.cli import main

SPEC = """
archspec: 1
name: small
inputs: {image: [N, 1, 8, 8]}
layers:
  conv1: {op: Conv2d, out_channels: 6, kernel_size: 3}
  relu1: ReLU
  flatten: Flatten
  fc: {op: Linear, out_features: 3}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SPEC, encoding="utf-8")
    gray = np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)
    Image.fromarray(gray).save("image.png")
    whole = Path("image.png").read_bytes()
    Path("broken.png").write_bytes(whole[: len(whole) // 2])
    Path("text.png").write_text("no image")
    Path("matrix.txt").write_text("1 2 3\n4 5 6\n7 8 9\n")
    return tmp_path


GOOD = {
    "filters": "filters ./small.yaml --at conv1",
    "maps": "maps ./small.yaml image.png --at conv1,relu1 --channels 0-3",
    "cam": "cam ./small.yaml image.png --class 1",
    "kernels": "kernels image.png --kernel sobel_x,sharpen,matrix.txt --color",
    "field": "field ./small.yaml --at conv1,relu1 image.png --unit 0,5",
    "field without image": "field ./small.yaml --at conv1",
}


@pytest.mark.parametrize("words", GOOD.values(), ids=str)
def test_a_picture_is_written_and_the_same_each_time(
    words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = []
    for name in ("one.png", "two.png"):
        assert main(["look", *words.split(), "-o", name]) == 0
        pictures.append(Path(name).read_bytes())
        with Image.open(name) as image:
            assert image.format == "PNG"
            assert not {*image.info} - {"dpi"}  # no date, and no version of a library
            assert image.width > 800
        size = round(len(pictures[-1]) / 1e3)
        assert capsys.readouterr().out == f"wrote {name} ({size} kB)\n"
    assert pictures[0] == pictures[1]


def test_a_picture_is_of_the_weights_that_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import archspec

    archspec.save(archspec.build("./small.yaml"), "saved")
    told = {}
    for name, words in {"saved": "saved", "0": "./small.yaml", "1": "./small.yaml --seed 1"}.items():
        assert main(["look", "filters", *words.split(), "--at", "conv1", "-o", "x.png"]) == 0
        told[name] = Path("x.png").read_bytes()
    assert len({*told.values()}) == 3


def test_matrices_are_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--matrix", "matrix.txt", "--kernel", "sobel_y,matrix.txt", "--padding", "1", "--stride", "2"]
    assert main(["look", "kernels", *words]) == 0
    printed = capsys.readouterr().out
    assert printed.count("size = floor((n + 2 * padding - k) / stride) + 1") == 2
    assert "floor((3 + 2 * 1 - 3) / 2) + 1 = 2 rows" in printed
    assert "matrix.txt, 3 x 3" in printed
    assert max(map(len, printed.splitlines())) <= 80
    assert main(["look", "kernels", "--matrix", "5x5", "--padding", "1000000000"]) == 1
    message = "the result would hold 2000000003 x 2000000003 numbers; up to 60 x 60 are printed"
    assert message in capsys.readouterr().err


def test_kernels_of_one_name_are_all_drawn(folder: Path) -> None:
    Path("other").mkdir()
    Path("other/matrix.txt").write_text("0 1\n1 0\n")
    sizes = []
    for names in ("matrix.txt", "matrix.txt,other/matrix.txt"):
        assert main(["look", "kernels", "image.png", "--kernel", names, "-o", "x.png"]) == 0
        with Image.open("x.png") as image:
            sizes.append(image.width)
    assert sizes[1] > sizes[0] + 200


def test_a_name_that_is_no_text_is_drawn(folder: Path) -> None:
    name = os.fsdecode(b"\xff\n.png")
    Path(name).write_bytes(Path("image.png").read_bytes())
    assert main(["look", "kernels", name, "--kernel", "edge", "-o", "x.png"]) == 0
    assert main(["look", "maps", "./small.yaml", name, "--at", "conv1", "-o", "x.png"]) == 0


BAD = [
    (1, "filters ./small.yaml --at conv2", "`conv2` is no layer; did you mean `conv1`"),
    (1, "filters ./small.yaml --at fc", "`fc` is a Linear and no Conv2d; the Conv2d layers of `small` are conv1"),
    (1, "filters ./small.yaml --at conv1 --filters 6", "there are no filters 6: they go from 0 to 5"),
    (1, "maps ./small.yaml image.png --at fc", "`fc` gives 1 x 3, which is no map over the image"),
    (1, "maps ./small.yaml image.png --at conv", "has no layer or input `conv`; did you mean `conv1`?"),
    (1, "maps ./small.yaml broken.png --at conv1", "broken.png is a broken image"),
    (1, "maps ./small.yaml text.png --at conv1", "text.png is no image"),
    (2, "maps ./small.yaml nothing.png --at conv1", "nothing.png: No such file"),
    (1, "maps ./small.yaml image.png --at conv1 --input 1x2x8x8", "small reads no image: its input `image` is 1 x 2"),
    (1, "cam ./small.yaml image.png --class 3", "there is no class `3`: they are numbered from 0 to 2"),
    (1, "cam ./small.yaml image.png --weights w.pt", "w.pt"),
    (1, "field ./small.yaml --at conv1 --unit 6,0", "`conv1` has no unit 6,0: they go from 0,0 to 5,5"),
    (2, "field ./small.yaml --at conv1 --unit 6", "has to be two numbers, as in 3,5, and is 6"),
    (2, "kernels --matrix 5x5 --padding -1", "has to be a whole number of at least 0, and is -1"),
    (2, "maps ./small.yaml image.png --at ,", "has to be names with commas between, and is `,`"),
    (2, "field ./small.yaml --at ,", "has to be names with commas between, and is `,`"),
    (2, "filters ./small.yaml --at conv1 --seed -1", "has to be a whole number from 0 to 9223372036854775807"),
    (2, "kernels --matrix 5x5 --stride 0", "has to be a whole number of at least 1, and is 0"),
    (2, "field ./small.yaml a.png b.png --at conv1", "fields are drawn on one image, and 2 are given"),
    (1, "kernels image.png --kernel sobel", "there is no file and no kernel `sobel`; did you mean"),
    (1, "kernels broken.png", "broken.png is a broken image"),
    (2, "kernels image.png --stride 2", "`--stride` goes with `--matrix`"),
    (2, "kernels --matrix 5x5", "`--matrix` prints numbers: leave `-o` out"),
    (2, "kernels", "either an IMAGE is convolved, or a `--matrix`"),
]


@pytest.mark.parametrize(("code", "words", "message"), BAD, ids=[words for _, words, _ in BAD])
def test_mistakes_leave_nothing(
    code: int, words: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.iterdir())
    assert main(["look", *words.split(), "-o", "out.png"]) == code
    printed = capsys.readouterr()
    assert not printed.out
    assert message in printed.err
    assert sorted(folder.iterdir()) == before


def test_the_place_of_the_picture_is_looked_at_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for output, message in (
        ("x.jpg", "has to end in .png"),
        ("nowhere/x.png", "there is no directory nowhere"),
        ("image.png", "image.png is read, and would be overwritten"),
    ):
        assert main(["look", *GOOD["maps"].split(), "-o", output]) == 2
        assert message in capsys.readouterr().err
    assert main(["look", "kernels", "image.png"]) == 2
    assert "`-o FILE.png` is needed" in capsys.readouterr().err


def test_without_matplotlib_it_says_what_to_install(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["look", *GOOD["filters"].split(), "-o", "x.png"]) == 1
    message = "`archspec look` needs `pip install 'archspec-nn[train]'`: there is no matplotlib"
    assert message in capsys.readouterr().err
    assert main(["look", "kernels", "--matrix", "6x6"]) == 0


@pytest.mark.parametrize("kind", ["filters", "field", "kernels"])
def test_neither_pyplot_nor_a_users_settings_have_a_say(
    kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pyplot has one state for a whole process, and a matplotlibrc is for a user's own figures."""
    words = ["look", *GOOD[kind].split(), "-o"]
    assert main([*words, "here.png"]) == 0
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    others = {"font.size": 30, "text.color": "red", "lines.linewidth": 9, "patch.linewidth": 5, "axes.facecolor": "red"}
    others |= {"axes.labelcolor": "red", "xtick.color": "red", "ytick.color": "red", "axes.edgecolor": "red"}
    others |= {"figure.facecolor": "red", "savefig.facecolor": "red", "font.family": "serif"}
    with matplotlib.rc_context(others):
        assert main([*words, "there.png"]) == 0
    assert Path("there.png").read_bytes() == Path("here.png").read_bytes()
