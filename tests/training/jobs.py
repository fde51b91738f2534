"""Small trainings on the CPU: made-up images, 8 x 8, of three classes."""

from __future__ import annotations

from pathlib import Path

from archspec.diagnostics import Diagnostics, SpecError
from archspec.recipes.reading import read_recipe
from archspec.training.job import Job, prepare

SMALL = """\
recipe: 1
model: {target: digits_cnn, args: {width: 4, num_classes: 3}}
data: {source: fake, samples: 96}
batch_size: 16
"""


def job_of(folder: Path, text: str, device: str = "cpu") -> Job:
    """A job of a recipe: of the small one, where the text does not begin with a version of its own."""
    path = folder / "recipe.yaml"
    path.write_text(text if text.startswith("recipe:") else SMALL + text)
    diagnostics = Diagnostics()
    written = read_recipe(path, diagnostics)
    if written is None:
        raise SpecError(diagnostics)
    return prepare(written, device)
