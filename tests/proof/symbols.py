"""What archspec says of symbolic sizes, against brute force: the same spec elaborated at number after number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import product, zip_longest
from math import gcd
from typing import Any

from archspec import given, zoo
from archspec.diagnostics import Diagnostics, Severity
from archspec.dims import Condition, Dim, Symbolic, System, evaluate, symbol
from archspec.elaborate import Options, elaborate
from archspec.graph import Graph, Node
from archspec.reports import sizes_of

UPTO = 200
BATCH = 2
STRETCHING = ("Add", "Sub", "Mul", "Div", "Maximum", "Minimum", "Pow", "MatMul", "Expand")

_OPEN = ("has to be a number", "has no formula", "is not known")
_OPEN_CODES = ("A305", "A307", "A308", "A310", "A312")
"""How archspec says that it has no answer in symbols: an argument, a condition or a count has to be a number."""

Sizes = tuple[int, int]  # H, W


class Disagreement(AssertionError):
    """What archspec says of a symbol is not so."""


@dataclass
class Tally:
    """What a run has seen."""

    networks: int = 0
    refused: int = 0  # no size would do, by archspec and by brute force
    open: int = 0  # a size has to be a number: nothing is said of symbols
    sizes: int = 0  # that were elaborated
    working: int = 0
    conditions: int = 0
    fixed: int = 0
    multiples: int = 0
    unproved: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})


@dataclass
class Subject:
    """A spec whose first input is an image of N x C x H x W, and the sizes that it has in the spec."""

    target: str
    channels: int
    declared: Sizes
    batch: int | str = "N"

    @cached_property
    def _found(self) -> zoo.Target:
        return (zoo.text_target if "\n" in self.target else zoo.find_target)(self.target, Diagnostics())

    def at(self, height: int | str, width: int | str) -> tuple[Graph | None, Diagnostics]:
        """The network for one size of image, or for symbols."""
        found, diagnostics = self._found, Diagnostics()
        batch = BATCH if isinstance(height, int) else self.batch
        assert found.spec is not None
        name = next(iter(found.spec.inputs), "")
        options = Options(
            arguments=found.arguments,
            inputs=given.shapes({name: [batch, self.channels, height, width]}),
            name="subject",
        )
        return elaborate(found.spec, found.library, diagnostics, options).graph, diagnostics


@dataclass
class Answer:
    """The symbolic network, and what it says of numbers."""

    graph: Graph

    def holds(self, sizes: Sizes) -> bool:
        """Whether all conditions hold there."""
        return all(each.at(**_numbers(sizes)) for each in self.asked)

    @cached_property
    def asked(self) -> list[Condition]:
        return [each.condition for each in self.graph.requirements]


def _numbers(sizes: Sizes) -> dict[str, int]:
    return {"N": BATCH, "H": sizes[0], "W": sizes[1]}


def prove(subject: Subject, sizes: Iterable[Sizes], tally: Tally) -> None:
    """Compare archspec's answer with brute force at these sizes. Raises Disagreement."""
    graph, diagnostics = subject.at("H", "W")
    tally.networks += 1
    if graph is None:
        _check_refusal(subject, diagnostics, sizes, tally)
        return
    answer = Answer(graph)
    tally.conditions += len(answer.asked)
    tally.unproved += bool(System(answer.asked).unsolved)
    for each in sizes:
        tally.sizes += 1
        said, reason = answer.holds(each), _obstacle(subject, graph, each)
        if said and reason:
            raise Disagreement(f"at {each} all conditions hold ({_told(answer)}), but {reason}")
        if not said and not reason:
            raise Disagreement(f"at {each} the network is fine, but the conditions are {_told(answer)}")
        tally.working += said
    _check_report(subject, answer, tally)


def _told(answer: Answer) -> str:
    return ", ".join(f"{each.condition} from {each.layer}" for each in answer.graph.requirements) or "none"


def _check_refusal(subject: Subject, diagnostics: Diagnostics, sizes: Iterable[Sizes], tally: Tally) -> None:
    errors = [item for item in diagnostics if item.severity is Severity.ERROR]
    if any(item.code.name in _OPEN_CODES or word in item.message for item in errors for word in _OPEN):
        tally.open += 1
        return
    tally.refused += 1
    for each in sizes:
        tally.sizes += 1
        if subject.at(*each)[0] is not None and not _may_stretch(errors):
            raise Disagreement(f"{each} is fine, but no size is said to be: {errors[0].message}")


def _may_stretch(errors: Iterable[Any]) -> bool:
    """Whether a merge is at fault: where sizes differ, and one is 1, torch stretches it."""
    return any(item.code.name in ("A503", "A509") for item in errors)


# --- brute force --------------------------------------------------------------------------------------


def _obstacle(subject: Subject, symbolic: Graph, sizes: Sizes) -> str | None:
    """Why these sizes don't do; None where they do. They do where the network elaborates, and has the shapes and
    the weights that the symbolic one says, without stretching an axis that is a symbol."""
    graph, diagnostics = subject.at(*sizes)
    if graph is None:
        return next(item.message for item in diagnostics if item.severity is Severity.ERROR)
    values = _numbers(sizes)
    for said, found in zip_longest(symbolic.nodes, graph.nodes):
        if said is None or found is None or said.path != found.path:
            return f"other layers: {said}, {found}"
        shapes, formula = _shapes(found, values), _shapes(said, values)
        if shapes != formula:
            return f"{found}: {shapes}, and {formula} by the formula"
        if _stretched(said, found):
            return f"{found.path} stretches {[str(type_) for type_ in said.input_types]}"
        if _arguments(said, values) != _arguments(found, values):
            return f"{found.path} has other arguments: {found.op}, not {said.op}"
        if _weights(said) != _weights(found):
            return f"{found.path} has other weights: {_weights(found)}, not {_weights(said)}"
    return None


def _shapes(node: Node, values: Mapping[str, int]) -> list[tuple[Dim, ...]]:
    return [tuple(evaluate(size, values) for size in each.type.shape) for each in node.outputs]


def _arguments(node: Node, values: Mapping[str, int]) -> dict[str, Any]:
    """Its arguments, with numbers for the sizes in them."""
    return {
        name: tuple(evaluate(each, values) if isinstance(each, Symbolic) else each for each in value)
        if isinstance(value, tuple)
        else value
        for name, value in ((name, getattr(node.op, name)) for name in type(node.op).model_fields)
    }


def _weights(node: Node) -> list[tuple[int, ...]]:
    return [tensor.shape for tensor in node.parameters().values()]


def _stretched(symbolic: Node, found: Node) -> bool:
    if type(symbolic.op).__name__ not in STRETCHING:
        return False
    cut = 2 if type(symbolic.op).__name__ == "MatMul" else 0
    columns = zip(_columns(symbolic, cut), _columns(found, cut), strict=True)
    return any(_one_stretches(said, numbers) for said, numbers in columns)


def _columns(node: Node, cut: int) -> list[list[Dim]]:
    """The sizes of the inputs that meet, axis by axis from the right, those left out that an input has not."""
    shapes = [type_.shape[: type_.rank - cut] for type_ in node.input_types]
    return [[size for size in sizes if size is not None] for sizes in zip_longest(*(shape[::-1] for shape in shapes))]


def _one_stretches(said: list[Dim], numbers: list[Dim]) -> bool:
    meeting = [evaluate(number, {"N": BATCH}) for size, number in zip(said, numbers, strict=True) if size != 1]
    return any(isinstance(size, Symbolic) for size in said) and len(set(meeting)) > 1


# --- the report ---------------------------------------------------------------------------------------


def _check_report(subject: Subject, answer: Answer, tally: Tally) -> None:
    """min, multiple_of and fixed of `archspec sizes`: what the working sizes are, other symbols being as in the spec.
    Of a symbol that is coupled with one that has no size in the spec, min is the least that goes with any. The
    conditions that tell the sizes apart have been compared with brute force."""
    report = sizes_of(answer.graph).as_dict()["symbols"]
    for name in ("H", "W"):
        if name not in report:
            continue
        told = report[name]
        expected = _expected(name, answer)
        found = {key: told[key] for key in expected}
        if found != expected:
            raise Disagreement(f"{name} is said to be {found}, and is {expected}; {_told(answer)}")
        tally.fixed += told["fixed"] is not None
        tally.multiples += told["multiple_of"] > 1


def _expected(name: str, answer: Answer) -> dict[str, int | None]:
    declared = {**answer.graph.declared}
    everything = [each.with_sizes(declared | {name: symbol(name)}) for each in answer.asked]
    asked = [each for each in everything if name in each.symbols]
    free = sorted({other for each in asked for other in each.symbols} - {name})
    if free:
        together = [each for each in everything if each.symbols <= {name, *free}]
        least = next((n for n in range(1, UPTO) if _goes(together, {name: n}, free)), None)
        return {} if least is None else {"min": least}
    members = [n for n in range(1, 5 * UPTO) if all(each.at(**{name: n}) for each in asked)]
    return {
        "min": members[0] if members else None,
        "multiple_of": gcd(*members) if len(members) > 1 else 1,
        "fixed": members[0] if len(members) == 1 else None,
    }


def _goes(asked: Iterable[Condition], given: Mapping[str, int], free: Sequence[str]) -> bool:
    """Whether there are sizes for the other symbols, small ones."""
    conditions = [each.with_sizes(given) for each in asked]
    settings = product(range(1, UPTO if len(free) == 1 else 25), repeat=len(free))
    return any(all(each.at(**dict(zip(free, sizes, strict=True))) for each in conditions) for sizes in settings)


def square_sizes(upto: int = UPTO) -> Iterator[Sizes]:
    yield from ((n, n) for n in range(1, upto + 1))


def all_sizes(declared: Sizes, upto: int = UPTO) -> Iterator[Sizes]:
    """Every square, every height at the spec's own width, and pairs here and there."""
    yield from square_sizes(upto)
    yield from ((n, declared[1]) for n in range(1, upto + 1))
    yield from ((declared[0], n) for n in range(1, upto + 1, 7))
    yield from ((1 + n * 37 % upto, 1 + n * 53 % upto) for n in range(1, upto // 4))
