"""docs/third_opinion.md has the zoo's networks under 100 M parameters, none of whose files of ours is outvoted."""

from __future__ import annotations

import re
from pathlib import Path

from archspec import zoo

PAGE = Path(__file__).parents[2] / "docs" / "third_opinion.md"


def test_no_file_of_ours_is_outvoted() -> None:
    lines = re.findall(r"^\| (\w+) \| (N x .*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    verdicts = {name: cells.split(" | ")[3] for name, cells in lines}
    small = [model.name for model in zoo.models() if model.expect.get("params", 0) < 100_000_000]
    assert set(small) <= set(verdicts)
    told = [verdict for verdict in verdicts.values() if verdict != "nothing can be told"]
    assert len(told) >= 0.95 * len(verdicts)
    assert set(told) == {"all agree"}
