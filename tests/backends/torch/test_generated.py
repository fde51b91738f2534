from __future__ import annotations

import inspect
import linecache
import pickle
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
import torch

from archspec.backends.torch import build_module, calibrate, example_inputs, example_sizes
from archspec.backends.torch.generated import compile_class
from tests.backends.torch import nets

LOADING = """
import sys, torch
for model, inputs in torch.load(sys.argv[1], weights_only=False):
    print(type(model).__name__, repr(model(*inputs).double().sum().item()))
assert not any(name.startswith("tests") for name in sys.modules)
"""


def test_equal_blocks_share_a_class() -> None:
    model = build_module(nets.residual())
    assert type(model.layer1[1]) is type(model.layer1[2])
    assert type(model.layer1[0]) is not type(model.layer1[1])
    assert type(model) is type(build_module(nets.residual()))


def test_loads_in_another_process(tmp_path: Path) -> None:
    saved, expected = [], []
    for net in (nets.residual, nets.opened, nets.shared, nets.tensors, nets.attending, nets.recurrent):
        graph = net()
        model = build_module(graph)
        calibrate(model, graph, seed=0)
        inputs = [*example_inputs(graph, sizes=example_sizes(graph)).values()]
        saved.append((model, inputs))
        expected.append(f"{type(model).__name__} {model(*inputs).double().sum().item()!r}")
    torch.save(saved, tmp_path / "models.pt")
    command = [sys.executable, "-c", LOADING, str(tmp_path / "models.pt")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines() == expected


def test_a_subclass_is_pickled_as_itself() -> None:
    pickled = pickle.dumps(Mine.__new__(Mine))
    assert type(pickle.loads(pickled)) is Mine


def test_a_traceback_shows_the_line() -> None:
    model = build_module(nets.residual())
    with pytest.raises(RuntimeError) as caught:
        model(torch.zeros(1, 4, 32, 32))
    text = "".join(traceback.format_exception(caught.value))
    assert "in forward\n    x = self.conv1(image)\n" in text
    linecache.checkcache()
    assert inspect.getsource(type(model).forward).startswith("    def forward(self, image):")


def test_a_class_has_to_have_a_name() -> None:
    with pytest.raises(ValueError, match="cannot name a class"):
        compile_class("no name", "")


Mine = type("Mine", (type(build_module(nets.residual())),), {"__module__": __name__})
