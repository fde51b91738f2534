"""The source of a scope's class: its forward, with one statement for each layer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from archspec.backends.torch.dataflow import Slot
from archspec.backends.torch.identifiers import attribute, class_name, last_word, local_name, unused
from archspec.backends.torch.plan import Blueprint, Call, Plan
from archspec.backends.torch.variables import name_results
from archspec.graph import Node, Scope


def scope_source(blueprint: Blueprint, scope: Scope) -> tuple[str, str] | None:
    """The name and the source of the class of a scope; None where it is `torch.nn.Sequential` itself."""
    name = _class_name(blueprint, scope)
    plan = blueprint.plans[scope.path]
    if not plan.sequential:
        base = "ModuleList" if scope.path in blueprint.indexed else "Module"
        return name, f"class {name}(torch.nn.{base}):\n{_Forward(blueprint, plan).text()}"
    if scope.kind in ("list", "mapping"):
        return None
    return name, f"class {name}(torch.nn.Sequential):\n    pass\n"


def formula_source(blueprint: Blueprint, node: Node) -> tuple[str, str]:
    """The name and the source of a class for a formula that stands in a sequence, where only modules can."""
    name = class_name(type(node.op).__name__)
    arguments = ", ".join(f"{field}={value!r}" for field, value in node.op.written().items())
    expression = blueprint.recipes.formulas[node].source.format("x")
    lines = [
        f"class {name}(torch.nn.Module):",
        "    def forward(self, x):",
        f"        return {expression}",
        "",
        "    def extra_repr(self):",
        f"        return {arguments!r}",
    ]
    return name, "\n".join(lines) + "\n"


def _class_name(blueprint: Blueprint, scope: Scope) -> str:
    if scope.parent is None:
        return class_name(blueprint.graph.name)
    return class_name(scope.label, scope.name, scope.path)


class _Forward:
    """Writes the forward of one scope."""

    def __init__(self, blueprint: Blueprint, plan: Plan) -> None:
        self.blueprint = blueprint
        self.plan = plan
        self.signature = ["self"]
        parameters: dict[Slot, str] = {}
        for slot, name in zip(plan.inputs, self.input_names(), strict=True):
            parameters.setdefault(slot, self.parameter(name))
        for slot in plan.captured:
            parameters[slot] = self.parameter(last_word(slot[0].name))
        self.passed = {path: self.parameter(last_word(path)) for path in plan.passed}
        self.targets = name_results(plan, parameters)
        self.texts = parameters | {slot: self.address(path) for slot, path in plan.tensors.items()}
        for call, target in zip(plan.assignments, self.targets, strict=True):
            for slot, place in zip(call.results, call.places, strict=True):
                self.texts[slot] = f"{target}{place}"

    def input_names(self) -> tuple[str, ...]:
        scope = self.plan.scope
        return scope.input_names if scope.parent else tuple(value.name for value in self.blueprint.graph.inputs)

    def parameter(self, name: str) -> str:
        self.signature.append(unused(local_name(name), self.signature))
        return self.signature[-1]

    def text(self) -> str:
        lines = [f"    def forward({', '.join(self.signature)}):"]
        statements = zip(self.plan.assignments, self.targets, strict=True)
        for training, group in groupby(statements, key=lambda statement: statement[0].training):
            indent = " " * (12 if training else 8)
            lines += ["        if self.training:"] if training else []
            lines += [f"{indent}{target} = {self.expression(call)}" for call, target in group]
        lines += [f"        {line}" for line in self.returns()]
        return "\n".join(lines) + "\n"

    def expression(self, call: Call) -> str:
        reads = (self.texts[slot] for slot in call.reads)
        module = None if call.module is None else self.address(call.module)
        return call.source.format(*reads, *map(self.address, call.passed), module=module)

    def returns(self) -> Iterator[str]:
        if self.plan.ends_in_call:
            text = self.expression(self.plan.calls[-1])
            in_dictionary = self.plan.scope.parent is None and self.blueprint.by_name
            yield f"return {_dictionary({self.blueprint.graph.outputs[0].name: text}) if in_dictionary else text}"
        elif self.plan.scope.parent is not None:
            yield f"return {self.texts[self.plan.returned[0]]}"
        else:
            outputs = self.blueprint.graph.outputs
            named = {output.name: self.texts[output.value,] for output in outputs}
            always = {output.name: named[output.name] for output in outputs if not output.training}
            if len(always) < len(named):
                yield "if self.training:"
                yield f"    return {_dictionary(named)}"
            several = len(always) != 1 or self.blueprint.by_name
            yield f"return {_dictionary(always) if several else next(iter(always.values()))}"

    def address(self, path: str) -> str:
        """The source that finds a module or owned tensor by its path."""
        if path in self.passed:
            return self.passed[path]
        text, holder = "self", self.plan.scope.path
        for name in path.removeprefix(f"{holder}.").split("."):
            is_index = holder in self.blueprint.indexed and name in self.blueprint.modules[holder]
            text = f"{text}[{name}]" if is_index else attribute(text, name)
            holder = f"{holder}.{name}" if holder else name
        return text


def _dictionary(items: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name!r}: {text}" for name, text in items.items()) + "}"
