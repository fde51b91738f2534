"""What `archspec zoo show` tells of a published network: facts as JSON has them, and as a page of 80 columns."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from shlex import quote
from textwrap import wrap
from typing import Any

from archspec import zoo
from archspec.architecture import Architecture
from archspec.cli.printing import progress
from archspec.render import BOLD, paint
from archspec.reports import tables
from archspec.reports.figures import in_bytes, plain
from archspec.reports.summary import Summary

_WIDTH = 80
_LABEL = 18
_SHOWN = 6  # categories
_GMACS_FROM = 10**7  # below, three decimals say nothing


def facts(
    network: Architecture, model: zoo.ZooModel, collection: zoo.Collection, with_weights: bool
) -> dict[str, Any]:
    """The JSON form. `with_weights`: whether torchvision is asked, whose import takes seconds. Raises WeightsError."""
    spec = network.compilation.target.spec
    assert spec is not None
    summary = network.summary()
    given = {name: node.span.text for name, (_, node) in model.args.items()}
    declared = [item for each in network.compilation.target.library.lineage(spec) for item in each.args.items()]
    defaults = {name: arg.default.span.text for name, arg in declared if arg.default is not None}
    return {
        "name": model.name,
        "family": model.family,
        "collection": collection.name,
        "path": network.request.zoo,
        "plugins": list(network.request.plugins),
        "spec": model.spec,
        "description": spec.description,
        "reference": spec.reference,
        "inputs": {name: _shape(type_.shape) for name, type_ in summary.inputs.items()},
        "outputs": {name: _shape(type_.shape) for name, type_ in summary.outputs.items()},
        "params": summary.weights.parameters,
        "weight_bytes": summary.weights.bytes,
        "macs": plain(summary.macs),
        "min_size": model.expect.get("min_size"),
        **_sight(network, summary),
        "features": [
            {"path": each.path, "channels": plain(each.channels), "stride": str(each.stride)}
            for each in network.feature_info.pyramid().values()
        ],
        "args": {**defaults, **given},
        "set": list(given),
        "weights_from": model.weights or None,
        "weights": _weights(model) if with_weights else None,
        "expect": dict(model.expect),
    }


def _shape(sizes: Sequence[Any]) -> list[int | str]:
    return [plain(size) for size in sizes]


def _sight(network: Architecture, summary: Summary) -> dict[str, Any]:
    """The receptive field of the coarsest map, and where that is."""
    levels = list(network.feature_info.pyramid())
    if not levels:
        return {"receptive_field": None, "receptive_field_of": None}
    last = levels[-1]
    within = [each for each in summary.layers if each.path == last or each.path.startswith(f"{last}.")]
    field = within[-1].receptive_field if within else None
    return {
        "receptive_field": _shape(field) if isinstance(field, tuple) else field,
        "receptive_field_of": last,
    }


def _weights(model: zoo.ZooModel) -> list[dict[str, Any]]:
    if not model.weights and not model.files:
        return []
    from archspec.weights.published import describe

    with progress("asking torchvision for its weights"):
        found = describe(model)
    return [{**asdict(each), "path": os.fspath(each.path), "args": dict(each.args)} for each in found]


def text(facts: Mapping[str, Any], color: bool) -> Iterator[str]:
    """The page, line by line."""
    yield paint(facts["name"], BOLD, color)
    for paragraph in (facts["description"], facts["reference"]):
        yield from wrap(paragraph, _WIDTH)
    yield ""
    for label, value in _measures(facts):
        yield from _labelled(label, value)
    if facts["features"]:
        yield ""
        yield paint("feature maps", BOLD, color)
        yield from (_mapped(each) for each in facts["features"])
    yield ""
    yield paint(f"args of the spec {facts['spec']}", BOLD, color)
    longest = max([_LABEL, *(len(name) + 2 for name in facts["args"])])
    for name, value in facts["args"].items():
        yield from _labelled(name, value if name in facts["set"] else f"{value}  (default)", longest)
    if facts["weights"]:
        yield ""
        yield from _told(facts["weights"], facts["weights_from"], color)
    yield ""
    yield paint("in Python", BOLD, color)
    yield from (f"  {line}" for line in _python(facts))
    yield ""
    yield paint("on the command line", BOLD, color)
    yield from (f"  {line}" for line in _commands(facts))


def _labelled(label: str, value: str, room: int = _LABEL) -> Iterator[str]:
    first, *more = wrap(value, _WIDTH - room - 2, break_on_hyphens=False) or [""]
    yield f"  {label.ljust(room)}{first}".rstrip()
    yield from (f"  {' ' * room}{line}" for line in more)


def _mapped(level: Mapping[str, Any]) -> str:
    return f"  {level['path'].ljust(_LABEL)}{level['channels']} channels, stride {level['stride']}"


def _measures(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, shape in facts["inputs"].items():
        least = facts["min_size"]
        smallest = f", from {least} x {least} on" if least and len(shape) == 4 else ""
        yield f"input {name}", f"{_times(shape)}{smallest}"
    for name, shape in facts["outputs"].items():
        yield f"output {name}", _times(shape)
    unit = in_bytes(facts["weight_bytes"]).removeprefix("bytes, ")
    yield "parameters", f"{facts['params']:,} ({unit} with buffers)"
    macs = facts["macs"]
    published = f" ({macs / 1e9:,.3f} G)" if isinstance(macs, int) and macs >= _GMACS_FROM else ""
    yield "MACs", f"{macs:,}{published}" if isinstance(macs, int) else macs
    field, last = facts["receptive_field"], facts["receptive_field_of"]
    if field is not None:
        yield "receptive field", f"{'the whole image' if field == 'whole' else f'{_times(field)} pixels'}, at {last}"


def _told(weights: Sequence[Mapping[str, Any]], source: str | None, color: bool) -> Iterator[str]:
    yield paint(f"weights, {source.replace(' ', chr(39) + 's ')}" if source else "weights", BOLD, color)
    rows = []
    for each in weights:
        figures = [f"{measure} {figure:g}" for found in each["metrics"].values() for measure, figure in found.items()]
        size = f"{each['megabytes']:.1f} MB" if each["megabytes"] else each["file_name"]
        rows.append((f"  {each['name']}", "DEFAULT" if each["default"] else "", "  ".join(figures), size))
    for each, line in zip(weights, tables.aligned(rows, _WIDTH, left=len(rows[0])), strict=True):
        yield line
        args = ", ".join(f"{name}: {value}" for name, value in each["args"].items())
        remarks = [f"with {args}" if args else "", "is on this machine" if each["cached"] else ""]
        if any(remarks):
            yield f"    {'; '.join(filter(None, remarks))}"
    for data in dict.fromkeys(data for each in weights for data in each["metrics"]):
        yield from _labelled("measured on", data)
    chosen = next(each for each in weights if each["default"])
    if chosen["categories"]:
        names = ", ".join(chosen["categories"][:_SHOWN])
        more = ", ..." if len(chosen["categories"]) > _SHOWN else ""
        yield from _labelled("categories", f"{len(chosen['categories']):,}: {names}{more}")
    if chosen["preprocessing"]:
        yield from _labelled("preprocessing", _preprocessing(chosen["preprocessing"]))
    yield from _labelled("file", chosen["path"])


def _preprocessing(steps: Mapping[str, Any]) -> str:
    resized = f"the shorter side to {_times(steps['resize'])} ({steps['interpolation']})" if steps["resize"] else ""
    cropped = f"crop the middle {_times(steps['crop'] * (2 // len(steps['crop'])))}" if steps["crop"] else ""
    normalised = f"to 0 .. 1, minus {_figures(steps['mean'])}, by {_figures(steps['std'])}"
    return ", ".join(filter(None, [resized, cropped, normalised]))


def _figures(numbers: Sequence[float]) -> str:
    return " ".join(f"{number:g}" for number in numbers)


def _python(facts: Mapping[str, Any]) -> Iterator[str]:
    name, chosen = facts["name"], _chosen(facts)
    weights = f", weights={chosen!r}" if chosen else ""
    where = f", zoo={facts['path']!r}" if facts["path"] else ""
    where += f", plugins={facts['plugins']}" if facts["plugins"] else ""
    yield f"model = archspec.build({name!r}{weights}{where})"
    if facts["features"]:
        taps = [each["path"] for each in facts["features"]][-3:]
        yield f"maps = archspec.extract(model, {taps})"
    if "num_classes" in facts["args"]:
        if chosen:
            yield "# to fine-tune: a fresh head for 5 classes, all else published"
        yield f"mine = archspec.build({name!r}{weights}{where}, num_classes=5)"
        yield "archspec.save(mine, 'mine')  # later archspec.build('mine')"


def _commands(facts: Mapping[str, Any]) -> Iterator[str]:
    name, chosen = facts["name"], _chosen(facts)
    where = f" --zoo {quote(facts['path'])}" if facts["path"] else ""
    where += "".join(f" --plugin {name}" for name in facts["plugins"])
    weights = f" --weights {chosen}" if chosen else ""
    yield f"archspec summary {name}{where}"
    yield f"archspec export {name}{weights}{where} -o {name}.onnx"


def _chosen(facts: Mapping[str, Any]) -> str:
    return "DEFAULT" if facts["weights"] or facts["weights_from"] else ""


def _times(sizes: Sequence[int | str]) -> str:
    return " x ".join(map(str, sizes))
