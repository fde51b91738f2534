"""The pydantic side of the document: which keys a mapping of the language has, and of what kind each is.

A skeleton checks one level. Its fields keep the marked nodes, so that every later stage can point at
them; what pydantic refuses becomes diagnostics at the key or value that is wrong. `archspec schema`
is derived from the same classes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from archspec.diagnostics import Diagnostics, Help, in_words, near
from archspec.syntax.tree import Mapping, Node, Scalar, Sequence, kind, shortened
from archspec.syntax.yaml.traps import quoted

_N = TypeVar("_N", bound=Node)


class Skeleton(BaseModel):
    """One mapping of the language; the fields are its keys."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, frozen=True, defer_build=True)

    dispensable: ClassVar[frozenset[str]] = frozenset()  # keys without which the rest can be read

    @classmethod
    def read(cls, mapping: Mapping, diagnostics: Diagnostics, what: str) -> Self | None:
        """The mapping as this skeleton; None, and diagnostics, where it does not fit. A key that is misspelt is
        reported, and becomes in the mapping what it was meant to be, so that what stands under it is read as well."""
        complete = mapping.entries.keys() <= cls._known() or cls._correct(mapping, diagnostics, what)
        try:
            found = cls.model_validate({key: value for key, (_, value) in mapping.entries.items()})
        except ValidationError as error:
            wrong = {str(item["loc"][0]): item for item in error.errors(include_url=False, include_context=False)}
            for key, item in wrong.items():
                cls._report(key, item, mapping, diagnostics, what)
            if not wrong.keys() <= cls.dispensable:
                return None
            mapping.entries = {key: entry for key, entry in mapping.entries.items() if key not in wrong}
            return cls.read(mapping, diagnostics, what)
        return found if complete else None

    @classmethod
    @cache
    def _known(cls) -> frozenset[str]:
        return frozenset(cls.keys())

    @classmethod
    def _correct(cls, mapping: Mapping, diagnostics: Diagnostics, what: str) -> bool:
        """Report unknown keys. Whether the rest can be read without what they hold: a mapping may define names."""
        complete = True
        entries = {key: entry for key, entry in mapping.entries.items() if key in cls._known()}
        for name, (key, value) in mapping.entries.items():
            if name in entries:
                continue
            helps = near(name, cls.keys(), f"{what} has {', '.join(cls.keys())}")
            meant = helps[0].replacement
            diagnostics.add(
                "A201", f"{what} has no key `{name}`", key.span, helps=in_words(helps) if meant in entries else helps
            )
            if meant is not None:
                entries.setdefault(meant, (key, value))
            elif isinstance(value, Mapping):
                complete = False
        mapping.entries = entries
        return complete

    @classmethod
    def keys(cls) -> list[str]:
        """The words of the language that this mapping may hold."""
        return [field.alias or name for name, field in cls.model_fields.items()]

    @classmethod
    def _report(cls, key: str, item: Any, mapping: Mapping, diagnostics: Diagnostics, what: str) -> None:
        if item["type"] == "missing":
            diagnostics.add("A202", f"{what} needs `{key}`", mapping.span.slice(0, 1))
        else:
            node = mapping.entries[key][1]
            if isinstance(node, Scalar) and node.broken:  # which is reported
                return
            wanted = str(item["msg"]).removeprefix("Value error, ")
            verb = "is"
            if isinstance(node, Sequence) and wanted.startswith("a list of"):
                verb, node = "holds", next(item for item in node.items if not _is_text(item))
            message = f"`{key}` has to be {wanted}, and {verb} {kind(node)}"
            diagnostics.add("A203", message, node.span, helps=_ways(node, wanted) if verb == "is" else ())


def _ways(node: Node, wanted: str) -> list[Help]:
    """How a scalar becomes what was wanted, where that is plain."""
    if not isinstance(node, Scalar) or node.value is None or "\n" in node.span.text:
        return []
    written = node.span.text
    if wanted.startswith("a list of"):
        item = written if re.fullmatch(r"[\w./-]+", written) or node.inner != node.span else quoted(written)
        return [Help(f"write `[{shortened(item)}]`", f"[{item}]")]
    if wanted.startswith("text"):
        return [Help(f'write `"{written}"`', f'"{written}"')]
    if "version" in wanted and re.fullmatch(r"v?1(\.0)?", node.text):
        return [Help("write `1`", "1")]
    return []


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Metadata for a field that keeps its node: what it has to be, in words, as a test, and as JSON Schema.

    pydantic's own PlainValidator would first build a schema of the node's class, which nobody uses.
    """

    wanted: str
    fits: Callable[[Any], bool]
    schema: dict[str, Any]

    def _check(self, node: Any) -> Any:
        if not self.fits(node):
            raise ValueError(self.wanted)
        return node

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(self.schema)


def _is_text(node: object) -> bool:
    return isinstance(node, Scalar) and node.is_text


def _is_list_of_text(node: object) -> bool:
    return isinstance(node, Sequence) and all(map(_is_text, node.items))


def _is_list_of_scalars(node: object) -> bool:
    return isinstance(node, Sequence) and all(isinstance(item, Scalar) for item in node.items)


_text = Kept("text", _is_text, {"type": "string"})
_texts = Kept("a list of words", _is_list_of_text, {"type": "array", "items": {"type": "string"}})
_mapping = Kept("a mapping", lambda node: isinstance(node, Mapping), {"type": "object"})
_layers = Kept(
    "a list or a mapping of layers", lambda node: isinstance(node, (Mapping, Sequence)), {"type": ["array", "object"]}
)
_conditions = Kept("a list of conditions", _is_list_of_scalars, {"type": "array", "items": {"type": "string"}})
_sizes = Kept("a list", _is_list_of_scalars, {"type": "array", "items": {"type": ["string", "integer", "null"]}})
_scalar = Kept("an expression", lambda node: isinstance(node, Scalar), {"type": ["string", "number", "boolean"]})
_version = Kept(
    "the language version, a number",
    lambda node: isinstance(node, Scalar) and isinstance(node.value, int) and not isinstance(node.value, bool),
    {"const": 1},
)
_count = Kept(
    "a whole number of at least 1",
    lambda node: isinstance(node, Scalar) and type(node.value) is int and node.value >= 1,
    {"type": "integer", "minimum": 1},
)
_source = Kept(
    "a name, or a list of names",
    lambda node: (isinstance(node, Scalar) and node.value is not None) or _is_names(node),
    {"anyOf": [{"type": ["string", "integer"]}, {"type": "array", "items": {"type": ["string", "integer"]}}]},
)


def _is_names(node: object) -> bool:
    return isinstance(node, Sequence) and all(
        isinstance(item, Scalar) and item.value is not None for item in node.items
    )


Version = Annotated[Scalar, _version]
Count = Annotated[Scalar, _count]
Text = Annotated[Scalar, _text]
Texts = Annotated[Sequence, _texts]
Section = Annotated[Mapping, _mapping]
LayersNode = Annotated[Node, _layers]
Conditions = Annotated[Sequence, _conditions]
Sizes = Annotated[Sequence, _sizes]
ExpressionNode = Annotated[Scalar, _scalar]
SourceNode = Annotated[Node, _source]
