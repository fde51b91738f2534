from __future__ import annotations

from tests.ops.cases import no, ok

MANY = "how many parts? that is not known"
PARTS = "each part is a value of its own in the graph"

EXAMPLES = [
    ok("Chunk", "N 6 5", chunks=2, torch=lambda x: x.chunk(2, 1)),
    ok("Chunk", "N 9 5", chunks=4, torch=lambda x: x.chunk(4, 1)),
    ok("Chunk", "N 3 5", chunks=4, dim=-1, torch=lambda x: x.chunk(4, -1)),
    ok("Chunk", "N 3 5", chunks=1, torch=lambda x: x.chunk(1, 1)),
    ok("Split", "N 7 5", split_size_or_sections=3, torch=lambda x: x.split(3, 1)),
    ok("Split", "N 7 5", split_size_or_sections=[2, 1, 4], torch=lambda x: x.split([2, 1, 4], 1)),
    ok("Split", "N 7 5:int64", split_size_or_sections=[5], dim=2, torch=lambda x: x.split([5], 2)),
    ok("Chunk", "N 3 2*W", chunks=2, dim=2, torch=lambda x: x.chunk(2, 2)),
    ok("Chunk", "N 3 W", chunks=3, dim=2, torch=lambda x: x.chunk(3, 2)),
    ok("Chunk", "N 0", chunks=3, torch=lambda x: x.chunk(3, 1)),
    ok("Chunk", "0 4", chunks=2, torch=lambda x: x.chunk(2, 1)),
    ok("Split", "N 0", split_size_or_sections=3, torch=lambda x: x.split(3, 1)),
    ok("Split", "N 0", split_size_or_sections=0, torch=lambda x: x.split(0, 1)),
    ok("Split", "N 4", split_size_or_sections=[0, 4, 0], torch=lambda x: x.split([0, 4, 0], 1)),
    ok("Split", "0 4", split_size_or_sections=[1, 3], torch=lambda x: x.split([1, 3], 1)),
]

REFUSED = [
    no("chunks", "Chunk", "N 6 5", chunks=0, torch=lambda x: x.chunk(0, 1)),
    no("dim", "Chunk", "N 6 5", chunks=2, dim=3, torch=lambda x: x.chunk(2, 3)),
    no("chunks", "Chunk", "N 6 2*H+1", chunks=2, dim=2, torch=lambda x: x.chunk(2, 2), stricter=MANY),
    no("split_size_or_sections", "Split", "N 7 5", split_size_or_sections=[2, 4], torch=lambda x: x.split([2, 4], 1)),
    no("split_size_or_sections", "Split", "N 7 5", split_size_or_sections=0, torch=lambda x: x.split(0, 1)),
    no("split_size_or_sections", "Split", "N H", split_size_or_sections=2, torch=lambda x: x.split(2), stricter=MANY),
    no("dim", "Split", "N 7 5", split_size_or_sections=2, dim=-4, torch=lambda x: x.split(2, -4)),
    no("split_size_or_sections", "Split", "N 7", split_size_or_sections=[8, -1], torch=lambda x: x.split([8, -1], 1)),
    no(
        *("split_size_or_sections", "Split", "N 10001"),
        split_size_or_sections=1,
        torch=lambda x: x.split(1, 1),
        code="A605",
        stricter=PARTS,
    ),
]
