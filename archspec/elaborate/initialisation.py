"""`init`: how weights start, by op or by layer path, in the words of `torch.nn.init`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias

from pydantic import TypeAdapter, ValidationError

from archspec import ops
from archspec.diagnostics import near
from archspec.elaborate.evaluate import Env
from archspec.elaborate.names import Failed, FileScope
from archspec.elaborate.slots import slots
from archspec.elaborate.state import State
from archspec.graph import Node
from archspec.ops.initialization import Initializer
from archspec.ops.tensor import Parameter
from archspec.syntax.tree import Mapping, Scalar
from archspec.syntax.tree import Node as TreeNode

Inits: TypeAlias = dict[str, dict[str, Any]]


def read_init(files: Sequence[FileScope], state: State) -> Inits:
    """Op name or layer path -> tensor -> initialiser, as `build` takes it. What a spec that stands as a layer says
    of its layers holds unless the specs around it say otherwise."""
    complete = not state.diagnostics.has_errors  # else a layer may be missing because of another mistake
    found = _of_chain(files, "", state.nodes, state, complete)
    for inner, scope in state.nested:  # those further out come first
        nodes = [node for node in scope.nodes() if not node.shared]
        own = _of_chain(inner, f"{scope.path}.", nodes, state, complete=False)
        for node in nodes:
            op, path = type(node.op).__name__, node.path.removeprefix(f"{scope.path}.")
            wanted = {**own.get(op, {}), **own.get(path, {}), **found.get(op, {}), **found.get(node.path, {})}
            owned = {name: wanted[name] for name in node.parameters() if name in wanted}
            if owned:
                found[node.path] = owned
    return found


def _of_chain(files: Sequence[FileScope], place: str, nodes: Sequence[Node], state: State, complete: bool) -> Inits:
    """What the files of an `extends` chain say of `nodes`; `complete`: these are all, so that an unknown one is a
    mistake."""
    found: Inits = {}
    if not any(file.spec.init for file in files):
        return found
    paths = {node.path: node for node in nodes}
    for file in files:
        for key, section in file.spec.init or ():
            owners = _owners(key, place, paths, state, complete)
            if owners is None:
                continue
            if not isinstance(section, Mapping):
                message = f"the initialisation of `{key.text}` has to be a mapping of its tensors"
                state.diagnostics.add("A203", message, section.span, helps=["write `{weight: zeros}`"])
                continue
            for name, node in section:
                if owners and not any(name.text in owner.parameters() for owner in owners):
                    tensors = {tensor for owner in owners for tensor in owner.parameters()}
                    helps = near(name.text, tensors) or [f"it owns {', '.join(sorted(tensors)) or 'no tensors'}"]
                    state.diagnostics.add("A315", f"`{key.text}` owns no tensor `{name.text}`", name.span, helps=helps)
                    continue
                try:
                    found.setdefault(key.text, {})[name.text] = _initialiser(node, file, state)
                except Failed:
                    continue
    return found


def _owners(
    key: Scalar, place: str, paths: dict[str, Node], state: State, complete: bool
) -> Sequence[Node] | None:
    """The layers that a key of `init` means, none for an op that the network lacks; None: an absent
    layer, or a mistake that is reported."""
    path = place + key.text
    if path in paths:
        return [paths[path]]
    if ops.find(key.text) is not None:
        return [node for node in paths.values() if type(node.op).__name__ == key.text]
    if any(path == absent or path.startswith(f"{absent}.") for absent in state.aliases):
        return None
    if complete:
        helps = near(key.text, [*paths, *ops.names()])
        state.diagnostics.add("A315", f"there is no op or layer `{key.text}`", key.span, helps=helps)
    return None


@cache
def _initializer() -> TypeAdapter[Any]:
    return TypeAdapter(Initializer)


def _initialiser(node: TreeNode, file: FileScope, state: State) -> Any:
    """A number, a name, or {name: {argument: value}}. Raises Failed."""
    value = state.evaluator.slot(node, slots(Parameter)["init"], Env(file.frame, file))
    try:
        _initializer().validate_python(value)
    except ValidationError as error:
        rule = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        state.diagnostics.add("A305", f"an initialiser {rule}", node.span)
        raise Failed from None
    return value
