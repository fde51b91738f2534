"""The driver: from a TARGET to what a user asks for, through all stages. The Python surface.

`check`, `load` and `summary` stay clear of torch and onnx; `build`, `export` and `verify` import them when called.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from archspec import given
from archspec.compilation import Compilation as Compilation
from archspec.compilation import Inputs
from archspec.compilation import PluginError as PluginError
from archspec.compilation import compile_target as compile_target
from archspec.diagnostics import Diagnostic, Diagnostics, SpecError, in_words, near
from archspec.dims import Dim, symbols
from archspec.graph import Graph, Output, Value
from archspec.types import TensorType
from archspec.zoo import Target

if TYPE_CHECKING:
    import os

    from torch import nn

    from archspec.elaborate.watch import Watch
    from archspec.parity import ParityReport
    from archspec.reports import SizesReport, Summary
    from archspec.reports.explained import Explanation

    Path_ = str | os.PathLike[str]



class UnknownPathError(LookupError):
    """A path at which a network has nothing."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network was asked for: enough to elaborate it again."""

    name: str
    arguments: given.Arguments = field(default_factory=dict)
    inputs: Inputs = ()
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    plugins: tuple[str, ...] = ()


class Architecture:
    """A network without errors: the typed graph, and how it was asked for.

    It stays with the modules that are built from it. Copies share it; a pickle holds how it was asked for,
    not the graph.
    """

    def __init__(self, recipe: Recipe, compilation: Compilation | None = None) -> None:
        self.recipe = recipe
        self._compilation = compilation

    @property
    def compilation(self) -> Compilation:
        """The compiled target. Raises SpecError if, after unpickling, its file has errors."""
        if self._compilation is None:
            recipe = self.recipe
            self._compilation = _compile_or_raise(recipe)
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

    def explain(self, path: str) -> Explanation:
        """Where every value at a path comes from, of a layer, a scope, an absent layer, an input or an output; its
        shapes, costs and keys. Raises UnknownPathError, and SpecError if its file has changed and has errors now."""
        from archspec.elaborate.watch import Watch
        from archspec.reports.explained import Explainer, names, watched

        watch = Watch(watched(self.graph, path))
        graph = self.watched(watch)
        found = Explainer(graph, watch.complete(graph, self.recipe.overrides), watch.given).explain(path)
        if found is None:
            helps = in_words(near(path, names(graph), "`archspec summary` lists the layers"))
            raise UnknownPathError("; ".join([f"`{self.name}` has no layer, input or output `{path}`", *helps]))
        return found

    def expand(self) -> str:
        """The network as a flat spec: blocks, repeats, conditions, expressions and defaults resolved, with the same
        keys. Raises ExpandError where a name that it needs is hidden by another layer's."""
        from archspec import __version__
        from archspec.backends.spec import About, expand

        target = self.compilation.target
        assert target.spec is not None
        given = {**target.arguments, **self.recipe.arguments}
        args = ", ".join(f"{name}: {node.span.text}" for name, (_, node) in given.items())
        comment = [f"{self.name}, expanded by archspec {__version__}", *([f"args: {args}"] if args else [])]
        allow = sorted({code.text for spec in (target.spec, *target.library.specs) for code in spec.allow})
        return expand(self.graph, About(comment, target.spec.description, target.spec.reference, allow))

    def watched(self, watch: Watch) -> Graph:
        """The same network elaborated once more, while somebody watches. Raises SpecError."""
        graph = _compile_or_raise(self.recipe, watch).graph
        assert graph is not None
        return graph

    def with_arguments(self, overrides: Mapping[str, Mapping[str, Any]]) -> Architecture:
        """The same network with other arguments of single layers, by path. Raises SpecError."""
        merged = {path: dict(values) for path, values in self.recipe.overrides.items()}
        for path, values in overrides.items():
            merged[path] = {**merged.get(path, {}), **values}
        recipe = replace(self.recipe, overrides=merged)
        return Architecture(recipe, _compile_or_raise(recipe))

    def with_dynamic(self, labels: Collection[str]) -> Architecture:
        """The same network with the axes of these labels (`H`, `W`) as symbols in all its inputs. Raises SpecError
        where a layer needs to know their size."""
        inputs = _with_symbols({value.name: value.type for value in self.inputs}, labels)
        recipe = replace(self.recipe, inputs=inputs)
        return Architecture(recipe, _compile_or_raise(recipe))

    def require_open_sizes(self) -> None:
        """Raise SpecError where a layer is made for one size of what is a symbol in this run."""
        diagnostics = Diagnostics()
        for node in self.graph.nodes:
            if node.settled is not None:
                message = f"`{node.path}` is made for one size: an axis that it depends on cannot stay open"
                notes = [str(each.condition) for each in self.graph.requirements if each.layer == node.path]
                helps = ["pool to one size before it, say by AdaptiveAvgPool2d"]
                diagnostics.add("A501", message, node.origin.span, notes=notes, helps=helps)
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

    def __reduce__(self) -> tuple[type[Architecture], tuple[Recipe]]:
        return Architecture, (self.recipe,)


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


def _compile_or_raise(recipe: Recipe, watch: Watch | None = None) -> Compilation:
    compilation = compile_target(
        recipe.name,
        arguments=recipe.arguments,
        inputs=recipe.inputs,
        overrides=recipe.overrides,
        plugins=recipe.plugins,
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
    **more_args: Any,
) -> Architecture:
    """The typed graph of a TARGET (a path, a zoo name, a spec's name), or of a spec given as text.

    `args` and keywords override its args; `inputs` the shapes of its inputs (`{"image": "N,3,H,W"}`).
    Raises SpecError, which carries `.diagnostics`.
    """
    recipe = Recipe(str(target), given.from_python({**(args or {}), **more_args}), inputs, plugins=tuple(plugins))
    return Architecture(recipe, _compile_or_raise(recipe))


def check(path_or_text: Path_) -> tuple[Diagnostic, ...]:
    """Everything there is to say about a spec; text if it contains a newline. Never raises for a bad spec."""
    return tuple(compile_target(str(path_or_text)).diagnostics)


def build(
    target: Path_ | Architecture,
    weights: str | None = None,
    args: Mapping[str, Any] | None = None,
    *,
    inputs: Inputs = (),
    plugins: Sequence[str] = (),
    **more_args: Any,
) -> nn.Module:
    """An ordinary torch.nn.Module, freshly initialised or with `weights` (a file, or published ones by name).

    `args` serves where an arg of the spec is called like a parameter here. Raises SpecError and WeightsError.
    """
    from archspec.backends.torch import build_module
    from archspec.weights import find_weights, load_into

    if isinstance(target, Architecture):
        architecture = target
    else:
        architecture = load(target, inputs=inputs, args=args, plugins=plugins, **more_args)
    module = build_module(architecture.graph)
    if weights is not None:
        load_into(module, find_weights(weights, architecture.compilation.target.model))
    _remember(module, architecture, weights)
    return module


_MEMORY = "_archspec"


def _remember(module: nn.Module, architecture: Architecture, weights: str | None) -> None:
    object.__setattr__(module, _MEMORY, (architecture, weights))


def architecture_of(module: nn.Module) -> Architecture:
    """What a module was built from, with the sizes it has now: a replaced layer of the same op counts with its own
    arguments. Raises TypeError for a module that archspec did not build, ModuleChanged for one that is no longer
    its spec's, and SpecError where the new sizes do not fit."""
    from archspec.backends.torch import changed_arguments

    memory = module.__dict__.get(_MEMORY)
    if memory is None:
        raise TypeError("only a module that archspec.build made can be exported; this one remembers no architecture")
    architecture: Architecture = memory[0]
    # Twice: a changed size changes what the layers behind it infer, which is held against them in turn.
    for _ in range(2):
        if changed := changed_arguments(module, architecture.graph):
            architecture = architecture.with_arguments(changed)
    return architecture


def export(
    model_or_target: nn.Module | Path_ | Architecture,
    path: Path_,
    *,
    weights: str | None = None,
    device: str = "cpu",
    opset: int | None = None,
    dynamic: Collection[str] = (),
    seed: int = 0,
    parity: bool = True,
    inputs: Inputs = (),
    args: Mapping[str, Any] | None = None,
    plugins: Sequence[str] = (),
) -> ParityReport | None:
    """Write an ONNX file, once it is checked and in parity with torch; gives the report (None without `parity`).

    A module is exported with its own weights; a target with `weights`, or with seeded initial ones. `dynamic` names
    the axes that stay symbols beside the batch (`"HW"`). Nothing is written unless all is well.

    Raises ParityError, SpecError, WeightsError, ModuleChanged, EmitError, DeviceError.
    """
    from archspec.backends.onnx import DEFAULT_OPSET, emit, staged
    from archspec.backends.onnx import check as check_file
    from archspec.backends.onnx import save as save_file
    from archspec.parity import ParityError, prove

    module, architecture, initial = _module(model_or_target, weights, seed, inputs, args, plugins)
    if dynamic:
        architecture = architecture.with_dynamic(dynamic)
        architecture.require_open_sizes()
    was_training = module.training
    module.eval()
    try:
        hashes = {"spec": _sha256(architecture.compilation.target), "weights": _weights_sha256(module)}
        metadata = {"archspec.spec": architecture.name, "archspec.spec_sha256": hashes["spec"]}
        if statements := architecture.sizes().statements():
            metadata["archspec.sizes"] = "\n".join(each.text for each in statements)
        onnx_model = emit(architecture.graph, module.state_dict(), opset=opset or DEFAULT_OPSET, metadata=metadata)
        with staged(path) as temporary:
            save_file(onnx_model, temporary)
            check_file(temporary)
            if not parity:
                return None
            options: dict[str, Any] = {"device": device, "seed": seed, "sha256": hashes}
            report = prove(architecture.graph, module, temporary, weights_are_initial=initial, **options)
            if report.verdict == "vacuous" and not initial:  # an untrained module, say, whose logits are 0
                report = prove(architecture.graph, module, temporary, weights_are_initial=True, **options)
                report = replace(report, weights="given weights, whose outputs are flat; compared with calibrated ones")
            if not report.passed:
                raise ParityError(report)
            return report
    finally:
        module.train(was_training)


def verify(
    onnx_path: Path_,
    target: nn.Module | Path_ | Architecture,
    *,
    weights: str | None = None,
    device: str = "cpu",
    seed: int = 0,
    inputs: Inputs = (),
    args: Mapping[str, Any] | None = None,
    plugins: Sequence[str] = (),
) -> ParityReport:
    """Parity of an existing file with a target: with `weights`, else with the file's own, by key.

    Raises SpecError, WeightsError, DeviceError, OSError for a file that cannot be read, and NotOnnxError for one
    that is no ONNX file.
    """
    import torch

    from archspec.backends.onnx import weights_of
    from archspec.parity import compare
    from archspec.weights import WeightsError, load_into

    in_file = weights_of(onnx_path)
    if isinstance(target, torch.nn.Module):
        module, architecture, whose = target, architecture_of(target), "the module's weights"
    else:
        module, architecture, _ = _module(target, weights, seed, inputs, args, plugins)
        whose = f"weights {weights}"
        if weights is None:
            found = {key: torch.from_numpy(array.copy()) for key, array in in_file.items()}
            wanted = module.state_dict()
            missing = [key for key in wanted if key not in found and not key.endswith("num_batches_tracked")]
            if missing:
                raise WeightsError(f"{onnx_path} lacks {missing[0]} ({len(missing)} tensors in all): pass `--weights`")
            load_into(module, {key: found.get(key, tensor) for key, tensor in wanted.items()})
            whose = "the file's weights"
    report = compare(architecture.graph, module.eval(), onnx_path, device=device, seed=seed)
    return replace(report, weights=whose)


def _module(
    source: nn.Module | Path_ | Architecture,
    weights: str | None,
    seed: int,
    inputs: Inputs,
    args: Mapping[str, Any] | None,
    plugins: Sequence[str],
) -> tuple[nn.Module, Architecture, bool]:
    """A module, what it was built from, and whether its weights are initial ones."""
    import torch

    if isinstance(source, torch.nn.Module):
        return source, architecture_of(source), False
    architecture = (
        source if isinstance(source, Architecture) else load(source, inputs=inputs, args=args, plugins=plugins)
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(architecture, weights), architecture, weights is None


def _weights_sha256(module: nn.Module) -> str:
    """Of the keys and bytes of all tensors, in order."""
    import hashlib

    import torch

    digest = hashlib.sha256()
    for key, tensor in module.state_dict().items():
        digest.update(key.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _sha256(target: Target) -> str:
    import hashlib

    text = target.spec.file.text if target.spec else ""
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()
