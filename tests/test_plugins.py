"""Ops of one's own: registered in Python, or a package's `archspec.ops` entry point, asked for by name; and with them,
specs and published networks, a package's `archspec.zoo`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import archspec
from archspec import ops
from archspec.cli import main

MODULE = '''
from archspec import Op, OpError
from archspec.ops import register
from archspec.ops.base import TorchExpression


class Double(Op):
    """Twice its input, `times` times."""

    times: int = 1

    def infer(self, *inputs):
        if self.times < 1:
            raise OpError(f"times is {self.times}, and has to be at least 1", field="times")
        return inputs[0]

    def parameters(self, *inputs):
        return {}

    def macs(self, *inputs):
        return 0

    def receptive(self, *inputs):
        return "point"

    def to_torch(self, *inputs):
        return TorchExpression(f"{{0}} * {2 ** self.times}")

    def to_onnx(self, emit, values, *inputs):
        return emit.node("Mul", values[0], emit.constant(float(2 ** self.times)))


class Triple(Double):
    pass


def module():
    register(Triple)
'''
ENTRY_POINTS = """[archspec.ops]
double = my_ops:Double
several = my_ops_registered
missing = my_ops:Nothing
broken = no_such_module

[archspec.zoo]
mine = my_nets
"""
SPEC = "archspec: 1\ninputs: {image: [N, 3]}\nlayers: {a: {op: Double, times: 2}}\n"
NETS = {
    "__init__.py": "",
    "specs/doubled.yaml": SPEC.replace("2}", "times}").replace("inputs", "name: doubled\nargs: {times: 2}\ninputs"),
    "zoo/doubled.yaml": "models: {doubled_3: {spec: doubled, args: {times: 3}, expect: {params: 0}}}\n",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of an installed package; what it registers is forgotten afterwards."""
    (tmp_path / "my_ops.py").write_text(MODULE)
    (tmp_path / "my_ops_registered.py").write_text("import my_ops\nmy_ops.module()\n")
    info = tmp_path / "my_ops-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-ops\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "net.yaml").write_text(SPEC)
    for name, text in NETS.items():
        (tmp_path / "my_nets" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "my_nets" / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ops, "_registered", {})
    yield tmp_path
    for name in ("my_ops", "my_ops_registered"):
        sys.modules.pop(name, None)


def test_a_plugin_s_op_is_known_when_it_is_asked_for_and_only_then(package: Path) -> None:
    with pytest.raises(archspec.SpecError, match="no op or block `Double`"):
        archspec.load("./net.yaml")
    architecture = archspec.load("./net.yaml", plugins=["double"])
    image = torch.randn(2, 3)
    assert torch.equal(archspec.build(architecture)(image), image * 4)
    assert archspec.load("./net.yaml", plugins=["double"]).graph is not None  # asking twice is asking once


def test_a_plugin_may_be_a_module_that_registers_several(package: Path) -> None:
    text = SPEC.replace("Double, times: 2", "Triple")
    assert archspec.load(text, plugins=["several"]).graph.nodes[0].op.__class__.__name__ == "Triple"


def test_a_plugin_s_ops_refuse_what_they_refuse(package: Path) -> None:
    with pytest.raises(archspec.SpecError, match="times is 0") as caught:
        archspec.load(SPEC.replace("times: 2", "times: 0"), plugins=["double"])
    assert caught.value.diagnostics[0].span.text == "0"
    with pytest.raises(archspec.SpecError, match="A303"):
        archspec.load(SPEC.replace("times", "tims"), plugins=["double"])


@pytest.mark.parametrize("name", ["nothing", "missing", "broken"])
def test_a_plugin_that_cannot_be_loaded(name: str, package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "net.yaml", "--plugin", name]) == 2
    assert capsys.readouterr().err.startswith(f"archspec: the{'re is no' if name == 'nothing' else ''} plugin `{name}`")


def test_a_plugin_goes_all_the_way_to_a_file_in_parity(package: Path) -> None:
    argv = [sys.executable, "-m", "archspec", "export", "net.yaml", "-o", "net.onnx", "--plugin", "double"]
    path = f"{package}:{Path(archspec.__file__).parents[1]}"
    done = subprocess.run(argv, capture_output=True, text=True, env={"PYTHONPATH": path}, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "parity: pass" in done.stdout


def test_a_saved_network_is_restored_with_its_plugin(package: Path) -> None:
    archspec.save(archspec.build("./net.yaml", plugins=["double"]), "saved")
    ops._registered.clear()
    with pytest.raises(archspec.SpecError, match="no op or block `Double`"):
        archspec.build("saved")
    image = torch.randn(2, 3)
    assert torch.equal(archspec.build("saved", plugins=["double"])(image), image * 4)


def test_an_op_without_all_its_facets_or_with_a_name_that_is_taken_is_refused(package: Path) -> None:
    from archspec.ops.base import Weightless

    class Half(Weightless):
        pass

    with pytest.raises(ValueError, match="Half lacks infer, receptive, to_onnx, to_torch"):
        ops.register(Half)

    class ReLU(Weightless):
        pass

    with pytest.raises(ValueError, match="an op is called ReLU already"):
        ops.register(ReLU)


def test_a_package_brings_ops_specs_and_networks_together(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(archspec.SpecError, match="no op or block `Double`"):
        archspec.load("doubled_3")
    image = torch.randn(2, 3)
    assert torch.equal(archspec.build("doubled_3", plugins=["double"])(image), image * 8)
    assert main(["zoo", "list", "doubled"]) == 0
    assert "doubled_3  doubled  3" in capsys.readouterr().out
    assert main(["zoo", "show", "doubled_3", "--plugin", "double"]) == 0
    page = capsys.readouterr().out
    assert "archspec.build('doubled_3', plugins=['double'])" in page
    [command] = [line.split()[1:] for line in page.splitlines() if line.startswith("  archspec export")]
    path = f"{package}:{Path(archspec.__file__).parents[1]}"
    argv = [sys.executable, "-m", "archspec", *command]
    done = subprocess.run(argv, capture_output=True, text=True, env={"PYTHONPATH": path}, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "parity: pass" in done.stdout
