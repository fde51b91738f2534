"""The walk: layers, in order, expanded and typed in one go, because `if: x.C != out` needs types
while expanding.

Every kind of layer ends as an `Apply`: a function from input entries and a site to an entry. `share`
calls that function again at another place, with the owner of the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from archspec.diagnostics import Label, near
from archspec.elaborate.evaluate import Env
from archspec.elaborate.files import Files, bind, let_frame
from archspec.elaborate.instantiate import Arguments, make_node, make_op
from archspec.elaborate.names import BlockRef, Failed, Frame, OpRef
from archspec.elaborate.naming import is_free, layer_name
from archspec.elaborate.promises import check_promises
from archspec.elaborate.repetition import repetitions
from archspec.elaborate.sharing import weights_differ
from archspec.elaborate.state import MAX_BLOCK_DEPTH, Absent, Context, Edit, State
from archspec.elaborate.values import FAILED, Apply, Entry, Place, Site, ValueScope, Within
from archspec.graph import Kind, Node, Scope
from archspec.syntax import arithmetic
from archspec.syntax.document import Spec
from archspec.syntax.expressions import ExpressionError
from archspec.syntax.layers import LayerDecl, Layers
from archspec.syntax.tree import Scalar


@dataclass(slots=True, eq=False)
class Walker:
    """Elaborates layers into a graph's scopes and nodes."""

    state: State
    files: Files

    def walk(self, layers: Layers, context: Context) -> None:
        """Elaborate the layers of a scope (or of a splice in it) in order."""
        for layer in layers.items:
            context.values.current = layer
            if layer.loops and layer.has_plain_name and layer.kind != "splice":
                layer = _numbered_under_name(layer)
            for frame in repetitions(layer, context, self.state):
                self.state.count(layer.span)
                self._one(layer, layers.named, replace(context, frame=frame) if frame is not context.frame else context)
                if context.values.until in context.values.names:
                    return

    # --- one layer ----------------------------------------------------------------------------------

    def _one(self, layer: LayerDecl, named: bool, context: Context) -> None:
        """Elaborate one repetition of one layer, and make it the previous one."""
        env = context.env
        try:
            name = layer_name(layer, env, self.state) if named else None
        except Failed:
            context.values.uncertain = True
            name = None
        if name is not None and not is_free(name, layer, context, self.state):
            return
        present, apply = self._what(layer, context, env)
        if not present:
            self._absent(layer, name, context)
            return
        if layer.kind == "splice":
            self._splice(layer, name, context)
            return
        if name is None:
            name = str(context.values.numbers)
            context.values.numbers += 1
        place = context.place.child(name)
        edits = self.state.edits.get(place.path, [])
        self.state.met.update(place.path for _ in edits)
        for edit in edits:
            if edit.remove:
                present = False
            elif edit.replacement is not None:
                layer, there = _replaced(layer, edit.replacement), _in_file(context, edit)
                present, apply = self._what(layer, there, there.env)
        if present:
            self._present(layer, name, place, apply, context)
        else:
            self._absent(layer, name, context, shown=True)
        for edit in edits:
            if edit.insert is not None:
                self.walk(edit.insert, _in_file(context, edit))

    def _what(self, layer: LayerDecl, context: Context, env: Env) -> tuple[bool, Apply | None]:
        """Whether the layer is there, and how it is applied (None: it failed, or is a splice)."""
        evaluator = self.state.evaluator
        try:
            if layer.condition is not None and not evaluator.condition(layer.condition, env):
                return False, None
            if layer.kind == "op":
                target = self._target(layer.word, env)
                if target is None:
                    return False, None
                return True, self._applier(target, layer.arguments, layer, env)
            if layer.kind == "layers":
                return True, self._scope_applier(layer, context)
            if layer.kind == "share":
                return True, self._share_applier(layer, context)
            if layer.kind == "spec":
                return True, self._spec_applier(layer, env)
        except Failed:
            pass
        return True, None

    def _target(self, word: Scalar | None, env: Env) -> OpRef | BlockRef | None:
        """The op or block that a text gives; None: an absent layer."""
        if word is None or word.value is None:
            return None
        text = word.text
        if env.frame.find(text) is None:
            found = env.file.op_named(text)
            if found is not None:
                return found
            if text.isidentifier() and text != "null":
                helps = env.file.near_ops(text) or ["`archspec schema` lists the ops"]
                self.state.diagnostics.add("A302", f"there is no op or block `{text}`", word.inner, helps=helps)
                raise Failed
        value = self.state.evaluator.value(word, env)
        if value is None or isinstance(value, (OpRef, BlockRef)):
            return value
        self.state.diagnostics.add(
            "A302", f"an op or a block is wanted, and this is {arithmetic.describe(value)}", word.inner
        )
        raise Failed

    def _present(self, layer: LayerDecl, name: str, place: Place, apply: Apply | None, context: Context) -> None:
        sources = self._sources(layer, context)
        site = Site(place, context.scope, layer.span, tuple(layer.sources or ()), context.within)
        entry = apply(sources, site) if apply is not None else FAILED
        if entry.apply is None and entry.step is not None:
            entry.apply = apply
        self._register(name, entry, context)
        if not (isinstance(entry.step, Node) and entry.step.op.inputs == (0, 0)):
            context.values.prev, context.values.last = entry, name

    def _register(self, name: str, entry: Entry, context: Context) -> None:
        """Make a child readable by its name; `convs.0` also as child 0 of the container `convs`."""
        values = context.values
        values.names[name] = values.shown[name] = entry
        container, _, last = name.rpartition(".")
        if container:
            holder = values.names.get(container)
            if holder is None or holder.children is None:
                inner = ValueScope(None, context.scope, FAILED, finished=True)
                holder = values.names[container] = Entry(entry.values, inner)
            assert holder.children is not None
            holder.values = entry.values
            holder.children.names[last] = holder.children.shown[last] = entry

    def _absent(self, layer: LayerDecl, name: str | None, context: Context, shown: bool = False) -> None:
        """An alias of what the layer reads first."""
        values = context.values
        entry = self._source(layer.sources[0], context)[0] if layer.sources else values.prev
        alias = replace(entry, absent=layer.span, any_number=self._is_multiple(layer, context.env))
        self.state.absent.append(Absent(name or "", layer.span, tuple(layer.sources or ())[1:], values))
        if name is not None:
            values.names[name] = alias
            if shown:
                values.shown[name] = alias
            if entry.values and len(entry.values) == 1:
                self.state.aliases[context.place.child(name).path] = entry.values[0]
        values.prev, values.last = alias, name or values.last

    def _is_multiple(self, layer: LayerDecl, env: Env) -> bool:
        found = env.file.op_named(layer.word.text) if layer.kind == "op" and layer.word is not None else None
        return isinstance(found, OpRef) and found.op.multiple

    # --- what a layer reads -------------------------------------------------------------------------

    def _sources(self, layer: LayerDecl, context: Context) -> list[Entry]:
        if layer.sources is None:
            return [context.values.prev]
        return [entry for scalar in layer.sources for entry in self._source(scalar, context)]

    def _source(self, scalar: Scalar, context: Context) -> list[Entry]:
        """The entries that one item of `from` stands for; FAILED where it stands for none."""
        try:
            text = self.state.evaluator.text(scalar, context.env)
            return context.values.resolve(tuple(text.split(".")))
        except Failed:
            return [FAILED]
        except ExpressionError as error:
            self.state.diagnostics.add(error.code, error.message, scalar.inner, helps=error.helps)
            return [FAILED]

    def _one_source(self, layer: LayerDecl, sources: list[Entry], site: Site) -> Entry:
        """The one entry that a scope reads."""
        if len(sources) == 1:
            return sources[0]
        message = f"`{layer.kind}` reads one value, and gets {len(sources)}"
        helps = ["a block with `inputs: [a, b]` reads several"]
        self.state.diagnostics.add("A504", message, site.source_span(1), helps=helps)
        return FAILED

    # --- kinds of layers ----------------------------------------------------------------------------

    def _splice(self, layer: LayerDecl, name: str | None, context: Context) -> None:
        """The children join the surrounding scope; the layer's own name is a label for `from`."""
        site = Site(context.place, context.scope, layer.span, tuple(layer.sources or ()), context.within)
        context.values.prev = self._one_source(layer, self._sources(layer, context), site)
        if layer.children is not None:
            self.walk(layer.children, context)
        if name is not None:
            context.values.names[name], context.values.last = replace(context.values.prev, apply=None), name

    def _applier(self, target: OpRef | BlockRef, arguments: Arguments, layer: LayerDecl, env: Env) -> Apply:
        """How an op or block with these arguments is applied. Raises Failed for arguments that are wrong."""
        if isinstance(target, OpRef):
            op = make_op(self.state, target.op, arguments, layer.span, env)
            if op.inputs == (0, 0) and layer.sources is None:
                return lambda sources, site: make_node(self.state, op, arguments, [], site)
            return lambda sources, site: make_node(self.state, op, arguments, sources, site)
        self.state.used_blocks.add(target.block)
        frame = bind(target, arguments, layer, env, self.state.evaluator)
        return lambda sources, site: self.apply_block(target, frame, sources, site)

    def apply_block(self, ref: BlockRef, frame: Frame, sources: list[Entry], site: Site) -> Entry:
        """A block with its arguments in `frame`, on its inputs."""
        if not self._enter(ref, sources, site):
            return FAILED
        if ref.block.layers is None:
            return self._apply_bound(ref, frame, sources, site)
        return self._apply_layers(ref, ref.block.layers, frame, sources, site)

    def _apply_bound(self, ref: BlockRef, frame: Frame, sources: list[Entry], site: Site) -> Entry:
        """A bound op: the op itself at the caller's place, its arguments read in the block's frame."""
        block = ref.block
        assert block.bound is not None
        values = ValueScope(None, site.scope, sources[0], dict(zip(block.inputs, sources, strict=True)))
        env = Env(self._block_frame(ref, frame, values), ref.file, values)
        inner = site._replace(within=self._inside(ref, site))
        try:
            target = self._target(block.bound.word, env)
            if target is None:
                return replace(sources[0], absent=block.bound.span)
            return self._applier(target, block.bound.arguments, block.bound, env)(sources, inner)
        except Failed:
            return FAILED

    def _apply_layers(self, ref: BlockRef, layers: Layers, frame: Frame, sources: list[Entry], site: Site) -> Entry:
        block = ref.block
        names = dict(zip(block.inputs, sources, strict=True))
        scope = self._new_scope(site, "block", sources, block.inputs, block.name)
        values = ValueScope(None, scope, sources[0], names, layers)
        inner = Context(
            self._block_frame(ref, frame, values), ref.file, values, scope, site.place, self._inside(ref, site)
        )
        first = len(self.state.nodes)
        self.walk(layers, inner)
        entry = self._leave(scope, values, site)
        if entry.values is not None:
            check_promises(block.asserts, inner.env, self.state, self.state.nodes[first:])
        return entry

    def _enter(self, ref: BlockRef, sources: list[Entry], site: Site) -> bool:
        """Whether a block may be entered: with as many values as it reads, and not too deep."""
        block = ref.block
        if len(sources) != len(block.inputs):
            wanted = ", ".join(block.inputs)
            message = f"{block.name} reads {len(block.inputs)} values ({wanted}), and gets {len(sources)}"
            labels = [Label(block.key.span, "declared here")]
            self.state.diagnostics.add(
                "A504", message, site.source_span(0) if site.sources else site.span, labels=labels
            )
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

    def _inside(self, ref: BlockRef, site: Site) -> Within:
        return (*site.within, (f"{site.place.path} ({ref.name})", site.span))

    def _scope_applier(self, layer: LayerDecl, context: Context) -> Apply:
        assert layer.children is not None
        children = layer.children

        def apply(sources: list[Entry], site: Site) -> Entry:
            source = self._one_source(layer, sources, site)
            scope = self._new_scope(site, "mapping" if children.named else "list", [source])
            values = ValueScope(context.values, scope, source, layers=children)
            self.walk(children, Context(context.frame, context.file, values, scope, site.place, site.within))
            return self._leave(scope, values, site)

        return apply

    def _new_scope(
        self, site: Site, kind: Kind, sources: list[Entry], names: tuple[str, ...] = ("x",), label: str = ""
    ) -> Scope:
        """A scope as the next step of the site's scope."""
        inputs = tuple(entry.values[0] for entry in sources if entry.values)
        self.state.count(site.span)
        scope = Scope(site.place.path, kind, site.place.owner, site.scope, inputs, names, label)
        site.scope.steps.append(scope)
        return scope

    def _leave(self, scope: Scope, values: ValueScope, site: Site) -> Entry:
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
            self.state.diagnostics.add(error.code, message, span, labels=site.labels())
        return entry

    def _share_applier(self, layer: LayerDecl, context: Context) -> Apply:
        assert layer.word is not None
        word = layer.word
        [entry] = self._source(word, context)
        if entry.values is None:
            raise Failed
        if entry.apply is None or entry.step is None or entry.absent is not None:
            self.state.diagnostics.add("A308", f"`{word.text}` is no layer that can be applied again", word.inner)
            raise Failed
        first, again = entry.step, entry.apply
        place = first.origin.span if isinstance(first, Node) else word.inner

        def apply(sources: list[Entry], site: Site) -> Entry:
            result = again(sources, site._replace(place=Place(site.place.path, entry.owner)))
            if result.step is not None and (difference := weights_differ(first, result.step)):
                message = f"`{word.text}` cannot be applied here: {difference}"
                self.state.diagnostics.add("A506", message, layer.span, labels=[Label(place, "first applied here")])
            return result

        return apply

    def _spec_applier(self, layer: LayerDecl, env: Env) -> Apply:
        """Another spec's layers as a scope: its inputs are bound to what the layer reads."""
        assert layer.word is not None
        file = self.files.open_layer(layer.word, layer.arguments, env)
        spec = file.spec
        if spec.layers is None:
            self.state.diagnostics.add("A308", f"`{layer.word.text}` has no layers of its own", layer.word.inner)
            raise Failed
        layers, until = spec.layers, layer.until

        def apply(sources: list[Entry], site: Site) -> Entry:
            names = tuple(spec.inputs)
            if not self._binds(spec, sources, site):
                return FAILED
            scope = self._new_scope(site, "spec", sources, names, spec.name)
            values = ValueScope(None, scope, sources[0], dict(zip(names, sources, strict=True)), layers)
            values.until = until.text if until else None
            within = (*site.within, (f"{site.place.path} ({spec.name})", site.span))
            with self.files.inside(file, self.state):
                self.walk(layers, Context(file.frame, file, values, scope, site.place, within))
            if until is not None and until.text not in values.names and not values.uncertain:
                helps = near(until.text, values.names)
                self.state.diagnostics.add(
                    "A315", f"`{spec.name}` has no layer `{until.text}`", until.inner, helps=helps
                )
                return FAILED
            return self._leave(scope, values, site)

        return apply

    def _binds(self, spec: Spec, sources: list[Entry], site: Site) -> bool:
        if len(sources) == len(spec.inputs):
            return True
        message = f"`{spec.name}` has {len(spec.inputs)} inputs, and gets {len(sources)} values"
        self.state.diagnostics.add("A504", message, site.source_span(0) if site.sources else site.span)
        return False


def _numbered_under_name(layer: LayerDecl) -> LayerDecl:
    """`name: {op, repeat, from}` is `name: {from, layers: [{op, repeat}]}`."""
    inner = replace(layer, key=None, name=None, sources=None)
    children = Layers(False, [inner], layer.span)
    return LayerDecl("layers", layer.span, layer.key, layer.name, children=children, sources=layer.sources)


def _replaced(layer: LayerDecl, replacement: LayerDecl) -> LayerDecl:
    """The replacement in the layer's place: it reads what the layer read, unless it says otherwise."""
    sources = replacement.sources if replacement.sources is not None else layer.sources
    return replace(replacement, name=layer.name, sources=sources)


def _in_file(context: Context, edit: Edit) -> Context:
    """The same place, seen from the file that edits it."""
    return replace(context, frame=edit.file.frame, file=edit.file)
