"""A network without errors, as Python has it: the typed graph, how it was asked for, and what it can tell of itself.

Nothing here needs torch or onnx.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from archspec import given
from archspec.compilation import Compilation, Inputs, compile_target
from archspec.diagnostics import Diagnostic, Diagnostics, SpecError, in_words, near
from archspec.dims import Dim, symbols
from archspec.elaborate.collector import collector_paused
from archspec.graph import Graph, Output, Value
from archspec.types import TensorType

if TYPE_CHECKING:
    from enum import Enum

    from archspec.elaborate.watch import Watch
    from archspec.reports import SizesReport, Summary
    from archspec.reports.explained import Explanation
    from archspec.reports.features import Features

    Path_ = str | os.PathLike[str]


class UnknownPathError(LookupError):
    """A path at which a network has nothing."""


class UnknownAxisError(LookupError):
    """A label that no axis of a network's inputs has."""


@dataclass(frozen=True, slots=True)
class Request:
    """How a network was asked for: enough to elaborate it again."""

    name: str
    arguments: given.Arguments = field(default_factory=dict)
    inputs: Inputs = ()
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    plugins: tuple[str, ...] = ()
    zoo: str | None = None  # the collection in which its name is looked up first
    weights: str | None = None  # which may go with args of their own


class Architecture:
    """A network without errors: the typed graph, and how it was asked for.

    It stays with the modules that are built from it. Copies share it; a pickle holds how it was asked for,
    not the graph.
    """

    def __init__(self, request: Request, compilation: Compilation | None = None) -> None:
        self.request = request
        self._compilation = compilation

    @property
    def compilation(self) -> Compilation:
        """The compiled target. Raises SpecError if, after unpickling, its file has errors."""
        if self._compilation is None:
            request = self.request
            self._compilation = _compile_or_raise(request)
        return self._compilation

    @property
    def graph(self) -> Graph:
        graph = self.compilation.graph
        assert graph is not None
        return graph

    @property
    def name(self) -> str:
        return self.compilation.target.name

    @property
    def inputs(self) -> tuple[Value, ...]:
        return self.graph.inputs

    @property
    def outputs(self) -> tuple[Output, ...]:
        return self.graph.outputs

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(self.compilation.diagnostics)

    def summary(self) -> Summary:
        """Layers, parameters, costs: renders as text, dict and markdown."""
        from archspec.reports import summarize

        return summarize(self.graph)

    def sizes(self) -> SizesReport:
        """Which sizes the symbols of the inputs may have, and which layers ask for that."""
        from archspec.reports import sizes_of

        return sizes_of(self.graph)

    @property
    def feature_info(self) -> Features:
        """The maps that its layers and scopes give, by path and in order: channels, stride, shape; and, as
        `.pyramid()`, the last of each stride."""
        from archspec.reports.features import features_of

        return features_of(self.graph)

    def explain(self, path: str) -> Explanation:
        """Where every value at a path comes from, of a layer, a scope, an absent layer, an input or an output; its
        shapes, costs and keys. Raises UnknownPathError, and SpecError if its file has changed and has errors now."""
        from archspec.elaborate.watch import Watch
        from archspec.reports.explained import Explainer, names, watched

        watch = Watch(watched(self.graph, path))
        graph = self.watched(watch)
        found = Explainer(graph, watch.complete(graph, self.request.overrides), watch.inputs).explain(path)
        if found is None:
            helps = in_words(near(path, names(graph), "`archspec summary` lists the layers"))
            raise UnknownPathError("; ".join([f"`{self.name}` has no layer, input or output `{path}`", *helps]))
        return found

    def expand(self, *, settled: bool = False) -> str:
        """The network as a flat spec: blocks, repeats, conditions, expressions and defaults resolved, with the same
        keys. Where it is `settled`, since it belongs to weights, it silences what it is warned of. Raises ExpandError
        where a name that it needs is hidden by another layer's."""
        from archspec.backends.spec import About, expand
        from archspec.version import VERSION

        target = self.compilation.target
        assert target.spec is not None
        given = {**target.arguments, **self.request.arguments}
        args = ", ".join(f"{name}: {node.span.text}" for name, (_, node) in given.items())
        comment = [f"{self.name}, expanded by archspec {VERSION}", *([f"args: {args}"] if args else [])]
        allow = {code.text for spec in (target.spec, *target.library.specs) for code in spec.allow}
        if settled:
            allow |= {warning.code.name for warning in self.warnings}
        return expand(self.graph, About(comment, target.spec.description, target.spec.reference, sorted(allow)))

    def watched(self, watch: Watch) -> Graph:
        """The same network elaborated once more, while somebody watches. Raises SpecError."""
        graph = _compile_or_raise(self.request, watch).graph
        assert graph is not None
        return graph

    def with_arguments(self, overrides: Mapping[str, Mapping[str, Any]]) -> Architecture:
        """The same network with other arguments of single layers, by path. Raises SpecError."""
        merged = {path: dict(values) for path, values in self.request.overrides.items()}
        for path, values in overrides.items():
            merged[path] = {**merged.get(path, {}), **values}
        request = replace(self.request, overrides=merged)
        return Architecture(request, _compile_or_raise(request))

    def with_weights(self, weights: str) -> Architecture:
        """The same network with the args that go with these weights, where its own don't say otherwise. Raises
        SpecError, and WeightsError for weights that the network cannot have."""
        model = self.compilation.target.model
        if model is None or not model.weights_args or weights == self.request.weights:
            return self
        request = replace(self.request, weights=weights)
        return Architecture(request, _compile_or_raise(request))

    def with_dynamic(self, labels: Collection[str]) -> Architecture:
        """The same network with the axes of these labels (`H`, `W`) as symbols in all its inputs. Raises SpecError
        where a layer needs to know their size."""
        return self.with_inputs(_with_symbols({value.name: value.type for value in self.inputs}, labels))

    def with_inputs(self, shapes: Mapping[str, Sequence[int | str]]) -> Architecture:
        """The same network with other shapes of its inputs, by name. Raises SpecError."""
        request = replace(self.request, inputs={name: list(shape) for name, shape in shapes.items()})
        return Architecture(request, _compile_or_raise(request))

    def require_axes(self, labels: Collection[str]) -> None:
        """Raise UnknownAxisError for a label that no input has."""
        known = {label: None for value in self.inputs for label in value.type.axes if label is not None}
        if unknown := [label for label in labels if label not in known]:
            has = f"the axes of its inputs are {', '.join(known)}" if known else "the axes of its inputs have no labels"
            hints = in_words(near(unknown[0], known))
            raise UnknownAxisError("; ".join([f"`{self.name}` has no axis `{unknown[0]}`", *hints, has]))

    def require_open_sizes(self) -> None:
        """Raise SpecError where a layer is made for one size of what is a symbol in this run."""
        from archspec.reports.sizes import fixed_by

        diagnostics = Diagnostics()
        settled = {node.path: node for node in self.graph.nodes if node.settled is not None}
        for node in settled.values():
            message = f"`{node.path}` is made for one size: an axis that it depends on cannot stay open"
            notes = [str(each.condition) for each in self.graph.requirements if each.layer == node.path]
            helps = ["pool to one size before it, say by AdaptiveAvgPool2d"]
            diagnostics.add("A501", message, node.origin.span, notes=notes, helps=helps)
        for each, sizes in fixed_by(self.graph).items():
            if each.layer not in settled:
                message = f"`{each.layer}` asks for {each.condition}: {' and '.join(sizes)} cannot stay open"
                notes = [f"{name} has to be {size}" for name, size in sizes.items()]
                diagnostics.add("A501", message, each.span, notes=notes)
        if len(diagnostics):
            raise SpecError(diagnostics)

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def __repr__(self) -> str:
        return f"Architecture({self.name!r}, {len(self.graph.nodes)} layers)"

    def __copy__(self) -> Architecture:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Architecture:
        return self

    def __reduce__(self) -> tuple[type[Architecture], tuple[Request]]:
        return Architecture, (self.request,)


def _with_symbols(types: Mapping[str, TensorType], labels: Collection[str]) -> dict[str, list[int | str]]:
    """The sizes of inputs as they are written, with the axes of these labels as symbols: of one name where they
    have one size in all inputs (`H`), else of one each (`H_left`, `H_right`)."""
    found: dict[str, set[Dim]] = {}
    for type_ in types.values():
        for label, size in zip(type_.axes, type_.shape, strict=True):
            found.setdefault(label or "", set()).add(size)
            for symbol in symbols(size) - {label}:  # a name that the spec itself uses, elsewhere
                found.setdefault(symbol, set()).add(0)

    def written(name: str, label: str | None, size: Dim) -> str:
        if label is None or label not in labels or not isinstance(size, int):
            return str(size)
        return label if len(found[label]) == 1 else f"{label}_{name}"

    return {
        name: [written(name, *axis) for axis in zip(type_.axes, type_.shape, strict=True)]
        for name, type_ in types.items()
    }


def _compile_or_raise(request: Request, watch: Watch | None = None) -> Compilation:
    compilation = compile_target(
        request.name,
        arguments=request.arguments,
        inputs=request.inputs,
        overrides=request.overrides,
        plugins=request.plugins,
        zoo=request.zoo,
        weights=request.weights,
        watch=watch,
    )
    return require_network(compilation)


def require_network(compilation: Compilation) -> Compilation:
    """The compilation of a network. Raises SpecError where it has errors, or is a library."""
    if compilation.graph is None:
        spec = compilation.target.spec
        if spec is not None and not compilation.diagnostics.has_errors:
            place = spec.root.span.slice(0, 1)
            compilation.diagnostics.add("A507", f"`{spec.name}` is a library of blocks, not a network", place)
        raise SpecError(compilation.diagnostics)
    return compilation


def load(
    target: Path_,
    *,
    inputs: Inputs = (),
    args: Mapping[str, Any] | None = None,
    plugins: Sequence[str] = (),
    zoo: Path_ | None = None,
    weights: Path_ | Enum | None = None,
    **more_args: Any,
) -> Architecture:
    """The typed graph of a TARGET (a path, a zoo name, a spec's name), or of a spec given as text.

    `args` and keywords override its args; `inputs` the shapes of its inputs (`{"image": "N,3,H,W"}`). With the name of
    `weights` it has the args that go with them (another image_size, say), and no weights yet. A name is looked up in
    `zoo` first: the folder of a collection, or the name of an installed one.
    Raises SpecError, which carries `.diagnostics`, and WeightsError.
    """
    arguments = given.from_python(given.together(args, more_args))
    collection = None if zoo is None else os.fspath(zoo)
    named = given.weights_name(weights)
    loaded = given.plugin_names(plugins)
    request = Request(_name(target), arguments, inputs, plugins=loaded, zoo=collection, weights=named)
    return Architecture(request, _compile_or_raise(request))


def _name(target: Path_) -> str:
    """A target as text. A path object is a path, also where it has one word only."""
    name = os.fspath(target)
    is_told = isinstance(target, str) or os.sep in name or name.endswith((".yaml", ".yml"))
    return name if is_told else os.path.join(os.curdir, name)


def check(path_or_text: Path_) -> tuple[Diagnostic, ...]:
    """Everything there is to say about a spec; text if it contains a newline. Never raises for a bad spec."""
    with collector_paused():
        compiled = compile_target(_name(path_or_text))
        if compiled.graph is not None:
            compiled.graph.take_apart()
        return tuple(compiled.diagnostics)
