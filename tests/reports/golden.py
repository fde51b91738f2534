"""Output that was read once, and has to stay as it is."""

from __future__ import annotations

import os
from pathlib import Path


def check_golden(path: Path, text: str) -> None:
    """Equal to the file; BLESS=1 in the environment writes it instead."""
    text = text.removesuffix("\n") + "\n"
    if os.environ.get("BLESS"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
