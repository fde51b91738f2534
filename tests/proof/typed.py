"""The types that torch gives its arguments, and whether a value that YAML gives is of one."""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import cache
from inspect import Parameter, signature
from typing import Any, Union, get_args, get_origin, get_type_hints

import torch


@cache
def annotations(target: Callable[..., Any]) -> dict[str, Any]:
    """The types of torch's arguments, as the class or its constructor has them; of one that has no annotation, what
    its default says. Those that are passed on without a name stand under `**`."""
    written = get_type_hints(target.__init__ if isinstance(target, type) else target)
    attributes = get_type_hints(target) if isinstance(target, type) else {}
    found = {}
    for name, parameter in signature(target).parameters.items():
        default = parameter.default
        guess = type(default) if default is not Parameter.empty and default is not None else Any
        key = "**" if parameter.kind is Parameter.VAR_KEYWORD else name
        found[key] = Union[written.get(name, guess), *_without_tensors(attributes.get(name)), type(default)]
    return found


def _without_tensors(annotation: Any) -> tuple[Any, ...]:
    """An attribute's type, where it is that of the argument: arguments that become tensors are no such."""
    return () if annotation is None or torch.Tensor in get_args(annotation) else (annotation,)


def fits(value: Any, wanted: Any) -> bool:
    """Whether a value as YAML gives it is of a type; a bool is no number, and a fraction no integer."""
    if get_origin(wanted) in (Union, types.UnionType):
        return any(fits(value, each) for each in get_args(wanted))
    if get_origin(wanted) in (tuple, list):
        parts = get_args(wanted)
        if get_origin(wanted) is list or parts[-1] is ...:
            return isinstance(value, list) and all(fits(each, parts[0]) for each in value)
        return isinstance(value, list) and len(value) == len(parts) and all(map(fits, value, parts))
    if wanted is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if wanted in (bool, str, types.NoneType):
        return isinstance(value, wanted)
    return wanted is Any
