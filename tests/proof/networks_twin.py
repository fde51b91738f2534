"""A program run in plain torch: modules made where they are first applied, values computed as they come.

A layer that torch refuses gives no value, and neither does what depends on it; everything else goes on. So a run
tells of each mistake once, as a spec's diagnostics do.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from tests.proof.networks_program import (
    Apply,
    Binary,
    Block,
    Call,
    Either,
    Expr,
    Group,
    Key,
    Layer,
    Literal,
    Loop,
    Name,
    Program,
    Read,
    Share,
    Size,
)
from tests.proof.networks_run import (
    FAILED,
    ApplyAgain,
    Failure,
    Frame,
    Node,
    Place,
    Refused,
    Result,
    TooBig,
    Unknown,
    Value,
)
from tests.proof.networks_torch import MULTIPLE, Labels, check_result, default_labels, labels_of, make

BATCH = 2
MOST_ELEMENTS = 1 << 21

_REFUSALS = (RuntimeError, ValueError, IndexError, TypeError, AssertionError, NotImplementedError, ZeroDivisionError)
_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">=": operator.ge,
}

Env = Mapping[str, Any]


class Twin:
    """A run of a program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.modules: dict[str, tuple[object, Callable[..., Any] | nn.Parameter]] = {}
        self.values: dict[str, Value] = {}
        self.nodes: list[Node] = []
        self.failures: list[Failure] = []
        self.unlike: list[str] = []  # how layers differ from themselves where they are shared
        self.counts: dict[str, int] = {}  # of the outputs of each op
        self._adopted: Mapping[str, tuple[object, Callable[..., Any] | nn.Parameter]] = {}

    # --- the whole ------------------------------------------------------------------------------------

    def adopt(self, other: Twin) -> None:
        """Run with the modules of another run."""
        self._adopted = dict(other.modules)

    def root(self, inputs: Mapping[str, Tensor]) -> Frame:
        values = {name: Result((Value(tensor, default_labels(tensor.dim())),)) for name, tensor in inputs.items()}
        return Frame(None, Place("", ""), next(iter(values.values())), values)

    def names(self) -> dict[str, Any]:
        """The spec's own names, which its blocks see as well."""
        env: dict[str, Any] = {
            name: each.default.value for name, each in self.program.arguments.items() if each.default is not None
        }
        for name, expression in self.program.let.items():
            env[name] = self.evaluate(expression, env, None)
        return env

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Value]:
        """The outputs by name; none of those that failed."""
        frame, env = self.root(inputs), self.names()
        self.walk(self.program.body, frame, env)
        outputs = self.program.outputs or {frame.last: Read(None)}
        found = {name: self.read(read, frame, env)[0] for name, read in outputs.items()}
        return {name: result.single() for name, result in found.items() if result.values is not None}

    def module(self) -> nn.Module:
        """The modules at their paths: a scope's own tensors first, then its children in order of mention."""
        root = nn.Module()
        for path, (_, made) in self.modules.items():
            holder = root
            *containers, name = path.split(".")
            for each in containers:
                if each not in holder._modules:
                    holder.add_module(each, nn.Module())
                holder = holder.get_submodule(each)
            if isinstance(made, nn.Parameter):
                holder.register_parameter(name, made)
            elif isinstance(made, nn.Module):
                holder.add_module(name, made)
        return root

    # --- layers ---------------------------------------------------------------------------------------

    def walk(self, group: Group, frame: Frame, env: Env) -> None:
        for layer in group.children:
            self.layer(layer, frame, env)

    def layer(self, layer: Layer, frame: Frame, env: Env) -> None:
        """A layer in a scope, with its repetitions."""
        if layer.is_numbered_under_its_name:
            assert isinstance(layer.name, str)
            self._present(layer, layer.name, self._numbered(layer, frame, env), frame, env)
            return
        for each in self._repetitions(layer.loops, env):
            self._one(layer, frame, each)

    def _numbered(self, layer: Layer, frame: Frame, env: Env) -> ApplyAgain:
        inner = Layer(layer.what, condition=layer.condition, loops=layer.loops, let=layer.let)

        def apply(sources: list[Result], place: Place) -> Result:
            scope = Frame(frame, place, sources[0])
            for each in self._repetitions(layer.loops, env):
                self._one(inner, scope, each, blamed=layer)
            return self._left(scope, layer)

        return apply

    def _repetitions(self, loops: tuple[Loop, ...], env: Env) -> Iterator[Env]:
        if not loops:
            yield env
            return
        items = self.evaluate(loops[0].items, env, None)
        for item in range(items) if isinstance(items, int) else items:
            yield from self._repetitions(loops[1:], {**env, loops[0].index: item} if loops[0].index else env)

    def _one(self, layer: Layer, frame: Frame, env: Env, blamed: Layer | None = None) -> None:
        """One repetition of one layer."""
        name = layer.name
        if isinstance(name, Key):
            name = f"{name.before}{self.evaluate(name.number, env, frame)}"
        op: str | None
        try:
            present = layer.condition is None or bool(self.evaluate(layer.condition, env, frame))
            op = self._op(layer.what, env)
        except (Unknown, Refused) as problem:
            self._mistake(problem, blamed or layer)
            present, apply, op = True, _nothing, ""
        else:
            if not present or op is None:
                self._absent(layer, name, op, frame, env)
                return
            env = self._with_let(layer.let, env, frame, blamed or layer)
            if isinstance(layer.what, Group) and layer.what.spliced:
                self._splice(layer, name, layer.what, frame, env)
                return
            try:
                apply = self._applier(layer, op, frame, env, blamed or layer)
            except (Unknown, Refused) as problem:
                self._mistake(problem, blamed or layer)
                apply = _nothing
        if name is None:
            name, frame.numbers = str(frame.numbers), frame.numbers + 1
        self._present(layer, name, apply, frame, env)

    def _mistake(self, problem: Exception, layer: Layer) -> None:
        if isinstance(problem, Refused):
            self.failures.append(Failure((layer,), str(problem)))

    def _op(self, what: object, env: Env) -> str | None:
        """The op that is applied; None where an argument says that there is none."""
        if not isinstance(what, Apply):
            return ""
        return self.evaluate(what.op, env, None) if isinstance(what.op, Name) else what.op

    def _present(self, layer: Layer, name: str, apply: ApplyAgain, frame: Frame, env: Env) -> None:
        owned = isinstance(layer.what, Apply) and layer.what.op == "Parameter"
        first = len(self.nodes)
        try:
            sources = [] if owned else self._sources(layer, frame, env)
            result = apply(sources, frame.place.child(name))
        except Refused as problem:
            self._mistake(problem, layer)
            result = FAILED
        again = result.again or apply
        owner = result.owner or frame.place.child(name).owner
        result = Result(result.values, result.children, owner, again, self._parts(first), is_list=result.is_list)
        frame.done.setdefault(layer, []).append(result)
        frame.children[name] = frame.shown[name] = result
        if not owned:
            frame.prev, frame.last = result, name

    def _absent(self, layer: Layer, name: str | None, op: str | None, frame: Frame, env: Env) -> None:
        try:
            first = self.read(layer.reads[0], frame, env)[0] if layer.reads else frame.prev
        except Refused as problem:
            self._mistake(problem, layer)
            first = FAILED
        several = first.any_number or op in MULTIPLE
        alias = Result(first.values, first.children, absent=True, any_number=several, is_list=first.is_list)
        frame.done.setdefault(layer, []).append(alias)
        if name is not None:
            frame.children[name] = alias
        frame.prev, frame.last = alias, name or frame.last

    def _splice(self, layer: Layer, name: str | None, group: Group, frame: Frame, env: Env) -> None:
        [frame.prev] = self._sources(layer, frame, env)
        self.walk(group, frame, env)
        frame.done.setdefault(layer, []).append(frame.prev)
        if name is not None:
            frame.children[name], frame.last = frame.prev, name

    def _with_let(self, let: Mapping[str, Expr], env: Env, frame: Frame, layer: Layer) -> Env:
        for name, expression in let.items():
            try:
                env = {**env, name: self.evaluate(expression, env, frame)}
            except (Unknown, Refused) as problem:
                self._mistake(problem, layer)
                env = {**env, name: Unknown}
        return env

    # --- what a layer reads ---------------------------------------------------------------------------

    def _sources(self, layer: Layer, frame: Frame, env: Env) -> list[Result]:
        if layer.reads is None:
            return [frame.prev]
        return [result for read in layer.reads for result in self.read(read, frame, env)]

    def read(self, read: Read, frame: Frame, env: Env) -> list[Result]:
        try:
            repetition = self.evaluate(read.repetition, env, frame) if read.repetition is not None else 0
            result = frame.prev if read.source is None else frame.result(read.source, repetition)
            for name in read.path:
                result = result.part(name)
            if not read.every:
                return [result]
            if result.any_number:
                return [result]
            if result.values is None:
                return [FAILED]
            if result.children is not None:
                return list(result.children["*"].children.values())  # type: ignore[union-attr]
            return [Result((value,)) for value in result.values]
        except Unknown:
            return [FAILED]

    # --- kinds of layers ------------------------------------------------------------------------------

    def _applier(self, layer: Layer, op: str, frame: Frame, env: Env, blamed: Layer) -> ApplyAgain:
        what = layer.what
        if isinstance(what, Apply):
            arguments = {name: self.evaluate(each, env, frame) for name, each in what.arguments.items()}
            return lambda sources, place: self._apply(op, arguments, sources, place, (blamed,))
        if isinstance(what, Call):
            given = {name: self.evaluate(each, env, frame) for name, each in what.arguments.items()}
            return lambda sources, place: self._call(what.block, given, sources, place, blamed)
        if isinstance(what, Share):
            return self._share(blamed, self.read(what.read, frame, env)[0])
        return lambda sources, place: self._scope(what, sources, place, frame, env)

    def _scope(self, group: Group, sources: list[Result], place: Place, frame: Frame, env: Env) -> Result:
        scope = Frame(frame, place, sources[0])
        self.walk(group, scope, env)
        return self._left(scope, group.children[-1])

    def _left(self, frame: Frame, last: Layer) -> Result:
        """What a finished scope gives: its last value, and its children for who reads them."""
        values = frame.prev.values
        if values is not None and frame.prev.is_list:
            self.failures.append(Failure((last,), f"{frame.place.path} gives {len(values)} values"))
            values = None
        return Result(values, {**frame.children, "*": Result(None, dict(frame.shown))})

    def _call(
        self, block: Block, given: Mapping[str, Any], sources: list[Result], place: Place, blamed: Layer
    ) -> Result:
        frame, env = self.enter(block, given, sources, place)
        if isinstance(block.body, Group):
            self.walk(block.body, frame, env)
            return self._left(frame, block.body.children[-1])
        try:
            op = self._op(block.body, env)
            if op is None:
                return Result(sources[0].values, absent=True, is_list=sources[0].is_list)
            arguments = {name: self.evaluate(each, env, frame) for name, each in block.body.arguments.items()}
        except Unknown:
            return FAILED
        except Refused as problem:
            self.failures.append(Failure((blamed, block), str(problem)))
            return FAILED
        return self._apply(op, arguments, sources, place, (blamed, block))

    def enter(
        self, block: Block, given: Mapping[str, Any], sources: list[Result], place: Place
    ) -> tuple[Frame, dict[str, Any]]:
        """A block's own scope, and the names in it."""
        defaults = {name: each.default.value for name, each in block.arguments.items() if each.default is not None}
        frame = Frame(None, place, sources[0], dict(zip(block.inputs, sources, strict=True)))
        env = {**self.names(), **defaults, **given}
        for name, expression in block.let.items():
            env[name] = self.evaluate(expression, env, None)
        return frame, env

    def _share(self, layer: Layer, first: Result) -> ApplyAgain:
        if first.values is None:
            raise Unknown
        if first.again is None:
            raise Refused((layer,), "an absent layer cannot be applied again")
        again = first.again

        def apply(sources: list[Result], place: Place) -> Result:
            start, unlike, failures = len(self.nodes), len(self.unlike), len(self.failures)
            result = again(sources, Place(place.path, first.owner, layer, True))
            if len(self.failures) == failures and result.values is not None and self._parts(start) != first.parts:
                self.unlike.append(f"{first.parts} are in it, and then {self._parts(start)}")
            if result.values is not None and len(self.unlike) > unlike:
                self.failures.append(Failure((layer,), self.unlike[-1]))
                return FAILED
            return Result(result.values, result.children, first.owner, again, is_list=result.is_list)

        return apply

    def _parts(self, start: int) -> frozenset[str]:
        return frozenset(node.owner for node in self.nodes[start:])

    # --- ops ------------------------------------------------------------------------------------------

    def _apply(
        self, op: str, arguments: Mapping[str, Any], sources: list[Result], place: Place, blamed: tuple[Any, ...]
    ) -> Result:
        if any(source.values is None for source in sources):
            return FAILED
        if place.share is not None and place.directly:
            blamed = (place.share, *blamed)
        inputs = tuple(source.single() for source in sources)
        defaults = {name: each.value for name, each in self.program.defaults.get(op, {}).items()}
        try:
            outputs, labels = self._computed(op, {**defaults, **arguments}, inputs, place)
        except Refused as refused:
            self.failures.append(Failure(refused.culprits or blamed, str(refused)))
            return FAILED
        if self.counts.setdefault(place.owner, len(outputs)) != len(outputs):
            self.unlike.append(f"{place.owner} gave {self.counts[place.owner]} values, and gives {len(outputs)}")
        node = Node(place.path, place.owner, blamed[0], op, inputs)
        self.nodes.append(node)
        values = tuple(Value(tensor, labels, node) for tensor in outputs)
        names = [f"{place.path}.{i}" for i in range(len(values))] if op in MULTIPLE else [place.path]
        self.values.update(zip(names, values, strict=True))
        return Result(values, is_list=op in MULTIPLE)

    def _computed(
        self, op: str, arguments: dict[str, Any], inputs: tuple[Value, ...], place: Place
    ) -> tuple[tuple[Tensor, ...], Labels]:
        tensors = [value.tensor for value in inputs]
        try:
            if op == "Parameter":
                return self._parameter(arguments, place)
            function = self._made(op, arguments, tensors, place)
            result = function(*tensors)
            check_result(op, result)
        except _REFUSALS as error:
            if "allocate memory" in str(error):
                raise TooBig from error
            raise Refused((), f"{op}({arguments}) on {[tuple(x.shape) for x in tensors]}: {error}") from error
        outputs = result if isinstance(result, tuple) else (result,)
        if sum(tensor.numel() for tensor in outputs) > MOST_ELEMENTS:
            raise TooBig
        same = outputs[0].shape == tensors[0].shape
        return outputs, labels_of(op, arguments, [value.labels for value in inputs], same, outputs[0].dim())

    def _made(self, op: str, arguments: dict[str, Any], tensors: list[Tensor], place: Place) -> Callable[..., Any]:
        """The module of this place: a new one, or, where it is shared, the first one if it is the same."""
        if place.share is None and place.owner in self._adopted:
            self.modules[place.owner] = meaning, module = self._adopted[place.owner]
            assert not isinstance(module, nn.Parameter)
            return module
        made = make(op, arguments, tensors)
        meaning = (op, arguments, len(tensors), repr(made) if isinstance(made, nn.Module) else "")
        if place.share is not None:
            first, module = self.modules.get(place.owner, (None, None))
            if first == meaning:
                assert not isinstance(module, nn.Parameter | None)
                return module
            self.unlike.append(f"{place.owner} was {first}, and now is {meaning}")
            return made
        assert place.owner not in self.modules, place.owner
        if isinstance(made, nn.Module):
            made.eval()
        self.modules[place.owner] = meaning, made
        return made

    def _parameter(self, arguments: dict[str, Any], place: Place) -> tuple[tuple[Tensor, ...], Labels]:
        shape = arguments["shape"]
        if place.owner in self._adopted:
            self.modules[place.owner] = self._adopted[place.owner]
        if place.owner not in self.modules:
            self.modules[place.owner] = (shape, nn.Parameter(torch.zeros(shape)))
        first, made = self.modules[place.owner]
        if first != shape:
            self.unlike.append(f"{place.owner} was {first}, and now is {shape}")
            made = nn.Parameter(torch.zeros(shape))
        assert isinstance(made, nn.Parameter)
        return (made,), (None,) * len(shape)

    # --- expressions ----------------------------------------------------------------------------------

    def evaluate(self, expression: Expr | int, env: Env, frame: Frame | None) -> Any:
        """Raises Unknown where it asks for a size of what failed."""
        match expression:
            case Literal(value):
                return value
            case Name(name):
                if env[name] is Unknown:
                    raise Unknown
                return env[name]
            case Binary(sign, left, right):
                return _SIGNS[sign](self.evaluate(left, env, frame), self.evaluate(right, env, frame))
            case Either(condition, yes, no):
                return self.evaluate(yes if self.evaluate(condition, env, frame) else no, env, frame)
            case Size(read, axis):
                assert frame is not None
                return _size(self.read(read, frame, env)[0].single(), axis)
            case int():
                return expression
        return [self.evaluate(item, env, frame) for item in expression.items]


def _size(value: Value, axis: str | int) -> int:
    if isinstance(axis, int) and axis < value.tensor.dim():
        return value.tensor.shape[axis]
    if axis in value.labels:
        return value.tensor.shape[value.labels.index(str(axis))]
    raise Refused((), f"no axis {axis} in {tuple(value.tensor.shape)}, {value.labels}")


def _nothing(sources: list[Result], place: Place) -> Result:
    return FAILED
