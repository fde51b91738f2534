"""The part of a file at fault, as a folder that shows the disagreement without archspec."""

from __future__ import annotations

import os
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from archspec.parity.measure import Array

_SCRIPT = """\
{sentence}
# It takes numpy and onnxruntime; the arrays are in the order of the model's inputs and outputs.
from pathlib import Path

import numpy as np
import onnxruntime

here = Path(__file__).parent
inputs, torch = ([array for _, array in np.load(here / f"{{name}}.npz").items()] for name in ("inputs", "torch"))
for level in ("DISABLE_ALL", "ENABLE_BASIC", "ENABLE_EXTENDED", "ENABLE_LAYOUT", "ENABLE_ALL"):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, f"ORT_{{level}}")
    session = onnxruntime.InferenceSession(here / "node.onnx", options, providers=["{provider}"])
    feeds = {{value.name: array for value, array in zip(session.get_inputs(), inputs)}}
    for value, found, expected in zip(session.get_outputs(), session.run(None, feeds), torch):
        if found.shape == expected.shape:
            error = np.linalg.norm((found - expected).ravel()) / np.linalg.norm(expected.ravel())
            print(f"{{level:15}} {{value.name}}: relative L2 {{error:.1e}} against torch")
        else:
            print(f"{{level:15}} {{value.name}}: {{found.shape}}, and {{expected.shape}} in torch")
"""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A model of few nodes, what it reads, and what torch and onnxruntime make of that (nothing where it doesn't run
    there), in the order of the model's inputs and outputs."""

    model: onnx.ModelProto
    inputs: tuple[Array, ...]
    torch: tuple[Array, ...]
    onnxruntime: tuple[Array, ...]
    provider: str
    sentence: str

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write `node.onnx`, `inputs.npz`, `torch.npz` and `onnxruntime.npz`, and `run.py`, which compares them. Files
        of these names in the folder are replaced. Raises OSError."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        sentence = textwrap.fill(self.sentence, 100, initial_indent="# ", subsequent_indent="# ")
        with tempfile.TemporaryDirectory(prefix=".aside.", dir=target) as aside:
            place = Path(aside)
            onnx.save(self.model, place / "node.onnx")
            for name in ("inputs", "torch", "onnxruntime"):
                np.savez(place / f"{name}.npz", *getattr(self, name))
            (place / "run.py").write_text(_SCRIPT.format(sentence=sentence, provider=self.provider), encoding="utf-8")
            for file in sorted(place.iterdir()):
                file.replace(target / file.name)
