"""What one elaboration carries along: diagnostics, the nodes so far, limits, and edits from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from archspec.diagnostics import Diagnostics, Use
from archspec.dims import Condition
from archspec.elaborate.effort import STEPS_PER_LAYER
from archspec.elaborate.evaluate import Env, Evaluator
from archspec.elaborate.memo import Inferred, Memo, memo
from archspec.elaborate.names import BlockRef, FileScope, Frame, OpRef, Stand
from archspec.elaborate.slots import Slot
from archspec.elaborate.values import Place, ValueScope
from archspec.graph import Node, Requirement, Scope, Value
from archspec.ops.base import Op
from archspec.source import Span
from archspec.syntax.document import BlockDecl
from archspec.syntax.layers import LayerDecl, Layers
from archspec.syntax.tree import Node as TreeNode
from archspec.syntax.tree import Scalar

if TYPE_CHECKING:
    from archspec.elaborate.template import Key, Record, Template

MAX_LAYERS = 100_000
_MOST_TRIED = 10_000  # of the layers in blocks that nothing uses
MAX_BLOCK_DEPTH = 64
MAX_SCOPE_DEPTH = 128  # parts of a path


class Absent(NamedTuple):
    """A layer that is not there, and what it would have read beside its first value."""

    name: str
    span: Span
    unread: tuple[Value, ...]


class Edit(NamedTuple):
    """What `extends` does to the layer at a path: put another in its place, or layers behind it; neither: remove it."""

    file: FileScope
    span: Span
    replacement: LayerDecl | None = None
    insert: Layers | None = None


@dataclass(slots=True, eq=False)
class Pattern:
    """An op's arguments as a layer writes them: values that are the same in each of its repetitions, arguments that
    are evaluated anew, and the ops that these have given."""

    fixed: dict[str, Any]
    varying: list[tuple[str, TreeNode, Slot]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    made: dict[Any, Op] = field(default_factory=dict)
    constant: Op | None = None  # where nothing varies


@dataclass(slots=True, eq=False)
class Known:
    """What is known of layers before a repetition is evaluated, as long as the same `defaults` hold."""

    names: dict[LayerDecl, str] = field(default_factory=dict)  # of those without an expression in their name
    targets: dict[Scalar, OpRef | BlockRef] = field(default_factory=dict)  # of those that name an op or block
    patterns: dict[tuple[LayerDecl, type[Op]], Pattern] = field(default_factory=dict)
    numbered: dict[LayerDecl, LayerDecl] = field(default_factory=dict)  # `name: {op, repeat}` as a scope of its own
    blocks: dict[Key, Record | Template] = field(default_factory=dict)  # what was given by blocks that can be stamped


@dataclass(slots=True, eq=False)
class State:
    """Shared by all parts of one elaboration."""

    diagnostics: Diagnostics
    evaluator: Evaluator
    max_layers: int = MAX_LAYERS
    nodes: list[Node] = field(default_factory=list)
    layer_count: int = 0
    scopes: list[ValueScope] = field(default_factory=list)  # all that are walked
    stamps: bool = True  # whether equal blocks are stamped
    shallow: bool = False  # whether repetitions go round once, and blocks are not entered
    aliases: dict[str, Value] = field(default_factory=dict)
    absent: list[Absent] = field(default_factory=list)
    used_blocks: set[BlockDecl] = field(default_factory=set)
    uses: list[Span] = field(default_factory=list)  # the bodies of blocks, for each use
    defaults: dict[str, dict[str, Any]] = field(default_factory=dict)
    default_spans: dict[tuple[str, str], Span] = field(default_factory=dict)  # by op and argument
    edits: dict[str, list[Edit]] = field(default_factory=dict)
    nested: list[tuple[Stand, list[Node]]] = field(default_factory=list)  # specs that stand as layers, and these
    met: set[str] = field(default_factory=set)  # paths of edits that met a layer
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # layer path -> changed arguments
    memo: Memo = field(default_factory=memo)
    ops: dict[Any, Op] = field(default_factory=dict)  # those that are not in the memo, because they are this network's
    known: Known = field(default_factory=lambda: Known())
    argument_spans: dict[int, dict[str, Span]] = field(default_factory=dict)  # by the identity of a layer's arguments
    inferred: dict[Any, Inferred] = field(default_factory=dict)  # likewise
    requirements: dict[Condition, Requirement] = field(default_factory=dict)  # of symbols, in the order they are met
    settled: list[Condition] = field(default_factory=list)  # what arguments of the next layer have made of symbols
    given: dict[str, list[Span]] = field(default_factory=dict)  # the sizes of the model's inputs, as they are written
    declared: dict[str, int] = field(default_factory=dict)  # sizes of the spec that are symbols in this run

    def require(self, conditions: Iterable[Condition], layer: str, span: Span) -> None:
        """Keep what a layer asks of symbols, unless another layer has asked for the same."""
        for condition in conditions:
            turned = Condition(condition.right, "==", condition.left)
            if condition.relation != "==" or turned not in self.requirements:
                self.requirements.setdefault(condition, Requirement(condition, layer, span))

    def note_edits(self, stand: Stand, *, cut: bool = False) -> None:
        """Keep what the files of an `extends` chain do to layers. Where these are `cut`, an edit may meet none."""
        if stand.only:  # at this path; what is done to the spec as a whole is done already
            self.edits.pop(stand.path, None)
        for file in stand.files:
            spec = file.spec
            found = [(path, Edit(file, layer.span, replacement=layer)) for path, layer in spec.replace.items()]
            found += [(path, Edit(file, key.span)) for path, key in spec.remove.items()]
            found += [(path, Edit(file, key.span, insert=layers)) for path, (key, layers) in spec.insert_after.items()]
            for path, edit in found:
                if (whole := stand.of(path)) is not None:
                    self.edits.setdefault(whole, []).append(edit)
                    if cut:
                        self.met.add(whole)

    def count(self, span: Span, layers: int = 1) -> None:
        """Count one more layer, or several. Raises TooLarge."""
        self.layer_count += layers
        self.evaluator.effort.allowed += layers * STEPS_PER_LAYER
        if self.layer_count > self.max_layers:
            message = f"the network has more than {self.max_layers:,} layers"
            self.evaluator.effort.refuse("A603", message, span, "`--max-layers` raises the limit")

    def try_out(self, *, shallow: bool) -> None:
        """From here on, layers are no part of the network, and there may be fewer. `shallow`: each is seen once, for
        what it says itself."""
        self.evaluator.effort.try_out()
        self.evaluator.watch = None
        self.max_layers = self.layer_count + (MAX_LAYERS if shallow else _MOST_TRIED)
        self.shallow = shallow


@dataclass(frozen=True, slots=True, eq=False)
class Context(Env):
    """Where layers are being elaborated: what their expressions see, and the scope that takes their steps."""

    values: ValueScope
    scope: Scope
    place: Place
    within: tuple[Use, ...] = ()

    def seen_in(self, frame: Frame, file: FileScope | None = None) -> Context:
        """The same place with other names."""
        return Context(frame, file or self.file, self.values, self.scope, self.place, self.within)
