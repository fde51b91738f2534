"""Random programs. A program is run while it is drawn, so that most layers suit what they read; now and then one
is drawn without a look, so that a good share of networks is wrong somewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from tests.proof.networks_ops import ACTIVATIONS, Plan, activation, bindable_plan, chain_plan, is_batch, plan
from tests.proof.networks_program import (
    Apply,
    Argument,
    Binary,
    Block,
    Call,
    Either,
    Expr,
    Group,
    Key,
    Layer,
    Listed,
    Literal,
    Loop,
    Name,
    Program,
    Read,
    Share,
    Size,
)
from tests.proof.networks_torch import MULTIPLE
from tests.proof.networks_twin import BATCH, Frame, Place, Result, Twin, Value
from tests.proof.source import Source

_WORDS = ["conv", "a", "b", "left", "right", "down", "up", "mix", "body", "head", "skip", "norm", "act", "wide", "gate"]
_ARGUMENT_WORDS = ["width", "depth", "wide", "gate", "kernel", "rate", "out", "mix"]
_KEY_WORDS = ["stage", "level", "node"]
_INDICES = ["i", "j", "k", "s", "t"]
_DEEPEST = 2


def draw(source: Source, layers: int = 0) -> Program:
    """A program of about so many statements (0: a few)."""
    with torch.inference_mode():
        return _Drawer(source).program(layers or source.integer(3, 9))


@dataclass(eq=False)
class _Here:
    """A scope that is being drawn."""

    parent: _Here | None
    frame: Frame
    env: dict[str, Any]
    named: bool
    block: Block | None
    depth: int
    spliced: bool = False
    children: list[Layer] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)  # names of this scope
    barred: set[str] = field(default_factory=set)  # names that mean something further out

    @property
    def in_list(self) -> bool:
        """Whether what is left unread here cannot be read from outside."""
        here: _Here | None = self
        while here is not None:
            if not here.named:
                return True
            here = here.parent
        return False


class _Drawer:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.program_ = Program({}, Group([], True))
        self.twin = Twin(self.program_)
        self.stack: list[_Here] = []
        self.drafts = 0
        self.numbers = 0
        self._first_values: dict[Block, dict[str, Any]] = {}
        self.lets: set[str] = set()  # names of `let` at layers, which hide any other

    # --- the whole ------------------------------------------------------------------------------------

    def program(self, count: int) -> Program:
        source, program = self.source, self.program_
        batch: int | str = source.choice(["N", "N", BATCH])
        side = source.choice([1, 2, 4, 6, 8, 8, 12, 16])
        shape = (batch, source.integer(1, 4), side, source.choice([side, side, max(1, side - 1), 5]))
        program.inputs["image"] = shape
        if source.chance(4):
            program.inputs["other"] = shape if source.chance(2) else (batch, source.integer(1, 4), 1, 1)
        if source.chance(5):
            choices = {"BatchNorm2d": {"eps": Literal(0.01)}, "Conv2d": {"bias": Literal(False)}}
            op = source.choice(list(choices))
            program.defaults[op] = choices[op]  # type: ignore[assignment]
        tensors = {
            name: torch.randn([BATCH if size in ("N", BATCH) and not i else int(size) for i, size in enumerate(sizes)])
            for name, sizes in program.inputs.items()
        }
        frame = self.twin.root(tensors)
        root = _Here(None, frame, {}, not source.chance(6), None, 0)
        root.taken |= set(program.inputs)
        program.body = Group(root.children, root.named)
        self._body(root, count)
        self._outputs(root)
        return program

    def _outputs(self, root: _Here) -> None:
        """Every value that nothing reads is an output."""
        leaves = self._leaves(root)
        if not leaves and not self.source.chance(6):
            return
        last = root.children[-1]
        mine = [Read(last)] if self._addressable(root, last) and root.frame.prev.values else []
        reads = [*mine, *(read for read, _ in leaves)] or [Read("image")]
        for i, read in enumerate(reads):
            self._bar(root, read)
            self.program_.outputs[f"out{i}"] = read

    def _body(self, here: _Here, count: int) -> None:
        self.stack.append(here)
        for _ in range(count):
            self._statement(here)
        values = here.frame.prev.values
        if values is not None and len(values) > 1:  # a scope gives one value
            self._every(here)
        self.stack.pop()

    def _draft(self, here: _Here, count: int, named: bool, spliced: bool, env: Mapping[str, Any], prev: Result) -> Group:
        """The layers of a scope inside this one."""
        frame = here.frame
        inner = Frame(frame, self._place(), prev)
        made = _Here(here, inner, dict(env), named, here.block, here.depth + 1, spliced)
        if spliced and named:  # its children join this scope
            made.taken, made.barred = here.taken, here.barred
        self._body(made, count)
        self._gather(made, always=spliced or not named or here.in_list)
        return Group(made.children, named, spliced)

    def _place(self) -> Place:
        self.drafts += 1
        return Place(f"~{self.drafts}", f"~{self.drafts}")

    # --- statements -----------------------------------------------------------------------------------

    def _statement(self, here: _Here) -> None:
        values = here.frame.prev.values
        if values is not None and len(values) > 1:  # several outputs: all of them, or one
            self._every(here) if self.source.chance(3) else self._op(here)
            return
        kinds = [self._op] * 10 + [self._merge] * 4 + [self._share, self._scaled]
        if here.depth < _DEEPEST:
            kinds += [self._repeated, self._repeated, self._scope, self._scope, self._splice, self._call, self._call]
        self.source.choice(kinds)(here)

    def _op(self, here: _Here) -> None:
        """One op, valid as a rule."""
        wild = self.source.chance(8)
        for _ in range(3):
            reads, value = self._input(here)
            layer = Layer(None, self._name(here), reads)  # type: ignore[arg-type]
            made = plan(self.source, value.tensor.shape if value else (2, 4, 4, 4), wild)
            self._modify(here, layer, made)
            if self._add(here, layer, keep=wild):
                break

    def _modify(self, here: _Here, layer: Layer, made: Plan) -> None:
        """The op as the layer's, in other words."""
        env = dict(here.env)
        arguments = {}
        for name, value in made.arguments.items():
            if self.source.chance(16) and type(value) is int:
                let = self._fresh(_ARGUMENT_WORDS, env)
                self.lets.add(let)
                layer.let = {**layer.let, let: self._spelled(here, value)}
                env[let] = value
                arguments[name] = Name(let)
            else:
                arguments[name] = self._spelled(here, value)
        op: str | Name = made.op
        if here.block is not None and made.op in ACTIVATIONS and self.source.chance(2):
            op = self._argument(here, None if self.source.chance(5) else made.op, block=True)
        layer.what = Apply(op, arguments)
        if made.op in MULTIPLE:
            if here.block is None and self.source.chance(6):  # one value or several: that has to stay so
                layer.condition = Literal(self.source.chance(2))
        elif self.source.chance(8):
            layer.condition = self._condition(here, self.source.chance(2))

    def _every(self, here: _Here) -> None:
        """All outputs of the previous layer, side by side again."""
        layer = here.children[-1]
        self._add(here, Layer(Apply("Concat", {}), self._name(here), (Read(layer, every=True),)), keep=True)

    def _merge(self, here: _Here) -> None:
        """A sum or a concatenation, of values that fit as a rule."""
        first = here.frame.prev.values
        others = [(read, value) for read, value in self._visible(here) if first and value is not first[0]]
        if not first or len(first) != 1 or not others:
            self._op(here)
            return
        shape = first[0].tensor.shape
        equal = [each for each in others if each[1].tensor.shape == shape]
        along = [each for each in others if _alike(each[1].tensor.shape, shape)]
        if self.source.chance(12):
            chosen, op = [self.source.choice(others)], self.source.choice(["Add", "Concat", "Mul"])
        elif equal and self.source.chance(2):
            chosen, op = [self.source.choice(equal)], self.source.choice(["Add", "Add", "Mul", "Sub"])
        elif along:
            chosen = [self.source.choice(along) for _ in range(self.source.integer(1, 2))]
            op = "Concat"
        else:
            self._op(here)
            return
        reads = [Read(None), *(read for read, _ in chosen)]
        if self.source.chance(3):
            reads.reverse()
        for read in reads:
            self._bar(here, read)
        arguments = {"dim": Literal(1)} if op == "Concat" and self.source.chance(4) else {}
        layer = Layer(Apply(op, arguments), self._name(here), tuple(reads))
        if self.source.chance(10):
            layer.condition = self._condition(here, self.source.chance(2))
        self._add(here, layer)

    def _scaled(self, here: _Here) -> None:
        """A value times an owned tensor."""
        value = _only(here.frame.prev)
        if value is None or not here.named or value.tensor.dim() < 2:
            self._op(here)
            return
        sizes = [*value.tensor.shape[1:2], *[1] * (value.tensor.dim() - 2)]
        shape = Listed(tuple(self._spelled(here, size) for size in sizes))
        owned = Layer(Apply("Parameter", {"shape": shape}), self._name(here))
        self._add(here, owned, keep=True)
        self._bar(here, Read(owned))
        layer = Layer(Apply(self.source.choice(["Mul", "Add"]), {}), self._name(here), (Read(None), Read(owned)))
        self._add(here, layer, keep=True)

    def _repeated(self, here: _Here) -> None:
        """An op, or a scope, several times."""
        loops, first = self._loops(here)
        env = {**here.env, **first}
        key = here.named and self.source.chance(2)
        name: str | Key | None = self._key(here, loops) if key else self._name(here)
        if key and isinstance(name, str):
            loops = ()
        reads, value = self._input(here) if self.source.chance(3) and not key else (None, _only(here.frame.prev))
        outer, here.env = here.env, env
        layer = Layer(None, name, reads, loops=loops)  # type: ignore[arg-type]
        if self.source.chance(3) and here.depth + 1 < _DEEPEST:
            prev = Result((value,)) if value else here.frame.prev
            group = self._draft(here, self.source.integer(1, 2), not self.source.chance(3), False, env, prev)
            layer.what = group
        if layer.what is None or (isinstance(layer.what, Group) and not layer.what.children):
            self._modify(here, layer, chain_plan(self.source, value.tensor.shape if value else (2, 4, 4, 4), False))
        here.env = {**outer, **{name: each for name, each in here.env.items() if name not in first}}
        self._add(here, layer, keep=self.source.chance(4))

    def _scope(self, here: _Here) -> None:
        named = not self.source.chance(3)
        reads, value = self._input(here)
        prev = Result((value,)) if value else here.frame.prev
        group = self._draft(here, self.source.integer(1, 3), named, False, here.env, prev)
        if group.children:
            layer = Layer(group, self._name(here), reads)
            if self.source.chance(10):
                layer.condition = self._condition(here, self.source.chance(2))
            self._add(here, layer, keep=True)

    def _splice(self, here: _Here) -> None:
        reads, value = self._input(here)
        prev = Result((value,)) if value else here.frame.prev
        label = self._name(here)
        group = self._draft(here, self.source.integer(1, 2), here.named, True, here.env, prev)
        if group.children:
            layer = Layer(group, label, reads)
            if not here.named and self.source.chance(2):
                layer.loops = (Loop(None, Literal(2)),)
            self._add(here, layer, keep=True)

    def _share(self, here: _Here) -> None:
        """A layer again, on a value that looks like its first one as a rule."""
        found = [read for read, result in self._layers(here) if result.again and not result.absent]
        if not found:
            self._op(here)
            return
        read = self.source.choice(found)
        count = self._count(read)
        for _ in range(2):
            reads = self._input(here)[0] if count == 1 else tuple(self._other_read(here) for _ in range(count))
            for each in (read, *(reads or ())):
                self._bar(here, each)
            if self._add(here, Layer(Share(read), self._name(here), reads), keep=self.source.chance(8)):
                return

    def _count(self, read: Read) -> int:
        """How many values a layer reads."""
        assert isinstance(read.source, Layer)
        what = read.source.what
        for name in read.path:
            group = what.block.body if isinstance(what, Call) else what
            inner = group.children if isinstance(group, Group) else []
            found = [layer for layer in inner if layer.name == name]
            if len(found) != 1:
                return 1
            read, what = Read(found[0]), found[0].what
        if isinstance(what, Call):
            return len(what.block.inputs)
        if isinstance(what, Share):
            return self._count(what.read)
        reads = read.source.reads  # type: ignore[union-attr]
        if reads is not None and reads[-1].every:
            return 2
        return len(reads) if reads is not None and isinstance(what, Apply) else 1

    # --- blocks ---------------------------------------------------------------------------------------

    def _call(self, here: _Here) -> None:
        """A block: a new one, or one that was there before."""
        blocks = [block for block in self.program_.blocks if block is not here.block]
        again = bool(blocks) and self.source.chance(2)
        block = self.source.choice(blocks) if again else self._block(here)
        if block is None:
            return
        reads = self._block_inputs(here, block)
        if again:
            given = {
                name: self._spelled(here, self._other(self._first_values[block][name]))
                for name, argument in block.arguments.items()
                if argument.default is None or self.source.chance(2)
            }
        else:
            given = {
                name: self._spelled(here, self._first_values[block][name])
                for name, argument in block.arguments.items()
                if argument.default is None or self.source.chance(4)
            }
        layer = Layer(Call(block, given), self._name(here), reads)
        if self.source.chance(8) and len(block.inputs) == 1:  # a scope of repetitions reads one value
            layer.loops = (Loop(None, Literal(2)),)
        self._add(here, layer, keep=True)

    def _block_inputs(self, here: _Here, block: Block) -> tuple[Read, ...] | None:
        if len(block.inputs) == 1:
            return self._input(here)[0]
        reads = [Read(None), *(self._other_read(here) for _ in block.inputs[1:])]
        for read in reads:
            self._bar(here, read)
        return tuple(reads)

    def _other_read(self, here: _Here) -> Read:
        visible = self._visible(here)
        return self.source.choice(visible)[0] if visible else Read(None)

    def _other(self, old: Any) -> Any:
        """Another value for an argument of a block."""
        if isinstance(old, bool):
            return self.source.chance(2)
        if isinstance(old, int):
            return self.source.choice([old, 2, 4, 6])
        if isinstance(old, str):
            return activation(self.source)
        return activation(self.source) if old is None and self.source.chance(2) else old

    def _block(self, here: _Here) -> Block | None:
        """A new block, for the values at hand; None where no layer was found that suits them."""
        several = self.source.chance(3)
        block = Block(f"Block{len(self._first_values)}", Group([], True), ("x", "skip") if several else ("x",))
        self._first_values[block] = {}
        prev = here.frame.prev
        sources = [prev, *([Result((self.source.choice(v)[1],)) for v in [self._visible(here)] if v] if several else [])]
        if len(sources) < len(block.inputs):
            sources.append(prev)
        frame = Frame(None, self._place(), prev, dict(zip(block.inputs, sources, strict=True)))
        inner = _Here(None, frame, self.twin.names(), not self.source.chance(4), block, here.depth + 1)
        inner.taken |= set(block.inputs)
        value = _only(prev)
        if not several and self.source.chance(4) and value is not None:
            block.body = self._bound(inner, value)
        else:
            block.body = Group(inner.children, inner.named)
            self._body(inner, self.source.integer(1, 4))
            if self.source.chance(6) and inner.named:
                self._recursion(inner, block)
            self._gather(inner, always=True)
            if not inner.children:
                return None
        self.program_.blocks.append(block)
        return block

    def _bound(self, inner: _Here, value: Value) -> Apply:
        made = bindable_plan(self.source, value.tensor.shape)
        self.stack.append(inner)
        arguments: dict[str, Expr] = {}
        for name, each in made.arguments.items():
            named = type(each) is int and self.source.chance(2)
            arguments[name] = self._argument(inner, each, block=True) if named else self._spelled(inner, each)
        self.stack.pop()
        return Apply(made.op, arguments)

    def _recursion(self, inner: _Here, block: Block) -> None:
        """The block in itself, as long as an argument says so."""
        name = self._fresh(["deep", "nested"], inner.env)
        if name in block.arguments:
            return
        block.arguments[name] = Argument("int", Literal(1))
        inner.env[name] = self._first_values[block][name] = 1
        given: dict[str, Expr] = {each: Name(each) for each in block.arguments if each != name}
        given[name] = Binary("-", Name(name), Literal(1))
        reads = tuple(Read(each) for each in block.inputs)
        layer = Layer(Call(block, given), self._name(inner), (Read(None), *reads[1:]))
        layer.condition = Binary(">=", Name(name), Literal(1))
        inner.children.append(layer)
        self.twin.layer(layer, inner.frame, {**inner.env, name: 0})

    # --- adding ---------------------------------------------------------------------------------------

    def _add(self, here: _Here, layer: Layer, keep: bool = False) -> bool:
        """Run a layer, and write it down if torch takes it, or if it is kept whatever torch says."""
        frame, twin = here.frame, self.twin
        before = (frame.prev, frame.numbers, frame.last, dict(frame.children), dict(frame.shown))
        done = {each: list(results) for each, results in frame.done.items()}
        failures, modules = len(twin.failures), set(twin.modules)
        twin.layer(layer, frame, here.env)
        several = frame.prev.values is not None and len(frame.prev.values) > 1
        lost = several and not (layer.name is not None or self._addressable(here, layer, here.children))
        if lost or (len(twin.failures) > failures and not keep):
            frame.prev, frame.numbers, frame.last, frame.children, frame.shown = before
            frame.done = done
            del twin.failures[failures:]
            for path in set(twin.modules) - modules:
                del twin.modules[path]
            return False
        here.children.append(layer)
        return True

    def _gather(self, here: _Here, always: bool) -> None:
        """Values that nothing reads are joined at the end of a scope; or left for who reads the scope."""
        leaves = self._leaves(here)
        if not leaves or not (always or self.source.chance(2)):
            return
        value = _only(here.frame.prev)
        if value is None:
            return
        self.stack.append(here)
        reads = [Read(None), *(read for read, _ in leaves)]
        for read in reads:
            self._bar(here, read)
        shapes = {tuple(each.tensor.shape) for _, each in leaves} | {tuple(value.tensor.shape)}
        if len(shapes) == 1:
            self._add(here, Layer(Apply("Add", {}), self._name(here), tuple(reads)), keep=True)
        elif all(_alike(each.tensor.shape, value.tensor.shape) for _, each in leaves):
            self._add(here, Layer(Apply("Concat", {}), self._name(here), tuple(reads)), keep=True)
        else:
            self._flattened(here, leaves)
        self.stack.pop()

    def _flattened(self, here: _Here, leaves: list[tuple[Read, Value]]) -> None:
        """Values of any shapes side by side, as vectors."""
        flat = []
        for read in [Read(None), *(read for read, _ in leaves)]:
            layer = Layer(Apply("Flatten", {}), self._name(here), (read,))
            self._add(here, layer, keep=True)
            flat.append(Read(layer))
        if all(self._addressable(here, read.source) for read in flat):  # type: ignore[arg-type]
            self._add(here, Layer(Apply("Concat", {}), self._name(here), tuple(flat)), keep=True)

    # --- what there is to read ------------------------------------------------------------------------

    def _input(self, here: _Here) -> tuple[tuple[Read, ...] | None, Value | None]:
        """What a layer reads: the previous one as a rule, and always something if that has several outputs."""
        prev = _only(here.frame.prev)
        visible = self._visible(here)
        if prev is not None and (not self.source.chance(5) or not visible):
            return ((Read(None),) if self.source.chance(12) else None), prev
        if not visible:
            return None, None
        read, value = self.source.choice(visible)
        self._bar(here, read)
        return (read,), value

    def _visible(self, here: _Here) -> list[tuple[Read, Value]]:
        """All values with one output that can be read by a name, nearest first."""
        found = [(read, value) for read, result in self._results(here) for read, value in _values(read, result)]
        return found[-40:]

    def _layers(self, here: _Here) -> Iterator[tuple[Read, Result]]:
        """All layers that can be applied again."""
        for read, result in self._results(here):
            what = read.source.what if isinstance(read.source, Layer) else None
            owned = isinstance(what, Apply) and what.op == "Parameter"
            spliced = isinstance(what, Group) and what.spliced
            if what is not None and not owned and not spliced and result.values is not None:
                yield read, result

    def _results(self, here: _Here) -> Iterator[tuple[Read, Result]]:
        scope: _Here | None = here
        hidden: set[str] = set()
        numbers = True
        while scope is not None:
            for name, result in scope.frame.inputs.items():
                if name not in hidden:
                    yield Read(name), Result(result.values)
            for layer, results in scope.frame.done.items():
                if not self._addressable(scope, layer) or (layer.name is None and not numbers):
                    continue
                for i, result in enumerate(results if isinstance(layer.name, Key) and layer.loops else results[-1:]):
                    read = Read(layer, (), i)
                    if _shown(layer) not in hidden:
                        yield read, result
            hidden |= scope.taken
            numbers &= scope.named  # the numbers of a list hide those of the lists around it
            scope = scope.parent

    def _addressable(self, scope: _Here, layer: Layer, before: list[Layer] | None = None) -> bool:
        """Whether a layer has a name, or a number that is sure: `before` are the layers before it in its list."""
        if layer.name is not None:
            return True
        if scope.spliced or (before is None and layer not in scope.children):
            return False
        if before is None:
            before = scope.children[: scope.children.index(layer)]
        return all(
            each.condition is None
            and not each.loops
            and not (isinstance(each.what, Group) and each.what.spliced)
            and not (isinstance(each.what, Apply) and isinstance(each.what.op, Name))
            for each in (*before, layer)
        )

    def _bar(self, here: _Here, read: Read) -> None:
        """The name of what is read keeps its meaning in all scopes between."""
        if read.source is None:
            return
        name = read.source if isinstance(read.source, str) else _shown(read.source)
        scope: _Here | None = here
        while scope is not None and read.source not in scope.frame.done and read.source not in scope.frame.inputs:
            scope.barred.add(name)
            scope = scope.parent

    def _leaves(self, here: _Here) -> list[tuple[Read, Value]]:
        """The values made in this scope that nothing reads, the last one excepted."""
        read = {id(value.node) for node in self.twin.nodes for value in node.inputs}
        prev = here.frame.prev.values or ()
        read |= {id(value.node) for value in prev}
        found: dict[int, tuple[Read, Value]] = {}
        for layer, results in here.frame.done.items():
            if self._addressable(here, layer):
                for i, result in enumerate(results):
                    if isinstance(layer.name, Key) and layer.loops or i == len(results) - 1:
                        for each, value in _values(Read(layer, (), i), result):
                            if value.node is not None and id(value.node) not in read:
                                found.setdefault(id(value.node), (each, value))
        return list(found.values())

    # --- names ----------------------------------------------------------------------------------------

    def _name(self, here: _Here) -> str | None:
        if not here.named:
            return None
        word = self.source.choice(_WORDS)
        name, number = word, 1
        while name in here.taken or name in here.barred:
            number += 1
            name = f"{word}{number}"
        here.taken.add(name)
        return name

    def _key(self, here: _Here, loops: tuple[Loop, ...]) -> str | Key:
        """A key with the indices in it, or with a sum."""
        self.numbers += 1
        before = f"{self.source.choice(_KEY_WORDS)}_{'abcdefghij'[self.numbers % 10]}{self.numbers}_"
        named = [loop.index for loop in loops if loop.index]
        if len(named) < len(loops):
            return self._name(here) or ""
        if not loops:
            return Key(before, Binary("+", Literal(1), Literal(2)))
        number: Expr = Name(named[0])
        for index in named[1:]:
            number = Binary("+", Binary("*", number, Literal(10)), Name(index))
        return Key(before, Binary("+", number, Literal(1)) if self.source.chance(2) else number)

    def _loops(self, here: _Here) -> tuple[tuple[Loop, ...], dict[str, Any]]:
        """Loops, and the first indices."""
        if self.source.chance(3):
            return (Loop(None, Literal(self.source.integer(0 if self.source.chance(4) else 1, 3))),), {}
        free = [index for index in _INDICES if index not in here.env]
        loops, first = [], {}
        for index in free[: 2 if self.source.chance(5) else 1]:
            items: Any = self.source.choice([1, 2, 2, 3, [2, 4], [1, 3], [3, 2, 1]])
            loops.append(Loop(index, Literal(items)))
            first[index] = items[0] if isinstance(items, list) else 0
        return tuple(loops), first

    def _fresh(self, words: list[str], env: Mapping[str, Any]) -> str:
        word = self.source.choice(words)
        taken = {*env, *self.program_.arguments, *self.program_.let, *self.lets, *_INDICES}
        name, number = word, 1
        while name in taken:
            number += 1
            name = f"{word}{number}"
        return name

    # --- expressions ----------------------------------------------------------------------------------

    def _spelled(self, here: _Here, value: Any) -> Expr:
        """An expression whose value, here and now, is this one."""
        if is_batch(value):
            return Size(Read(None), 0)
        if isinstance(value, list):
            if any(map(is_batch, value)) or self.source.chance(4):
                return Listed(tuple(self._spelled(here, item) for item in value))
            same = [name for name, each in here.env.items() if each == value]
            if not same and self.source.chance(6):
                return self._argument(here, value)
            return Name(self.source.choice(same)) if same and self.source.chance(2) else Literal(value)
        if type(value) is int and self.source.chance(3):
            return self._spelled_number(here, value)
        if isinstance(value, bool):
            if self.source.chance(4):
                return self._condition(here, value)
            if self.source.chance(6):
                return self._argument(here, value)
        return Literal(value)

    def _spelled_number(self, here: _Here, value: int) -> Expr:
        same = [name for name, each in here.env.items() if type(each) is int and each == value]
        if same and self.source.chance(2):
            return Name(self.source.choice(same))
        index = next((name for name in here.env if name in _INDICES and here.env[name] <= value), None)
        match self.source.integer(0, 5):
            case 0 if index is not None:
                return Binary("+", Name(index), Literal(value - here.env[index]))
            case 1:
                return self._argument(here, value)
            case 2 if value > 1:
                part = self.source.integer(1, value - 1)
                return Binary("+", Literal(part), Literal(value - part))
            case 3 if value % 2 == 0:
                return Binary("*", Literal(2), self._spelled(here, value // 2))
            case 4:
                return Either(self._condition(here, True), Literal(value), Literal(value + 1))
        return self._size(here, value) or Literal(value)

    def _size(self, here: _Here, value: int) -> Expr | None:
        """The size of a value at hand, or its half or double."""
        visible = [(read, each) for read, each in self._visible(here) if not _numbered(read)][-6:]
        prev = _only(here.frame.prev)
        for read, each in [*([(Read(None), prev)] if prev else []), *visible]:
            for axis, size in list(enumerate(each.tensor.shape))[1:]:
                label = each.labels[axis]
                shown = label if label and each.labels.count(label) == 1 and self.source.chance(2) else axis
                self._bar(here, read)
                if size == value:
                    return Size(read, shown)
                if size == 2 * value:
                    return Binary("//", Size(read, shown), Literal(2))
        return None

    def _condition(self, here: _Here, value: bool) -> Expr:
        """A condition that is as it should be, here and now."""
        same = [name for name, each in here.env.items() if each is value]
        if same and self.source.chance(2):
            return Name(self.source.choice(same))
        prev = _only(here.frame.prev)
        if prev is not None and prev.tensor.dim() > 1 and self.source.chance(2):
            sign = "==" if value else "!="
            return Binary(sign, Size(Read(None), 1), Literal(prev.tensor.shape[1]))
        if self.source.chance(2):
            return self._argument(here, value)
        return Binary("<" if value else ">=", Literal(1), Literal(2)) if self.source.chance(2) else Literal(value)

    def _argument(self, here: _Here, value: Any, block: bool = False) -> Name:
        """A new argument of the block, or of the spec, with this value here and now."""
        name = self._fresh(_ARGUMENT_WORDS, here.env)
        if here.block is not None and (block or self.source.chance(2)):
            words = {int: "int", bool: "bool", str: "op", list: "size", type(None): "op?"}
            typed = value is None or self.source.chance(3)
            needed = typed and self.source.chance(2)
            argument = Argument(words[type(value)] if typed or type(value) is list else None, Literal(value))
            here.block.arguments[name] = Argument(argument.type, None) if needed else argument
            self._first_values[here.block][name] = value
            for each in self.stack:
                if each.block is here.block:
                    each.env[name] = value
            here.env[name] = value
            if type(value) is int and self.source.chance(4):
                return self._block_let(here, here.block, name)
            return Name(name)
        type_ = "size" if isinstance(value, list) else None
        self.program_.arguments[name] = Argument(type_, Literal(value))
        if type(value) is int and self.source.chance(3):
            let = self._fresh(_ARGUMENT_WORDS, {**here.env, name: value})
            self.program_.let[let] = Binary("+", Name(name), Literal(0))
            self._see(here, let, value)
        self._see(here, name, value)
        return Name(name)

    def _block_let(self, here: _Here, block: Block, name: str) -> Name:
        """A `let` name of a block with the value of one of its arguments."""
        let = self._fresh(_ARGUMENT_WORDS, here.env)
        block.let[let] = Binary("*", Name(name), Literal(1))
        for each in (*self.stack, here):
            if each.block is block:
                each.env[let] = each.env[name]
        return Name(let)

    def _see(self, here: _Here, name: str, value: Any) -> None:
        for each in (*self.stack, here):
            each.env.setdefault(name, value)


# --- values -------------------------------------------------------------------------------------------


def _only(result: Result) -> Value | None:
    return result.values[0] if result.values is not None and len(result.values) == 1 else None


def _alike(one: torch.Size, other: torch.Size) -> bool:
    """Whether a concatenation along axis 1 takes both."""
    return len(one) == len(other) >= 2 and one[:1] + one[2:] == other[:1] + other[2:]


def _values(read: Read, result: Result) -> Iterator[tuple[Read, Value]]:
    """The values of a layer: its own, its outputs by number, those of its children by their paths."""
    source = read.source
    if result.values is None:
        return
    if len(result.values) == 1:
        yield read, result.values[0]
    else:
        for i, value in enumerate(result.values):
            yield Read(source, (*read.path, str(i)), read.repetition), value
    if result.children is None or result.absent or len(read.path) > 1:
        return
    what = source.what if isinstance(source, Layer) else None
    if isinstance(what, Group) and what.spliced:
        return
    for name, child in result.children.items():
        if name != "*" and not child.absent:
            yield from _values(Read(source, (*read.path, name), read.repetition), child)


def _shown(layer: Layer) -> str:
    """How a layer is called; of a key with an expression its beginning, which is its alone."""
    return layer.name.before if isinstance(layer.name, Key) else layer.name or ""


def _numbered(read: Read) -> bool:
    """Whether a number stands first in its text, which no expression can begin with."""
    return isinstance(read.source, Layer) and read.source.name is None


assert set(MULTIPLE) == {"Chunk", "Split"}
