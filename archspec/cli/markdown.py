"""Markdown on a terminal, by rich; loaded only where it is printed."""

from __future__ import annotations

from shutil import get_terminal_size
from typing import ClassVar

from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement
from rich.padding import Padding
from rich.text import Text
from rich.theme import Theme

_WIDEST = 80  # longer lines of prose are hard to read
_THEME = Theme({"markdown.h1": "bold", "markdown.h2": "bold", "markdown.code": "cyan"})


class _Heading(Heading):
    LEVEL_ALIGN: ClassVar[dict[str, JustifyMethod]] = {}  # all of them on the left


class _Code(CodeBlock):
    """As it is written: the themes of rich show what is said in a spec in red, as if it were wrong."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Padding(Text(str(self.text).rstrip()), (0, 0, 0, 2))


class _Markdown(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _Heading,
        "fence": _Code,
    }


def print_markdown(text: str) -> None:
    """Print a page, at most 80 columns wide."""
    width = min(_WIDEST, get_terminal_size().columns)
    Console(width=width, theme=_THEME, highlight=False).print(_Markdown(text))
