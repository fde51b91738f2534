"""A run's folder: what a training leaves there, and what it takes to go on with it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import archspec
from archspec.cli import main
from archspec.diagnostics import Diagnostics
from archspec.recipes import read_recipe
from archspec.training import keeping
from archspec.training.checkpoints import keep_last
from archspec.training.events import Events
from archspec.training.folder import RunFolder
from archspec.training.keeping import Keeper
from archspec.training.loop import Training

NET = """archspec: 1
name: small
inputs: {image: [N, 3, 8, 8]}
layers:
  conv: {op: Conv2d, out_channels: 4, kernel_size: 3}
  act: ReLU
  flatten: Flatten
  fc: {op: Linear, out_features: 3}
"""
RECIPE = """recipe: 1
name: tiny
model: ./net.yaml
data: {source: fake, samples: 64}
epochs: 3
batch_size: 16
optimizer: {name: SGD, lr: 1e-2, momentum: 0.9}
"""
Words = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def no_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture takes longer than a training here."""
    monkeypatch.setattr(keeping, "draw", lambda *_: b"")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Words:
    def function(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        return code, *capsys.readouterr()

    return function


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Weights are the same to the last bit with the same number of threads alone."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spec, a recipe, and the run that comes of them."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "net.yaml").write_text(NET, encoding="utf-8")
    (folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    assert main(["train", str(folder / "recipe.yaml"), "-o", str(folder / "tiny")]) == 0
    return folder


@pytest.fixture
def stopped(folder: Path, tmp_path: Path) -> Path:
    """A copy of the run, as if it had been stopped after its last epoch."""
    copy = tmp_path / "stopped"
    shutil.copytree(folder / "tiny", copy)
    (copy / "run.json").unlink()
    return copy


def json_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_the_folder_holds_all_that_the_training_was(folder: Path) -> None:
    made = folder / "tiny"
    about, epochs = json_of(made / "run.json"), json_of(made / "last" / "state.json")["epochs"]
    assert {path.name for path in made.iterdir()} == {
        *("model.yaml", "model.safetensors", "recipe.yaml", "run.json", "history.csv", "curves.png", "last", "events")
    }
    with (made / "history.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == [epoch["loss"] for epoch in epochs]
    for name, digest in about["sha256"].items():
        assert hashlib.sha256((made / name).read_bytes()).hexdigest() == digest
    assert about["versions"]["torch"] == torch.__version__.partition("+")[0]
    assert (about["done"], about["finished"], about["resumed_after"], about["seed"]) == (3, True, [], 0)
    best = max(epochs, key=lambda epoch: (epoch["validation_accuracy"], -epoch["validation_loss"], epoch["number"]))
    assert about["best"] == best["number"]
    assert about["results"]["validation"]["accuracy"] == best["validation_accuracy"]
    with Image.open(made / "curves.png") as curves:
        assert curves.size == (880, 990)


def test_tensorboard_reads_the_events(folder: Path) -> None:
    events = EventAccumulator(str(folder / "tiny" / "events"))
    events.Reload()
    losses = [(event.step, pytest.approx(event.value)) for event in events.Scalars("loss/train")]
    assert losses == [(epoch["number"], epoch["loss"]) for epoch in json_of(folder / "tiny/last/state.json")["epochs"]]
    assert {"accuracy/validation", "learning rate"} <= set(events.Tags()["scalars"])


def test_the_folder_and_its_last_epoch_are_saved_networks(folder: Path, run: Words, tmp_path: Path) -> None:
    made = folder / "tiny"
    state = load_file(made / "model.safetensors")
    assert all(torch.equal(tensor, state[key]) for key, tensor in archspec.build(made).state_dict().items())
    assert archspec.build(made / "last").state_dict().keys() == state.keys()
    with safe_open(made / "model.safetensors", "pt") as file:
        told = file.metadata()
    assert told["archspec.weights"] == "small trained on fake"
    assert len(json.loads(told["archspec.mean"])) == 3
    assert run("check", made)[0] == run("summary", made)[0] == 0
    assert run("export", made, "--no-parity", "--preprocess", "uint8-nhwc", "-o", tmp_path / "x.onnx")[0] == 0
    with pytest.raises(archspec.SaveError, match="holds other files"):
        archspec.save(archspec.build(made), made)


def test_the_recipe_of_a_run_gives_the_same_run(folder: Path, run: Words, tmp_path: Path) -> None:
    code, out, err = run("train", folder / "tiny" / "recipe.yaml", "-o", tmp_path / "again")
    assert (code, err) == (0, "")
    assert (tmp_path / "again/recipe.yaml").read_bytes() == (folder / "tiny/recipe.yaml").read_bytes()
    assert (tmp_path / "again/model.safetensors").read_bytes() == (folder / "tiny/model.safetensors").read_bytes()
    lines = out.splitlines()
    assert max(map(len, lines[:5])) <= 80
    assert lines[0] == "epochs 1 to 3: all 547 parameters"
    assert [line.split()[0] for line in lines[1:5]] == ["epoch", "1/3", "2/3", "3/3"]
    assert lines[-2].startswith("best of 3 epochs is ")
    assert lines[-1].startswith(str(tmp_path / "again"))
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", out)


def test_a_finished_run_says_so_and_stays_as_it_is(folder: Path, run: Words) -> None:
    before = {path: path.stat().st_mtime_ns for path in (folder / "tiny").rglob("*")}
    code, out, _ = run("train", "--resume", folder / "tiny")
    assert (code, out.splitlines()[0]) == (0, f"{folder / 'tiny'} is finished")
    assert {path: path.stat().st_mtime_ns for path in (folder / "tiny").rglob("*")} == before


def test_what_is_missing_of_a_run_comes_back(folder: Path, stopped: Path, run: Words) -> None:
    for name in ("history.csv", "curves.png", "model.safetensors", "model.yaml"):
        (stopped / name).unlink()
    expected = json_of(folder / "tiny" / "run.json")
    if expected["best"] != 3:
        pytest.fail("the last epoch has to be the best one here, of which `last` has the weights")
    assert run("train", "--resume", stopped)[0] == 0
    assert (stopped / "model.safetensors").read_bytes() == (folder / "tiny/model.safetensors").read_bytes()
    assert json_of(stopped / "run.json")["results"] == expected["results"]


def test_more_epochs_go_on_where_the_schedule_allows_it(
    folder: Path, stopped: Path, run: Words, tmp_path: Path
) -> None:
    assert run("train", folder / "recipe.yaml", "--epochs", 4, "-o", tmp_path / "four")[0] == 0
    Events(stopped / "events", 4).add({"loss/train": 99.0}, 4)  # of an epoch that was lost
    code, out, _ = run("train", "--resume", stopped, "--epochs", 4)
    assert code == 0
    events = EventAccumulator(str(stopped / "events"))
    events.Reload()
    assert [event.step for event in events.Scalars("loss/train")] == [1, 2, 3, 4]
    assert events.Scalars("loss/train")[-1].value < 99
    assert [line.split()[0] for line in out.splitlines()[:3]] == ["epochs", "epoch", "4/4"]
    for name in ("model.safetensors", "last/model.safetensors", "last/optimizer.safetensors", "recipe.yaml"):
        assert (stopped / name).read_bytes() == (tmp_path / "four" / name).read_bytes()
    code, _, err = run("train", "--resume", stopped, "--epochs", 2)
    assert (code, err) == (1, "archspec: 4 epochs are done already, and 2 are asked for\n")
    (folder / "cosine.yaml").write_text(f"{RECIPE}schedule: cosine\n", encoding="utf-8")
    assert run("train", folder / "cosine.yaml", "-o", tmp_path / "cosine", "--epochs", 1)[0] == 0
    code, _, err = run("train", "--resume", tmp_path / "cosine", "--epochs", 2)
    assert code == 1
    assert "the schedule `cosine` depends on the number of epochs" in err


def test_a_run_killed_after_a_checkpoint_misses_no_event(
    folder: Path, run: Words, tmp_path: Path
) -> None:
    def keep_and_die(*words: Any) -> None:
        keep_last(*words)
        if len(words[2].epochs) == 2:
            raise SystemExit(9)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(keeping, "keep_last", keep_and_die)
        with pytest.raises(SystemExit):
            run("train", folder / "recipe.yaml", "-o", tmp_path / "killed")
    assert run("train", "--resume", tmp_path / "killed")[0] == 0
    events = EventAccumulator(str(tmp_path / "killed" / "events"))
    events.Reload()
    assert [event.step for event in events.Scalars("loss/train")] == [1, 2, 3]


def test_a_run_that_has_become_another_is_refused(folder: Path, stopped: Path, run: Words) -> None:
    recipe = stopped / "recipe.yaml"
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(text.replace("lr: 0.01", "lr: 0.1").replace("batch_size: 16", "batch_size: 8"), encoding="utf-8")
    code, _, err = run("train", "--resume", stopped)
    assert code == 1
    assert "`optimizer.lr` is 0.1, and was 0.01\n" in err
    assert "`batch_size` is 8, and was 16\n" in err
    recipe.write_text(text, encoding="utf-8")

    spec = stopped / "model.yaml"
    flat = spec.read_text(encoding="utf-8")
    spec.write_text(flat.replace("out_channels: 4", "out_channels: 5").replace("ReLU", "GELU"), encoding="utf-8")
    code, _, err = run("train", "--resume", stopped)
    assert code == 1
    assert "`conv.out_channels` is 5, and was 4\n" in err
    assert "`act.op` is GELU, and was ReLU\n" in err
    spec.write_text(flat, encoding="utf-8")

    other = folder / "other.yaml"
    other.write_text(RECIPE.replace("./net.yaml", "./wide.yaml").replace("momentum: 0.9", "momentum: 0.5"), "utf-8")
    (folder / "wide.yaml").write_text(NET.replace("channels: 4", "channels: 8"), encoding="utf-8")
    code, _, err = run("train", other, "--resume", stopped)
    assert code == 1
    assert "`conv.out_channels` is 8, and was 4\n" in err

    weights = stopped / "last" / "model.safetensors"
    save_file({"conv.weight": torch.zeros(8, 3, 3, 3)}, weights)
    code, _, err = run("train", "--resume", stopped)
    assert code == 1
    assert "conv  weight 8x3x3x3 for 4x3x3x3" in err
    weights.write_bytes(weights.read_bytes()[:-9])
    code, _, err = run("train", "--resume", stopped)
    assert code == 1
    assert "model.safetensors is damaged" in err


def test_two_processes_do_not_write_one_run(stopped: Path, run: Words) -> None:
    with RunFolder(stopped).held():
        code, _, err = run("train", "--resume", stopped)
    assert code == 1
    assert f"{stopped} belongs to a training that is running" in err


def test_a_loss_that_is_not_finite_stops_with_what_is_kept(folder: Path, run: Words, tmp_path: Path) -> None:
    (folder / "wild.yaml").write_text(RECIPE.replace("lr: 1e-2", "lr: 1e30"), encoding="utf-8")
    code, _, err = run("train", folder / "wild.yaml", "-o", tmp_path / "wild")
    assert code == 1
    assert re.match(r"archspec: epoch 1, batch \d of \d: the loss is .*; no epoch was finished\n", err)
    assert not (tmp_path / "wild" / "model.yaml").exists()


def test_a_reading_process_that_dies_is_told(
    folder: Path, run: Words, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed. ")

    monkeypatch.setattr(Training, "_train", die)
    code, _, err = run("train", folder / "recipe.yaml", "-o", tmp_path / "dead")
    assert code == 1
    assert "`--workers 0` does without; no epoch was finished; `archspec train --resume" in err
    assert run("train", "--resume", tmp_path / "dead")[0] == 1
    monkeypatch.undo()
    assert run("train", "--resume", tmp_path / "dead")[0] == 0
    assert (tmp_path / "dead/model.safetensors").read_bytes() == (folder / "tiny/model.safetensors").read_bytes()


def test_an_image_that_breaks_in_between_costs_one_epoch(
    folder: Path, run: Words, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = tmp_path / "images"
    for number in range(24):
        path = images / "abc"[number % 3] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number * 10, 255 - number * 10, 90 * (number % 3))).save(path)
    (folder / "images.yaml").write_text(
        RECIPE.replace("{source: fake, samples: 64}", f"{{image_folder: {images}}}"), encoding="utf-8"
    )
    keep = Keeper.keep

    def and_break(self: Keeper, *words: Any) -> None:
        keep(self, *words)
        for path in images.rglob("*.png"):
            path.write_bytes(path.read_bytes()[:40])

    monkeypatch.setattr(Keeper, "keep", and_break)
    code, _, err = run("train", folder / "images.yaml", "-o", tmp_path / "broken")
    assert code == 1
    assert ".png" in err
    assert f"1 of 3 epochs are kept in {tmp_path / 'broken'}, of which 1 is the best" in err
    assert archspec.build(tmp_path / "broken").fc.weight.shape == (3, 144)
    for path in images.rglob("*.png"):
        Image.new("RGB", (8, 8)).save(path)
    path.unlink()
    code, _, err = run("train", "--resume", tmp_path / "broken")
    assert code == 1
    assert re.search(r"the data has changed since the training began.*\n  `\w+` is \d+, and was \d+\n`.*--weights", err)


def test_python_trains_and_goes_on(folder: Path, stopped: Path, tmp_path: Path) -> None:
    rows = io.StringIO()
    result = archspec.train(folder / "recipe.yaml", tmp_path / "new", device="cpu", stream=rows)
    assert (result.folder, len(result.epochs)) == (tmp_path / "new", 3)
    assert "   3/3 " in rows.getvalue()
    assert archspec.train(resume=stopped, device="cpu") == result._replace(folder=stopped, epochs=ANY, best=ANY)
    with pytest.raises(archspec.TrainingError, match="`seed` belongs to a new one"):
        archspec.train(resume=stopped, overrides={"seed": 3})
    with pytest.raises(archspec.TrainingError, match="is not empty"):
        archspec.train(folder / "recipe.yaml", stopped)
    for words in ({}, {"recipe": "digits", "resume": stopped}):
        with pytest.raises(TypeError):
            archspec.train(**words)


def test_a_resolved_recipe_is_a_recipe(folder: Path) -> None:
    diagnostics = Diagnostics()
    assert read_recipe(folder / "tiny" / "recipe.yaml", diagnostics) is not None
    assert not len(diagnostics)
