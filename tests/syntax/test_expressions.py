"""Expressions against Python's own evaluation, and what they refuse."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archspec.dims import symbol
from archspec.syntax.arithmetic import make_divisible
from archspec.syntax.expressions import ExpressionError, Path, parse, parse_template
from archspec.types import TensorType

NAMES = {"a": 3, "b": 8, "flag": True, "rate": 0.25, "widths": [64, 128, 256], "h": symbol("H")}
TYPE = TensorType.of((symbol("N"), 64, symbol("H"), 7))


class Env:
    def lookup(self, name: str) -> object:
        if name not in NAMES:
            raise ExpressionError("A301", f"no {name}")
        return NAMES[name]

    def spend(self, steps: int) -> None:
        pass

    def type_of(self, path: Path) -> TensorType:
        if path not in (("x",), ("layers", "5")):
            raise ExpressionError("A308", f"no {path}")
        return TYPE


def value(text: str) -> object:
    return parse(text).evaluate(Env())


PARTS = st.lists(st.sampled_from(["a", "b", "ab", "{0}", "{1}"]), min_size=1, max_size=6).map("".join)


@given(PARTS, st.text("ab", max_size=8))
def test_what_a_template_can_give_is_what_a_pattern_matches(template: str, text: str) -> None:
    pattern = re.sub(r"\{.\}", ".+", template)
    assert parse_template(template).can_give(text) == bool(re.fullmatch(pattern, text))


def test_no_text_takes_long_to_be_compared_with_a_template() -> None:
    assert not parse_template("{0}a" * 40 + "b").can_give("a" * 4_000)


NUMBERS = st.integers(0, 40).map(str) | st.sampled_from(["a", "b", "0.5", "2.0", "len(widths)", "widths[1]"])
TEXTS = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "//", "%"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, st.sampled_from(["<", "<=", "==", "!=", ">", ">="]), inner, inner, inner).map(
            lambda t: f"({t[3]} if {t[0]} {t[1]} {t[2]} else {t[4]})"
        ),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
        st.tuples(st.sampled_from(["abs", "round", "int", "-"]), inner).map(lambda t: f"{t[0]}({t[1]})"),
        NUMBERS.map(lambda text: f"sum([w - {text} for w in widths if w > 64])"),
    ),
    max_leaves=6,
)


@given(TEXTS)
def test_arithmetic_is_pythons(text: str) -> None:
    try:
        wanted = eval(text, dict(NAMES))
    except ZeroDivisionError:
        with pytest.raises(ExpressionError, match="division by zero"):
            value(text)
        return
    assert value(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("64 / 2", 32),
        ("7 / 2", 3.5),
        ("widths[1:]", [128, 256]),
        ("widths[-1]", 256),
        ("[w // 2 for w in widths if w > 64]", [64, 128]),
        ("(w // 2 for w in widths if w > 64)", [64, 128]),
        ("sum(w for w in widths)", 448),
        ("round(log(256 / 64) / log(2))", 2),
        ("a in [1, 3] and not flag == false", True),
        ("1 < a < 4", True),
        ("null", None),
        ("'same'", "same"),
        ("(1, 7)", [1, 7]),
        ("26_000_000", 26_000_000),
        ("x.C // 2", 32),
        ("layers[5].W", 7),
        ("x.shape[-1]", 7),
        ("len(x.shape)", 4),
        ("h == h + 1", False),
        ("2 * h - h == h", True),
        ("[64] * a", [64, 64, 64]),
        ("true or a / 0 == 1", True),
    ],
)
def test_values(text: str, wanted: object) -> None:
    assert value(text) == wanted
    assert type(value(text)) is type(wanted)


@pytest.mark.parametrize(
    ("text", "code", "blamed"),
    [
        ("", "A306", ""),
        ("1 +", "A306", ""),
        ("a && b", "A306", "&&"),
        ("lambda: 3", "A306", "lambda: 3"),
        ("__import__('os')", "A306", "__import__"),
        ("a.real", "A306", "a.real"),
        ("open('x')", "A306", "open"),
        ("[i for i in widths for j in widths]", "A306", "[i for i in widths for j in widths]"),
        ("f'{a}'", "A306", "f'{a}'"),
        ("(a := 3)", "A306", "(a := 3)"[1:-1]),
        ("min(*widths)", "A306", "min(*widths)"),
        ("round(a, ndigits=1)", "A306", "round(a, ndigits=1)"),
        ("missing + 1", "A301", "missing"),
        ("b + y.C", "A308", "y.C"),
        ("x.L", "A307", "x.L"),
        ("2 ** 100", "A307", "2 ** 100"),
        ("2 ** 53 * 2", "A307", "2 ** 53 * 2"),
        ("flag + 1", "A307", "flag + 1"),
        ("widths[7]", "A307", "widths[7]"),
        ("a if a else b", "A307", "a"),
        ("range(10 ** 9)", "A307", "range(10 ** 9)"),
        ("2 * log(a - a)", "A307", "log(a - a)"),
        ("sum(i for i in widths for j in widths)", "A306", "(i for i in widths for j in widths)"),
        ("x.H / 2", "A307", "x.H / 2"),
        ("a + (b // 0)", "A307", "b // 0"),
        ("h > 3", "A312", "h > 3"),
        ("x.H == 7", "A312", "x.H == 7"),
        ("é + missing", "A301", "é"),
        ("'é' == missing", "A301", "missing"),
    ],
)
def test_refusals_name_the_token(text: str, code: str, blamed: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        value(text)
    error = caught.value
    assert error.code == code
    if blamed:
        assert text[error.start : error.end] == blamed


@pytest.mark.parametrize(
    "text", ["-" * 3_000 + "1", "(" * 300 + "1" + ")" * 300, "1" * 5_000, "[" * 1_000, "not " * 900 + "1"]
)
def test_hostile_text_is_refused_and_nothing_breaks(text: str) -> None:
    with pytest.raises(ExpressionError):
        value(text)


@pytest.mark.parametrize(
    ("number", "divisor"), [(v, d) for v in (1, 7, 12, 15.9, 33, 70.4, 1280 * 1.4) for d in (4, 8)]
)
def test_make_divisible_is_torchvisions(number: float, divisor: int) -> None:
    from torchvision.models._utils import _make_divisible

    assert make_divisible(number, divisor) == _make_divisible(number, divisor)


def test_templates() -> None:
    assert parse_template("layer{a + 1}.{widths[0]}").render(Env()) == "layer4.64"
    assert parse_template("plain").is_plain
    assert parse_template("down{k}").can_give("down12")
    with pytest.raises(ExpressionError, match="never closed") as caught:
        parse_template("layer{a")
    assert caught.value.start == 5
    with pytest.raises(ExpressionError) as caught:
        parse_template("x{rate}").render(Env())
    assert (caught.value.start, caught.value.end) == (2, 6)
