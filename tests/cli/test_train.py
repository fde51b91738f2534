"""`archspec train` as a command: what its options change, what it says, and what it refuses before it trains."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest

from archspec.data import extra
from archspec.diagnostics import Diagnostics
from archspec.recipes import Recipe, read_recipe
from archspec.training import keeping, progress
from archspec.training.loop import Epoch
from tests.cli.conftest import Run
from tests.twins import one_thread as one_thread

FLAGS = (
    *("--data", "fake", "--epochs", "1", "--batch-size", "32", "--lr", "0.02", "--optimizer", "SGD"),
    *("--weight-decay", "0.1", "--schedule", "cosine", "--seed", "7", "--set", "width=2", "--device", "cpu"),
    *("--input", "N,3,8,8"),
)


class Terminal(io.StringIO):
    """Takes what is written to a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def no_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture takes longer than a training here."""
    monkeypatch.setattr(keeping, "draw", lambda *_: b"")


def recipe_of(folder: Path) -> Recipe:
    written = read_recipe(folder / "recipe.yaml", Diagnostics())
    assert written is not None
    return written.recipe


def test_a_target_and_flags_make_a_recipe(run: Run, tmp_path: Path) -> None:
    for number in (1, 2):
        done = run("train", "net.yaml", *FLAGS)
        assert done.code == 0
        assert f"runs/small-{number} holds its network" in done.out
    recipe = recipe_of(tmp_path / "runs/small-1")
    assert (tmp_path / "runs/small-1/recipe.yaml").read_bytes() == (tmp_path / "runs/small-2/recipe.yaml").read_bytes()
    assert recipe.model.target == str(tmp_path / "net.yaml")
    assert recipe.model.args == {"width": 2}
    assert (recipe.data.source, recipe.epochs, recipe.batch_size, recipe.seed) == ("fake", 1, 32, 7)
    optimizer = recipe.optimizer
    assert (optimizer.name, optimizer.lr, optimizer.weight_decay, recipe.schedule.name) == ("SGD", 0.02, 0.1, "cosine")

    (tmp_path / "runs/small-1").rename(tmp_path / "first")
    done = run("train", "first/recipe.yaml", "--weights", "first", "--seed", "8", "--workers", "0", "--check")
    assert done.code == 0
    assert "seed 8" in done.out
    assert not (tmp_path / "runs/small-3").exists()


def test_check_says_what_would_be_done(run: Run, tmp_path: Path) -> None:
    done = run("train", "digits", "--check", "--precision", "bf16")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[:6] == [
        "network  digits_cnn, of images 1x8x8; seed 0",
        "data     digits, 10 classes",
        "images   1,375 training, 153 validation, 269 test",
        "train    epochs 1 to 20: all 67,754 parameters",
        "         AdamW at 0.005, one_cycle; 440 batches of 64, 22 an epoch",
        "device   cpu, bf16",
    ]
    assert re.fullmatch(r"memory   about [\d.]+ MiB", lines[6])
    assert max(map(len, lines)) <= 80
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "a recipe or a network is needed, or `--resume RUN`"),
        (["resnet18"], 2, "`resnet18` is a network, and no recipe: `--data` says what it is trained on"),
        (["net.yaml"], 2, "`net.yaml` is a network, and no recipe"),
        (["net.yaml", "--data", "digits"], 2, "`--data` says what it is trained on, and `--epochs` how long"),
        (["full"], 2, "there is no recipe `full`"),
        (["full/notes.txt"], 1, "a recipe is a mapping"),
        (["digits", "--device", "cuda"], 1, "torch finds no CUDA device"),
        (["digits", "--precision", "fp16"], 1, "precision fp16 needs a GPU"),
        (["digits", "-o", "full"], 1, "full is not empty, and no run is overwritten: it holds other files"),
        (["digits", "-o", "net.yaml/run"], 2, "net.yaml is not a directory"),
        (["--resume", "full"], 1, "full is no run: there is no full/recipe.yaml"),
        (["--resume", "full", "-o", "x"], 2, "a run goes on in its own folder, full: leave `-o` out"),
        (["--resume", "full", "--check"], 2, "leave one of the two out"),
        (["digits", "--check", "-o", "full"], 1, "full is not empty"),
        (["--resume", "full", "--lr", "1"], 1, "a run goes on as what it was: `optimizer.lr` belongs to a new one"),
        (["digits", "--data", "nowhere"], 1, "nowhere"),
        (["digits", "--data", "cifar100"], 1, "help: `--set num_classes=100` says so"),
        (["digts"], 2, "there is no recipe `digts`"),
        (["digits", "--lr", "-1"], 1, "`lr` has to be a number above 0"),
        (["digits", "--lr", "much"], 2, "argument --lr: has to be a number, and is much"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_told_before_anything_is_written(
    words: list[str], code: int, message: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    done = run("train", *words)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("library", ["accelerate", "matplotlib", "tensorboard"])
def test_a_library_that_is_missing_is_told(library: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    done = run("train", "digits")
    assert (done.code, done.out) == (1, "")
    assert f"`archspec train` needs `pip install '{extra.EXTRA}'`" in done.err


def test_a_terminal_of_80_columns_shows_a_bar_that_vanishes(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(progress, "_LOOK_S", 0)
    monkeypatch.setattr("sys.stdout", screen := Terminal())
    run("train", "net.yaml", *FLAGS, "--epochs", "2")
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.getvalue())
    lines = [line for line in re.split(r"[\r\n]+", shown) if line]
    bars = [line for line in lines if line.startswith("epoch 2/2 ")]
    assert bars
    assert re.search(r"loss \d\.\d{4}  +\d+\.\d\d %  [\d,]+ images/s  [\d.]+ s left$", bars[-1])
    assert max(map(len, lines)) <= 80
    assert not re.search(r"\x1b\[[0-9;]*3[0-9][0-9;]*m", screen.getvalue())
    assert progress.rows_on(screen).__class__ is progress.Bar
    monkeypatch.setenv("TERM", "dumb")
    assert progress.rows_on(screen).__class__ is progress.Rows


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (9.97, "10 s"), (59.4, "59 s"), (187, "3:07 min"), (7500, "2:05 h")]
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert progress.duration(seconds) == text


def test_a_loss_that_runs_away_stays_in_its_column() -> None:
    epoch = Epoch(1, 1, 3.66e22, 0.5, 123456.7, 0.5, 1e6, 0.5, 9.0)
    assert progress.row(progress.cells_of(epoch, 3)).split()[1:5] == ["3.66e+22", "50.00", "%", "1.23e+05"]


def test_of_several_processes_the_first_alone_writes_and_prints(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    before = sorted(tmp_path.rglob("*"))
    assert run("train", "net.yaml", *FLAGS) == (0, "", "")
    assert sorted(tmp_path.rglob("*")) == before
