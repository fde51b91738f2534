"""Random networks as specs: chains, branches, views, layers in place, several outputs of a layer, blocks of several
inputs, layers and blocks applied again, results kept to the end."""

from __future__ import annotations

from random import Random

_BLOCKS = """
  Unit:
    layers:
      conv: {op: Conv2d, out_channels: 4, kernel_size: 3, padding: 1}
      norm: BatchNorm2d
      act: {op: ReLU, inplace: true}
      add: {op: Add, from: [act, x]}
  Join:
    inputs: [x, other]
    layers:
      cat: {op: Concat, from: [x, other]}
      tail:
        - {op: Conv2d, out_channels: 4, kernel_size: 1}
        - Dropout
        - Sigmoid
"""
_CONV = "{op: Conv2d, out_channels: 4, kernel_size: 3, padding: 1"
_ONE = ["ReLU", "Identity", "Dropout", "Sigmoid", "BatchNorm2d"]


def random_spec(random: Random, layers: int = 14) -> str:
    """A spec of 4-channel maps of one size. What nothing reads is an output, and some of the rest is."""
    lines: list[str] = []
    made, unread, convs = ["image"], {"image"}, list[str]()

    def read(count: int = 1) -> list[str]:
        names = random.choices(made[-5:], k=count)
        unread.difference_update(names)
        return names

    def add(text: str, result: str = "") -> None:
        name = f"v{len(lines)}"
        lines.append(f"  {name}: {text}")
        made.append(f"{name}{result}")
        unread.add(made[-1])

    for _ in range(layers):
        kind = random.choice(["one", "one", "conv", "two", "halves", "views", "block", "join", "again", "inplace"])
        if kind == "one":
            add(f"{{op: {random.choice(_ONE)}, from: {read()[0]}}}")
        elif kind == "conv":
            convs.append(f"v{len(lines)}")
            add(f"{_CONV}, from: {read()[0]}}}")
        elif kind == "two":
            add(f"{{op: {random.choice(['Add', 'Mul'])}, from: [{', '.join(read(2))}]}}")
        elif kind == "halves":
            add(f"{{op: Chunk, chunks: 2, from: {read()[0]}}}")
            halves = made.pop()
            unread.discard(halves)
            add(f"{{op: Concat, from: [{halves}.1, {random.choice([halves + '.0', halves + '.1'])}]}}")
        elif kind == "views":
            add(f"{{op: Transpose, dim0: 2, dim1: 3, from: {read()[0]}}}")
        elif kind == "block":
            add(f"{{op: Unit, from: {read()[0]}}}")
        elif kind == "join":
            add(f"{{op: Join, from: [{', '.join(read(2))}]}}")
        elif kind == "again" and convs:
            add(f"{{share: {random.choice(convs)}, from: {read()[0]}}}")
        elif kind == "inplace":
            add(f"{{op: Sigmoid, from: {read()[0]}}}")
            own = made.pop()
            unread.discard(own)
            add(f"{{op: SiLU, inplace: true, from: {own}}}")
    kept = sorted({*unread - {"image"}, random.choice(made[1:]), made[-1]})
    outputs = ", ".join(f"o{number}: {name}" for number, name in enumerate(kept))
    return (
        f"archspec: 1\nname: random\ninputs: {{image: [N, 4, 6, 6]}}\nblocks:{_BLOCKS}layers:\n"
        + "\n".join(lines)
        + f"\noutputs: {{{outputs}}}\n"
    )
