"""`archspec predict` and `archspec embed`: what is printed and written, and how bad input is told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import archspec
from archspec.deployment import Preprocessing
from archspec.weights.facts import Facts
from tests.cli.conftest import Run
from tests.cli.nets import NET

CLASSES = tuple(f"class {number}" for number in range(10))


@pytest.fixture
def here(run: Run) -> Run:
    """In a folder with a saved network, an ONNX file of it, two photos and a broken one."""
    facts = Facts(Preprocessing((), (), (0.5,) * 3, (0.25,) * 3, "bilinear"), "itself", CLASSES)
    archspec.save(archspec.build(NET).eval(), "./saved", facts=facts)
    Path("photos").mkdir()
    for number, name in enumerate(("one.png", "two.png")):
        pixels = np.random.default_rng(number).integers(0, 256, (9, 9, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(f"photos/{name}")
    Path("photos/zero.jpg").touch()
    archspec.export("./saved", "net.onnx", parity=False)
    return run


def test_a_table_is_printed_and_what_cannot_be_read_is_named(here: Run) -> None:
    code, out, err = here("predict", "./saved", "photos", "--top", "2")
    assert code == 1
    head, *rows = out.splitlines()
    assert head.split() == ["file", "class", "probability"]
    assert [row.split()[0] for row in rows] == ["photos/one.png", "class", "photos/two.png", "class"]
    assert err == "archspec: photos/zero.jpg is no image\n"


def test_what_follows_two_dashes_is_an_image(here: Run) -> None:
    Path("-one.png").write_bytes(Path("photos/one.png").read_bytes())
    code, out, err = here("predict", "./saved", "--top", "1", "photos/two.png", "--", "-one.png")
    assert (code, err) == (0, "")
    assert [row.split()[0] for row in out.splitlines()] == ["file", "photos/two.png", "-one.png"]


def test_torch_and_a_file_print_the_same(here: Run) -> None:
    words = ["photos/one.png", "--format", "csv", "photos/two.png"]
    by_torch = here("predict", "./saved", *words)
    by_file = here("predict", *words, "--onnx", "net.onnx")
    assert (by_torch.code, by_file.code) == (0, 0)
    for one, other in zip(by_torch.out.splitlines(), by_file.out.splitlines(), strict=True):
        assert one.rpartition(",")[0] == other.rpartition(",")[0]
    assert len(by_torch.out.splitlines()) == 11


def test_what_is_written_is_not_printed(here: Run) -> None:
    code, out, _ = here("predict", "./saved", "photos/one.png", "--format", "json", "-o", "found.json")
    assert (code, out) == (0, "wrote found.json (1 image)\n")
    [image] = json.loads(Path("found.json").read_text(encoding="utf-8"))["images"]
    assert image["file"] == "photos/one.png"
    assert len(image["predictions"]) == 5
    before = Path("found.json").read_bytes()
    assert here("predict", "./saved", "photos/zero.jpg", "-o", "found.json").code == 1
    assert Path("found.json").read_bytes() == before


def test_vectors_and_their_table(here: Run) -> None:
    code, out, err = here("embed", "./saved", "photos", "--at", "act", "--pool", "mean", "-o", "vectors.npy")
    assert (code, err) == (1, "archspec: photos/zero.jpg is no image\n")
    assert out == "wrote vectors.npy and vectors.csv: 2 x 4 numbers of `act`\n"
    assert here("embed", "./saved", "photos/one.png", "--at", "act", "-o", "vectors.npy").out == (
        "wrote vectors.npy and vectors.csv: 1 x 144 numbers of `act` (4 x 6 x 6)\n"
    )
    assert np.load("vectors.npy").shape == (1, 144)
    assert Path("vectors.csv").read_text(encoding="utf-8") == "row,file,layer,shape\n0,photos/one.png,act,4x6x6\n"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("predict ./saved", 2, "there is no image: `archspec predict TARGET IMAGE...`"),
        ("predict ./saved none.png", 2, "there is no file or folder none.png"),
        ("predict ./saved empty", 1, "empty holds no image (.jpg, "),
        ("predict net.yaml photos", 1, "small has no weights, and would know nothing: give `--weights FILE`; "),
        ("predict net.onnx photos", 2, "net.onnx is no TARGET: `--onnx net.onnx` takes the place of one"),
        ("predict --onnx net.onnx photos --weights x", 2, "`--weights` goes with a TARGET, and net.onnx has its own"),
        ("predict --onnx net.onnx photos --seed 0", 2, "`--seed` goes with a TARGET, and net.onnx has its own"),
        ("predict --onnx net.yaml photos", 2, "net.yaml is no ONNX file, or a broken one"),
        ("predict --onnx none.onnx photos", 2, "none.onnx: No such file or directory"),
        ("predict ./saved photos --mean x", 2, "argument --mean: has to be numbers with commas between, and is x"),
        ("predict ./saved photos --crop 8", 1, "`--crop 8` is cut out of a resized image"),
        ("predict ./saved photos --toop 1", 2, "there is no option `--toop`; did you mean `--top`?"),
        ("predict ./saved photos --seed 9223372036854775808", 2, "has to be a whole number from 0 to 92233720"),
        ("predict ./saved photos -x", 2, "unexpected: -x"),
        ("predict ./saved photos/one.png -o photos/one.png", 2, "photos/one.png is read, and would be overwritten"),
        ("embed ./saved --at act -o v.npy", 2, "there is no image: `archspec embed TARGET IMAGE... --at LAYER"),
        ("embed ./saved photos --at flaten -o v.npy", 1, "has no layer or input `flaten`; did you mean `flatten`?"),
        ("embed ./saved photos --at act -o v.txt", 1, "v.txt has to end in .npy"),
        ("embed ./saved photos --at act -o none/v.npy", 2, "there is no directory none"),
        ("embed ./saved photos/zero.jpg --at act -o v.npy", 1, "no image can be read: photos/zero.jpg is no image"),
    ],
)
def test_bad_input_is_told(words: str, code: int, message: str, here: Run) -> None:
    Path("empty").mkdir()
    found = here(*words.split())
    assert (found.code, found.out) == (code, "")
    assert message in found.err
    assert not Path("v.npy").exists()


def test_many_unreadable_images_are_counted(here: Run) -> None:
    for number in range(12):
        Path(f"photos/{number}.png").touch()
    found = here("predict", "./saved", "photos", "--top", "1")
    assert len(found.err.splitlines()) == 11
    assert found.err.endswith("archspec: and 3 images more that cannot be read\n")
    assert len(found.out.splitlines()) == 3
