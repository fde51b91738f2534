"""A recipe's tree -> its model: what pydantic refuses becomes diagnostics at the key or value that is wrong, in words
that come from the model's JSON Schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from archspec.diagnostics import Diagnostics, Help, in_words, near
from archspec.recipes import wording
from archspec.recipes.recipe import VERSION, Recipe
from archspec.recipes.written import Loc
from archspec.syntax.tree import Mapping, Node, Scalar, Sequence, kind

# What other programs call some keys.
_USUAL = {"learning_rate": "lr", "wd": "weight_decay", "dataset": "data", "network": "model", "scheduler": "schedule"}
_NUMBER = re.compile(r"\d+(\.\d*)?([eE][-+]?\d+)?", re.ASCII)


def fitted(root: Mapping, diagnostics: Diagnostics) -> tuple[Recipe, frozenset[Loc]] | None:
    """The recipe that a tree holds, and the keys that were wrong; None where too little of it can be read. A misspelt
    key is told, and becomes in the tree what it was meant to be; a wrong value is told, and taken out: the rest goes on
    to be checked."""
    gone = set(_broken(root, ()))
    while True:
        try:
            return Recipe.model_validate(plain(root)), frozenset(gone)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
        refused = [(item["type"], *_along(root, item["loc"])) for item in found]
        others = [each for each in refused if each[0] != "missing" or isinstance(each[2][-1], Sequence)]
        version = [each for each in others if each[1] == ("recipe",)]
        for refusal, place, nodes in version or others:
            _mend(refusal, place, nodes, gone, diagnostics)
        if version:  # a recipe of another version may mean anything
            return None
        if not others:  # or a key of another name may have been meant
            supplied = [_supplied(item["loc"], root, gone, diagnostics) for item in found]
            if not all(supplied):
                return None


def plain(node: Node) -> Any:
    """A tree as plain values."""
    if isinstance(node, Mapping):
        return {key: plain(value) for key, (_, value) in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.value


def _broken(node: Node, place: Loc) -> Iterator[Loc]:
    """The places of what has no value, which is told."""
    if isinstance(node, Scalar):
        if node.broken:
            yield place
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _broken(item, (*place, index))
    else:
        for key, (_, value) in node.entries.items():
            yield from _broken(value, (*place, key))


def _mend(refusal: str, place: Loc, nodes: list[Node], gone: set[Loc], diagnostics: Diagnostics) -> None:
    """Tell of a key or a value that pydantic refuses, and make the tree one that it does not refuse for that."""
    if place not in gone:  # else it is told
        if refusal == "extra_forbidden":
            _unknown(place, nodes[-2], diagnostics)
            return
        _wrong(place, nodes[-1], diagnostics)
    while not isinstance(nodes[len(place) - 1], Mapping):  # an item of a list goes with the list
        place = place[:-1]
    around = nodes[len(place) - 1]
    assert isinstance(around, Mapping)
    around.entries.pop(str(place[-1]), None)  # two of its items may be wrong
    gone.add(place)


def _along(root: Mapping, loc: Loc) -> tuple[Loc, list[Node]]:
    """The keys that lead to a place, and the nodes from the root on, as far as they are written: pydantic names the
    tags of unions too, and the key that a value alone stands for."""
    place: Loc = ()
    nodes: list[Node] = [root]
    for part in loc:
        node = nodes[-1]
        if isinstance(node, Mapping) and part in node.entries:
            nodes.append(node.entries[str(part)][1])
        elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
            nodes.append(node.items[part])
        else:
            continue
        place = (*place, part)
    return place, nodes


def _supplied(loc: Loc, root: Mapping, gone: set[Loc], diagnostics: Diagnostics) -> bool:
    """Tell of a missing key, and put something in its place, so that the rest can be read. Whether that can be."""
    place, nodes = _along(root, loc)
    key, around = str(loc[-1]), nodes[-1]
    assert isinstance(around, Mapping)
    start = around.span.slice(0, 1)
    if (*place, key) not in gone:
        line = Help("write `recipe: 1`, the version of its language", f"recipe: {VERSION}\n", around.span.slice(0, 0))
        message = f"{_called(place)} needs `{key}`"
        diagnostics.add("A202", message, start, helps=[line] if key == "recipe" else [])
        gone.add((*place, key))
    meanwhile: dict[str, Node] = {
        "recipe": Scalar(VERSION, str(VERSION), start, start),
        "data": Mapping({}, start),
        "epochs": Scalar(1, "1", start, start),
    }
    if key in meanwhile:
        around.entries[key] = Scalar(key, key, start, start), meanwhile[key]
    return key in meanwhile


def _unknown(place: Loc, around: Node, diagnostics: Diagnostics) -> None:
    """Tell of a key that there is none of; what it was meant to be, where that is plain, it is from now on."""
    assert isinstance(around, Mapping)
    name = str(place[-1])
    key, value = around.entries.pop(name)
    keys = wording.keys_of(wording.at(place[:-1]))
    usual = _USUAL.get(name, name)
    elsewhere = [f"`{usual}` is a key of `{part}`" for part in wording.parts_with(usual)] if len(place) == 1 else []
    if usual in keys:
        helps: list[Help | str] = [Help(f"that is `{usual}`", usual)]
    else:
        helps = [*(elsewhere or near(name, keys, f"{_called(place[:-1])} has {', '.join(keys)}"))]
    meant = helps[0].replacement if isinstance(helps[0], Help) else None
    taken = meant in around.entries
    message = f"{_called(place[:-1])} has no key `{name}`"
    diagnostics.add("A201", message, key.span, helps=in_words(helps) if taken else helps)
    if meant is not None and not taken:
        around.entries[meant] = key, value


def _wrong(place: Loc, node: Node, diagnostics: Diagnostics) -> None:
    schema = wording.at(place)
    if place == ("recipe",):
        if isinstance(node, Scalar) and type(node.value) is int:
            message = f"this archspec knows version {VERSION} of recipes, and this one asks for {node.text}"
            diagnostics.add("A204", message, node.span)
        else:
            message = f"`recipe` has to be the version of its language, a number, and is {kind(node)}"
            diagnostics.add("A203", message, node.span, helps=[Help(f"write `{VERSION}`", str(VERSION))])
        return
    what = _called(place) if isinstance(place[-1], str) else f"item {place[-1] + 1} of {_called(place[:-1])}"
    message = f"{what} has to be {wording.wanted(schema)}, and is {_told(node)}"
    diagnostics.add("A203", message, node.span, helps=_ways(place, node, schema))


def _told(node: Node) -> str:
    if isinstance(node, Sequence):
        return "an empty list" if not node.items else f"a list of {len(node.items)}"
    return "empty text" if isinstance(node, Scalar) and node.value == "" else kind(node)


def _ways(place: Loc, node: Node, schema: wording.Schema) -> list[Help]:
    """How a value becomes what was wanted, where that is plain."""
    if not isinstance(node, Scalar) or node.value is None or "\n" in node.span.text:
        return []
    if place == ("data",) and "/" in node.text:
        return [Help(f"a folder of images is `{{image_folder: {node.text}}}`", f"{{image_folder: {node.text}}}")]
    if words := wording.words_of(schema):
        return near(node.text, words)
    if node.is_text and wording.is_number(schema) and _NUMBER.fullmatch(node.text):
        return [Help(f"write `{node.text}`", node.text)]
    if wording.is_list(schema):
        return [Help(f"write `[{node.span.text}]`", f"[{node.span.text}]")]
    return []


def _called(place: Loc) -> str:
    """What a place is called in a message."""
    if not place:
        return "a recipe"
    return f"`{place[-1]}`" if isinstance(place[-1], str) else f"stage {place[-1] + 1}"
