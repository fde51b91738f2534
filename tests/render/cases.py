"""Diagnostics to render: what every form has to cope with."""

from __future__ import annotations

from hypothesis import strategies as st

from archspec.diagnostics import CODES, Diagnostic, Diagnostics, Help, Label, whole_file
from archspec.render import Checked
from archspec.source import SourceFile, Span

SPEC = SourceFile(
    "specs/net.yaml",
    """archspec: 1
name: net
layers:
  conv1: {op: Conv2d, out_channels: 64, kernel_size: 7, stride: 2, padding: 3, groups: 5, bias: false, dilation: 1}
  a: Conv2d
  b:
\top: Conv2d
  "\u5377\u79ef e\u0301\t\u5c42": {op: Add, from: [a, b]}  # \u0645 \x1b[31m
""",
)
BLOCKS = SourceFile("specs/blocks/b.yaml", "blocks:\n  B: {layers: [ReLU]}\n")
MISSING = whole_file("specs/no.yaml")

# What text is made of when nobody means well: controls, surrogates, bidi marks, joiners, emoji, wide and combining.
_ODD = "ab:,%\r\n\t\x1b\x85\u2028\ud800\u202e\u200d\ufe0f\U0001f469\U0001f3fd\u0301\u5377"
ODD = st.text(st.characters() | st.sampled_from(_ODD), max_size=40)


def at(text: str, inside: str = "", file: SourceFile = SPEC) -> Span:
    """The place of a text, or of a text inside its first occurrence."""
    start = file.text.index(text)
    start += text.index(inside) if inside else 0
    return file.span(start, start + len(inside or text))


def one(code: str, message: str, span: Span, **more: object) -> list[Diagnostic]:
    found = Diagnostics()
    found.add(code, message, span, **more)  # type: ignore[arg-type]
    return list(found)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    file = SourceFile(draw(ODD.filter(bool)), draw(ODD))
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(file.text))] * 2)))
    return file.span(start, end)


@st.composite
def odd_diagnostics(draw: st.DrawFn) -> Diagnostic:
    help = Help(draw(ODD), draw(st.none() | ODD), draw(st.none() | spans()))
    labels = draw(st.lists(st.builds(Label, spans(), ODD), max_size=2))
    code = draw(st.sampled_from(sorted(CODES)))
    [item] = one(code, draw(ODD), draw(spans()), labels=labels, notes=draw(st.lists(ODD, max_size=2)), helps=[help])
    return item


def distinct(checked: Checked) -> list[Diagnostic]:
    """The diagnostics of all targets, each of its kind at its place once."""
    found: dict[object, Diagnostic] = {}
    for _, items in checked:
        for item in items:
            found.setdefault((item.code, item.message, item.span.file.path, item.span.start, item.span.end), item)
    return list(found.values())


ODD_CHECKED: st.SearchStrategy[Checked] = st.lists(
    st.tuples(ODD, st.lists(odd_diagnostics(), max_size=3)), min_size=1, max_size=3
)
