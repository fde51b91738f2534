"""A watch goes along with an elaboration, and keeps what passes at some paths: for `explain`.

It costs nothing where there is none; so nothing that it does may be needed to elaborate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from archspec.derivation import Call, Derivation, Passage
from archspec.elaborate.derive import Bound, Deriver, Index, Let, as_now, expression, of_slot
from archspec.elaborate.inference import inferred_argument
from archspec.elaborate.names import BlockRef, FileScope, Frame, OpRef, Stand
from archspec.elaborate.slots import slots
from archspec.graph import Graph, Node, Value
from archspec.source import Span
from archspec.syntax import tree

if TYPE_CHECKING:
    from archspec.elaborate.evaluate import Env
    from archspec.elaborate.state import Edit, State
    from archspec.ops.base import Op
    from archspec.syntax.document import ArgDecl
    from archspec.syntax.layers import Arguments, LayerDecl, Loop


class Watch:
    """What is found at `paths`, in one elaboration."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = frozenset(paths)
        self.passages: dict[str, Passage] = {}
        self.inputs: dict[str, tuple[Derivation, ...]] = {}  # the sizes of the model's
        self._deriver = Deriver()
        self._stands: list[Stand] = []  # outermost first

    # --- what makes the names of frames ---------------------------------------------------------------

    def bound(
        self,
        frame: Frame,
        owner: str,
        declared: Mapping[str, ArgDecl],
        given: Arguments,
        caller: Env | None,
        home: Env,
        homes: Mapping[str, Env] | None = None,
    ) -> None:
        """A frame holds the arguments of a block, a spec or a file."""
        there = as_now(caller) if caller is not None else None
        self._deriver.made[frame] = Bound(owner, declared, given, there, home, homes or {})

    def let(self, frame: Frame, section: tree.Mapping, env: Env) -> None:
        """A frame holds the names of a `let`."""
        self._deriver.made[frame] = Let(section, as_now(env))

    def loop(self, loop: Loop, env: Env) -> Callable[[Frame], None]:
        """A loop begins: the result is to be told of the frame of each repetition."""
        index = Index(loop, as_now(env))

        def note(frame: Frame) -> None:
            self._deriver.made[frame] = index

        return note

    # --- what passes ----------------------------------------------------------------------------------

    def opened(self, stand: Stand, state: State) -> None:
        """The layers of a network, or of a spec that stands as a layer, are about to pass."""
        self._stands.append(stand)
        self._deriver.given = state.given

    def input(self, value: Value, written: Sequence[tree.Scalar], env: Env) -> None:
        """An input of the model passes, of which each size is written."""
        sizes = enumerate(zip(value.type.axes, value.type.shape, written, strict=True))
        self.inputs[value.name] = tuple(
            self._deriver.derived(label or str(axis), size, "written", item, env, expression)
            for axis, (label, size, item) in sizes
        )

    def layer(
        self, path: str, layer: LayerDecl, target: OpRef | BlockRef | None, env: Env, state: State, absent: bool = False
    ) -> None:
        """A layer passes; or once more at its path what it calls, where that is bound to an op of its own."""
        passage = self.passages.get(path)
        if passage is None:
            passage = self.passages[path] = Passage(path, layer.span, tuple(self._indices(env)), absent=absent)
            if layer.condition is not None:
                value = state.evaluator.condition(layer.condition, env)
                passage.condition = self._deriver.derived("if", value, "written", layer.condition, env, expression)
            if layer.kind == "share" and layer.word is not None:
                passage.shares = layer.word.text
        if passage.condition is not None and not passage.condition.value:
            return  # whatever else is written there need not have a value
        if layer.kind == "op" and layer.word is not None and env.file.op_named(layer.word.text) is None:
            passage.op = self._deriver.derived("op", target, "written", layer.word, env, expression)
        if isinstance(target, OpRef):
            passage.arguments = tuple(self._written(layer.arguments, target.op, env, state))
            passage.defaults = tuple(self._defaults(target.op, state))

    def called(self, path: str, name: str, kind: Literal["block", "spec"], place: Span, env: Env) -> None:
        """A block or spec is entered, with its arguments in the frame of `env`: those of a spec in the frames of all
        files that it extends, too."""
        if path not in self.passages:
            return
        arguments: list[Derivation] = []
        frame: Frame | None = env.frame
        while frame is not None and isinstance(made := self._deriver.made.get(frame), Bound):
            found = [self._deriver.named(each, env) for each in made.declared]
            arguments = [*(each for each in found if each is not None), *arguments]
            frame = frame.parent if kind == "spec" else None
        self.passages[path].calls.append(Call(name, kind, place, tuple(arguments)))

    def edited(self, path: str, original: Span, edit: Edit) -> None:
        """`extends` has removed a layer, or put another one in its place."""
        if path in self.passages:
            self.passages[path].edit = edit.span
            self.passages[path].original = original

    def _indices(self, env: Env) -> Iterator[Derivation]:
        """The indices of the repetitions around a layer, as far as its block or file goes; outermost first."""
        found: list[Derivation] = []
        frame: Frame | None = env.frame
        while frame is not None and not isinstance(made := self._deriver.made.get(frame), Bound):
            if isinstance(made, Index):
                found += [each for name in frame.names if (each := self._deriver.named(name, env)) is not None]
            frame = frame.parent
        return reversed(found)

    def _written(self, arguments: Arguments, op: type[Op], env: Env, state: State) -> Iterator[Derivation]:
        known = slots(op)
        for name, (_, node) in arguments.items():
            value = state.evaluator.slot(node, known[name], env)
            yield self._deriver.derived(name, value, "written", node, env, of_slot(known[name]))

    def _defaults(self, op: type[Op], state: State) -> Iterator[Derivation]:
        """What the spec's `defaults` give to an op, by the place that counts."""
        for name, value in state.defaults.get(op.__name__, {}).items():
            place = state.default_spans[op.__name__, name]
            file = next(file for stand in self._stands for file in stand.files if file.spec.file is place.file)
            section = file.spec.defaults and file.spec.defaults.get(op.__name__)
            assert isinstance(section, tree.Mapping)
            [node] = [node for key, node in section if key.text == name]
            about = f"`defaults` of {file.spec.name}"
            reading = of_slot(slots(op)[name])
            yield self._deriver.derived(name, value, "defaults", node, _of(file), reading, about)

    # --- what comes of it -----------------------------------------------------------------------------

    def complete(self, graph: Graph, overrides: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Passage]:
        """What was found, by path: with all arguments of each op, also those that are not written, and with what
        `init` says of its tensors. `overrides`: arguments that a module has otherwise than its spec, by path."""
        for node in graph.nodes:
            if not node.shared and (passage := self.passages.get(node.path)) is not None:
                self._complete(passage, node, overrides.get(node.path, {}))
                passage.init = tuple(self._init(node, graph))
        return self.passages

    def _complete(self, passage: Passage, node: Node, changed: Mapping[str, Any]) -> None:
        """All arguments of a layer's op, in torch's order."""
        op = node.op
        written = {each.name: each for each in (*passage.defaults, *passage.arguments)}
        found = []
        for name in type(op).model_fields:
            value = getattr(op, name)
            if name in changed:
                found.append(Derivation(name, value, "changed", "changed in the module"))
            elif name in written:
                found.append(written[name])
            else:
                default = Derivation(name, value, "op", f"default of {type(op).__name__}")
                found.append(inferred_argument(node, name, self._deriver.given) or default)
        passage.arguments = tuple(found)

    def _init(self, node: Node, graph: Graph) -> Iterator[Derivation]:
        """The initialisers that the specs around a layer set."""
        op = type(node.op).__name__
        wanted = {**graph.init.get(op, {}), **graph.init.get(node.path, {})}
        for tensor in node.parameters():
            if tensor in wanted:
                yield self._initialiser(tensor, wanted[tensor], node.path, op)

    def _initialiser(self, tensor: str, value: Any, path: str, op: str) -> Derivation:
        for stand in self._stands:
            for key in (stand.own(path), op):
                for file in reversed(stand.files):
                    section = file.spec.init.get(key) if file.spec.init else None
                    if isinstance(section, tree.Mapping) and (node := section.get(tensor)) is not None:
                        about = f"`init` of {file.spec.name}"
                        return self._deriver.derived(tensor, value, "written", node, _of(file), expression, about)
        return Derivation(tensor, value, "written", "`init`")


def _of(file: FileScope) -> Env:
    from archspec.elaborate.evaluate import Env

    return Env(file.frame, file)
