"""The same network and options give the same bytes, whatever the process, the folder and the name of the file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from tests.backends.onnx.emitted import CLASSIFIER

SCRIPT = """
import sys
import archspec

text, name = sys.argv[1:]
options = {
    "plain": {},
    "oldest": {"opset": 13},
    "folded": {"fold_bn": True, "head": "softmax"},
    "half": {"dtype": "fp16"},
    "quantised": {"int8": "generated"},
}
for way, each in options.items():
    archspec.export(text, f"{way}-{name}.onnx", parity=False, **each)
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Where two processes have written the same files: of other hash seeds, working folders and names."""
    folders = [tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two") / "deep"]
    folders[1].mkdir()
    processes = []
    for folder, seed, name in zip(folders, "12", ["a", "another"], strict=True):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"}
        words = [sys.executable, "-c", SCRIPT, CLASSIFIER, name]
        processes.append(subprocess.Popen(words, cwd=folder, env=environment))
    assert [process.wait() for process in processes] == [0, 0]
    return folders


@pytest.mark.parametrize("way", ["plain", "oldest", "folded", "half", "quantised"])
def test_two_processes_write_the_same_bytes(folders: list[Path], way: str) -> None:
    one, other = (next(folder.glob(f"{way}-*.onnx")) for folder in folders)
    assert one.name != other.name
    data = one.read_bytes()
    assert data == other.read_bytes()
    for place in (*folders, Path(__file__).parents[3], Path.home()):
        assert str(place).encode() not in data


def test_nothing_in_a_file_tells_of_its_making(folders: list[Path]) -> None:
    for file in folders[0].glob("*.onnx"):
        model = onnx.load(file)
        graph = model.graph
        parts = [model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer]
        assert {part.doc_string for part in parts} == {""}
        assert model.producer_name == "archspec"
        assert not any(node.metadata_props for node in graph.node)
