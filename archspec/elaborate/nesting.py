"""Another spec that stands as a layer: its own files, names and defaults, on what the layer reads.

It is a scope of its layers, up to the one that `until` names; or, where `only` names one, that layer in its place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archspec.diagnostics import Help, near
from archspec.elaborate.evaluate import Env
from archspec.elaborate.names import Failed, Stand
from archspec.elaborate.state import Context, State
from archspec.elaborate.values import FAILED, Apply, Entry, Instantiation, Site, ValueScope
from archspec.graph import Node, Scope
from archspec.syntax.layers import LayerDecl, Layers

if TYPE_CHECKING:
    from archspec.elaborate.walker import Walker


def spec_applier(walker: Walker, layer: LayerDecl, env: Env) -> Apply:
    """How a spec is applied to what the layer reads, with the layer's arguments. Raises Failed."""
    assert layer.word is not None
    state = walker.state
    files = walker.files.open_layer(layer.word, layer.arguments, env)
    base, name, layers = files[0], files[-1].spec.name, files[0].spec.layers
    word, only = layer.until or layer.only, layer.only is not None
    last = state.evaluator.text(word, env) if word else None
    names = tuple(next((file.spec.inputs for file in reversed(files) if file.spec.inputs), ()))
    if layers is None:  # its file has said why
        raise Failed

    def apply(sources: list[Entry], site: Site) -> Entry:
        if not _binds(name, names, sources, site, state):
            return FAILED
        scope = site.scope if only else walker.new_scope(site, "spec", sources, names, name)
        inputs = dict(zip(names, sources, strict=True))
        values = ValueScope(None, scope, sources[0], dict(inputs), layers, until=last, only=only)
        stand = Stand(files, site.place.path, last or "" if only else "")
        use = Instantiation(base.spec.root.span, name, site.place.path, site.span, base.frame, site)
        within = (*site.within, use)
        if walker.watch is not None:
            walker.watch.opened(stand, state)
            place = files[-1].spec.root.span.slice(0, 1)
            walker.watch.called(site.place.path, name, "spec", place, Env(files[-1].frame, files[-1]))
        nodes: list[Node] = []
        if site.place.path == site.place.owner:
            state.note_edits(stand, cut=last is not None)
            state.nested.append((stand, nodes))
        first = len(state.nodes)
        with walker.files.inside(files, state), state.diagnostics.inside(within):
            walker.walk(layers, Context(base.frame, base, values, scope, site.place, within))
        nodes += state.nodes[first:]
        if word is not None and (last in inputs or last not in values.names):
            if not values.uncertain:
                helps = _near(last or "", layers, values, inputs)
                state.diagnostics.add("A315", f"`{name}` has no layer `{last}`", word.inner, helps=helps)
            return FAILED
        if only:
            return _in_place(values.names[last or ""], name)
        return walker.leave(scope, values, site)

    return apply


def _in_place(entry: Entry, name: str) -> Entry:
    """The one layer of a spec as the whole. It is applied again as this, for the spec's names and defaults to hold."""
    if isinstance(entry.step, Scope) and entry.absent is None:
        entry.step.label = entry.step.label or name
    return replace(entry, apply=None)


def _binds(name: str, inputs: tuple[str, ...], sources: list[Entry], site: Site, state: State) -> bool:
    """Whether a spec gets as many values as it has inputs."""
    if len(sources) == len(inputs):
        return True
    several = "s" if len(inputs) > 1 else ""
    message = f"`{name}` reads {len(inputs)} value{several} ({', '.join(inputs)}), and gets {len(sources)}"
    surplus = len(inputs) if len(sources) > len(inputs) else 0
    state.diagnostics.add("A504", message, site.source_span(surplus))
    return False


def _near(last: str, layers: Layers, values: ValueScope, inputs: dict[str, Entry]) -> list[Help]:
    """Help for the name of a layer that the spec does not have."""
    if not values.only:
        return near(last, values.names.keys() - inputs.keys())
    return near(last, [item.key.text for item in layers.items if item.key is not None and item.has_plain_name])
