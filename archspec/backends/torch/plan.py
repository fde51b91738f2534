"""The plan of every module of a graph: what its forward is passed, calls and returns."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from archspec.backends.torch.dataflow import Dataflow, Slot
from archspec.backends.torch.formulas import Place, Recipes, call_source, result_places
from archspec.backends.torch.tree import module_tree
from archspec.graph import Graph, Node, Scope


class Call(NamedTuple):
    """One statement of a forward: the call of a module, or a formula where `module` is None."""

    name: str  # of the layer, relative to the scope
    module: str | None  # the path of the module that is called
    source: str  # a format string over `reads`, `passed` and the {module} that is called
    reads: tuple[Slot, ...]
    passed: tuple[str, ...]  # the paths of modules that stand outside of the called one, which calls them
    results: tuple[Slot, ...]
    places: tuple[str, ...]  # how each result is found in what the call gives: `[0]`, or nothing for the whole
    training: bool  # whether it is needed in training only

    @property
    def multiple(self) -> bool:
        """Whether the results come as a tuple."""
        return self.places != ("",)

    def keeping(self, read: set[Slot]) -> Call:
        """The call that keeps one result alone, where only one of several is among those that are read."""
        kept = [(slot, place) for slot, place in zip(self.results, self.places, strict=True) if slot in read]
        if len(kept) != 1:
            return self
        [(slot, place)] = kept
        return self._replace(source=self.source + place, results=(slot,), places=("",))


class Plan(NamedTuple):
    """The forward of a scope. Beside its inputs it is passed the values that it reads from around the scope, and
    the modules that it calls and that stand elsewhere."""

    scope: Scope
    inputs: tuple[Slot, ...]
    captured: tuple[Slot, ...]
    passed: tuple[str, ...]
    tensors: dict[Slot, str]  # slots that are owned tensors, and their paths
    calls: tuple[Call, ...]
    returned: tuple[Slot, ...]
    sequential: bool  # every child reads what the one before it gives, and nothing else

    @property
    def read(self) -> set[Slot]:
        """The slots that anything here depends on."""
        return {slot for call in self.calls for slot in call.reads} | set(self.returned)

    @property
    def ends_in_call(self) -> bool:
        """Whether the last call gives just what is returned, so that it needs no variable."""
        if not self.calls or self.calls[-1].training or self.calls[-1].results != self.returned:
            return False
        return not self.calls[-1].multiple

    @property
    def assignments(self) -> tuple[Call, ...]:
        """The calls whose results are kept in variables."""
        return self.calls[:-1] if self.ends_in_call else self.calls


class Blueprint:
    """The modules of a graph before they are built: `plans` by the path of the scope, `modules` the child
    modules of every scope and container by name, and `indexed` the paths of those among them whose child
    modules are called 0, 1, 2, ... without a gap, so that an index finds them."""

    by_name: ClassVar[bool] = False  # whether a single output, too, is given under its name

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.tree = module_tree(graph)
        self.recipes = Recipes(graph)
        self.plans: dict[str, Plan] = {}
        self._plan(graph.root)
        self.modules = {path: self._modules(path) for path in self.tree.children}
        self.indexed = {path for path, modules in self.modules.items() if _are_indices(list(modules))}

    def _modules(self, path: str) -> dict[str, Node | Scope | None]:
        """The child modules of a scope or container, by name. A formula is a module only in a sequence."""
        sequential = path in self.plans and self.plans[path].sequential
        return {
            name: step
            for name, step in self.tree.children[path].items()
            if not isinstance(step, Node)
            or step in self.recipes.modules
            or (sequential and step in self.recipes.formulas)
        }

    def _plan(self, scope: Scope) -> None:
        for step in scope.steps:
            if isinstance(step, Scope):
                self._plan(step)
        if not scope.shared:
            self.plans[scope.path] = self._planned(scope)

    def _planned(self, scope: Scope) -> Plan:
        applications = self.tree.applications[scope.path]
        returned = self._returned(applications)
        flow = Dataflow(scope, applications, returned, self.recipes)
        tensors = {
            flow.results(node)[0]: node.owner
            for node in flow.node_twins
            if node in self.recipes.tensors and _inside(scope, node.owner)
        }
        called = [self._call(step, flow) for step in flow.steps()]
        read = [*(slot for call in called for slot in call.reads), *returned]
        wanted = set(read)
        calls = tuple(call.keeping(wanted) for call in called)
        known = {*flow.inputs(scope), *tensors, *(slot for call in calls for slot in call.results)}
        modules = (path for call in calls for path in (call.module, *call.passed) if path is not None)
        return Plan(
            scope=scope,
            inputs=flow.inputs(scope),
            captured=tuple(dict.fromkeys(slot for slot in read if slot not in known)),
            passed=tuple(dict.fromkeys(path for path in modules if not _inside(scope, path))),
            tensors=tensors,
            calls=calls,
            returned=returned,
            sequential=self._is_sequential(scope, flow, returned),
        )

    def _returned(self, applications: tuple[Scope, ...]) -> tuple[Slot, ...]:
        if applications[0].parent is None:
            return tuple((output.value,) for output in self.graph.outputs)
        outputs = [scope.output for scope in applications]
        return (tuple(value for value in outputs if value is not None),)

    def _call(self, step: Node | Scope, flow: Dataflow) -> Call:
        name = step.path.removeprefix(f"{flow.scope.path}.")
        # The forward of the root is the only one that gives training outputs.
        in_training = flow.scope.parent is None and any(output.training for output in self.graph.outputs)
        if isinstance(step, Scope):
            output = flow.output(step)
            source, reads, passed = self._arguments(step, flow)
            training = in_training and output[0].node is not None and output[0].node.training_only
            return Call(name, step.owner, source, reads, passed, (output,), ("",), training)
        reads, results, recipe = flow.reads(step), flow.results(step), self.recipes.modules.get(step)
        module = step.owner if recipe else None
        source = call_source(recipe, len(reads)) if recipe else self.recipes.formulas[step].source
        places = tuple(map(_subscript, result_places(step, recipe)))
        return Call(name, module, source, reads, (), results, places, in_training and step.training_only)

    def _arguments(self, scope: Scope, flow: Dataflow) -> tuple[str, tuple[Slot, ...], tuple[str, ...]]:
        """How an inner scope is called: with its inputs, None for those that nobody reads (they may exist in
        training only), and then what its plan captures, as this application of it sees it."""
        plan = self.plans[scope.owner]
        unread = {number for number, slot in enumerate(plan.inputs) if slot not in plan.read}
        inputs = flow.inputs(scope)
        applications = self.tree.applications[scope.owner]
        here = [applications.index(twin) for twin in flow.scope_twins[scope]]
        reads = [slot for number, slot in enumerate(inputs) if number not in unread]
        reads += [tuple(slot[number] for number in here) for slot in plan.captured]
        places = iter(range(len(reads) + len(plan.passed)))
        arguments = ["None" if number in unread else f"{{{next(places)}}}" for number in range(len(inputs))]
        arguments += [f"{{{place}}}" for place in places]
        return f"{{module}}({', '.join(arguments)})", tuple(reads), plan.passed

    def _is_sequential(self, scope: Scope, flow: Dataflow, returned: tuple[Slot, ...]) -> bool:
        children = self.tree.children[scope.path]
        previous = flow.inputs(scope)
        if list(children.values()) != scope.steps or not all(map(str.isdecimal, children)) or len(previous) != 1:
            return False
        for step in scope.steps:
            if isinstance(step, Scope):
                plan = self.plans[step.path]
                if flow.inputs(step) != previous or plan.captured or plan.passed:
                    return False
                previous = (flow.output(step),)
            else:
                if not self._is_plain(step) or flow.reads(step) != previous:
                    return False
                previous = flow.results(step)
        return returned == previous

    def _is_plain(self, node: Node) -> bool:
        """Whether it is called as `torch.nn.Sequential` calls its children."""
        recipe = self.recipes.modules.get(node)
        return node not in self.recipes.tensors and not node.op.multiple and not (recipe and recipe.call)


def _subscript(place: Place) -> str:
    return "".join(f"[{index}]" for index in place)


def _inside(scope: Scope, path: str) -> bool:
    return scope.parent is None or path.startswith(f"{scope.path}.")


def _are_indices(names: list[str]) -> bool:
    return names != [] and names == [str(number) for number in range(len(names))]
