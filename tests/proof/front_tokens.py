"""Mutations of tokens: of YAML's and of those of expressions, which one pattern tells apart."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.proof.front_corpus import words
from tests.proof.source import Source

_TOKEN = re.compile(
    r"""\n[ \t]*|[ \t]+|\#[^\n]*|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z_]\w*|[0-9][\w.]*|[=!<>]=|//|\*\*|.""", re.DOTALL
)
SIGNS = (
    *"[]{}(),:-?|>&*!%@`#'\"+/<=.~\\", "//", "**", "==", "!=", "<=", ">=", "---", "...", "{{", "}}", "*a", "\n", "\n  ",
    "\t", " ", ": ", " - ", "- ", ", ", " #", "|\n", ">-\n", "!!str ", "!x ", "&a ", "<<: ", "%YAML 1.1\n---\n",
)  # fmt: skip
NUMBERS = (
    "0", "-1", "1", "2", "3", "7", "0.5", "-0", "1e308", "1e309", "-1e308", "1e-320", "1.0", "2.5", "1_000", "0x10",
    "0o17", "007", "1e3", "255", "65536", "1000000", "99999999999", str(2**31), str(2**63 - 1), str(2**63),
    str(10**40), "9" * 39, "9" * 400, ".inf", "-.inf", ".nan", "1e400", "1e-400", "12e999999999", "+3", "1.5.2",
    "1:30", "2026-01-01",
)
WORDS = (
    "null", "true", "false", "yes", "no", "on", "off", "~", "True", "None", "prev", "x", "x.C", "x.H", "prev.C", "N",
    "C", "H", "W", "if", "for", "in", "range", "and", "or", "not", "else", "int", "float", "len", "size", "op",
    "list", "str", "range(10)", "range(0)", "range(10**9)", "min", "max", "sum", "ceil", "floor", "round", "lambda",
    "self", "Conv2d", "Linear", "Identity", "ReLU", "Add", "Concat", "Flatten", "Reshape", "Parameter",
    "MultiheadAttention", "LSTM", "__class__", "from", "repeat", "layers", "splice", "share", "let", "args", "op",
    "call", "inputs", "outputs", "blocks", "import", "extends", "assert", "init", "allow", "defaults", "spec",
    "until", "only", "replace", "remove", "insert_after", "out_channels", "kernel_size", "padding", "stride", "groups",
    "dilation", "out_features", "__import__", "{i}", "{x}", "{{i}}", "",
)  # fmt: skip


def mutate(text: str, source: Source) -> str:
    """The text with one thing broken."""
    return source.choice(WAYS)(text, source)


def cut(text: str) -> list[str]:
    """The tokens of a text, which is all of them together."""
    return _TOKEN.findall(text)


def _one(tokens: list[str], source: Source) -> int:
    """Where some token stands that is no space, if a few tries find one."""
    at = 0
    for _ in range(4):
        at = source.integer(0, len(tokens) - 1)
        if not tokens[at].isspace() and not tokens[at].startswith("#"):
            break
    return at


def _edit(text: str, source: Source, change: Callable[[list[str], int], None]) -> str:
    tokens = cut(text)
    if tokens:
        change(tokens, _one(tokens, source))
    return "".join(tokens)


def _delete(text: str, source: Source) -> str:
    return _edit(text, source, lambda tokens, at: tokens.__setitem__(at, ""))


def _duplicate(text: str, source: Source) -> str:
    between = source.choice(("", " ", ", ", "\n"))
    return _edit(text, source, lambda tokens, at: tokens.insert(at, tokens[at] + between))


def _swap(text: str, source: Source) -> str:
    def change(tokens: list[str], at: int) -> None:
        other = source.choice((at - 1, at - 2, at + 1, at + 2, source.integer(0, len(tokens) - 1))) % len(tokens)
        tokens[at], tokens[other] = tokens[other], tokens[at]

    return _edit(text, source, change)


def _replace(text: str, source: Source) -> str:
    """A number by an odd one, a name by another one of the file or any spec, a sign by another sign."""

    def change(tokens: list[str], at: int) -> None:
        token = tokens[at]
        if token[0].isdigit():
            tokens[at] = source.choice(NUMBERS)
        elif token[0].isalpha():
            names = [each for each in tokens if each[:1].isalpha()]
            tokens[at] = source.choice(source.choice((names, names, names, words(), WORDS)))
        else:
            tokens[at] = source.choice(SIGNS)

    return _edit(text, source, change)


def _insert(text: str, source: Source) -> str:
    what = source.choice(source.choice((SIGNS, SIGNS, NUMBERS, WORDS, words())))
    return _edit(text, source, lambda tokens, at: tokens.insert(at, what))


def _misspell(text: str, source: Source) -> str:
    def change(tokens: list[str], at: int) -> None:
        named = [i for i, each in enumerate(tokens) if each[:1].isalpha()]
        if named:
            at = source.choice(named)
            tokens[at] = misspelt(tokens[at], source)

    return _edit(text, source, change)


def misspelt(word: str, source: Source) -> str:
    """A word as fingers miss it."""
    at = source.integer(0, len(word) - 1)
    kept, rest = word[:at], word[at:]
    return source.choice(
        (kept + rest[1:], kept + rest[:1] + rest, kept + rest[1:2] + rest[:1] + rest[2:], word.swapcase(), word + "s",
         kept + source.choice("aeionst_2.") + rest, word.capitalize(), word.replace("_", "-"), kept + " " + rest)
    )  # fmt: skip


def _indent(text: str, source: Source) -> str:
    """A line, or it and those below that are indented further, moved sideways."""
    lines = text.split("\n")
    at = source.integer(0, len(lines) - 1)
    end, depth = at + 1, _depth(lines[at])
    if source.chance(2):
        while end < len(lines) and _depth(lines[end]) > depth:
            end += 1
    by = source.choice((-4, -2, -1, 1, 2, 4))
    for i in range(at, end):
        lines[i] = " " * by + lines[i] if by > 0 else lines[i][min(-by, _depth(lines[i])) :]
    return "\n".join(lines)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _lines(text: str, source: Source) -> str:
    """A line deleted, given twice, moved, joined with the next, or made a comment."""
    lines = text.split("\n")
    at = source.integer(0, len(lines) - 1)
    way = source.integer(0, 4)
    if way == 0:
        del lines[at]
    elif way == 1:
        lines.insert(at, lines[at])
    elif way == 2:
        lines.insert(source.integer(0, len(lines) - 1), lines.pop(at))
    elif way == 3:
        lines[at : at + 2] = [source.choice(("", " ", ", ")).join(line.strip() for line in lines[at : at + 2])]
    else:
        lines[at] = f"# {lines[at]}"
    return "\n".join(lines)


def _wrap(text: str, source: Source) -> str:
    """Some tokens of a line in brackets, braces or quotes."""
    pairs = (("[", "]"), ("{", "}"), ('"', '"'), ("'", "'"), ("(", ")"), ("{a: ", "}"), ("- ", ""))
    before, after = source.choice(pairs)

    def change(tokens: list[str], at: int) -> None:
        end = min(len(tokens) - 1, at + source.integer(0, 6))
        tokens[at] = before + tokens[at]
        tokens[end] += after

    return _edit(text, source, change)


WAYS = (_delete, _duplicate, _swap, *(_replace,) * 4, _insert, *(_misspell,) * 2, _indent, _lines, _wrap)
