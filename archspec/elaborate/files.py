"""Files as scopes of names: args and `let` as frames, blocks of their own and imported ones; and how
blocks and specs get their arguments.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from archspec import ops
from archspec.diagnostics import Diagnostics, Help, Label, in_words, near
from archspec.elaborate.evaluate import Env, Evaluator
from archspec.elaborate.names import BlockRef, Failed, FileScope, Frame, OpRef, Pending, fail
from archspec.elaborate.slots import slots
from archspec.elaborate.state import Known, State
from archspec.elaborate.values import ValueScope
from archspec.syntax.arithmetic import Value
from archspec.syntax.document import ArgDecl, Spec
from archspec.syntax.expressions import ExpressionError
from archspec.syntax.layers import Arguments, LayerDecl
from archspec.syntax.library import Library, published_as
from archspec.syntax.tree import Mapping as MappingNode
from archspec.syntax.tree import Node, Scalar, shortened

OpDefaults = dict[str, dict[str, Any]]


@dataclass(slots=True, eq=False)
class Files:
    """The files that take part in one elaboration."""

    library: Library
    evaluator: Evaluator
    _libraries: dict[Spec, FileScope] = field(default_factory=dict)
    _opening: list[Spec] = field(default_factory=list)

    @property
    def diagnostics(self) -> Diagnostics:
        return self.evaluator.diagnostics

    def named(self, reference: Scalar, what: str, text: str | None = None) -> Spec:
        """The spec or library that a scalar names, with its `{expr}` filled in as `text`. Raises Failed."""
        name = text or reference.text
        found = self.library.find(name)
        if found is None:
            self._report_not_found(reference, what, name)
            raise Failed
        spec = self.library.read(*found, blame=reference.inner)
        if spec is None:
            raise Failed
        return spec

    def _report_not_found(self, reference: Scalar, what: str, name: str) -> None:
        notes = ["the spec's own folder and the packaged specs were searched"]
        helps: list[Help] | list[str] = near(name, self.library.within_reach(name))
        if (published := published_as(name)) is not None:
            spec, args = published
            notes = [f"`{name}` is a model of the zoo: the spec `{spec}` with the args {args or '{}'}"]
            helps = [f"name the spec, `{spec}`, and give it these args"]
        elif reference.inner.text != name:  # then what is near is no replacement for what is underlined
            helps = in_words(helps)
        message = f"there is no {what} `{shortened(name)}`"
        self.diagnostics.add("A003", message, reference.inner, notes=notes, helps=helps)

    def chain(self, spec: Spec, blame: Scalar | None = None) -> list[Spec]:
        """A network's spec behind those that it extends, base first. Raises Failed. `blame`: who named it."""
        chain = [spec]
        while (reference := chain[0].extends) is not None:
            base = self.named(reference, "spec")
            if base in chain:
                self.diagnostics.add("A314", f"`{reference.text}` extends itself", reference.inner)
                raise Failed
            chain.insert(0, base)
            blame = reference
        if chain[0].is_library and blame is not None:
            self.diagnostics.add("A003", f"`{blame.text}` is a library, not a network", blame.inner)
            raise Failed
        return chain

    def open(self, chain: list[Spec], given: Arguments, caller: Env | None = None) -> list[FileScope]:
        """The files of a chain, base first, with the args of all of them set as given, by an extending file, or to
        their defaults; names that fail are marked so. `caller`: where what is given is read; None: it is plain."""
        files: list[FileScope] = []
        for spec in chain:
            base = files[-1] if files else None
            blocks = dict(base.blocks) if base else {}
            incomplete = base.incomplete if base else False
            frame = Frame(base.frame if base else None)
            file = FileScope(spec, frame, self.evaluator.effort, blocks, incomplete=incomplete)
            self._define_blocks(file)
            files.append(file)
        for i, file in enumerate(files):
            inherited = {name for each in chain[:i] for name in each.args}
            overriding = {
                name: (argument, over)
                for over in files[i + 1 :]
                for name, argument in over.spec.args.items()
                if argument.default is not None
            }
            declared, homes = {}, {}
            for name, argument in file.spec.args.items():
                if name in inherited:
                    continue
                declared[name] = argument
                if caller is None and name in given:
                    declared[name] = _with_default(argument, *given[name], True, file)
                elif name in overriding and name not in given:
                    other, over = overriding[name]
                    assert other.default is not None
                    declared[name] = _with_default(argument, other.key, other.default, other.literal, file)
                    homes[name] = Env(over.frame, over)
            arguments = given if caller else {}
            own = Env(file.frame, file)
            reader = _Caller(caller.frame, caller.file, caller.values, file) if caller else own
            for name, argument in declared.items():
                if argument.required and name not in given and not file.spec.is_library:
                    self._report_missing(argument)
                value = partial(_value, argument, arguments, reader, homes.get(name, own), self.evaluator)
                file.frame.names[name] = Pending(value)
            if self.evaluator.watch is not None:
                there = reader if caller else None
                self.evaluator.watch.bound(file.frame, file.spec.name, declared, given, there, own, homes)
            self._define_let(file)
        for file in files:  # worked out only now, because they may use each other, and those of other files
            for name in file.spec.args:
                if name in file.frame.names:
                    with suppress(Failed):
                        file.frame.get(name)
        return files

    def _report_missing(self, argument: ArgDecl) -> None:
        name, wanted = argument.key.text, argument.type
        helps = [f"pass `--set {name}=...`, or give a default: `{name}: {wanted} = ...`"]
        self.diagnostics.add("A304", f"the argument `{name}` has no value", argument.key.span, helps=helps)

    def _define_let(self, file: FileScope) -> None:
        for key, node in file.spec.let or ():
            file.frame.names[key.text] = Pending(partial(self._let, node, file))

    def _let(self, node: Node, file: FileScope) -> Value:
        return self.evaluator.value(node, Env(file.frame, file, file.values))

    def _define_blocks(self, file: FileScope) -> None:
        for name, block in file.spec.blocks.items():
            if ops.find(name) is not None:
                self.diagnostics.add("A311", f"`{name}` is an op already", block.key.span)
            file.blocks[name] = BlockRef(block, file)
        for reference in file.spec.imports:
            try:
                imported = self._import(self.named(reference, "file"))
            except Failed:
                file.incomplete = True
                continue
            file.incomplete |= imported.incomplete
            for name, ref in imported.blocks.items():
                if ref.file is not imported:
                    continue
                if name in file.blocks and file.blocks[name].block is not ref.block:
                    first = Label(file.blocks[name].block.key.span, "defined here")
                    self.diagnostics.add("A311", f"`{name}` is a block already", reference.inner, labels=[first])
                    continue
                file.blocks[name] = ref

    def _import(self, spec: Spec) -> FileScope:
        if spec not in self._libraries:
            # kept before it is filled, because files may import each other
            file = self._libraries[spec] = FileScope(spec, Frame(None), self.evaluator.effort)
            self._define_blocks(file)
            _set_arguments(spec.name, Env(file.frame, file), spec.args, {}, None, self.evaluator)
            self._define_let(file)
        return self._libraries[spec]

    def open_layer(self, reference: Scalar, arguments: Arguments, env: Env) -> list[FileScope]:
        """The spec that a layer stands for, with the layer's arguments, behind those that it extends.
        Raises Failed."""
        spec = self.named(reference, "spec", self.evaluator.text(reference, env))
        if spec in self._opening:
            self.diagnostics.add("A314", f"`{reference.text}` contains itself", reference.inner)
            raise Failed
        chain = self.chain(spec, reference)
        known = {name: argument for each in chain for name, argument in each.args.items()}
        _check_known(arguments, known, spec.name, self.diagnostics)
        return self.open(chain, arguments, env)

    @contextmanager
    def inside(self, files: list[FileScope], state: State) -> Iterator[None]:
        """While a spec's layers are walked: it cannot stand in itself, and its defaults hold unless the spec
        around it has others."""
        outer, outer_known, outer_spans = state.defaults, state.known, state.default_spans
        self._opening.append(files[-1].spec)
        state.default_spans = {}
        state.defaults = _merged([*(self.defaults(file, state) for file in files), outer])
        state.default_spans |= outer_spans
        state.known = Known()
        try:
            yield
        finally:
            state.defaults, state.known, state.default_spans = outer, outer_known, outer_spans
            self._opening.pop()

    def defaults(self, file: FileScope, state: State) -> OpDefaults:
        """The op defaults of a file."""
        found: OpDefaults = {}
        section = file.spec.defaults or MappingNode({}, file.spec.root.span)
        for key, node in section:
            ref = file.op_named(key.text)
            if not isinstance(ref, OpRef):
                others = [name for name in ops.names() if name not in section]
                helps = near(key.text, others) if ref is None else [Help("`defaults` are for ops, and this is a block")]
                self.diagnostics.add("A302", f"there is no op `{key.text}`", key.span, helps=helps)
            elif not isinstance(node, MappingNode):
                self.diagnostics.add(
                    "A203", f"the defaults of `{key.text}` have to be a mapping of arguments", node.span
                )
            else:
                found[key.text] = self._defaults_of(ref, node, file)
                state.default_spans |= {(key.text, name.text): value.span for name, value in node}
        return found

    def all_defaults(self, files: list[FileScope], state: State) -> OpDefaults:
        """The op defaults of a chain; an extending file's win."""
        return _merged([self.defaults(file, state) for file in files])

    def _defaults_of(self, ref: OpRef, node: MappingNode, file: FileScope) -> dict[str, Any]:
        known = slots(ref.op)
        values = {}
        for key, value in node:
            if key.text not in known:
                helps = near(key.text, known)
                self.diagnostics.add("A303", f"{ref.name} has no argument `{key.text}`", key.span, helps=helps)
                continue
            try:
                values[key.text] = self.evaluator.slot(value, known[key.text], Env(file.frame, file))
            except Failed:
                continue
        return values


def _merged(layers: list[OpDefaults]) -> OpDefaults:
    """Op by op and argument by argument; later ones win."""
    merged: OpDefaults = {}
    for layer in layers:
        for name, values in layer.items():
            merged[name] = {**merged.get(name, {}), **values}
    return merged


@dataclass(frozen=True, slots=True)
class _Caller(Env):
    """What a layer that is another spec sees in its arguments: its own names, and that spec's blocks."""

    spec: FileScope | None = None

    def lookup(self, name: str) -> Value:
        try:
            return Env.lookup(self, name)
        except ExpressionError:
            found = self.spec.op_named(name) if self.spec else None
            if found is None:
                raise
            return found


def let_frame(section: MappingNode, parent: Frame, file: FileScope, values: ValueScope, evaluator: Evaluator) -> Frame:
    """A frame of `let` names, each worked out when first looked up."""
    evaluator.effort.spend(len(section.entries), section.span)
    frame = Frame(parent)
    env = Env(frame, file, values)
    for key, node in section:
        frame.names[key.text] = Pending(partial(evaluator.value, node, env))
    if evaluator.watch is not None:
        evaluator.watch.let(frame, section, env)
    return frame


def bind(ref: BlockRef, layer: LayerDecl, env: Env, evaluator: Evaluator) -> Frame:
    """A block's frame with the arguments of the layer that calls it. Raises Failed where one is unknown or missing."""
    block, arguments = ref.block, layer.arguments
    evaluator.effort.spend(len(block.args), layer.span)
    known = arguments.keys() <= block.args.keys() or _check_known(
        arguments, block.args, block.name, evaluator.diagnostics
    )
    missing = [name for name, declared in block.args.items() if name not in arguments and declared.required]
    for name in missing:
        wanted = block.args[name].type
        labels = [Label(block.args[name].key.span, "declared here")]
        message = f"{block.name} needs `{name}` ({wanted})"
        evaluator.diagnostics.add("A304", message, layer.span, labels=labels, helps=[f"add `{name}: ...`"])
    frame = Frame(ref.file.frame)
    _set_arguments(block.name, Env(frame, ref.file), block.args, arguments, env, evaluator)
    if missing or not known:
        raise Failed
    return frame


def bind_defaults(ref: BlockRef, evaluator: Evaluator) -> Frame:
    """A block's frame for a walk without a caller: required arguments count as failed."""
    frame = Frame(ref.file.frame)
    _set_arguments(ref.name, Env(frame, ref.file), ref.block.args, {}, None, evaluator)
    return frame


def _check_known(arguments: Arguments, known: dict[str, ArgDecl], name: str, diagnostics: Diagnostics) -> bool:
    fine = True
    for argument, (key, _) in arguments.items():
        if argument not in known:
            free = [each for each in known if each not in arguments]
            helps = near(argument, free, f"its arguments are {', '.join(known)}" if known else "it has no arguments")
            diagnostics.add("A303", f"{name} has no argument `{argument}`", key.span, helps=helps)
            fine = False
    return fine


def _set_arguments(
    owner: str, own: Env, declared: dict[str, ArgDecl], given: Arguments, caller: Env | None, evaluator: Evaluator
) -> None:
    """Give every declared argument its value, in their order."""
    names = own.frame.names
    for name, argument in declared.items():
        try:
            names[name] = _value(argument, given, caller or own, own, evaluator)
        except Failed:
            names[name] = Pending(fail, failed=True)
    if evaluator.watch is not None:
        evaluator.watch.bound(own.frame, owner, declared, given, caller, own)


def _value(argument: ArgDecl, given: Arguments, caller: Env, home: Env, evaluator: Evaluator) -> Value:
    """The value of an argument: the caller's, or the default, which is read at home. Raises Failed."""
    if argument.broken:
        raise Failed
    name = argument.key.text
    wanted = argument.type or implied_type(argument, home.file)
    if name in given:
        return evaluator.argument(given[name][1], wanted, argument.optional, caller, name)
    if argument.default is not None:
        return evaluator.argument(argument.default, wanted, argument.optional, home, name, argument.literal)
    raise Failed  # told where it is missing


def _with_default(declared: ArgDecl, key: Scalar, node: Node, literal: bool, file: FileScope) -> ArgDecl:
    """An argument as its file declares it, with another default."""
    wanted = declared.type or implied_type(declared, file)
    return ArgDecl(key, wanted, declared.optional, node, literal)


def implied_type(argument: ArgDecl, file: FileScope) -> str:
    """The type of an argument whose default is a text: an op's name, or a word."""
    is_op = isinstance(argument.default, Scalar) and file.op_named(argument.default.text) is not None
    return "op" if is_op else "str"
