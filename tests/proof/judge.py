"""The judge: archspec's answer to a draw beside torch's."""

from __future__ import annotations

from typing import Any, NamedTuple
from zlib import crc32

import torch
from pydantic import ValidationError
from torch.utils.flop_counter import FlopCounterMode

from archspec.dims import evaluate
from archspec.ops.base import Op, OpError, TorchModule, TorchTensor
from archspec.types import TensorType
from tests.ops.cases import op_class
from tests.ops.realize import module_of
from tests.proof.draws import Draw, Hint, Input
from tests.proof.referee import Refusal, Taken, copies, flat, torchs
from tests.proof.rules import other_element_type, stricter
from tests.proof.slips import unsafe


class Disagreement(NamedTuple):
    draw: Draw
    what: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        return f"{self.what}: {self.draw}\n  archspec: {self.ours}\n  torch:    {self.theirs}"


class Judgement(NamedTuple):
    accepted: bool
    rule: str | None = None
    disagreement: Disagreement | None = None
    quirk: str = ""


class Inferred(NamedTuple):
    """What archspec says of a draw that it takes."""

    op: Op
    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]

    @property
    def types(self) -> tuple[Input, ...]:
        return tuple((type_.shape, type_.dtype) for type_ in self.outputs)  # type: ignore[misc]


def archspecs(draw: Draw) -> Inferred | Refusal:
    """What archspec says."""
    inputs = tuple(TensorType.of(shape, dtype) for shape, dtype in draw.inputs)
    try:
        op = op_class(draw.op).model_validate(draw.arguments)
        least, most = op.inputs
        if not least <= len(inputs) <= (len(inputs) if most is None else most):
            return Refusal(f"{len(inputs)} inputs")
        found = op.infer(*inputs)
    except ValidationError as error:
        return Refusal("; ".join(f"{item['loc']}: {item['msg']}" for item in error.errors()))
    except OpError as error:
        return Refusal(error.message)
    return Inferred(op, inputs, (found,) if isinstance(found, TensorType) else found)


def judge(draw: Draw, hint: Hint, share: int = 4, meta: bool = False) -> Judgement:
    """Compares the two; what costs more (values, MACs of ops that count none) for one draw in `share`, and
    for as many, if `meta`, torch's meta device with its CPU."""
    try:
        ours = archspecs(draw)
    except Exception as error:
        return _against(draw, False, "archspec crashes", f"{type(error).__name__}: {error}", "")
    try:
        reason = unsafe(draw)
        theirs = Refusal(reason) if reason else torchs(draw, hint)
    except Exception as error:
        return _against(draw, False, "torch crashes", "", f"{type(error).__name__}: {error}")
    accepted, number = isinstance(ours, Inferred), crc32(str(draw).encode())
    rule = None
    if isinstance(theirs, Taken) and (rule := stricter(draw, hint, theirs)):
        if isinstance(ours, Inferred):
            return _against(draw, accepted, "a rule is broken", f"accepts: {ours.types}", rule)
    elif isinstance(ours, Refusal) and isinstance(theirs, Taken):
        return _against(draw, accepted, "only torch accepts", ours.reason, f"accepts: {theirs.types}")
    elif isinstance(ours, Inferred) and isinstance(theirs, Refusal):
        return _against(draw, accepted, "only archspec accepts", f"accepts: {ours.types}", theirs.reason)
    elif isinstance(ours, Inferred) and isinstance(theirs, Taken):
        try:
            found = _facets(draw, hint, ours, theirs, number % share == 0)
        except Exception as error:
            return _against(draw, accepted, "archspec crashes", f"{type(error).__name__}: {error}", "")
        if found:
            return _against(draw, accepted, *found)
    quirk = ""
    if meta and number % share == 1 and not (reason or "device" in draw.arguments or other_element_type(draw, hint)):
        quirk = _on_meta(draw, hint, theirs)
    return Judgement(accepted, rule, quirk=quirk)


def _against(draw: Draw, accepted: bool, what: str, ours: str, theirs: str) -> Judgement:
    return Judgement(accepted, disagreement=Disagreement(draw, what, ours, theirs))


def _facets(draw: Draw, hint: Hint, ours: Inferred, theirs: Taken, thorough: bool) -> tuple[str, str, str] | None:
    """What differs of types, parameters, MACs and values, with what both say."""
    if ours.types != theirs.types:
        return "types differ", str(ours.types), str(theirs.types)
    owned = {name: (t.shape, t.dtype, t.trainable) for name, t in ours.op.parameters(*ours.inputs).items()}
    if isinstance(theirs.layer, torch.nn.Module) and list(owned.items()) != list(theirs.tensors.items()):
        return "parameters differ", str(owned), str(theirs.tensors)
    macs = ours.op.macs(*ours.inputs)
    if thorough or (macs and not hint.on_meta):
        flops = _flops(draw, hint, theirs)
        if flops != 2 * macs:  # type: ignore[operator]
            return "MACs differ", str(macs), str(flops / 2)
    if thorough:
        with torch.no_grad():
            results = tuple(flat(by_recipe(ours, theirs)(*copies(theirs.values, draw.arguments))))
        pairs = zip(results, theirs.results, strict=True)
        if not all(torch.allclose(one, other, 1e-5, 1e-6, equal_nan=True) for one, other in pairs):
            return "values differ", str(results), str(theirs.results)
    return None


def _flops(draw: Draw, hint: Hint, theirs: Taken) -> int:
    counted = torchs(draw, hint, "meta") if hint.on_meta else theirs
    assert isinstance(counted, Taken)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        if hint.written_out:
            hint.written_out(counted.layer, *counted.values)
        else:
            counted.layer(*copies(counted.values, draw.arguments))
    return counter.get_total_flops()


def by_recipe(ours: Inferred, theirs: Taken) -> Any:
    """What the op's recipe makes, with torch's weights."""
    recipe = ours.op.to_torch(*ours.inputs)
    if isinstance(recipe, TorchTensor):
        return lambda: theirs.results[0]
    names = [f"x{k}" for k in range(len(ours.inputs))]
    known: dict[str, Any] = {"torch": torch}
    if isinstance(recipe, TorchModule):
        known["module"] = twin = module_of(recipe).eval()
        twin.load_state_dict(theirs.layer.state_dict())  # type: ignore[attr-defined]
        source = (recipe.call or f"{{module}}({', '.join(names)})").format(*names, module="module")
    else:
        source = recipe.source.format(*names, *(str(evaluate(size, {})) for size in recipe.sizes))
    return eval(f"lambda {', '.join(names)}: {source}", known)


def _on_meta(draw: Draw, hint: Hint, theirs: Taken | Refusal) -> str:
    """How torch's meta kernels differ from those of the CPU."""
    try:
        meta = torchs(draw, hint, "meta")
    except Exception as error:
        return f"meta raises {type(error).__name__}"
    if isinstance(meta, Taken) != isinstance(theirs, Taken):
        refused = meta if isinstance(meta, Refusal) else theirs
        return f"{'meta' if refused is meta else 'CPU'} refuses: {refused.reason}"  # type: ignore[union-attr]
    if isinstance(meta, Taken) and meta.types != theirs.types:  # type: ignore[union-attr]
        return f"CPU gives {_shapes(theirs)}, meta {_shapes(meta)}"  # type: ignore[union-attr]
    return ""


def _shapes(taken: Taken) -> str:
    return " and ".join(" x ".join(map(str, shape)) for shape, _ in taken.types)
