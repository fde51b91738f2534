"""Spec -> Graph: the root of an elaboration. Inputs, `extends`, outputs, promises; all mistakes in one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from archspec.diagnostics import Diagnostics, Severity, near
from archspec.dims import Dim, Symbolic, proofs_bounded, symbol
from archspec.elaborate.collector import collector_paused
from archspec.elaborate.effort import Effort, TooLarge
from archspec.elaborate.evaluate import Env, Evaluator
from archspec.elaborate.files import Files, bind_defaults
from archspec.elaborate.initialisation import read_init
from archspec.elaborate.inplace import report_overwritten_values
from archspec.elaborate.limits import excess
from archspec.elaborate.names import BlockRef, Failed, FileScope, Stand
from archspec.elaborate.outputs import find_outputs, mark_training_only, report_dead_layers
from archspec.elaborate.promises import check_promises
from archspec.elaborate.stack import stack_deepened
from archspec.elaborate.state import MAX_LAYERS, Context, State
from archspec.elaborate.symbols import judge_symbols
from archspec.elaborate.values import FAILED, Entry, Place, Site, Unsealed, ValueScope
from archspec.elaborate.walker import Walker
from archspec.graph import Graph, Scope, Value
from archspec.source import Span
from archspec.syntax import arithmetic
from archspec.syntax.document import InputDecl, Spec
from archspec.syntax.expressions import ExpressionError
from archspec.syntax.layers import Arguments
from archspec.syntax.library import Library
from archspec.syntax.tree import Scalar
from archspec.types import LABELS, Axes, TensorType, default_axes

if TYPE_CHECKING:
    from archspec.elaborate.watch import Watch


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller may change about a spec: its args, the shapes of its inputs (by name; `""`: the only
    one), the arguments of single layers by path, the limit on layers, what the network is called, and who
    watches the walk."""

    arguments: Arguments = field(default_factory=dict)
    inputs: Mapping[str, list[Scalar]] = field(default_factory=dict)
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    max_layers: int = MAX_LAYERS
    name: str = ""
    watch: Watch | None = None


class Elaborated(NamedTuple):
    """What became of a spec: its network, or None where it has errors, or is a library; the spec behind those that it
    extends, base first; and the bodies of blocks, for each use."""

    graph: Graph | None
    chain: Sequence[Spec]
    uses: Sequence[Span]


def elaborate(spec: Spec, library: Library, diagnostics: Diagnostics, options: Options | None = None) -> Elaborated:
    """The network of a spec; what is wrong with it is added to `diagnostics`."""
    options = options or Options()
    try:
        return _elaborated(_Network(spec, library, diagnostics, options))
    except Unsealed:
        return _elaborated(_Network(spec, library, diagnostics, options, stamps=False))


def _elaborated(network: _Network) -> Elaborated:
    graph = None
    try:
        with collector_paused(), proofs_bounded(), stack_deepened():
            graph = network.elaborate()
    except TooLarge:
        pass
    if network.options.watch is None:
        for scope in network.state.scopes:
            scope.forget()
    return Elaborated(graph, network.chain, network.state.uses)


class _Network:
    def __init__(
        self, spec: Spec, library: Library, diagnostics: Diagnostics, options: Options, *, stamps: bool = True
    ) -> None:
        self.spec, self.diagnostics, self.options = spec, diagnostics, options
        evaluator = Evaluator(diagnostics, Effort(diagnostics), options.watch)
        self.state = State(diagnostics, evaluator, options.max_layers, overrides=options.overrides)
        self.state.stamps = stamps and not options.overrides and options.watch is None
        self.files = Files(library, evaluator)
        self.walker = Walker(self.state, self.files)
        self.chain: Sequence[Spec] = ()
        self.written: dict[str, set[int]] = {}  # the sizes that the spec gives to symbols of this run

    def elaborate(self) -> Graph | None:
        try:
            chain = self.files.chain(self.spec)
        except Failed:
            return None
        self.chain = chain
        files = self._open(chain)
        top = files[-1]
        graph = None
        if not self.spec.is_library:
            graph = self._network(files, chain)
        else:
            top.frame.force()
        self._check_unused_blocks(top)
        return None if self.diagnostics.has_errors else graph

    # --- files --------------------------------------------------------------------------------------

    def _open(self, chain: list[Spec]) -> list[FileScope]:
        """The files' scopes, base first."""
        known = {name for spec in chain for name in spec.args}
        for name, (key, _) in self.options.arguments.items():
            if name not in known:
                helps = near(name, known, f"its args are {', '.join(sorted(known))}" if known else "it has no args")
                self.diagnostics.add("A303", f"{self.spec.name} has no arg `{name}`", key.span, helps=helps)
        files = self.files.open(chain, self.options.arguments)
        if self.options.watch is not None:
            self.options.watch.opened(Stand(files), self.state)
        self.state.note_edits(Stand(files))
        self.state.defaults = self.files.all_defaults(files, self.state)
        return files

    # --- the network --------------------------------------------------------------------------------

    def _network(self, files: list[FileScope], chain: list[Spec]) -> Graph | None:
        top, layers = files[-1], chain[0].layers
        declared = next((spec.inputs for spec in reversed(chain) if spec.inputs), {})
        inputs = self._inputs(declared, files)
        self.state.declared = {name: min(sizes) for name, sizes in self.written.items() if len(sizes) == 1}
        root = Scope(
            "", "root", "", None, tuple(value for value in inputs.values() if value), tuple(inputs), chain[0].name
        )
        names = {name: Entry((value,) if value else None) for name, value in inputs.items()}
        values = ValueScope(None, root, next(iter(names.values()), FAILED), dict(names), layers)
        for file in files:
            file.values = values
            file.frame.force()
        if layers is None:
            return None
        context = Context(files[0].frame, files[0], values, root, Place("", ""))
        self.walker.walk(layers, context)
        self._check_edits_met()
        judge_symbols(self.state)
        outputs_of = next((spec for spec in reversed(chain) if spec.outputs is not None), None)
        where = files[chain.index(outputs_of)] if outputs_of else top
        outputs = find_outputs(outputs_of, Env(where.frame, where, values), self.state, self.spec)
        init = read_init(files, self.state)
        errors = {item.code.name for item in self.diagnostics if item.severity is Severity.ERROR}
        if errors - {"A313"}:  # broken promises of blocks leave a whole network, whose own are checked as well
            return None
        report_dead_layers(outputs, self.state)
        report_overwritten_values(outputs, self.state)
        mark_training_only(outputs, self.state.nodes)
        asked = len(self.state.requirements)
        for spec, file in zip(chain, files, strict=True):
            check_promises(spec.asserts, Env(file.frame, file, values), self.state, self.state.nodes)
        if len(self.state.requirements) > asked:
            judge_symbols(self.state)
        read = tuple(value for value in inputs.values() if value is not None)
        if outputs and values.prev.values:
            root.output = outputs[0].value
        return Graph(
            self.options.name or self.spec.name,
            read,
            tuple(outputs),
            root,
            self.state.nodes,
            init,
            self.state.aliases,
            tuple(self.state.requirements.values()),
            self.state.declared,
            next((spec.state_dict_version for spec in reversed(chain) if spec.state_dict_version), 1),
        )

    def _check_edits_met(self) -> None:
        unmet = self.state.edits.keys() - self.state.met
        if not unmet or self.diagnostics.has_errors:  # a layer may be missing because of another mistake
            return
        paths = [node.path for node in self.state.nodes]
        scopes = {path.rpartition(".")[0] for path in paths}
        for path, edits in self.state.edits.items():
            if path in unmet:
                helps = near(path, [*paths, *scopes])
                self.diagnostics.add("A315", f"there is no layer `{path}`", edits[0].span, helps=helps)

    # --- inputs -------------------------------------------------------------------------------------

    def _inputs(self, declared: Mapping[str, InputDecl], files: list[FileScope]) -> dict[str, Value | None]:
        """The model's inputs; None for one whose shape has errors."""
        given = dict(self.options.inputs)
        if "" in given and len(declared) == 1:
            given[next(iter(declared))] = given.pop("")
        for name, shape in given.items():
            if name not in declared:
                helps = (
                    [f"say which: {', '.join(f'`{each}=...`' for each in declared)}"]
                    if not name
                    else near(name, declared)
                )
                message = f"there is no input `{name}`" if name else f"the network has {len(declared)} inputs"
                span = shape[0].span if shape else self.spec.root.span.slice(0, 1)
                self.diagnostics.add("A301", message, span, helps=helps)
        misnamed = given.keys() - declared.keys()  # whose shape that was meant to be is unknown
        return {
            name: self._input(name, each, given.get(name), files) if name in given or not misnamed else None
            for name, each in declared.items()
        }

    def _input(
        self, name: str, declared: InputDecl, shape: list[Scalar] | None, files: list[FileScope]
    ) -> Value | None:
        if declared.broken:
            return None
        if shape is not None and [item.text for item in shape] == [""]:
            helps = ["write `1x3x224x224`, or `image=N,3,H,W`"]
            self.diagnostics.add("A305", f"no sizes are given for `{name}`", shape[0].span, helps=helps)
            return None
        owner = next((file for file in files if file.spec.inputs.get(name) is declared), files[-1])
        sizes = [self._size(item, owner) for item in (shape if shape is not None else declared.shape)]
        try:
            axes = self._axes(declared, len(sizes))
        except Failed:
            return None
        known = tuple(size for size in sizes if size is not None)
        if len(known) < len(sizes):
            return None
        if shape is not None and len(shape) == len(declared.shape):
            self._note_declared(known, declared, owner)
        written = shape if shape is not None else declared.shape
        self.state.given[name] = [item.span for item in written]
        type_ = TensorType(known, axes, declared.dtype)
        if (message := excess(type_)) is not None:
            self.diagnostics.add("A605", f"`{name}` is {message}", declared.key.span)
            return None
        value = Value(name, type_)
        if self.options.watch is not None:
            self.options.watch.input(value, written, Env(owner.frame, owner))
        return value

    def _note_declared(self, sizes: tuple[Dim, ...], declared: InputDecl, file: FileScope) -> None:
        """Keep the sizes that the spec itself gives to what is a symbol in this run."""
        for size, item in zip(sizes, declared.shape, strict=True):
            written = self._size(item, file)
            if isinstance(size, Symbolic) and isinstance(written, int):
                self.written.setdefault(str(size), set()).add(written)

    def _size(self, item: Scalar, file: FileScope) -> Dim | None:
        """One size of an input; None: reported."""
        try:
            value = self.state.evaluator.value(item, _SizeEnv(file.frame, file))
            size: Dim = value if isinstance(value, Symbolic) else arithmetic.whole(value)
        except Failed:
            return None
        except ValueError as error:
            self.diagnostics.add("A305", f"a size of an input: {error}", item.inner)
            return None
        if isinstance(size, int) and size < 0:
            self.diagnostics.add("A305", f"a size of an input has to be at least 0, and this is {size}", item.inner)
            return None
        return size

    def _axes(self, declared: InputDecl, rank: int) -> Axes:
        if declared.axes is None:
            return default_axes(rank)
        labels = tuple(item.text if item.value is not None else None for item in declared.axes)
        for item in declared.axes:
            if item.value is not None and item.text not in LABELS:
                helps = [f"a label is one of {', '.join(LABELS)}, or null"]
                self.diagnostics.add("A305", f"there is no axis label `{item.text}`", item.inner, helps=helps)
                raise Failed
        twice = next((item for i, item in enumerate(declared.axes) if item.value and labels[i] in labels[:i]), None)
        if twice is not None:
            self.diagnostics.add("A311", f"two axes are labelled {twice.text}", twice.inner)
            raise Failed
        if len(labels) != rank:
            message = f"`{declared.key.text}` has {rank} axes, and `axes` labels {len(labels)}"
            self.diagnostics.add("A305", message, declared.key.span)
            raise Failed
        return labels

    # --- blocks that nothing uses ---------------------------------------------------------------------

    def _check_unused_blocks(self, file: FileScope) -> None:
        """Walk each block that no layer used on unknown inputs, so that its mistakes are found as well."""
        nodes, absent, aliases = list(self.state.nodes), list(self.state.absent), dict(self.state.aliases)
        used = set(self.state.used_blocks)
        try:
            self._try_blocks(file, shallow=False)
        except TooLarge:
            self.state.used_blocks = used
            with suppress(TooLarge):
                self._try_blocks(file, shallow=True)
        self.state.nodes[:], self.state.absent[:] = nodes, absent
        self.state.aliases.clear()
        self.state.aliases.update(aliases)

    def _try_blocks(self, file: FileScope, *, shallow: bool) -> None:
        self.state.try_out(shallow=shallow)
        for ref in file.blocks.values():
            if ref.file is file and not ref.block.broken and ref.block not in self.state.used_blocks:
                self._check_block(ref)

    def _check_block(self, ref: BlockRef) -> None:
        block = ref.block
        nowhere = Scope("", "root", "", None, ())
        site = Site(Place(block.name, block.name), nowhere, block.key.span, (), ())
        frame = bind_defaults(ref, self.state.evaluator)
        self.walker.apply_block(ref, frame, [FAILED] * len(block.inputs), site)


@dataclass(frozen=True, slots=True)
class _SizeEnv(Env):
    """Where a capitalised name that nothing defines is a symbolic size."""

    def lookup(self, name: str) -> Any:
        if self.frame.find(name) is None and name[:1].isupper() and self.file.op_named(name) is None:
            return symbol(name)
        try:
            return Env.lookup(self, name)
        except ExpressionError as error:
            helps = error.helps or [f"a symbolic size has a capital: `{name.capitalize()}`"]
            raise ExpressionError(error.code, error.message, helps=helps) from None
