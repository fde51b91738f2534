"""Networks to expand, from everywhere in the tests."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import torch

from archspec import given, zoo
from archspec.compilation import Compilation, compile_target
from tests.elaborate.features import Feature
from tests.proof.networks_draw import draw
from tests.proof.networks_text import write
from tests.proof.networks_twin import TooBig
from tests.proof.source import Seeded

_ELABORATE = Path(__file__).parents[2] / "elaborate"
_FEATURES = sorted(path.stem for path in _ELABORATE.glob("test_*.py") if "Feature(" in path.read_text(encoding="utf-8"))


def features() -> Iterator[tuple[str, Feature]]:
    """All features of the language, by the test that has them and what they are."""
    for name in _FEATURES:
        for table in vars(import_module(f"tests.elaborate.{name}")).values():
            for key, feature in table.items() if isinstance(table, dict) else ():
                if isinstance(feature, Feature):
                    yield f"{name.removeprefix('test_')}: {key}", feature


def of_feature(feature: Feature) -> Compilation:
    return compile_target(feature.text, arguments=given.from_python(feature.arguments))


def targets() -> list[str]:
    """The packaged specs, and the zoo."""
    return sorted({*zoo.spec_names(), *(model.name for model in zoo.models())})


def random_network(seed: object) -> Compilation | None:
    """A random network; None where the draw is no valid one."""
    source = Seeded(f"expand:{seed}")
    try:
        with torch.inference_mode():
            program = draw(source)
        found = compile_target(write(program, source).text)
    except TooBig:
        return None
    return found if found.graph is not None else None
