"""Several conditions together: the sizes of each symbol, sizes that satisfy all, and what holds under them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product
from math import gcd

from archspec.dims.bounds import affordable, is_spent
from archspec.dims.conditions import Condition
from archspec.dims.polynomial import Dim, Floor, Symbolic, evaluate, symbol, symbols
from archspec.dims.solutions import ALL, Sizes, solve

_TRIED = 256  # sizes and settings that are tried where an equation couples several symbols


class System:
    """Conditions that have to hold at once. Those of one symbol are solved, those of several kept as they are; what
    cannot be solved is asked of every size that is named."""

    def __init__(self, conditions: Iterable[Condition] = ()) -> None:
        self.sizes: dict[str, Sizes] = {}
        self.joint: list[Condition] = []
        self.unsolved: list[Condition] = []
        for condition in conditions:
            self.add(condition)

    def add(self, condition: Condition) -> bool | None:
        """Add one. True: there are sizes at which all hold. False: there are none. None: neither is proved."""
        sizes, joint = dict(self.sizes), list(self.joint)
        found = self._keep(condition) if affordable(condition, len(joint)) else None
        if found and self.joint and next(self.examples(), None) is None:
            found = None
        if found is None:
            self.sizes, self.joint = sizes, joint
            self.unsolved.append(condition)
        return found

    def _keep(self, condition: Condition) -> bool | None:
        if len(condition.symbols) > 1:
            self.joint.append(condition)
            return True
        found = solve(condition)
        for name in condition.symbols:
            found = None if found is None else found.met(self.sizes.get(name, ALL))
            if found is not None:
                self.sizes[name] = found
        return None if found is None else bool(found)

    def sizes_of(self, name: str, given: Mapping[str, int]) -> Sizes | None:
        """The sizes of a symbol where the others are `given`; None where that isn't decided."""
        rest = {other: size for other, size in given.items() if other != name}
        mine = [condition.with_sizes(rest) for condition in self.joint if name in condition.symbols]
        return _all([self.sizes.get(name, ALL), *map(solve, mine)])

    def least(self, name: str) -> int | None:
        """The smallest size of a symbol with which others go; None where none is found."""
        for size in self._members(name):
            if is_spent():
                return None
            rest = System()
            rest.sizes = {other: sizes for other, sizes in self.sizes.items() if other != name}
            if all(rest.add(condition.with_sizes({name: size})) for condition in self.joint):
                return size
        return None

    def examples(self) -> Iterator[dict[str, int]]:
        """Sizes for all symbols that satisfy every condition, small and equal ones first; all of them only where
        no condition couples several symbols."""
        coupled = sorted({name for condition in self.joint for name in condition.symbols})
        alone = [name for name in self.sizes if name not in coupled]
        for setting in self._coupled(coupled):
            for rest in product(*map(self._members, alone)):
                yield {**setting, **dict(zip(alone, rest, strict=True))}

    def _members(self, name: str) -> Iterator[int]:
        """The first sizes of a symbol at which every condition on it alone holds."""
        asked = [condition for condition in self.unsolved if condition.symbols == {name}]
        sizes = islice(self.sizes.get(name, ALL), _TRIED)
        return (size for size in sizes if all(condition.at(**{name: size}) for condition in asked))

    def _coupled(self, names: list[str]) -> Iterator[dict[str, int]]:
        if not names:
            yield {}
            return
        alike = self._alike(names)
        yield from (dict.fromkeys(names, size) for size in islice(alike, _TRIED))
        first, *others = names
        for rest in islice(product(*(islice(self.sizes.get(name, ALL), _TRIED) for name in others)), _TRIED):
            given = dict(zip(others, rest, strict=True))
            for size in islice(self.sizes_of(first, given) or (), 1):
                setting = {first: size, **given}
                if len(set(setting.values())) > 1 and all(condition.at(**setting) for condition in self.joint):
                    yield setting

    def _alike(self, names: list[str]) -> Iterable[int]:
        """The sizes that all these symbols may have at once."""
        same = dict.fromkeys(names, symbol(names[0]))
        joint = (solve(condition.with_sizes(same)) for condition in self.joint)
        return _all([*(self.sizes.get(name, ALL) for name in names), *joint]) or ()

    def simplified(self, dim: Dim) -> Dim:
        """A size as it reads where the conditions hold: with H % 32 == 0, 16*floor((H - 1)/32) + 16 is
        floor(H/2)."""
        steps = {name: sizes.multiple_of for name, sizes in self.sizes.items() if sizes.multiple_of > 1}
        parts = evaluate(dim, {name: symbol(name) * step for name, step in steps.items()})
        if not steps or not isinstance(parts, Symbolic):
            return parts
        total: Dim = 0
        for monomial, coefficient in parts.terms.items():
            factors: Dim = 1
            for atom in monomial:
                if isinstance(atom, Floor) and symbols(atom.numerator) & steps.keys():
                    return dim  # it has floors still, of other divisors
                common = gcd(coefficient, steps.get(str(atom), 1))
                coefficient //= common
                factors = factors * (Symbolic({(atom,): 1}) // (steps.get(str(atom), 1) // common))
            total = total + coefficient * factors
        return total


def _all(several: Iterable[Sizes | None]) -> Sizes | None:
    """The sizes that are in all; None where that is not known."""
    found = ALL
    for sizes in several:
        both = None if sizes is None else found.met(sizes)
        if both is None:
            return None
        found = both
    return found
