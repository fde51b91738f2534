"""What the operators and functions of the expression language do to values.

Values are numbers, bools, texts, null, lists, ops, and symbolic sizes. Results are bounded in
magnitude and length, so that no short text costs much time or memory. A rule that a value breaks raises `ValueError`
with the words for the diagnostic; a decision that a symbolic size leaves open raises `Undecided`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, TypeAlias

from archspec.dims import Condition, Dim, Symbolic, divide, equal, holds

Value: TypeAlias = Any
"""int | float | bool | str | None | list[Value] | Symbolic | an op, opaque here."""

MAX_MAGNITUDE = 2**53  # beyond it floats stop being exact, and no size comes near
MAX_EXPONENT = 64
MAX_ITEMS = 1_000  # of lists, and of ranges that are gone through
MAX_RANGE = 100_000
MAX_DEPTH = 8  # of lists in lists
MAX_TERM = 1_000  # characters of a symbolic size


class Undecided(ValueError):
    """A comparison whose answer depends on a symbolic size."""


def describe(value: Value) -> str:
    """A value in words for a message."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the bool {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text `{value}`"
    if isinstance(value, (list, range)):
        return f"a list of {len(value)} items"
    if isinstance(value, Symbolic):
        return f"the size {value}"
    return "a mapping" if isinstance(value, dict) else f"the op {value}"


def is_number(value: Value) -> bool:
    """Whether a value can be counted with: not a bool."""
    return isinstance(value, (int, float, Symbolic)) and not isinstance(value, bool)


def bounded(value: Value) -> Value:
    """Refuse a number beyond the limits of the language."""
    if isinstance(value, (int, float)) and not -MAX_MAGNITUDE <= value <= MAX_MAGNITUDE:
        raise ValueError("the number is beyond 2 ** 53")
    if isinstance(value, Symbolic) and len(str(value)) > MAX_TERM:
        raise ValueError(f"the size takes more than {MAX_TERM:,} characters to write")
    return value


def truth(value: Value) -> bool:
    """A condition: a bool, or 0 or 1."""
    if isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise ValueError(f"a condition has to be true or false, and this is {describe(value)}")


def whole(value: Value) -> int:
    """An integer, or a float with a whole value."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_MAGNITUDE:
        return int(value)
    hint = " (`//` divides and rounds down)" if isinstance(value, float) else ""
    raise ValueError(f"an integer is wanted, and this is {describe(value)}{hint}")


def add(a: Value, b: Value) -> Value:
    if isinstance(a, list) and isinstance(b, list):
        return bounded_list(a + b)
    return bounded(_numbers("+", a, b) and a + b)


def subtract(a: Value, b: Value) -> Value:
    return bounded(_numbers("-", a, b) and a - b)


def multiply(a: Value, b: Value) -> Value:
    if isinstance(a, list) and isinstance(b, int) and not isinstance(b, bool):
        if len(a) * b > MAX_ITEMS:
            raise ValueError(f"the list has more than {MAX_ITEMS:,} items")
        return bounded_list(a * b)
    return bounded(_numbers("*", a, b) and a * b)


def true_divide(a: Value, b: Value) -> Value:
    """Exact where it is whole; a float otherwise; a symbolic size has to divide exactly."""
    _numbers("/", a, b)
    if b == 0:
        raise ValueError("division by zero")
    if isinstance(a, float) or isinstance(b, float):
        if isinstance(a, Symbolic) or isinstance(b, Symbolic):
            raise ValueError("a symbolic size can only be divided by an integer")
        return bounded(a / b)
    quotient = divide(a, b)
    if quotient is not None:
        return bounded(quotient)
    if isinstance(a, Symbolic) or isinstance(b, Symbolic):
        raise ValueError(f"{a} divided by {b} is not whole at every size: `//` rounds down")
    return a / b


def floor_divide(a: Value, b: Value) -> Value:
    _by_a_number("//", a, b)
    return bounded(a // b)


def modulo(a: Value, b: Value) -> Value:
    _by_a_number("%", a, b)
    return bounded(a % b)


def _by_a_number(sign: str, a: Value, b: Value) -> None:
    """Refuse a divisor that is 0 or a symbolic size."""
    _numbers(sign, a, b)
    if isinstance(b, Symbolic):
        raise ValueError("a size can only be divided by a known number")
    if b == 0:
        raise ValueError("division by zero")


def power(a: Value, b: Value) -> Value:
    _numbers("**", a, b)
    if isinstance(b, Symbolic) or abs(b) > MAX_EXPONENT:
        raise ValueError(f"an exponent has to be a number between -{MAX_EXPONENT} and {MAX_EXPONENT}")
    if isinstance(a, Symbolic):
        exponent = whole(b)
        if not 0 <= exponent <= 4:
            raise ValueError("a symbolic size can be raised to 0 .. 4 only")
        return bounded(math.prod([a] * exponent, start=1))
    bounded(a)
    if a == 0 and b < 0:
        raise ValueError("division by zero")
    result = a**b
    if isinstance(result, complex):
        raise ValueError("the root of a negative number")
    return bounded(result)


def negative(a: Value) -> Value:
    return -_number("-", a)


def _number(sign: str, value: Value) -> Value:
    if not is_number(value):
        raise ValueError(f"`{sign}` wants numbers, and this is {describe(value)}")
    return value


def _numbers(sign: str, a: Value, b: Value) -> bool:
    if type(a) is int and type(b) is int:  # nearly always
        return True
    _number(sign, a)
    _number(sign, b)
    if (isinstance(a, float) and isinstance(b, Symbolic)) or (isinstance(a, Symbolic) and isinstance(b, float)):
        raise ValueError(f"`{sign}` between a symbolic size and a fraction is not exact")
    return True


def same(a: Value, b: Value) -> bool:
    """Equality; between sizes, where it holds or fails at every size."""
    if isinstance(a, Symbolic) or isinstance(b, Symbolic):
        if not (is_number(a) and is_number(b)) or isinstance(a, float) or isinstance(b, float):
            return False
        verdict = equal(a, b)
        if verdict is None:
            raise Undecided(f"whether {a} equals {b} depends on the size")
        return verdict
    if isinstance(a, (list, range)) and isinstance(b, (list, range)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Value, Value], bool]:
    """`<`, `<=`, `>`, `>=` between numbers; between sizes, where it holds or fails at every size."""

    def check(a: Value, b: Value) -> bool:
        if not (is_number(a) and is_number(b)):
            raise ValueError(f"only numbers have an order, and this is {describe(b if is_number(a) else a)}")
        if not isinstance(a, Symbolic) and not isinstance(b, Symbolic):
            return compare(a, b)
        difference = subtract(a, b)
        if not isinstance(difference, Symbolic):
            return compare(difference, 0)
        least = 0 if compare(0, 0) else 1  # a > b is a - b >= 1
        verdict = holds(Condition(difference if compare(1, 0) else -difference, ">=", least))
        if verdict is None:
            raise Undecided(f"how {a} compares with {b} depends on the size")
        return verdict

    return check


def contains(item: Value, items: Value) -> bool:
    if not isinstance(items, (list, range)):
        raise ValueError(f"`in` wants a list, and this is {describe(items)}")
    if isinstance(items, range) and not isinstance(item, Symbolic):
        return item in items
    return any(same(item, other) for other in _gone_through(items))


def _least(values: list[Value], before: Callable[[Value, Value], bool]) -> Value:
    result = values[0]
    for value in values[1:]:
        if before(value, result):
            result = value
    return result


def _extreme(name: str, compare: Callable[[Any, Any], bool]) -> Callable[..., Value]:
    def function(*values: Value) -> Value:
        one = len(values) == 1 and isinstance(values[0], (list, range))
        items = list(_gone_through(values[0])) if one else list(values)
        if not items:
            raise ValueError(f"`{name}` of nothing")
        return _least([_number(name, item) for item in items], ordered(compare))

    return function


def _range(*bounds: Value) -> range:
    if not 1 <= len(bounds) <= 3:
        raise ValueError("`range` takes 1 to 3 integers")
    numbers = [whole(bound) for bound in bounds]
    if len(numbers) == 3 and numbers[2] == 0:
        raise ValueError("the step of a range cannot be 0")
    result = range(*numbers)
    if len(result) > MAX_RANGE:
        raise ValueError(f"the range has {len(result):,} numbers, and {MAX_RANGE:,} are the limit")
    return result


def bounded_list(items: list[Value]) -> list[Value]:
    """Refuse a list beyond the limits of the language; what is in its lists counts, however often one list stands."""
    _count(items, 1)
    return items


def _count(items: list[Value], depth: int) -> int:
    """The items of a list and of the lists in it. Each of these is bounded itself, so that counting ends soon."""
    if depth > MAX_DEPTH:
        raise ValueError(f"lists are nested deeper than {MAX_DEPTH}")
    count = len(items)
    for item in items:
        if count > MAX_ITEMS:
            break
        if isinstance(item, list):
            count += _count(item, depth + 1)
    if count > MAX_ITEMS:
        raise ValueError(f"the list has more than {MAX_ITEMS:,} items")
    return count


def _sum(items: Value) -> Value:
    if not isinstance(items, (list, range)):
        raise ValueError(f"`sum` wants a list, and this is {describe(items)}")
    total: Value = 0
    for item in _gone_through(items):
        total = add(total, item)
    return total


def _gone_through(items: list[Value] | range) -> list[Value] | range:
    """What takes time for each of its items."""
    if len(items) > MAX_ITEMS:
        raise ValueError(f"the list has more than {MAX_ITEMS:,} items")
    return items


def _len(items: Value) -> int:
    if not isinstance(items, (list, range, str)):
        raise ValueError(f"`len` wants a list, and this is {describe(items)}")
    return len(items)


def _log(value: float) -> float:
    if value <= 0:
        raise ValueError(f"`log` wants a number above 0, and this is {describe(value)}")
    return math.log(value)


def _plain(name: str, function: Callable[..., Value]) -> Callable[..., Value]:
    """A function of one known number."""

    def checked(value: Value, *rest: Value) -> Value:
        if isinstance(value, Symbolic):
            raise ValueError(f"`{name}` of a symbolic size")
        return bounded(function(_number(name, value), *map(whole, rest)))

    return checked


def make_divisible(value: Value, divisor: Value = 8, min_value: Value = None) -> Dim:
    """The multiple of `divisor` nearest to `value`, at least `min_value` (`divisor` by default) and never
    more than 10% below `value`. Source: torchvision.models._utils._make_divisible."""
    if isinstance(value, Symbolic):
        raise ValueError("`make_divisible` of a symbolic size")
    step = whole(divisor)
    if step < 1:
        raise ValueError("the divisor of `make_divisible` has to be positive")
    least = step if min_value is None else whole(min_value)
    result = max(least, int(_number("make_divisible", value) + step / 2) // step * step)
    return result + step if result < 0.9 * value else result


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "min": _extreme("min", operator.lt),
    "max": _extreme("max", operator.gt),
    "abs": _plain("abs", abs),
    "round": _plain("round", round),
    "floor": _plain("floor", math.floor),
    "ceil": _plain("ceil", math.ceil),
    "int": _plain("int", int),
    "log": _plain("log", _log),
    "len": _len,
    "range": _range,
    "sum": _sum,
    "make_divisible": make_divisible,
}
