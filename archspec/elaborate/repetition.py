"""`repeat`: a frame for each repetition, with its indices and `let` names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archspec.elaborate.effort import STEPS_PER_ROUND
from archspec.elaborate.evaluate import Env, divided
from archspec.elaborate.files import let_frame
from archspec.elaborate.names import Failed, Frame, Pending, fail
from archspec.elaborate.state import Context, State
from archspec.syntax import arithmetic
from archspec.syntax.arithmetic import Value
from archspec.syntax.document import check_name
from archspec.syntax.layers import LayerDecl, Loop
from archspec.syntax.tree import Scalar

MAX_LOOPS = 16  # in one `repeat`


def repetitions(layer: LayerDecl, context: Context, state: State) -> Iterable[Frame]:
    """The frames of a layer's repetitions; without `repeat`, one."""
    if len(layer.loops) > MAX_LOOPS:
        message = f"a repetition has {len(layer.loops):,} indices, and {MAX_LOOPS} are the limit"
        state.diagnostics.add("A208", message, layer.loops[MAX_LOOPS].items.span)
        context.values.uncertain = True
        return ()
    frames = _loop(layer.loops, context.frame, context, state) if layer.loops else (context.frame,)
    if layer.let is None:
        return frames
    let = layer.let
    return (let_frame(let, frame, context.file, context.values, state.evaluator) for frame in frames)


def _loop(loops: list[Loop], frame: Frame, context: Context, state: State) -> Iterator[Frame]:
    if not loops:
        yield frame
        return
    first, rest = loops[0], loops[1:]
    if first.index is not None and not _index_is_free(first.index, frame, state):
        return
    try:
        env = Env(frame, context.file, context.values)
        items = _items(first, env, state)
    except Failed:  # once around with an unknown index, so that mistakes inside are found as well
        context.values.uncertain = True
        unknown: dict[str, Value | Pending] = {first.index.text: Pending(fail, failed=True)} if first.index else {}
        yield from _loop(rest, Frame(frame, unknown), context, state)
        return
    watch = state.evaluator.watch
    note = watch.loop(first, env) if watch is not None and first.index else None
    for item in items[:1] if state.shallow else items:
        if rest:  # an outer loop costs time even where the inner ones have nothing to do
            state.evaluator.effort.spend(STEPS_PER_ROUND, first.items.span)
        inner = Frame(frame, {first.index.text: item}, loop=True) if first.index else frame
        if note is not None:
            note(inner)
        yield from _loop(rest, inner, context, state)


def _index_is_free(index: Scalar, frame: Frame, state: State) -> bool:
    if not check_name(index, "an index", state.diagnostics):
        return False
    if frame.find(index.text) is not None:
        helps = ["an index may not reuse a visible name: choose another"]
        state.diagnostics.add("A311", f"`{index.text}` is a name already", index.span, helps=helps)
        return False
    return True


def _items(loop: Loop, env: Env, state: State) -> list[Value] | range:
    """What a loop goes over. Raises Failed."""
    value = state.evaluator.value(loop.items, env)
    helps: list[str] = []
    if loop.index is not None:
        if isinstance(value, (list, range)):
            return value
        message = f"a repetition goes over a list, and this is {arithmetic.describe(value)}"
        if isinstance(value, int):
            helps = [f"write `{loop.index.text} in range({loop.items.text})`"]
    else:
        try:
            count = arithmetic.whole(value)
        except ValueError:
            message = f"a repetition is a count or `i in items`, and this is {arithmetic.describe(value)}"
            helps = divided(loop.items, value)
        else:
            if count >= 0:
                return range(count)
            message = f"a count of repetitions cannot be negative, and this is {count}"
    state.diagnostics.add("A208", message, loop.items.inner, helps=helps)
    raise Failed
