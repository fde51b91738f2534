"""`archspec zoo verify`: rows, differences, exit codes, the file from which a run goes on, other collections."""

from __future__ import annotations

import json
import shutil
import sys
from io import StringIO
from pathlib import Path

import pytest

from archspec.cli import main
from archspec.syntax.library import packaged
from archspec.verification import CLAIMS
from tests.cli.conftest import Run
from tests.zoo import acme

QUICK = ("--claims", "counts,state")


@pytest.fixture
def mutated(tmp_path: Path, run: Run) -> Path:
    """A collection of two networks, one of which is not what was published."""
    for folder in ("specs", "zoo"):
        (tmp_path / "mine" / folder).mkdir(parents=True)
        shutil.copy(packaged(folder) / "squeezenet.yaml", tmp_path / "mine" / folder)
    file = tmp_path / "mine" / "zoo" / "squeezenet.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("stem: 64", "stem: 72"), encoding="utf-8")
    return tmp_path / "mine"


def test_a_row_for_each_network(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = run("zoo", "verify", "mnasnet*", *QUICK)
    assert (result.code, result.err) == (0, "")
    head, table, foot = result.out.split("\n\n")
    assert head == "4 models, 2 claims on each: counts, state"
    assert [row.split()[0] for row in table.splitlines()] == [
        *("model", "mnasnet0_5", "mnasnet0_75", "mnasnet1_0", "mnasnet1_3"),
    ]
    assert table.splitlines()[1].split()[1:3] == ["2,218,512", "0.104"]
    assert foot == "4 models: everything holds\n"


def test_what_differs_stands_below_its_row(run: Run, mutated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = run("zoo", "verify", "--path", str(mutated), *QUICK)
    assert result.code == 1
    assert max(map(len, result.out.splitlines())) <= 80
    lines = result.out.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("squeezenet1_1"))
    assert lines[place].endswith("differs")
    told = " ".join(" ".join(lines[place + 1 :]).split())
    assert told.startswith("counts: IMAGENET1K_V1 have 1,235,496 parameters, and the network 1,235,848 state: ")
    assert lines[-1] == "1 of 2 models differ from what is claimed: squeezenet1_1"


def test_json(run: Run) -> None:
    found = json.loads(run("zoo", "verify", "squeezenet1_1", *QUICK, "--format", "json").out)
    [model] = found["models"]
    assert {"torch", "torchvision", "archspec"} <= found["versions"].keys()
    assert (model["name"], model["holds"], model["weights"]) == ("squeezenet1_1", True, ["IMAGENET1K_V1"])
    assert model["claims"]["counts"]["figures"]["params"] == 1235496


def test_a_later_run_does_what_is_missing(run: Run, mutated: Path) -> None:
    def verify(*more: str) -> dict[str, float]:
        options = ("--path", str(mutated), "--out", "found.json", "--format", "json", *more)
        return {each["name"]: each["seconds"] for each in json.loads(run("zoo", "verify", *options).out)["models"]}

    verify("squeezenet1_0", *QUICK)
    ledger = json.loads(Path("found.json").read_text(encoding="utf-8"))
    ledger["models"][0]["seconds"] = 1234.0
    Path("found.json").write_text(json.dumps(ledger), encoding="utf-8")
    seconds = verify(*QUICK)
    assert seconds["squeezenet1_0"] == 1234.0  # kept
    assert verify(*QUICK)["squeezenet1_1"] != 1234.0  # it differs: done again
    assert verify("--claims", "counts,state,smallest")["squeezenet1_0"] != 1234.0


def test_a_changed_spec_is_verified_again(run: Run, mutated: Path) -> None:
    options = ("squeezenet1_0", "--path", str(mutated), "--out", "found.json", *QUICK)
    assert run("zoo", "verify", *options).code == 0
    file = mutated / "specs" / "squeezenet.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("classifier:", "classify:"), encoding="utf-8")
    assert run("zoo", "verify", *options).code == 1


def test_a_network_that_torchvision_does_not_have(run: Run, tmp_path: Path) -> None:
    acme.write(tmp_path / "acme")
    result = run("zoo", "verify", "--path", "acme", "--format", "json")
    models = json.loads(result.out)["models"]
    assert result.code == 0, result.out
    assert models
    for model in models:
        verdicts = {claim: found["verdict"] for claim, found in model["claims"].items()}
        assert verdicts["state"] == verdicts["outputs"] == "skipped"
        assert verdicts["counts"] == verdicts["shapes"] == verdicts["onnx"] == "holds"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing_like_this",), "no network of the zoo has a name like `nothing_like_this`"),
        (("resnet18", "--claims", "cuonts"), "there is no claim `cuonts`; did you mean `counts`?"),
        (("resnet18", "--path", "nowhere"), "nowhere is no directory"),
        (("resnet18", "--out", "nowhere/found.json"), "there is no directory nowhere"),
        (("resnet18", "--out", "net.yaml"), "net.yaml is not what `archspec zoo verify` writes"),
    ],
)
def test_usage(arguments: tuple[str, ...], said: str, run: Run) -> None:
    result = run("zoo", "verify", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_the_help_tells_the_claims(run: Run) -> None:
    shown = " ".join(run("zoo", "verify", "--help").out.split())
    assert all(what in shown for what in CLAIMS.values())


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["zoo", "verify", "squeezenet1_*", "--claims", "counts"]) == 0
    shown = terminal.getvalue()
    assert "0/2" in shown
    assert "squeezenet1_" in shown
    assert "everything holds" in capsys.readouterr().out  # the rows are not the bar's
