"""What the tests of weights run under: torch.hub's directory is an empty one, and nothing comes over the net."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.twins import one_thread as one_thread


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where torch.hub keeps what was fetched: empty. A fetch fails as it does without a net."""
    checkpoints = tmp_path / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(checkpoints.parent))
    monkeypatch.setattr("urllib.request.urlopen", _no_net)
    monkeypatch.setattr("torch.hub.urlopen", _no_net)
    return checkpoints


def _no_net(*_: object, **__: object) -> None:
    from urllib.error import URLError

    raise URLError("no net")
