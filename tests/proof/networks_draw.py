"""Random programs. A program is run while it is drawn, so that most layers suit what they read; now and then one
is drawn without a look, so that a good share of networks is wrong somewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from tests.proof.networks_ops import ACTIVATIONS, Plan, activation, bindable_plan, chain_plan, plan
from tests.proof.networks_program import (
    Apply,
    Argument,
    Binary,
    Block,
    Call,
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
    called_blocks,
)
from tests.proof.networks_scope import Here, alike, only
from tests.proof.networks_spelling import INDICES, Spelling
from tests.proof.networks_torch import MULTIPLE
from tests.proof.networks_twin import BATCH, Frame, Place, Result, Twin, Value
from tests.proof.source import Source

_KEY_WORDS = ["stage", "level", "node"]
_DEEPEST = 2


def draw(source: Source, layers: int = 0) -> Program:
    """A program of about so many statements (0: a few)."""
    with torch.inference_mode():
        return _Drawer(source).program(layers or source.integer(3, 9))


class _Drawer:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.program_ = Program({}, Group([], True))
        self.words = Spelling(source, self.program_)
        self.twin = Twin(self.program_)
        self.drafts = 0
        self.numbers = 0

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
        root = Here(None, frame, {}, not source.chance(6), None, 0)
        root.taken |= set(program.inputs)
        program.body = Group(root.children, root.named)
        self._body(root, count)
        self._outputs(root)
        program.blocks[:] = called_blocks(program)
        return program

    def _outputs(self, root: Here) -> None:
        """Every value that nothing reads is an output."""
        leaves = root.leaves(self.twin.nodes)
        if not leaves and not self.source.chance(6):
            return
        last = root.children[-1]
        mine = [Read(last)] if root.addressable(last) and root.frame.prev.values else []
        reads = [*mine, *(read for read, _ in leaves)] or [Read("image")]
        for i, read in enumerate(reads):
            root.bar(read)
            self.program_.outputs[f"out{i}"] = read

    def _body(self, here: Here, count: int) -> None:
        self.words.stack.append(here)
        for _ in range(count):
            self._statement(here)
        if here.frame.prev.is_list:  # a scope gives one value
            self._every(here)
        self.words.stack.pop()

    def _draft(self, here: Here, count: int, named: bool, spliced: bool, env: Mapping[str, Any], prev: Result) -> Group:
        """The layers of a scope inside this one."""
        frame = here.frame
        inner = Frame(frame, self._place(), prev)
        made = Here(here, inner, dict(env), named, here.block, here.depth + 1, spliced)
        if spliced and named:  # its children join this scope
            made.taken, made.barred = here.taken, here.barred
        self._body(made, count)
        self._gather(made, always=spliced or not named or here.in_list)
        return Group(made.children, named, spliced)

    def _place(self) -> Place:
        self.drafts += 1
        return Place(f"~{self.drafts}", f"~{self.drafts}")

    # --- statements -----------------------------------------------------------------------------------

    def _statement(self, here: Here) -> None:
        if here.frame.prev.is_list:  # all of its outputs, or one
            self._every(here) if self.source.chance(3) else self._op(here)
            return
        kinds = [self._op] * 10 + [self._merge] * 4 + [self._share, self._scaled, self._zipped, self._zipped]
        if here.depth < _DEEPEST:
            kinds += [self._repeated, self._repeated, self._scope, self._scope, self._splice, self._call, self._call]
        self.source.choice(kinds)(here)

    def _op(self, here: Here) -> None:
        """One op, valid as a rule."""
        wild = self.source.chance(8)
        for _ in range(3):
            reads, value = self._input(here)
            layer = Layer(None, here.new_name(self.source), reads)  # type: ignore[arg-type]
            made = plan(self.source, value.tensor.shape if value else (2, 4, 4, 4), wild)
            self._modify(here, layer, made)
            if self._add(here, layer, keep=wild):
                break

    def _modify(self, here: Here, layer: Layer, made: Plan) -> None:
        """The op as the layer's, in other words."""
        env = dict(here.env)
        arguments = {}
        for name, value in made.arguments.items():
            if self.source.chance(16) and type(value) is int:
                let = self.words.let_of_layer(env)
                layer.let = {**layer.let, let: self.words.spelled(here, value)}
                env[let] = value
                arguments[name] = Name(let)
            else:
                arguments[name] = self.words.spelled(here, value)
        op: str | Name = made.op
        if here.block is not None and made.op in ACTIVATIONS and self.source.chance(2):
            op = self.words.argument(here, None if self.source.chance(5) else made.op, block=True)
        layer.what = Apply(op, arguments)
        if made.op in MULTIPLE:
            if here.block is None and self.source.chance(6):  # one value or several: that has to stay so
                layer.condition = Literal(self.source.chance(2))
        elif self.source.chance(8):
            layer.condition = self.words.condition(here, self.source.chance(2))

    def _every(self, here: Here) -> None:
        """All outputs of the previous layer, side by side again."""
        layer = here.children[-1]
        self._add(here, Layer(Apply("Concat", {}), here.new_name(self.source), (Read(layer, every=True),)), keep=True)

    def _merge(self, here: Here) -> None:
        """A sum or a concatenation, of values that fit as a rule."""
        first = only(here.frame.prev)
        others = [(read, value) for read, value in here.visible() if value is not first]
        if first is None or not others:
            self._op(here)
            return
        shape = first.tensor.shape
        equal = [each for each in others if each[1].tensor.shape == shape]
        along = [each for each in others if alike(each[1].tensor.shape, shape)]
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
            here.bar(read)
        arguments = {"dim": Literal(1)} if op == "Concat" and self.source.chance(4) else {}
        layer = Layer(Apply(op, arguments), here.new_name(self.source), tuple(reads))
        if self.source.chance(10):
            layer.condition = self.words.condition(here, self.source.chance(2))
        self._add(here, layer)

    def _zipped(self, here: Here) -> None:
        """Sums with the repetitions of a layer, the last one first: `from: [prev, "down{2 - k}"]`."""
        value = only(here.frame.prev)
        found = [layer for layer, results in here.frame.done.items() if _zips(layer, results, value)]
        free = [index for index in INDICES if index not in here.env]
        if not found or not here.named or not free:
            self._op(here)
            return
        other = self.source.choice(found)
        count = len(here.frame.done[other])
        loops = (Loop(free[0], Literal(count)),)
        mirrored = Read(other, (), Binary("-", Literal(count - 1), Name(free[0])))
        layer = Layer(Apply("Add", {}), self._key(here, loops), (Read(None), mirrored), loops=loops)
        self._add(here, layer, keep=True)

    def _scaled(self, here: Here) -> None:
        """A value times an owned tensor."""
        value = only(here.frame.prev)
        if value is None or not here.named or value.tensor.dim() < 2:
            self._op(here)
            return
        sizes = [*value.tensor.shape[1:2], *[1] * (value.tensor.dim() - 2)]
        shape = Listed(tuple(self.words.spelled(here, size) for size in sizes))
        owned = Layer(Apply("Parameter", {"shape": shape}), here.new_name(self.source))
        self._add(here, owned, keep=True)
        here.bar(Read(owned))
        name, op = here.new_name(self.source), self.source.choice(["Mul", "Add"])
        self._add(here, Layer(Apply(op, {}), name, (Read(None), Read(owned))), keep=True)

    def _repeated(self, here: Here) -> None:
        """An op, or a scope, several times."""
        loops, first = self.words.loops(here.env)
        env = {**here.env, **first}
        key = here.named and self.source.chance(2)
        name: str | Key | None = self._key(here, loops) if key else here.new_name(self.source)
        if key and isinstance(name, str):
            loops = ()
        reads, value = self._input(here) if self.source.chance(3) and not key else (None, only(here.frame.prev))
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
        if key and self.source.chance(2):
            self._zipped(here)

    def _scope(self, here: Here) -> None:
        named = not self.source.chance(3)
        reads, value = self._input(here)
        prev = Result((value,)) if value else here.frame.prev
        group = self._draft(here, self.source.integer(1, 3), named, False, here.env, prev)
        if group.children:
            layer = Layer(group, here.new_name(self.source), reads)
            if self.source.chance(10):
                layer.condition = self.words.condition(here, self.source.chance(2))
            self._add(here, layer, keep=True)

    def _splice(self, here: Here) -> None:
        reads, value = self._input(here)
        prev = Result((value,)) if value else here.frame.prev
        label = here.new_name(self.source)
        group = self._draft(here, self.source.integer(1, 2), here.named, True, here.env, prev)
        if group.children:
            layer = Layer(group, label, reads)
            if not here.named and self.source.chance(2):
                layer.loops = (Loop(None, Literal(2)),)
            self._add(here, layer, keep=True)

    def _share(self, here: Here) -> None:
        """A layer again, on a value that looks like its first one as a rule."""
        found = [read for read, result in here.appliable() if result.again and not result.absent]
        if not found:
            self._op(here)
            return
        read = self.source.choice(found)
        count = self._count(read)
        for _ in range(2):
            reads = self._input(here)[0] if count == 1 else tuple(self._other_read(here) for _ in range(count))
            for each in (read, *(reads or ())):
                here.bar(each)
            if self._add(here, Layer(Share(read), here.new_name(self.source), reads), keep=self.source.chance(8)):
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

    def _call(self, here: Here) -> None:
        """A block: a new one, or one that was there before."""
        blocks = [block for block in self.program_.blocks if block is not here.block]
        again = bool(blocks) and self.source.chance(2)
        block = self.source.choice(blocks) if again else self._block(here)
        if block is None:
            return
        reads = self._block_inputs(here, block)
        if again:
            given = {
                name: self.words.spelled(here, self._other(self.words.first_values[block][name]))
                for name, argument in block.arguments.items()
                if argument.default is None or self.source.chance(2)
            }
        else:
            given = {
                name: self.words.spelled(here, self.words.first_values[block][name])
                for name, argument in block.arguments.items()
                if argument.default is None or self.source.chance(4)
            }
        layer = Layer(Call(block, given), here.new_name(self.source), reads)
        if self.source.chance(8) and len(block.inputs) == 1:  # a scope of repetitions reads one value
            layer.loops = (Loop(None, Literal(2)),)
        self._add(here, layer, keep=True)

    def _block_inputs(self, here: Here, block: Block) -> tuple[Read, ...] | None:
        if len(block.inputs) == 1:
            return self._input(here)[0]
        reads = [Read(None), *(self._other_read(here) for _ in block.inputs[1:])]
        for read in reads:
            here.bar(read)
        return tuple(reads)

    def _other_read(self, here: Here) -> Read:
        visible = here.visible()
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

    def _block(self, here: Here) -> Block | None:
        """A new block, for the values at hand; None where no layer was found that suits them."""
        several = self.source.chance(3)
        block = Block(f"Block{len(self.words.first_values)}", Group([], True), ("x", "skip") if several else ("x",))
        self.words.first_values[block] = {}
        prev = here.frame.prev
        visible = here.visible()
        sources = [prev, Result((self.source.choice(visible)[1],)) if visible else prev][: len(block.inputs)]
        frame = Frame(None, self._place(), prev, dict(zip(block.inputs, sources, strict=True)))
        inner = Here(None, frame, self.twin.names(), not self.source.chance(4), block, here.depth + 1)
        inner.taken |= set(block.inputs)
        value = only(prev)
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

    def _bound(self, inner: Here, value: Value) -> Apply:
        made = bindable_plan(self.source, value.tensor.shape)
        self.words.stack.append(inner)
        arguments: dict[str, Expr] = {}
        for name, each in made.arguments.items():
            named = type(each) is int and self.source.chance(2)
            arguments[name] = self.words.argument(inner, each, block=True) if named else self.words.spelled(inner, each)
        self.words.stack.pop()
        return Apply(made.op, arguments)

    def _recursion(self, inner: Here, block: Block) -> None:
        """The block in itself, as long as an argument says so."""
        name = self.words.fresh(inner.env)
        if name in block.arguments:
            return
        block.arguments[name] = Argument("int", Literal(1))
        inner.env[name] = self.words.first_values[block][name] = 1
        given: dict[str, Expr] = {each: Name(each) for each in block.arguments if each != name}
        given[name] = Binary("-", Name(name), Literal(1))
        reads = tuple(Read(each) for each in block.inputs)
        layer = Layer(Call(block, given), inner.new_name(self.source), (Read(None), *reads[1:]))
        layer.condition = Binary(">=", Name(name), Literal(1))
        inner.children.append(layer)
        self.twin.layer(layer, inner.frame, {**inner.env, name: 0})

    # --- adding ---------------------------------------------------------------------------------------

    def _add(self, here: Here, layer: Layer, keep: bool = False) -> bool:
        """Run a layer, and write it down if torch takes it, or if it is kept whatever torch says."""
        frame, twin = here.frame, self.twin
        before = (frame.prev, frame.numbers, frame.last, dict(frame.children), dict(frame.shown))
        done = {each: list(results) for each, results in frame.done.items()}
        failures, modules = len(twin.failures), set(twin.modules)
        twin.layer(layer, frame, here.env)
        lost = frame.prev.is_list and not (layer.name is not None or here.addressable(layer, here.children))
        if lost or (len(twin.failures) > failures and not keep):
            frame.prev, frame.numbers, frame.last, frame.children, frame.shown = before
            frame.done = done
            del twin.failures[failures:]
            for path in set(twin.modules) - modules:
                del twin.modules[path]
            return False
        here.children.append(layer)
        return True

    def _gather(self, here: Here, always: bool) -> None:
        """Values that nothing reads are joined at the end of a scope; or left for who reads the scope."""
        leaves = here.leaves(self.twin.nodes)
        if not leaves or not (always or self.source.chance(2)):
            return
        value = only(here.frame.prev)
        if value is None:
            return
        self.words.stack.append(here)
        reads = [Read(None), *(read for read, _ in leaves)]
        for read in reads:
            here.bar(read)
        shapes = {tuple(each.tensor.shape) for _, each in leaves} | {tuple(value.tensor.shape)}
        if len(shapes) == 1:
            self._add(here, Layer(Apply("Add", {}), here.new_name(self.source), tuple(reads)), keep=True)
        elif all(alike(each.tensor.shape, value.tensor.shape) for _, each in leaves):
            self._add(here, Layer(Apply("Concat", {}), here.new_name(self.source), tuple(reads)), keep=True)
        else:
            self._flattened(here, leaves)
        self.words.stack.pop()

    def _flattened(self, here: Here, leaves: list[tuple[Read, Value]]) -> None:
        """Values of any shapes side by side, as vectors."""
        flat = []
        for read in [Read(None), *(read for read, _ in leaves)]:
            layer = Layer(Apply("Flatten", {}), here.new_name(self.source), (read,))
            self._add(here, layer, keep=True)
            flat.append(Read(layer))
        if all(here.addressable(read.source) for read in flat):  # type: ignore[arg-type]
            self._add(here, Layer(Apply("Concat", {}), here.new_name(self.source), tuple(flat)), keep=True)

    # --- what there is to read ------------------------------------------------------------------------

    def _input(self, here: Here) -> tuple[tuple[Read, ...] | None, Value | None]:
        """What a layer reads: the previous one as a rule, and always something if that has several outputs."""
        prev = only(here.frame.prev)
        visible = here.visible()
        if prev is not None and (not self.source.chance(5) or not visible):
            return ((Read(None),) if self.source.chance(12) else None), prev
        if not visible:
            return None, None
        read, value = self.source.choice(visible)
        here.bar(read)
        return (read,), value

    # --- names ----------------------------------------------------------------------------------------

    def _key(self, here: Here, loops: tuple[Loop, ...]) -> str | Key:
        """A key with the indices in it, or with a sum."""
        self.numbers += 1
        before = f"{self.source.choice(_KEY_WORDS)}_{'abcdefghij'[self.numbers % 10]}{self.numbers}_"
        named = [loop.index for loop in loops if loop.index]
        if len(named) < len(loops):
            return here.new_name(self.source) or ""
        if not loops:
            return Key(before, Binary("+", Literal(1), Literal(2)))
        number: Expr = Name(named[0])
        for index in named[1:]:
            number = Binary("+", Binary("*", number, Literal(10)), Name(index))
        return Key(before, Binary("+", number, Literal(1)) if self.source.chance(2) else number)


def _zips(layer: Layer, results: list[Result], value: Value | None) -> bool:
    """Whether all repetitions of a layer look like a value, and an index counts them from 0."""
    counted = len(layer.loops) == 1 and isinstance(layer.loops[0].items, Literal)
    if value is None or not counted or not isinstance(layer.name, Key) or len(results) < 2:
        return False
    if layer.loops[0].index is None or layer.loops[0].items != Literal(len(results)):
        return False
    shapes = {each.tensor.shape if (each := only(result)) else None for result in results}
    return shapes == {value.tensor.shape}
