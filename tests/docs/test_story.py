"""docs/story.md from its first line to its last, and what it promises: how many digits are told apart, that the
exported file says the same, and that a second task is learned in fewer epochs than from the beginning."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from archspec.cli import main
from archspec.data import ImageData, ImageType, open_data
from archspec.diagnostics import Diagnostics
from archspec.recipes import read_recipe
from tests.docs.running import run_page
from tests.twins import one_thread as one_thread


def test_the_page_runs_and_keeps_its_promises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    data = digits()
    write_images([*data.validation.places, *data.test.places], Path("parity"), ["even", "odd"])
    write_images(data.test.places, Path("kept_apart"), "0123456789")

    run_page("story.md", capsys, silent_commands=True)

    test = json.loads(Path("run/run.json").read_text(encoding="utf-8"))["results"]["test"]
    assert (test["images"], test["accuracy"] >= 0.98) == (len(data.test), True)
    by_torch = predicted(["run", "kept_apart"], capsys)
    by_onnx = predicted(["--onnx", "digits.onnx", "kept_apart"], capsys)
    right = [Path(row["file"]).parent.name == row["class"] for row in by_torch]
    assert np.mean(right) == pytest.approx(test["accuracy"])
    assert [(row["file"], row["class"]) for row in by_onnx] == [(row["file"], row["class"]) for row in by_torch]
    probabilities = ([float(row["probability"]) for row in rows] for rows in (by_torch, by_onnx))
    np.testing.assert_allclose(*probabilities, atol=1e-5)

    recipe = Path("parity.yaml").read_text(encoding="utf-8")
    Path("fresh.yaml").write_text(recipe.replace(", weights: run/", "").replace("[fc]", '["**"]'), encoding="utf-8")
    assert main(["train", "fresh.yaml", "-o", "fresh_run"]) == 0
    assert epochs_until(0.95, Path("parity_run")) < epochs_until(0.95, Path("fresh_run"))


def digits() -> ImageData:
    written = read_recipe("digits", Diagnostics())
    assert written is not None
    return open_data(written.recipe, ImageType(1, 8, 8), 10, None, Path())


def write_images(places: Iterable[int], folder: Path, classes: Sequence[str]) -> None:
    """Digits as files, in a folder for each class; `classes` are the names of the numbers modulo theirs."""
    bunch = load_digits()
    for place in places:
        path = folder / classes[bunch.target[place] % len(classes)] / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.round(bunch.images[place] * 255 / 16).astype(np.uint8)).save(path)


def predicted(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    capsys.readouterr()
    assert main(["predict", *words, "--top", "1", "--format", "csv"]) == 0
    return list(csv.DictReader(capsys.readouterr().out.splitlines()))


def epochs_until(accuracy: float, run: Path) -> int:
    """How many epochs a run took to be so right on its validation images; one more than it had, where it never was."""
    with (run / "history.csv").open(encoding="utf-8") as file:
        found = [float(row["validation_accuracy"]) for row in csv.DictReader(file)]
    return next((epoch for epoch, each in enumerate(found, 1) if each >= accuracy), len(found) + 1)
