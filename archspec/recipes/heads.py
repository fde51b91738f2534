"""The way out where a network tells other classes apart than the data has: the arg of its spec that counts them."""

from __future__ import annotations

from archspec.architecture import Architecture
from archspec.diagnostics import Help
from archspec.recipes.written import Written

_NAMES = ("num_classes", "n_classes", "classes", "num_labels")


def way_to_classes(written: Written, architecture: Architecture, wanted: int) -> list[Help]:
    """How the recipe says that there are so many classes; nothing where the spec has no such arg."""
    target = architecture.compilation.target
    assert target.spec is not None
    if target.weights is not None:
        return [Help("name the spec itself as `target`, and this folder as `weights`: their heads may differ then")]
    args = {name: arg for spec in target.library.lineage(target.spec) for name, arg in spec.args.items()}
    name = next((name for name in _NAMES if name in args), None)
    if name is None:
        return []
    data = [written.span("data", key) for key in ("source", "image_folder") if written.says("data", key)]
    if any(place.file is not written.file for place in (written.span("model", "target"), *data)):  # options named it
        return [Help(f"`--set {name}={wanted}` says so")]
    if written.says("model", "args", name):
        return [Help(f"write `{name}: {wanted}`", str(wanted), written.span("model", "args", name))]
    text = f"{name}: {wanted}"
    if written.says("model", "args"):
        return [Help(f"write `args: {{{text}}}` with its others")]
    return [_with_args(written, f"args: {{{text}}}")]


def _with_args(written: Written, args: str) -> Help:
    """Args behind the target, on a line of their own where the target has one."""
    words, model, target = f"write `{args}`", written.span("model"), written.span("model", "target")
    if model == target:  # the target stands for all of it
        return Help(f"write `{{target: {target.text}, {args}}}`", f"{{target: {target.text}, {args}}}", model)
    if model.text.startswith("{"):
        return Help(words, f"{target.text}, {args}", target)
    return Help(words, f"{target.text}\n{' ' * (written.key('model', 'target').column - 1)}{args}", target)
