"""YAML text -> marked tree, or diagnostics.

Built on the parser's events, because they carry exact places, keep every duplicate key, and let
anchors, tags and deep nesting be refused before anything is expanded. Scalars follow YAML 1.2's core schema.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from archspec.diagnostics import Diagnostics, Label
from archspec.source import SourceFile, Span
from archspec.syntax.flow import broken_expression, cut_expression, quoted
from archspec.syntax.tree import Mapping, Node, Plain, Scalar, Sequence

MAX_BYTES = 256 * 1024
MAX_DEPTH = 64
_LONGEST_NUMBER = 40

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_A_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_KEY = re.compile(r"[\w.{}-]*")
_GLUED = re.compile(r"([A-Za-z_]\w*)\s*(?::|=(?!=))\s*(\S.*)")
_WORDS: dict[str, Plain] = {
    **dict.fromkeys(["null", "Null", "NULL", "~", ""]),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
}


def read(file: SourceFile, diagnostics: Diagnostics, *, max_bytes: int = MAX_BYTES) -> Node | None:
    """The tree of a file's one document; None where it does not parse, which `diagnostics` says."""
    size = len(file.text.encode("utf-8", errors="surrogatepass"))
    if size > max_bytes:
        diagnostics.add(
            "A601",
            f"the file has {size:,} bytes, and {max_bytes:,} are the limit",
            file.span(0, 0),
            helps=["`--max-bytes` raises the limit"],
        )
        return None
    builder = _Builder(file, diagnostics)
    try:
        for event in YAML(typ="safe", pure=True).parse(file.text):
            if not builder.take(event):
                return None
    except MarkedYAMLError as error:
        _report(error, file, diagnostics)
        return None
    except (YAMLError, ValueError) as error:  # ValueError: the scanner's own int() on a broken escape
        offset = getattr(error, "position", 0)
        problem = str(getattr(error, "reason", error)).splitlines()[0]
        diagnostics.add("A101", f"the YAML does not parse: {problem}", file.span(offset, offset + 1))
        return None
    if builder.incomplete:
        return None
    if builder.root is None:
        diagnostics.add("A101", "the file is empty", file.span(0, 0), helps=["start with `archspec: 1`"])
    return builder.root


def _report(error: MarkedYAMLError, file: SourceFile, diagnostics: Diagnostics) -> None:
    mark = error.problem_mark or error.context_mark
    offset = min(mark.index, len(file.text)) if mark else 0
    if (trap := broken_expression(file, offset)) is not None:
        _trap(trap, f"write `{quoted(trap)}`", diagnostics)
        return
    labels = []
    if error.context and error.context_mark and error.context_mark.index != offset:
        start = error.context_mark.index
        labels = [Label(file.span(start, start + 1), str(error.context))]
    helps = []
    if file.text[offset : offset + 1] == "\t" or "\\t" in str(error.problem):
        helps = ["indent with spaces"]
    problem = str(error.problem or error.context).replace("\n", " ")
    diagnostics.add(
        "A101", f"the YAML does not parse: {problem}", file.span(offset, offset + 1), labels=labels, helps=helps
    )


def _trap(span: Span, help: str, diagnostics: Diagnostics) -> None:
    what = "in flow style, an expression with a comma or a bracket needs quotes"
    if span.text.startswith("["):
        what = "an expression that starts with a bracket needs quotes"
    diagnostics.add("A104", what, span, helps=[help])


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    span: Span
    flow: bool
    node: Mapping | Sequence
    key: Scalar | None = None
    value_is_key: bool = False
    cut: int = 0  # brackets that an expression opened and YAML cut off: what follows is its rest
    value: Scalar | None = None  # in flow style, the value before, if it is text without quotes


@dataclass(slots=True)
class _Builder:
    file: SourceFile
    diagnostics: Diagnostics
    root: Node | None = None
    incomplete: bool = False  # aliases leave holes, which would be told as other mistakes
    _stack: list[_Open] = field(default_factory=list)
    _documents: int = 0

    def take(self, event: Any) -> bool:
        """Add one event; False where reading has to stop."""
        if isinstance(event, ScalarEvent):
            self._marks(event)
            self._add(self._scalar(event))
        elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            self._marks(event)
            return self._open(event)
        elif isinstance(event, CollectionEndEvent):
            self._close(event)
        elif isinstance(event, AliasEvent):
            span = self._span(event)
            self._refuse_marks(span, "an alias")
            self.incomplete = True
            self._add(Scalar(None, span.text, span, span))
        elif isinstance(event, DocumentStartEvent):
            return self._document(event)
        return True

    def _span(self, event: Any) -> Span:
        return self.file.span(event.start_mark.index, event.end_mark.index)

    def _document(self, event: Any) -> bool:
        self._documents += 1
        if self._documents > 1:
            self.diagnostics.add("A105", "a second YAML document starts here", self._span(event))
            return False
        if event.version not in (None, (1, 2)):
            version = ".".join(map(str, event.version))
            self.diagnostics.add(
                "A105", f"the file asks for YAML {version}, and specs are YAML 1.2", self.file.span(0, 5)
            )
            return False
        return True

    def _marks(self, event: Any) -> None:
        start = event.start_mark.index
        if event.anchor is not None:
            self._refuse_marks(self.file.span(start, start + len(event.anchor) + 1), "an anchor")
        elif event.tag is not None:
            self._refuse_marks(self.file.span(start, self._word_end(start)), "a tag")

    def _word_end(self, start: int) -> int:
        found = re.compile(r"\S*").match(self.file.text, start)
        return found.end() if found else start

    def _refuse_marks(self, span: Span, what: str) -> None:
        self.diagnostics.add(
            "A103",
            f"`{span.text}` is {what}, which specs don't use",
            span,
            helps=["blocks are the language's own reuse"],
        )

    def _open(self, event: Any) -> bool:
        span = self._span(event)
        if len(self._stack) >= MAX_DEPTH:
            self.diagnostics.add("A602", f"collections are nested deeper than {MAX_DEPTH} here", span)
            return False
        node: Mapping | Sequence = Mapping({}, span) if isinstance(event, MappingStartEvent) else Sequence([], span)
        self._stack.append(_Open(span, bool(event.flow_style), node))
        return True

    def _close(self, event: Any) -> None:
        opened = self._stack.pop()
        node = opened.node
        if opened.flow:
            node.span = self.file.span(opened.span.start, event.end_mark.index)
        else:  # the end mark of a block collection runs to the next token: end with its last part
            parts = node.items if isinstance(node, Sequence) else [value for _, value in node]
            end = max((part.span.end for part in parts), default=opened.span.end)
            node.span = self.file.span(opened.span.start, end)
        self._add(node)

    def _add(self, node: Node) -> None:
        if not self._stack:
            self.root = node
            return
        top = self._stack[-1]
        if isinstance(top.node, Sequence):
            if top.flow and isinstance(node, Scalar):
                self._check_brackets(top, node)
            top.node.items.append(node)
        elif top.key is None and not top.value_is_key:
            if isinstance(node, Scalar):
                top.key = node
            else:
                self.diagnostics.add("A203", "a key has to be a word, and this is a collection", node.span)
                top.value_is_key = True
        elif top.key is None:
            top.value_is_key = False
        else:
            self._pair(top, top.node, top.key, node)
            top.key = None

    def _pair(self, top: _Open, mapping: Mapping, key: Scalar, value: Node) -> None:
        if key.text == "<<" and key.inner == key.span:
            self._refuse_marks(key.span, "a merge key")
            self.incomplete = True
            return
        if top.flow and isinstance(value, Scalar):
            lone = value.value is None and value.span.start == value.span.end
            if top.cut and lone:
                self._check_brackets(top, key)
                return
            if lone and key.inner == key.span and (glued := _GLUED.fullmatch(key.text)):
                self._unglue(mapping, key, *glued.groups())
                return
            if lone and top.value is not None and not _KEY.fullmatch(key.text):
                self._join(top.value, key)
                return
            self._check_brackets(top, value)
            top.value = value if value.is_text and value.inner == value.span else None
        if key.value is None and key.span.start == key.span.end:
            self.diagnostics.add("A203", "a key is missing here", key.span)
            return
        if key.text in mapping.entries:
            first = mapping.entries[key.text][0]
            self.diagnostics.add(
                "A102",
                f"`{key.text}` stands twice in this mapping",
                key.span,
                labels=[Label(first.span, "first given here")],
            )
            return
        mapping.entries[key.text] = (key, value)

    def _unglue(self, mapping: Mapping, key: Scalar, name: str, value: str) -> None:
        """`{kernel_size:1}` and `{kernel_size=1}`: one word to YAML, a key and its value to whoever wrote it."""
        helps = [f"write `{name}: {value}`"]
        self.diagnostics.add("A101", f"`{key.text}` is one word to YAML", key.span, helps=helps)
        broken = replace(key, value=value, text=value, broken=True)
        mapping.entries[name] = (replace(key, value=name, text=name), broken)

    def _join(self, value: Scalar, rest: Scalar) -> None:
        """`repeat: i in range(2), j in range(3)` in flow style: what stands behind the comma is no key."""
        if not value.broken:
            value.broken = True
            span = self.file.span(value.span.start, rest.span.end)
            _trap(span, f"write `{quoted(span)}`", self.diagnostics)

    def _check_brackets(self, top: _Open, scalar: Scalar) -> None:
        """A plain scalar in flow style that opens a bracket was cut at the comma behind it; it and the rest of it,
        up to the closing bracket, are reported here, once."""
        left_open = scalar.text.count("(") - scalar.text.count(")") if scalar.inner == scalar.span else 0
        scalar.broken = bool(top.cut) or left_open > 0
        if not top.cut and left_open > 0:
            start = scalar.span.start
            trap = cut_expression(self.file, start, start + scalar.text.index("("))
            help = f"write `{quoted(trap)}`" if trap else "put all of it on one line, in quotes"
            _trap(trap or scalar.span, help, self.diagnostics)
        top.cut = max(0, top.cut + left_open)

    def _scalar(self, event: Any) -> Scalar:
        span = self._span(event)
        text = self._characters(event.value, span)
        if event.style is not None:
            inner = span.slice(1, span.end - span.start - 1) if event.style in ("'", '"') else span
            return Scalar(text, text, span, inner)
        return Scalar(self._resolve(text, span), text, span, span)

    def _characters(self, text: str, span: Span) -> str:
        """The text, with characters that stand there as two escapes, as in JSON, made one."""
        if text.isascii() or not _SURROGATE.search(text):
            return text
        try:
            return text.encode("utf-16", errors="surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self.diagnostics.add("A101", "the YAML does not parse: an escape gives half of a character", span)
            return ""

    def _resolve(self, text: str, span: Span) -> Plain:
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in "+-.0123456789":
            return text
        if _NOT_A_NUMBER.fullmatch(text):
            self.diagnostics.add("A106", f"`{text}` is not a number that a network can use", span)
            return 0.0
        number = _INTEGER.fullmatch(text) or _FLOAT.fullmatch(text)
        if number is None:
            return text
        if len(text) > _LONGEST_NUMBER:
            self.diagnostics.add(
                "A604", f"the number has {len(text)} characters, and {_LONGEST_NUMBER} are the limit", span
            )
            return 0
        if _INTEGER.fullmatch(text):
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        value = float(text)
        if math.isinf(value):
            self.diagnostics.add("A106", f"`{text}` is beyond the range of a float", span)
            return 0.0
        return value
