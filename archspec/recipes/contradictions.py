"""What the keys of a recipe say against each other, and what they say in vain: mistakes that need no network to be
seen."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.diagnostics import Diagnostics, Label
from archspec.recipes.recipe import Optimizer, Part
from archspec.recipes.written import Loc, Written


def report_contradictions(written: Written, diagnostics: Diagnostics) -> None:
    """Tell of all of them."""
    recipe = written.recipe
    _just_one(written, ("data", "source"), ("data", "image_folder"), "`data`", diagnostics)
    _just_one(written, ("epochs",), ("stages",), "a recipe", diagnostics)
    if written.says("stages") and not recipe.stages and not written.is_wrong("stages"):
        message = "`stages` has to be a list of one or more stages, and is an empty list"
        diagnostics.add("A203", message, written.span("stages"))
    for number, stage in enumerate(recipe.stages):
        if isinstance(stage.lr, float) and written.says("stages", number, "optimizer", "lr"):
            stage_ = ("stages", number)
            _just_one(written, (*stage_, "lr"), (*stage_, "optimizer", "lr"), f"stage {number + 1}", diagnostics)
    for key in ("optimizer", "schedule"):
        own = [written.says("stages", number, key) for number in range(len(recipe.stages))]
        if own and all(own) and written.says(key):
            _no_effect(written, (key,), "as every stage has its own", diagnostics)
    for loc, part in _parts(written):
        _others(written, loc, part, diagnostics)
        if isinstance(part, Optimizer):
            _of_optimizer(written, loc, part, diagnostics)
    _warmups(written, diagnostics)


def _just_one(written: Written, one: Loc, other: Loc, what: str, diagnostics: Diagnostics) -> None:
    shared = len(one) - 1
    names = " and ".join(f"`{'.'.join(map(str, loc[shared:]))}`" for loc in (one, other))
    if written.is_wrong(*one) or written.is_wrong(*other):
        return
    if written.says(*one) and written.says(*other):
        first, second = sorted([one, other], key=lambda loc: written.key(*loc).start)
        labels = [Label(written.key(*first), "the other")]
        diagnostics.add("A702", f"{what} takes one of {names}, and has both", written.key(*second), labels=labels)
    elif not written.says(*one) and not written.says(*other):
        diagnostics.add("A702", f"{what} needs one of {names}", written.key(*one))


def _parts(written: Written) -> Iterator[tuple[Loc, Part]]:
    """The sections in which a key may depend on another."""
    recipe = written.recipe
    yield ("data",), recipe.data
    yield ("optimizer",), recipe.optimizer
    yield ("schedule",), recipe.schedule
    for number, stage in enumerate(recipe.stages):
        for key, part in (("optimizer", stage.optimizer), ("schedule", stage.schedule)):
            if part is not None:
                yield ("stages", number, key), part


def _others(written: Written, loc: Loc, part: Part, diagnostics: Diagnostics) -> None:
    """Tell of keys that belong to another optimizer, schedule or data set."""
    for key in type(part).model_fields:
        of = part.of(key)
        if of is None or part.counts(key) or written.is_wrong(*loc, of.key):
            continue
        value, *others = (f"`{each or 'image_folder'}`" for each in (getattr(part, of.key), *of.values))
        belongs = " and ".join(filter(None, (", ".join(others[:-1]), others[-1])))
        _no_effect(written, (*loc, key), f"with {value}", diagnostics, f"it belongs to {belongs}")


def _of_optimizer(written: Written, loc: Loc, optimizer: Optimizer, diagnostics: Diagnostics) -> None:
    if optimizer.nesterov and optimizer.name == "SGD" and not optimizer.momentum:
        _no_effect(written, (*loc, "nesterov"), "without `momentum`", diagnostics)
    if not optimizer.weight_decay and not written.is_wrong(*loc, "weight_decay"):
        _no_effect(written, (*loc, "no_decay"), "without `weight_decay`", diagnostics)


def _no_effect(written: Written, loc: Loc, why: str, diagnostics: Diagnostics, belongs: str = "") -> None:
    if written.says(*loc):
        notes = [belongs] if belongs else []
        diagnostics.add("A703", f"`{loc[-1]}` has no effect {why}", written.key(*loc), notes=notes)


def _warmups(written: Written, diagnostics: Diagnostics) -> None:
    for number, phase in enumerate(written.recipe.plan):
        schedule = phase.schedule
        epochs: Loc = ("stages", number, "epochs") if written.recipe.stages else ("epochs",)
        if schedule.name == "one_cycle" or schedule.warmup < phase.epochs or written.is_wrong(*epochs):
            continue
        own: Loc = ("stages", number, "schedule", "warmup")
        loc = own if written.says(*own) else ("schedule", "warmup")
        if written.says(*loc):
            what = f"stage {number + 1}" if written.recipe.stages else "the training"
            message = f"the warm-up lasts {schedule.warmup:g} epochs, and {what} has {phase.epochs}"
            labels = [Label(written.span(*epochs), f"the epochs of {what}")]
            diagnostics.add("A704", message, written.span(*loc), labels=labels)
