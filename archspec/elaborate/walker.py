"""The walk: layers, in order, expanded and typed in one go, because `if: x.C != out` needs types
while expanding.

Every kind of layer ends as an `Apply`: a function from input entries and a site to an entry. `share`
calls that function again at another place, with the owner of the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from archspec.diagnostics import Help, Label, Use
from archspec.elaborate.effort import STEPS_PER_ROUND
from archspec.elaborate.evaluate import Env
from archspec.elaborate.files import Files, bind, let_frame
from archspec.elaborate.instantiate import make_node, make_op
from archspec.elaborate.names import BlockRef, Failed, Frame, OpRef
from archspec.elaborate.naming import is_free, layer_name
from archspec.elaborate.promises import check_promises
from archspec.elaborate.reading import one_source, source_of, sources_of, unread
from archspec.elaborate.repetition import repetitions
from archspec.elaborate.sharing import unlike
from archspec.elaborate.state import MAX_BLOCK_DEPTH, MAX_SCOPE_DEPTH, Absent, Context, Edit, State
from archspec.elaborate.template import Key, Mark, Record, Template, key_of, record, sealed
from archspec.elaborate.values import FAILED, Apply, Entry, Instantiation, Place, Site, ValueScope
from archspec.graph import Kind, Node, Scope
from archspec.ops.base import Op
from archspec.syntax import arithmetic
from archspec.syntax.expressions import ExpressionError
from archspec.syntax.layers import LayerDecl, Layers
from archspec.syntax.tree import Scalar

if TYPE_CHECKING:
    from archspec.elaborate.watch import Watch


@dataclass(slots=True, eq=False)
class Walker:
    """Elaborates layers into a graph's scopes and nodes."""

    state: State
    files: Files

    @property
    def watch(self) -> Watch | None:
        """Who wants to know what passes."""
        return self.state.evaluator.watch

    def _note(self, path: str, layer: LayerDecl, env: Env, *, absent: bool = False) -> None:
        """Show a layer, or the op that a block is bound to, to who wants to know."""
        if self.watch is not None and path in self.watch.paths:
            target = self._target(layer.word, env) if layer.kind == "op" and not absent else None
            self.watch.layer(path, layer, target, env, self.state, absent)

    def walk(self, layers: Layers, context: Context) -> None:
        """Elaborate the layers of a scope (or of a splice in it) in order."""
        effort, values = self.state.evaluator.effort, context.values
        self.state.scopes.append(values)
        if layers.order:
            context.scope.order = layers.order
        for layer in layers.items:
            values.current = layer
            if not layer.loops and layer.let is None:
                effort.spend(STEPS_PER_ROUND, layer.span)
                self._one(layer, layers.named, context)
            else:
                self._repeated(layer, layers.named, context)
            if values.until in values.names:
                return

    def _repeated(self, layer: LayerDecl, named: bool, context: Context) -> None:
        """Elaborate each repetition of a layer, or the one that has names of its own."""
        if layer.loops and layer.has_plain_name and layer.kind != "splice":
            layer = self._numbered(layer)
        for frame in repetitions(layer, context, self.state):
            self.state.evaluator.effort.spend(STEPS_PER_ROUND, layer.span)
            self._one(layer, named, context if frame is context.frame else context.seen_in(frame))
            if context.values.until in context.values.names:
                return

    def _numbered(self, layer: LayerDecl) -> LayerDecl:
        """`name: {op, repeat, from}` is `name: {from, layers: [{op, repeat}]}`."""
        if layer not in self.state.known.numbered:
            inner = replace(layer, key=None, name=None, sources=None)
            children = Layers(False, [inner], layer.span)
            outer = LayerDecl("layers", layer.span, layer.key, layer.name, children=children, sources=layer.sources)
            self.state.known.numbered[layer] = outer
        return self.state.known.numbered[layer]

    # --- one layer ----------------------------------------------------------------------------------

    def _one(self, layer: LayerDecl, named: bool, context: Context) -> None:
        """Elaborate one repetition of one layer, and make it the previous one."""
        try:
            name = self.state.known.names.get(layer) or layer_name(layer, context, self.state) if named else None
        except Failed:
            context.values.uncertain = True
            name = None
        if context.values.only and (name != context.values.until or layer.kind == "splice"):
            return
        if name is not None and not is_free(name, layer, context, self.state):
            return
        present, apply = self._what(layer, context)
        if not present and not self._is_edited(layer, name, context):
            self._absent(layer, name, context)
            return
        if layer.let is not None and present:
            context.frame.force()
        if layer.kind == "splice":
            self._splice(layer, name, context)
            return
        if name is None:
            name = str(context.values.numbers)
            context.values.numbers += 1
            if not is_free(name, layer, context, self.state):
                return
        place = context.place if context.values.only else context.place.child(name)
        if place.path.count(".") >= MAX_SCOPE_DEPTH:
            self._report_too_deep(layer, name, context)
            return
        edits = self.state.edits.get(place.owner)
        if edits is None:
            self._present(layer, name, place, apply, context, context)
        else:
            self._edited(layer, name, place, apply, edits, context, present)

    def _is_edited(self, layer: LayerDecl, name: str | None, context: Context) -> bool:
        """Whether `extends` names a layer that is absent: what stands in its place may be there."""
        named = name is not None and layer.kind != "splice"
        return named and context.place.child(name or "").owner in self.state.edits

    def _edited(
        self,
        layer: LayerDecl,
        name: str,
        place: Place,
        apply: Apply | None,
        edits: list[Edit],
        context: Context,
        present: bool,
    ) -> None:
        """A layer whose path `extends` names: the last word on it counts."""
        last = next((edit for edit in reversed(edits) if edit.insert is None), None)
        if last is None and present:
            self._present(layer, name, place, apply, context, context)
        elif last is None or last.replacement is None:
            self._absent(layer, name, context)
        else:
            self._replace(layer, name, place, last.replacement, _in_file(context, last), context)
        if last is not None and self.watch is not None:
            self.watch.edited(place.path, layer.span, last)
        self.state.met.add(place.owner)
        for edit in edits:
            if edit.insert is not None:
                self.walk(edit.insert, _in_file(context, edit))

    def _report_too_deep(self, layer: LayerDecl, name: str, context: Context) -> None:
        """Report a layer that stands too deep in scopes; what reads it stays silent."""
        message = f"layers are nested deeper than {MAX_SCOPE_DEPTH} here"
        self.state.diagnostics.add("A314", message, layer.span)
        context.values.define(name, FAILED)
        context.values.prev, context.values.last = FAILED, name

    def _replace(
        self, layer: LayerDecl, name: str, place: Place, other: LayerDecl, there: Context, context: Context
    ) -> None:
        """Another layer in a layer's place, seen from its own file: it reads what the layer read, unless it says
        otherwise."""
        reading = context if other.sources is None else there
        if other.sources is None:
            other = replace(other, sources=layer.sources)
        [frame] = repetitions(other, there, self.state)  # one, with its `let`
        there = there.seen_in(frame)
        present, apply = self._what(other, there)
        if not present:
            self._absent(other, name, reading)
            return
        if other.let is not None:
            frame.force()
        self._present(other, name, place, apply, there, reading)

    def _what(self, layer: LayerDecl, context: Context) -> tuple[bool, Apply | None]:
        """Whether the layer is there, and how it is applied (None: it failed, or is a splice)."""
        if layer.broken:
            return True, None
        try:
            if layer.condition is not None and not self.state.evaluator.condition(layer.condition, context):
                return False, None
            if layer.kind == "op":
                apply = self._call_applier(layer, context)
                return apply is not None, apply
            if layer.kind == "layers":
                return True, self._scope_applier(layer, context)
            if layer.kind == "share":
                return True, self._share_applier(layer, context)
            if layer.kind == "spec":
                from archspec.elaborate.nesting import spec_applier

                return True, spec_applier(self, layer, context)
        except Failed:
            pass
        return True, None

    def _target(self, word: Scalar | None, env: Env) -> OpRef | BlockRef | None:
        """The op or block that a text gives; None: an absent layer."""
        if word is None or word.value is None:
            return None
        if (known := self.state.known.targets.get(word)) is not None:
            return known
        text = word.text
        if env.frame.find(text) is None:
            found = env.file.op_named(text)
            if found is not None:
                self.state.known.targets[word] = found
                return found
            if env.file.incomplete:
                raise Failed
            if text.isidentifier() and text != "null":
                helps = env.file.near_ops(text) or [Help("docs/ops.md lists the ops")]
                self.state.diagnostics.add("A302", f"there is no op or block `{text}`", word.inner, helps=helps)
                raise Failed
            if (help := env.file.as_in_python(text)) is not None:
                message = "an op goes by its bare name, and its arguments are keys"
                self.state.diagnostics.add("A302", message, word.inner, helps=[help])
                raise Failed
        value = self.state.evaluator.value(word, env)
        if value is None or isinstance(value, (OpRef, BlockRef)):
            return value
        self.state.diagnostics.add(
            "A302", f"an op or a block is wanted, and this is {arithmetic.describe(value)}", word.inner
        )
        raise Failed

    def _present(
        self, layer: LayerDecl, name: str, place: Place, apply: Apply | None, context: Context, reading: Context
    ) -> None:
        """`reading`: where the names of its `from` are understood."""
        values = context.values
        self.state.count(layer.span)
        if self.state.evaluator.watch is not None:
            self._note(place.path, layer, context)
        sources, written = sources_of(layer, reading, self.state)
        site = Site(place, context.scope, layer.span, written, context.within, context.frame, layer.arguments)
        entry = apply(sources, site) if apply is not None else FAILED
        if entry.apply is None and entry.step is not None:
            entry.apply, entry.span = apply, layer.span
        values.define(name, entry)
        if not (isinstance(entry.step, Node) and entry.step.op.inputs == (0, 0)):
            values.prev, values.last = entry, name

    def _absent(self, layer: LayerDecl, name: str | None, context: Context) -> None:
        """An alias of what the layer reads first. A `Parameter` reads nothing: where it is absent, its name is."""
        values = context.values
        if name is not None:
            self._note(context.place.child(name).path, layer, context, absent=True)
        op = _op_by_name(layer, context)
        if op is not None and op.inputs == (0, 0) and layer.sources is None:
            if name is not None:
                values.gone.add(name)
            return
        entry = source_of(layer.sources[0], context, self.state)[0] if layer.sources else values.prev
        any_number = entry.any_number or (op is not None and op.can_be_multiple())
        alias = replace(entry, absent=layer.span, any_number=any_number)
        self.state.absent.append(Absent(name or "", layer.span, tuple(unread(layer, context))))
        if name is not None:
            values.define(name, alias, shown=False)
            if entry.values and not entry.several:
                self.state.aliases[context.place.child(name).path] = entry.values[0]
        values.prev, values.last = alias, name or values.last

    # --- kinds of layers ----------------------------------------------------------------------------

    def _splice(self, layer: LayerDecl, name: str | None, context: Context) -> None:
        """The children join the surrounding scope; the layer's own name is a label for `from`."""
        sources, written = sources_of(layer, context, self.state)
        site = Site(context.place, context.scope, layer.span, written, context.within, context.frame)
        context.values.prev = one_source(layer, sources, site, self.state)
        if layer.children is not None:
            self.walk(layer.children, context)
        if name is not None:
            context.values.names[name], context.values.last = replace(context.values.prev, apply=None), name

    def _call_applier(self, layer: LayerDecl, env: Env) -> Apply | None:
        """How the op or block that a layer calls is applied to its arguments; None: it is absent. Raises Failed for
        arguments that are wrong."""
        target = self._target(layer.word, env)
        if target is None:
            return None
        if isinstance(target, BlockRef):
            if target.block.broken:
                raise Failed
            frame = bind(target, layer, env, self.state.evaluator)
            if not self.state.shallow:
                self.state.used_blocks.add(target.block)
            return partial(self.apply_block, target, frame)
        op = make_op(self.state, target.op, layer, env)
        if op.inputs == (0, 0) and layer.sources is None:
            return lambda sources, site: make_node(self.state, op, layer, [], site)
        return partial(make_node, self.state, op, layer)

    def apply_block(self, ref: BlockRef, frame: Frame, sources: list[Entry], site: Site) -> Entry:
        """A block with its arguments in `frame`, on its inputs."""
        if not self._enter(ref, sources, site):
            return FAILED
        if ref.block.layers is None:
            return self._apply_bound(ref, frame, sources, site)
        key = key_of(ref, frame, sources, site, self.state)
        if key is None:
            return self._apply_layers(ref, ref.block.layers, frame, sources, site)
        return self._apply_again(key, ref, ref.block.layers, frame, sources, site)

    def _apply_again(
        self, key: Key, ref: BlockRef, layers: Layers, frame: Frame, sources: list[Entry], site: Site
    ) -> Entry:
        """Layers that a use before this one, with an equal key, may have given already."""
        blocks = self.state.known.blocks
        known = blocks.get(key)
        if isinstance(known, Record):
            known = blocks[key] = Template(known, self.state)
        entry = known.stamp(frame, sources, site, self.state) if known is not None else None
        if entry is not None:
            return entry
        before = Mark.of(self.state)
        entry = self._apply_layers(ref, layers, frame, sealed(sources), site)
        if known is None and (made := record(ref.block, site, entry, before, self.state)) is not None:
            blocks[key] = made
        return entry

    def _apply_bound(self, ref: BlockRef, frame: Frame, sources: list[Entry], site: Site) -> Entry:
        """A bound op: the op itself at the caller's place, its arguments read in the block's frame."""
        block = ref.block
        assert block.bound is not None
        values = ValueScope(None, site.scope, sources[0], dict(zip(block.inputs, sources, strict=True)))
        within = self._inside(ref, frame, site)
        with self.state.diagnostics.inside(within):
            env = Env(self._block_frame(ref, frame, values), ref.file, values)
            self._note(site.place.path, block.bound, env)
            try:
                apply = self._call_applier(block.bound, env)
                inner = site._replace(within=within)
                return replace(sources[0], absent=block.bound.span) if apply is None else apply(sources, inner)
            except Failed:
                return FAILED

    def _apply_layers(self, ref: BlockRef, layers: Layers, frame: Frame, sources: list[Entry], site: Site) -> Entry:
        block = ref.block
        names = dict(zip(block.inputs, sources, strict=True))
        scope = self.new_scope(site, "block", sources, block.inputs, block.name)
        values = ValueScope(None, scope, sources[0], names, layers)
        within = self._inside(ref, frame, site)
        first = len(self.state.nodes)
        with self.state.diagnostics.inside(within):
            inner = Context(self._block_frame(ref, frame, values), ref.file, values, scope, site.place, within)
            self.walk(layers, inner)
            entry = self.leave(scope, values, site)
            if block.asserts and entry.values is not None:
                check_promises(block.asserts, inner, self.state, self.state.nodes[first:])
        return entry

    def _enter(self, ref: BlockRef, sources: list[Entry], site: Site) -> bool:
        """Whether a block may be entered: with as many values as it reads, and not too deep."""
        block = ref.block
        if len(sources) != len(block.inputs):
            if any(entry.values is None for entry in sources):
                return False
            wanted = ", ".join(block.inputs)
            several = "s" if len(block.inputs) > 1 else ""
            message = f"{block.name} reads {len(block.inputs)} value{several} ({wanted}), and gets {len(sources)}"
            labels = [Label(block.key.span, "declared here")]
            surplus = len(block.inputs) if len(sources) > len(block.inputs) else 0
            self.state.diagnostics.add("A504", message, site.source_span(surplus), labels=labels)
            return False
        if self.state.shallow and site.within:
            return False
        if len(site.within) >= MAX_BLOCK_DEPTH:
            helps = ["recursion ends by an `if` on an argument"]
            message = f"blocks are nested deeper than {MAX_BLOCK_DEPTH} here"
            self.state.diagnostics.add("A314", message, site.span, helps=helps)
            return False
        return True

    def _block_frame(self, ref: BlockRef, frame: Frame, values: ValueScope) -> Frame:
        if ref.block.let is None:
            return frame
        inner = let_frame(ref.block.let, frame, ref.file, values, self.state.evaluator)
        inner.force()
        return inner

    def _inside(self, ref: BlockRef, frame: Frame, site: Site) -> tuple[Use, ...]:
        body = ref.block.body
        self.state.uses.append(body)
        if self.watch is not None:
            self.watch.called(site.place.path, ref.name, "block", ref.block.key.span, Env(frame, ref.file))
        return (*site.within, Instantiation(body, ref.name, site.place.path, site.span, frame, site))

    def _scope_applier(self, layer: LayerDecl, context: Context) -> Apply:
        assert layer.children is not None
        children = layer.children

        def apply(sources: list[Entry], site: Site) -> Entry:
            source = one_source(layer, sources, site, self.state)
            scope = self.new_scope(site, "mapping" if children.named else "list", [source])
            values = ValueScope(context.values, scope, source, layers=children)
            self.walk(children, Context(context.frame, context.file, values, scope, site.place, site.within))
            return self.leave(scope, values, site)

        return apply

    def new_scope(
        self, site: Site, kind: Kind, sources: list[Entry], names: tuple[str, ...] = ("x",), label: str = ""
    ) -> Scope:
        """A scope as the next step of the site's scope."""
        inputs = tuple(entry.values[0] for entry in sources if entry.values)
        self.state.count(site.span)
        scope = Scope(site.place.path, kind, site.place.owner, site.scope, inputs, names, label, site.span)
        site.scope.steps.append(scope)
        return scope

    def leave(self, scope: Scope, values: ValueScope, site: Site) -> Entry:
        """The entry of a finished scope: its last value."""
        values.finished = True
        entry = Entry(None, values, scope, owner=site.place.owner)
        try:
            scope.output = values.prev.single(scope.path)
            entry.values = (scope.output,)
        except Failed:
            pass
        except ExpressionError as error:
            span = values.current.span if values.current else site.span
            message = f"the last layer of a scope gives one value: {error.message}"
            self.state.diagnostics.add(error.code, message, span)
        return entry

    def _share_applier(self, layer: LayerDecl, context: Context) -> Apply:
        assert layer.word is not None
        word = layer.word
        entry, *more = source_of(word, context, self.state)
        if entry.values is None:
            raise Failed
        if more or entry.apply is None or entry.step is None or entry.absent is not None:
            self.state.diagnostics.add("A308", f"`{word.text}` is no layer that can be applied again", word.inner)
            raise Failed
        first, again = entry.step, entry.apply
        labels = [Label(entry.span, "first applied here")] if entry.span else []

        def apply(sources: list[Entry], site: Site) -> Entry:
            said = len(self.state.diagnostics)
            result = again(sources, site._replace(place=Place(site.place.path, entry.owner)))
            if result.step is None or len(self.state.diagnostics) > said:  # it failed, or a layer inside of it did
                return result
            result.apply, result.span = again, layer.span  # shared once more, it is the first that is applied
            if result.values and (problem := unlike(first, result.step)):
                message = f"`{word.text}` cannot be applied here: {problem}"
                self.state.diagnostics.add("A506", message, layer.span, labels=labels)
                return FAILED
            return result

        return apply


def _in_file(context: Context, edit: Edit) -> Context:
    """The same place, seen from the file that edits it."""
    return context.seen_in(edit.file.frame, edit.file)


def _op_by_name(layer: LayerDecl, env: Env) -> type[Op] | None:
    """The op that a layer or a bound op calls by its name; None for a block, or where it takes an expression."""
    word, file = layer.word if layer.kind == "op" else None, env.file
    for _ in range(MAX_BLOCK_DEPTH):
        found = file.op_named(word.text) if word is not None else None
        if isinstance(found, OpRef):
            return found.op
        if found is None or found.block.bound is None:
            return None
        word, file = found.block.bound.word, found.file
    return None
