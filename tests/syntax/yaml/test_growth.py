"""Reading takes time and memory in proportion to the text, whatever stands in it: a text of eight times the size is
compared with the small one, in work that is counted and in memory, and generously in time."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from archspec.diagnostics import Diagnostics
from archspec.source import SourceFile
from archspec.syntax.reader import MAX_BYTES, read
from tests.counting import calls, peak

SHAPES: dict[str, Callable[[int], str]] = {
    "[": lambda n: "[" * n,
    "{": lambda n: "{" * n,
    "}": lambda n: "}" * n,
    "- -": lambda n: "- " * (n // 2),
    "a: a:": lambda n: "a: " * (n // 3),
    "commas": lambda n: "[" + "," * n,
    "? ?": lambda n: "? " * (n // 2),
    "!": lambda n: "!" * n,
    "colons": lambda n: ":" * n,
    "anchors": lambda n: "&a " * (n // 3),
    "aliases": lambda n: "".join(f"k{i}: *a\n" for i in range(n // 9)),
    "single quotes": lambda n: "'" * n,
    "double quotes": lambda n: '"' * n,
    "quotes that stay open": lambda n: "".join(f'k{i}: "a\n' for i in range(n // 9)),
    "brackets that stay open": lambda n: "".join(f"k{i}: [a, {{b\n" for i in range(n // 14)),
    "documents": lambda n: "---\n" * (n // 4),
    "one long line": lambda n: "a: " + "b " * (n // 2),
    "one long key": lambda n: "a" * n + ": b",
    "deeper and deeper": lambda n: "".join(" " * i + "a:\n" for i in range(int((2 * n) ** 0.5))),
    "jagged": lambda n: "".join(f"{' ' * (i % 7)}k{i}: 1\n" for i in range(n // 10)),
    "keys": lambda n: "".join(f"k{i}: 1\n" for i in range(n // 9)),
    "keys that are equal": lambda n: "a: 1\n" * (n // 5),
    "keys without colons": lambda n: "a: 1\n" + "abc\n" * (n // 4),
    "items": lambda n: "- 1\n" * (n // 4),
    "in brackets": lambda n: "[" + "1," * (n // 2) + "]",
    "pairs in braces": lambda n: "{" + "".join(f"k{i}: 1, " for i in range(n // 11)) + "}",
    "as in JSON": lambda n: "[" + '{"a": [1, {"b": null}]},\n' * (n // 25) + "]",
    "traps": lambda n: "{" + "a: d[s] , " * (n // 10) + "}",
    "round brackets": lambda n: "{" + "a: (b, " * (n // 7) + "}",
    "no commas": lambda n: "[" + "'a' " * (n // 4) + "]",
    "a text on lines": lambda n: "a: |\n" + "  x\n" * (n // 4),
    "a folded text": lambda n: "a: >\n" + "  x\n\n" * (n // 5),
    "a plain text on lines": lambda n: "a: x\n" + "  x\n" * (n // 4),
    "a quoted text on lines": lambda n: 'a: "' + "x\n " * (n // 3) + '"',
    "escapes": lambda n: 'a: "' + "\\n" * (n // 2) + '"',
    "wrong escapes": lambda n: 'a: "' + "\\d" * (n // 2) + '"',
    "a number": lambda n: "a: " + "9" * n,
    "comments": lambda n: "a: 1\n" + "# x\n" * (n // 4),
    "number signs": lambda n: "a: " + "# " * (n // 2),
    "spaces": lambda n: " " * n,
    "tabs": lambda n: "\ta: 1\n" * (n // 6),
    "empty lines": lambda n: "a: b\n" + "\n" * n,
    "control characters": lambda n: "\x01" * n,
    "carriage returns": lambda n: "a: 1\r" * (n // 5),
    "a wide gap": lambda n: "a: x" + " " * (n - 12) + "y\n  z\n",
    "a wide gap in quotes": lambda n: 'a: "x' + " " * (n - 12) + 'y\n  z"\n',
    "a wide gap in brackets": lambda n: "a: [x" + " " * (n - 6) + "y",
    "a long word before a trap": lambda n: "{" + "a" * (n - 12) + " f(b, c)}",
    "a long key twice": lambda n: f"{'a' * (n // 3)}: 1\n" * 2,
    "a long word that is none": lambda n: f"a: 1\n  {'b' * (n - 20)}: 2\n",
    "a long word without a colon": lambda n: f"a: 1\n{'b' * (n - 20)} 2\n",
    "a long tag": lambda n: f"a: !{'b' * (n - 20)} 2\n",
    "a long quoted key": lambda n: f"a: 1\n'{'b' * (n - 20)}' 2\n",
    "a long key in brackets": lambda n: "{" + "a" * (n - 20) + "}: b",
    "a long word in brackets": lambda n: "['a' " + "b" * (n - 20) + "]",
    "question marks": lambda n: "[" + "?a,\n" * (n // 4),
    "texts and comments": lambda n: "".join(f"k{i}:\n  a\n#\n" for i in range(n // 13)),
    "dashes that are glued": lambda n: "-a\n" * (n // 3),
}


def reading(shape: str, size: int) -> Callable[[], object]:
    text = SHAPES[shape](size)[:size]
    return lambda: read(SourceFile("f.yaml", text), Diagnostics(), max_bytes=2 * MAX_BYTES)


def seconds(work: Callable[[], object]) -> float:
    """The least of several runs."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


@pytest.mark.parametrize("shape", SHAPES)
def test_calls_grow_as_the_text(shape: str) -> None:
    assert calls(reading(shape, 16_000)) <= 9 * calls(reading(shape, 2_000)) + 1_000


@pytest.mark.parametrize("shape", SHAPES)
def test_work_inside_of_calls_grows_as_the_text(shape: str) -> None:
    """Squares would be 64 times: the bound is for what a busy machine adds."""
    assert seconds(reading(shape, MAX_BYTES // 4)) <= 30 * seconds(reading(shape, MAX_BYTES // 32)) + 0.05


@pytest.mark.parametrize("shape", SHAPES)
def test_messages_stay_short(shape: str) -> None:
    diagnostics = Diagnostics()
    read(SourceFile("f.yaml", SHAPES[shape](20_000)), diagnostics)
    for item in diagnostics:
        assert "\n" not in item.message
        assert all(len(text) < 300 for text in (item.message, *item.helps, *(label.text for label in item.labels)))


@pytest.mark.parametrize("shape", SHAPES)
def test_memory_is_bounded_by_the_text(shape: str) -> None:
    assert peak(reading(shape, 32_000)) <= 600 * 32_000
