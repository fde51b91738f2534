"""Mutations of what a spec says: its mappings, lists and values, which stay well-formed YAML for the most part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from tests.proof.front_corpus import Base, drawn, files, text_of
from tests.proof.front_tokens import NUMBERS, WORDS, misspelt
from tests.proof.front_yaml import Data, Map, Raw, copied, parsed
from tests.proof.source import Source

STRINGS = (
    "", " ", "a b", "a: b", "# a", "'", '"', "\\", "{i}", "a{i}", "{", "a.b", "a.*", "*", "-1", "x.", ".x", "0",
    "\u00e9t\u00e9", "\u6f22", "e\u0301", "\u202e", "\U0001f600", "\x00", "\x1b[0m", "a" * 300, "(" * 100,
    "1 +" * 80 + " 1", "not " * 90 + "x", "x if x else " * 60 + "x", "[" * 70 + "]" * 70, "9" * 50, "9 ** 9 ** 9",
    "2 ** 64", "1 / 0", "10 ** 400", "1e308 * 10", "range(10 ** 12)", "[0] * 10 ** 9", "'a' * 10 ** 9",
    "i for i in range(3)", "sum([1, 2])", "len(x)", "x.C // 2", "-x.C", "x.shape", "x.C / 3", "int(x.C * 1.5)", "N",
    "N + 1", "H // 2", "x.C if x.H > 1 else 2", "i in range(3)", "i in range(100000)", "[a, b] in [[1, 2], [3, 4]]",
    "int", "int?", "int = 3", "list = [1]", "op = ReLU", "size", "str = a", "../vgg.yaml", "/etc/passwd", "/dev/zero",
    "blocks/conv.yaml", "blocks", ".", "resnet", "resnet.yaml", "*.yaml", "\n",
)
REPEATS = (0, 0, 1, 1, 2, 2, 3, 3, 4, -1, 100, 10**4, 10**9, "range(3)", "i in range(3)", "i in []", "3.0", True, None)
DEPTHS = (1, 2, 3, 10, 30, 70)


class Spot(NamedTuple):
    """A place in a tree: a collection, and the index of one of its parts."""

    inside: Map | list[Data]
    index: int

    @property
    def value(self) -> Data:
        part = self._parts[self.index]
        return part[1] if isinstance(self.inside, Map) else part  # type: ignore[return-value, index]

    @property
    def _parts(self) -> list[Data] | list[tuple[Data, Data]]:
        return self.inside.pairs if isinstance(self.inside, Map) else self.inside

    @property
    def key(self) -> Data:
        return self.inside.pairs[self.index][0] if isinstance(self.inside, Map) else None

    def put(self, value: Data) -> None:
        if isinstance(self.inside, Map):
            self.inside.pairs[self.index] = self.key, value
        else:
            self.inside[self.index] = value

    def rename(self, key: Data) -> None:
        if isinstance(self.inside, Map):
            self.inside.pairs[self.index] = key, self.value

    def insert(self, index: int, other: Spot) -> None:
        """What stands at another place here too, with that place's key where there is one."""
        if isinstance(self.inside, Map):
            self.inside.pairs.insert(index, (other.key if other.key is not None else "added", copied(other.value)))
        else:
            self.inside.insert(index, copied(other.value))


class Tree:
    """A tree that is being changed, and the base that it came from."""

    def __init__(self, base: Base, root: Map, source: Source) -> None:
        self.base, self.root, self.source = base, root, source

    def spot(self) -> Spot | None:
        """Some place; None in an empty tree."""
        found = list(_spots(self.root))
        return self.source.choice(found) if found else None

    def named(self, *keys: str) -> Spot | None:
        """Some value of one of these keys."""
        found = [spot for spot in _spots(self.root) if spot.key in keys]
        return self.source.choice(found) if found else None

    def mutate(self) -> None:
        """Break one thing."""
        spot = self.spot()
        if spot is not None:
            self.source.choice(WAYS)(self, spot)


def tree_of(base: Base, source: Source) -> Tree | None:
    """The tree of a base; None where its text is no mapping."""
    root = parsed(text_of(base))
    return None if root is None else Tree(base, copied(root), source)  # type: ignore[arg-type]


def _spots(data: Data) -> Iterator[Spot]:
    if isinstance(data, (Map, list)):
        for index in range(len(data.pairs if isinstance(data, Map) else data)):
            spot = Spot(data, index)
            yield spot
            yield from _spots(spot.value)


@cache
def _known_values() -> dict[str, list[Data]]:
    """What specs say under each key."""
    found: dict[str, list[Data]] = {}
    for contents in files().values():
        for text in contents.values():
            for spot in _spots(parsed(text)):
                if isinstance(spot.key, str):
                    found.setdefault(spot.key, []).append(spot.value)
    return found


# --- ways


def _delete(tree: Tree, spot: Spot) -> None:
    del spot._parts[spot.index]


def _duplicate(tree: Tree, spot: Spot) -> None:
    for _ in range(tree.source.choice((1, 1, 1, 2, 30))):
        spot.insert(spot.index, spot)


def _swap(tree: Tree, spot: Spot) -> None:
    parts = spot._parts
    other = tree.source.integer(0, len(parts) - 1)
    parts[spot.index], parts[other] = parts[other], parts[spot.index]  # type: ignore[call-overload]


def _exchange(tree: Tree, spot: Spot) -> None:
    """Values of two siblings, whose keys stay."""
    other = Spot(spot.inside, tree.source.integer(0, len(spot._parts) - 1))
    mine, theirs = spot.value, other.value
    spot.put(theirs)
    other.put(mine)


def _retype(tree: Tree, spot: Spot) -> None:
    value = spot.value
    text = value if isinstance(value, str) else "a"
    scalars: tuple[Data, ...] = (None, True, False, 1, -3, 2.5, text, str(value)[:40])
    spot.put(tree.source.choice((*scalars, [], [value], [1, 2], Map(), Map([("op", value)]))))


def _number(tree: Tree, spot: Spot) -> None:
    numbers = [each for each in _spots(tree.root) if isinstance(each.value, (int, float))]
    if numbers:
        spot = tree.source.choice(numbers)
    value = spot.value
    if isinstance(value, int) and not tree.source.chance(3):
        spot.put(tree.source.choice((value + 1, value - 1, 2 * value, value // 2, -value, value * 1000, 1, 2, 3)))
    else:
        spot.put(Raw(tree.source.choice(NUMBERS)))


def _string(tree: Tree, spot: Spot) -> None:
    spot.put(tree.source.choice(tree.source.choice((STRINGS, WORDS))))


def _rename(tree: Tree, spot: Spot) -> None:
    keys = [each.key for each in _spots(tree.root) if each.key is not None]
    named = [each for each in _spots(tree.root) if isinstance(each.key, str) and each.key]
    if named:
        spot = tree.source.choice(named)
        key = str(spot.key)
        ways = (misspelt(key, tree.source), tree.source.choice(keys), _word(tree), _word(tree))
        spot.rename(tree.source.choice(ways))


def _word(tree: Tree) -> Data:
    return tree.source.choice(tree.source.choice((WORDS, WORDS, STRINGS, (1, None, True, 2.5, Raw("[a]"), Raw("? a")))))


def _misspell(tree: Tree, spot: Spot) -> None:
    texts = [each for each in _spots(tree.root) if isinstance(each.value, str) and each.value]
    if texts:
        spot = tree.source.choice(texts)
        spot.put(misspelt(str(spot.value), tree.source))


def _name(tree: Tree, spot: Spot) -> None:
    """One name of the file in the place of another: ops, blocks, layers, expressions."""
    texts = [each for each in _spots(tree.root) if isinstance(each.value, str)]
    names = [each.key for each in _spots(tree.root) if isinstance(each.key, str)] + [each.value for each in texts]
    if texts and names:
        tree.source.choice(texts).put(tree.source.choice(names))


def _nest(tree: Tree, spot: Spot) -> None:
    value = spot.value
    for _ in range(tree.source.choice(DEPTHS) if tree.source.chance(3) else 1):
        value = tree.source.choice(([value], Map([("layers", [value])]), Map([("a", value)]), Map([("layers", value)])))
    spot.put(value)


def _unnest(tree: Tree, spot: Spot) -> None:
    value = spot.value
    inner = list(_spots(value))
    if inner:
        spot.put(tree.source.choice(inner).value)


def _move(tree: Tree, spot: Spot) -> None:
    """A part of the tree somewhere else too: a block within itself, a layer as an argument."""
    other = tree.spot()
    if other is not None:
        if tree.source.chance(2):
            spot.put(copied(other.value))
        else:
            spot.insert(spot.index, other)


def _graft(tree: Tree, spot: Spot) -> None:
    """A part of another spec."""
    root = parsed(text_of(drawn(tree.source)))
    found = list(_spots(root))
    if found:
        spot.insert(spot.index, tree.source.choice(found))


def _known(tree: Tree, spot: Spot) -> None:
    """A key that specs have, with a value that it has somewhere."""
    known = _known_values()
    key = tree.source.choice(tree.source.choice((_KEYS, tuple(known))))
    maps = [each.value for each in _spots(tree.root) if isinstance(each.value, Map)]
    if maps and key in known:
        tree.source.choice(maps).pairs.append((key, copied(tree.source.choice(known[key]))))


_KEYS = (
    *("if", "from", "repeat", "share", "let", "splice", "layers", "op", "args", "inputs", "call", "training", "dtype"),
    *("assert", "init", "allow", "import", "extends", "until", "only", "remove", "replace", "insert_after", "outputs"),
    *("axes", "defaults", "spec"),
)


def _other_value(tree: Tree, spot: Spot) -> None:
    """Another value of the same key."""
    keyed = [each for each in _spots(tree.root) if isinstance(each.key, str) and each.key in _known_values()]
    if keyed:
        spot = tree.source.choice(keyed)
        spot.put(copied(tree.source.choice(_known_values()[str(spot.key)])))


def _anchor(tree: Tree, spot: Spot) -> None:
    other = tree.spot()
    anchors = ("&a 1", "*a", "&a {b: *a}", "&a [*a, *a]", "{<<: *a}")
    spot.put(Raw(tree.source.choice((*anchors, "!!python/object:os.system 1", "!!binary aGk=", "!x 1"))))
    if other is not None and tree.source.chance(2):
        other.put(Raw("*a"))


def _repeat(tree: Tree, spot: Spot) -> None:
    _say(tree, spot, "repeat", REPEATS)


def _toggle(tree: Tree, spot: Spot) -> None:
    """A condition on a layer or an output, or another one."""
    texts = ("x.C > 3", "x.H != x.W", "prev.C == 3", "N > 1", "i == 0", "training")
    _say(tree, spot, "if", (True, False, 0, None, *texts))


def _say(tree: Tree, spot: Spot, word: str, ways: Sequence[Data]) -> None:
    """A word of the language with one of these values: in the place of one that is there, or where it was not."""
    found = tree.named(word)
    if found is not None and not tree.source.chance(3):
        found.put(tree.source.choice(ways))
    elif isinstance(spot.value, Map):
        spot.value.pairs.append((word, tree.source.choice(ways)))
    elif isinstance(spot.value, str):
        spot.put(Map([("op", spot.value), (word, tree.source.choice(ways))]))


def _from(tree: Tree, spot: Spot) -> None:
    """What a layer reads, or shares: any key of the tree, the input, the previous, several."""
    keys = [each.key for each in _spots(tree.root) if isinstance(each.key, str)] or ["x"]
    one, two = tree.source.choice(keys), tree.source.choice(keys)
    single: tuple[Data, ...] = (one, two, "prev", "x", f"{one}.{two}", f"{one}.0", f"{one}.*")
    ways: tuple[Data, ...] = (*single, [one, two], ["prev", one], [one], [])
    key = tree.source.choice(("from", "from", "from", "share", "call"))
    found = tree.named(key)
    if found is not None and not tree.source.chance(3):
        found.put(tree.source.choice(ways))
    elif isinstance(spot.value, Map):
        spot.value.pairs.append((key, tree.source.choice(ways)))


def _itself(tree: Tree, spot: Spot) -> None:
    """The file in itself: imported, extended, or as a layer."""
    own = tree.base.mutated
    name = tree.source.choice((own, own.removesuffix(".yaml"), f"./{own}", tree.base.target, f"../{own}"))
    ways = (("import", [name]), ("extends", name), ("spec", name), ("import", name))
    key, value = tree.source.choice(ways)
    maps = [each.value for each in _spots(tree.root) if isinstance(each.value, Map)]
    into = tree.source.choice(maps) if maps and key == "spec" else tree.root
    into.pairs.append((key, value))


def _template(tree: Tree, spot: Spot) -> None:
    named = [each for each in _spots(tree.root) if isinstance(each.key, str)]
    if named:
        spot = tree.source.choice(named)
        ways = ("{i}", "{prev.C}", "{1/0}", "{", "}", "{}", "{x}", "{'a'}", "{i", "{{i}}", "{9 ** 99}", "{[1]}")
        spot.rename(f"{spot.key}{tree.source.choice(ways)}")


def _recursion(tree: Tree, spot: Spot) -> None:
    """A block as a layer of any block, its own too."""
    sections = [value for key, value in tree.root.pairs if key == "blocks" and isinstance(value, Map)]
    blocks = [pair for section in sections for pair in section.pairs]
    ops = [each for each in _spots(tree.root) if each.key == "op" or isinstance(each.value, str)]
    if blocks and ops:
        tree.source.choice(ops).put(tree.source.choice(blocks)[0])


WAYS: tuple[Callable[[Tree, Spot], None], ...] = (
    *(_delete, _number, _number, _name, _other_value, _from) * 2,
    *(_duplicate, _swap, _exchange, _retype, _string, _rename, _misspell, _nest, _unnest, _move, _graft, _known),
    *(_anchor, _repeat, _toggle, _itself, _template, _recursion),
)
