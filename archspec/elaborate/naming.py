"""Names of layers: which are legal, and which are free."""

from __future__ import annotations

import keyword
import re
from functools import lru_cache

from archspec import ops
from archspec.elaborate.evaluate import Env
from archspec.elaborate.names import Failed
from archspec.elaborate.reserved import MODULE_NAMES, SEQUENCE_NAMES
from archspec.elaborate.state import Context, State
from archspec.syntax.layers import LayerDecl

_LAYER_NAME = re.compile(r"\w[\w-]*(\.\w[\w-]*)*", re.ASCII)
_LONGEST_NAME = 200


def layer_name(layer: LayerDecl, env: Env, state: State) -> str:
    """A layer's name with its `{expr}` filled in. Raises Failed for one that cannot name a layer."""
    if (known := state.known.names.get(layer)) is not None:
        return known
    assert layer.key is not None
    name = state.evaluator.text(layer.key, env)
    problem = _problem(name, layer, env)
    if problem is None:
        if layer.has_plain_name:
            state.known.names[layer] = name
        return name
    message, helps = problem
    state.diagnostics.add("A205", message, layer.key.span, helps=helps)
    raise Failed


def _problem(name: str, layer: LayerDecl, env: Env) -> tuple[str, list[str]] | None:
    """What is wrong with a name, and the way out; None: nothing."""
    if name in env.file.blocks or ops.find(name) is not None:
        return f"`{name}` is an op or block, and cannot name a layer", []
    in_list = env.values is not None and env.values.scope.kind == "list"
    return _misnomer(name, layer.kind == "splice", in_list)


@lru_cache(maxsize=4096)
def _misnomer(name: str, is_label: bool, in_list: bool) -> tuple[str, list[str]] | None:
    """What is wrong with a name by itself. A label is that of a splice: no module gets it."""
    if len(name) > _LONGEST_NAME:
        return f"the name of a layer has {len(name):,} characters, and {_LONGEST_NAME} are the limit", []
    if not _LAYER_NAME.fullmatch(name):
        helps = ["a name has letters, digits, _ and -; a dot puts the layer into a container"]
        return f"`{name}` cannot name a layer", helps
    if name == "prev":
        return "`prev` is the previous layer, and cannot name one", []
    if is_label:
        return None
    *containers, last = name.split(".")
    if any(map(keyword.iskeyword, (*containers, last))):  # torch.fx and torch.export write it as an attribute
        return f"`{name}` is a word of Python, and cannot name a module", [f"`{name}_` is free, say"]
    if any(part.startswith("__") for part in (*containers, last)):
        return f"`{name}` begins with `__`, which Python keeps for its own", []
    for part in (*containers, last):
        if part in MODULE_NAMES:
            return f"torch's modules have a `{part}` of their own", [f"`{part}_` is free, say"]
    if (containers or in_list) and last in SEQUENCE_NAMES:
        return f"torch's lists of modules have a `{last}` of their own", [f"`{last}_` is free, say"]
    return None


def is_free(name: str, layer: LayerDecl, context: Context, state: State) -> bool:
    """Whether no other layer or input of the scope has this name; reported if one has."""
    relabels = layer.kind == "splice" and layer.loops and layer.has_plain_name
    taken = context.values.taken(name)
    if taken is None or relabels:
        return True
    helps = ["put the index into the name: `{i}`"] if layer.loops and layer.key else []
    message = f"`{taken}` is a layer or input of this scope already"
    state.diagnostics.add("A311", message, layer.span, helps=helps)
    return False
