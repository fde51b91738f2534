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

from archspec.backends.torch import build_module, calibrate
from archspec.backends.torch.generated import compile_class
from tests.backends.torch import nets

LOADING = """
import sys, torch
model = torch.load(sys.argv[1], weights_only=False)
torch.save(model(*torch.load(sys.argv[2])), sys.argv[3])
print(type(model).__name__, *sorted(name for name in sys.modules if name.startswith("tests")))
"""


def test_equal_blocks_share_a_class() -> None:
    model = build_module(nets.residual())
    assert type(model.layer1[1]) is type(model.layer1[2])
    assert type(model.layer1[0]) is not type(model.layer1[1])
    assert type(model) is type(build_module(nets.residual()))


@pytest.mark.parametrize("net", [nets.residual, nets.shared, nets.tensors], ids=lambda net: net.__name__)
def test_loads_in_another_process(net: type, tmp_path: Path) -> None:
    graph = net()
    model = build_module(graph)
    calibrate(model, graph, seed=0)
    inputs = [
        torch.randn(2, *(8 if not isinstance(size, int) else size for size in v.type.shape[1:])) for v in graph.inputs
    ]
    files = [str(tmp_path / name) for name in ("model.pt", "inputs.pt", "result.pt")]
    torch.save(model, files[0])
    torch.save(inputs, files[1])
    done = subprocess.run([sys.executable, "-c", LOADING, *files], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [type(model).__name__]
    assert torch.equal(torch.load(files[2]), model(*inputs))


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
