"""`init`: how weights start, by op or by layer path, in the words of `torch.nn.init`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, cached_property
from itertools import chain
from typing import Any, TypeAlias

from pydantic import TypeAdapter, ValidationError

from archspec import ops
from archspec.diagnostics import Label, near
from archspec.elaborate.evaluate import Env
from archspec.elaborate.names import Failed, FileScope, Stand
from archspec.elaborate.slots import slots
from archspec.elaborate.state import State
from archspec.graph import Node
from archspec.ops.base import Op, OwnedTensor
from archspec.ops.initialization import Initializer, Recipe, misfit
from archspec.ops.tensor import Parameter
from archspec.syntax.tree import Mapping, Scalar
from archspec.syntax.tree import Node as TreeNode

Inits: TypeAlias = dict[str, dict[str, Any]]


def read_init(files: Sequence[FileScope], state: State) -> Inits:
    """Op name or layer path -> tensor -> initialiser, as `build` takes it. What a spec that stands as a layer says
    of its layers holds unless the specs around it say otherwise."""
    complete = not state.diagnostics.has_errors  # else a layer may be missing because of another mistake
    found = _of_chain(Stand(files), state.nodes, state, complete)
    for stand, layers in state.nested:  # those further out come first
        nodes = [node for node in layers if not node.shared]
        own = _of_chain(stand, nodes, state, complete=False)
        for node in nodes:
            op, path = type(node.op).__name__, stand.own(node.path)
            wanted = {**own.get(op, {}), **own.get(path, {}), **found.get(op, {}), **found.get(node.path, {})}
            owned = {name: wanted[name] for name in node.parameters() if name in wanted}
            if owned:
                found[node.path] = owned
    return found


def _of_chain(stand: Stand, nodes: Sequence[Node], state: State, complete: bool) -> Inits:
    """What the files of an `extends` chain say of `nodes`; `complete`: these are all, so that an unknown one is a
    mistake."""
    found: Inits = {}
    if not any(file.spec.init for file in stand.files):
        return found
    layers = _Owned(stand, nodes, state)
    for file in stand.files:
        for key, section in file.spec.init or ():
            owners = layers.by(key, complete)
            if owners is None:
                continue
            if not isinstance(section, Mapping):
                message = f"the initialisation of `{key.text}` has to be a mapping of its tensors"
                state.diagnostics.add("A203", message, section.span, helps=["write `{weight: zeros}`"])
                continue
            owned_by = _owned(owners, state)
            tensors = {name for _, owned in owned_by for name in owned}
            for name, node in section:
                if owners and name.text not in tensors:
                    helps = near(name.text, tensors, f"it owns {', '.join(sorted(tensors)) or 'no tensors'}")
                    state.diagnostics.add("A315", f"`{key.text}` owns no tensor `{name.text}`", name.span, helps=helps)
                    continue
                try:
                    value, recipe = _initialiser(node, file, state)
                except Failed:
                    continue
                found.setdefault(key.text, {})[name.text] = value
                _check_fit(recipe, name.text, node, owned_by, state)
    return found


def _owned(owners: Sequence[Node], state: State) -> list[tuple[Node, dict[str, OwnedTensor]]]:
    """What layers own, and the first of each that own equal tensors."""
    unlike = {(id(owner.op), owner.input_types): owner for owner in reversed(owners)}
    known = state.memo.inferred
    return [
        (owner, known[key].owned if key in known else owner.parameters()) for key, owner in reversed(unlike.items())
    ]


class _Owned:
    """The layers whose weights `init` may set, by what its keys say."""

    def __init__(self, stand: Stand, nodes: Sequence[Node], state: State) -> None:
        self._stand, self._state = stand, state
        self._nodes = nodes
        self._ops: dict[type[Op], list[Node]] = {}
        for node in nodes:
            self._ops.setdefault(type(node.op), []).append(node)

    @cached_property
    def _paths(self) -> dict[str, Node]:
        return {node.path: node for node in self._nodes}

    def by(self, key: Scalar, complete: bool) -> Sequence[Node] | None:
        """The layers that a key means, none for an op that the network lacks; None: an absent layer, or a mistake
        that is reported."""
        if (op := ops.find(key.text)) is not None:  # no layer is called like an op
            return self._ops.get(op, [])
        path = self._stand.of(key.text) or ""
        if path in self._paths:
            return [self._paths[path]]
        ends = (match.start() for match in re.finditer(r"\.|$", path))
        if any(path[:end] in self._state.aliases for end in ends):
            return None
        if complete:
            helps = near(key.text, chain(self._paths, ops.names()))
            self._state.diagnostics.add("A315", f"there is no op or layer `{key.text}`", key.span, helps=helps)
        return None


@cache
def _initializer() -> TypeAdapter[Any]:
    return TypeAdapter(Initializer)


def _initialiser(node: TreeNode, file: FileScope, state: State) -> tuple[Any, Recipe]:
    """A number, a name, or {name: {argument: value}}, as it is written and in its normal form. Raises Failed."""
    value = state.evaluator.slot(node, slots(Parameter)["init"], Env(file.frame, file))
    try:
        return value, _initializer().validate_python(value)
    except ValidationError as error:
        rule = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        state.diagnostics.add("A305", f"an initialiser {rule}", node.span)
        raise Failed from None


def _check_fit(
    recipe: Recipe, name: str, node: TreeNode, owned_by: list[tuple[Node, dict[str, OwnedTensor]]], state: State
) -> None:
    """Report an initialiser that a tensor of this name cannot start with, of the first layer that owns such a one."""
    for owner, owned in owned_by:
        tensor = owned.get(name)
        reason = tensor and misfit(recipe, tensor.shape, tensor.dtype)
        if reason:
            message = f"`{name}` of `{owner.path}` cannot start with {recipe.name}, which {reason}"
            state.diagnostics.add("A502", message, node.span, labels=[Label(owner.origin.span, "the layer")])
            return
