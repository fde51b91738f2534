"""The JSON Schema of the language, for editors: from the skeletons of the document and the ops' own fields."""

from __future__ import annotations

from typing import Any

from archspec import ops
from archspec.syntax.document import BlockSkeleton, InputSkeleton, OutputSkeleton, SpecSkeleton
from archspec.syntax.layers import KINDS, LayerSkeleton
from archspec.syntax.skeleton import Skeleton

_LAYER = {"$ref": "#/$defs/Layer"}
_LAYERS = {"anyOf": [{"type": "array", "items": _LAYER}, {"type": "object", "additionalProperties": _LAYER}]}
_EXPRESSION = {"type": "string", "description": "an expression, or one of the argument's own words"}
_SECTIONS: dict[str, type[Skeleton]] = {
    "Block": BlockSkeleton,
    "Input": InputSkeleton,
    "Output": OutputSkeleton,
    "Layer": LayerSkeleton,
}


def json_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of a spec file. Arguments are checked by the name of the op: an expression is
    allowed wherever an op wants a value."""
    root = _object(SpecSkeleton)
    root["properties"]["blocks"] = _named({"$ref": "#/$defs/Block"})
    root["properties"]["inputs"] = _named({"anyOf": [{"type": "array"}, {"$ref": "#/$defs/Input"}]})
    root["properties"]["outputs"] = _named({"anyOf": [{"type": "string"}, {"$ref": "#/$defs/Output"}]})
    root["properties"]["replace"] = _named(_LAYER)
    root["properties"]["insert_after"] = _named(_named(_LAYER))
    root["properties"]["defaults"]["propertyNames"] = {"enum": ops.names()}
    definitions = {name: _object(skeleton) for name, skeleton in _SECTIONS.items() if name != "Layer"}
    definitions["Block"]["additionalProperties"] = True  # a bound op's arguments
    definitions["Layer"] = _layer()
    definitions |= {name: _arguments(name) for name in ops.names()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "archspec",
        **root,
        "$defs": definitions,
    }


def _object(skeleton: type[Skeleton]) -> dict[str, Any]:
    """One mapping of the language; a field that may be left out is not nullable for that."""
    schema = skeleton.model_json_schema(by_alias=True)
    for field in schema["properties"].values():
        kinds = [kind for kind in field.pop("anyOf", []) if kind != {"type": "null"}]
        field.update(kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {})
        field.pop("default", None)
        field.pop("title", None)
    for name in schema["properties"].keys() & {"layers", "splice"}:
        schema["properties"][name] |= _LAYERS
        schema["properties"][name].pop("type")
    schema["description"] = (skeleton.__doc__ or "").strip()
    return schema


def _layer() -> dict[str, Any]:
    """An op name, a list of layers, null, or a mapping whose arguments depend on its op."""
    mapping = _object(LayerSkeleton)
    mapping["additionalProperties"] = True
    mapping["oneOf"] = [{"required": [kind]} for kind in KINDS]
    mapping["allOf"] = [
        {"if": {"properties": {"op": {"const": name}}, "required": ["op"]}, "then": {"$ref": f"#/$defs/{name}"}}
        for name in ops.names()
    ]
    return {"anyOf": [{"type": ["string", "null"]}, {"type": "array", "items": _LAYER}, mapping]}


def _arguments(name: str) -> dict[str, Any]:
    """The arguments of an op: their own form, or an expression, which may stand for an item of a list, too."""
    op = ops.find(name)
    assert op is not None
    fields = op.model_json_schema().get("properties", {})
    arguments = {key: {"anyOf": [_EXPRESSION, _with_expressions(_untitled(field))]} for key, field in fields.items()}
    control = dict.fromkeys(LayerSkeleton.keys(), True)
    return {
        "type": "object",
        "description": (op.__doc__ or "").strip(),
        "properties": {**control, **arguments},
        "additionalProperties": False,
    }


def _untitled(field: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in field.items() if key not in ("title", "default")}


def _with_expressions(form: dict[str, Any]) -> dict[str, Any]:
    """A form whose lists may hold expressions."""
    if "anyOf" in form:
        return {**form, "anyOf": [_with_expressions(each) for each in form["anyOf"]]}
    return {**form, "items": {"anyOf": [_EXPRESSION, form["items"]]}} if "items" in form else form


def _named(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": schema}
