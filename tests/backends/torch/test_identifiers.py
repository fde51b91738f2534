from __future__ import annotations

import keyword

import pytest

from archspec.backends.torch.identifiers import attribute, class_name, last_word, local_name, unused


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("conv1", "self.conv1"),
        ("_x", "self._x"),
        ("block1-0", "getattr(self, 'block1-0')"),
        ("7", "getattr(self, '7')"),
        ("lambda", "getattr(self, 'lambda')"),
        ("__mangled", "getattr(self, '__mangled')"),
        ("größe", "getattr(self, 'größe')"),
    ],
)
def test_attribute(name: str, source: str) -> None:
    class Holder:
        def read(self) -> object:
            return eval(source)

    holder = Holder()
    setattr(holder, name, "found")
    assert attribute("self", name) == source
    assert holder.read() == "found"


@pytest.mark.parametrize(
    "name", ["conv1", "block1-0", "3", "for", "self", "torch", "getattr", "größe", "__a", "-", "0.1"]
)
def test_local_names_can_be_assigned(name: str) -> None:
    word = local_name(name)
    assert word.isidentifier()
    assert not keyword.iskeyword(word)
    assert word not in ("self", "torch", "getattr")


def test_unused_counts_from_two() -> None:
    assert unused("x", {"y"}) == "x"
    assert unused("x", {"x", "x_2"}) == "x_3"


@pytest.mark.parametrize(
    ("candidates", "name"),
    [
        (("Bottleneck", "0"), "Bottleneck"),
        (("", "spatial-gate"), "SpatialGate"),
        (("", "3", "features.3"), "Features3"),
        (("", "3", "3"), "Layers"),
        (("", "none"), "None_"),
    ],
)
def test_class_names(candidates: tuple[str, ...], name: str) -> None:
    assert class_name(*candidates) == name


@pytest.mark.parametrize(
    ("path", "word"),
    [("conv", "conv"), ("a.conv", "conv"), ("stage.layer1.5", "layer1.5"), ("a.b.0.12", "b.0.12"), ("3.4", "3.4")],
)
def test_last_word(path: str, word: str) -> None:
    assert last_word(path) == word
