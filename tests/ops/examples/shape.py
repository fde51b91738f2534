from __future__ import annotations

from archspec.dims import symbol
from tests.ops.cases import no, ok

N, H, W = symbol("N"), symbol("H"), symbol("W")
LABELS = "torch has no labels"

EXAMPLES = [
    ok("Flatten", "N 3 5 6"),
    ok("Flatten", "N 8"),
    ok("Flatten", "N 3 H W", start_dim=2),
    ok("Flatten", "N 3 5 6", start_dim=0),
    ok("Flatten", "N 3 5 6", start_dim=1, end_dim=2),
    ok("Flatten", "N 3 5 6", start_dim=-2, end_dim=-1),
    ok("Flatten", "N 3 5 6", start_dim=0, end_dim=1),
    ok("Reshape", "N 3 8", shape=[N, 4, 6], torch=lambda x: x.reshape(len(x), 4, 6)),
    ok("Reshape", "N 3 8", shape=[-1, 6], torch=lambda x: x.reshape(-1, 6)),
    ok("Reshape", "N 3 H W", shape=[N, -1, 3], torch=lambda x: x.reshape(len(x), -1, 3)),
    ok("Reshape", "N 4 H W", shape=[N * H, 2, W * 2], torch=lambda x, **s: x.reshape(s["N"] * s["H"], 2, s["W"] * 2)),
    ok("Reshape", "N 3 H W", shape=[N, 3, H * W], torch=lambda x: x.reshape(len(x), 3, -1)),
    ok("Reshape", "N H W", shape=[W, H, N], torch=lambda x: x.reshape(*x.shape[::-1])),
    ok("Reshape", "2 6", shape=[12], torch=lambda x: x.reshape(12)),
    ok("Reshape", "N 6", shape=[N, 2, 3], axes=["N", "L", "C"], torch=lambda x: x.reshape(len(x), 2, 3)),
    ok(
        "Reshape",
        "N 12 H",
        shape=[N, 3, 1, 4, H],
        axes=["D", None, "C", "W", "H"],
        torch=lambda x: x.reshape(len(x), 3, 1, 4, -1),
    ),
    ok("Flatten", "0 3 5"),
    ok("Flatten", "N 0 5", start_dim=0),
    ok("Reshape", "0 6", shape=[-1, 3], torch=lambda x: x.reshape(-1, 3)),
    ok("Reshape", "0 6 2", shape=[4, 0], torch=lambda x: x.reshape(4, 0)),
    ok("Reshape", "N 4 H", shape=[N, -1, 2 * H], torch=lambda x: x.reshape(len(x), -1, 2 * x.size(2))),
    ok("Reshape", "N H W", shape=[N * H, W], torch=lambda x: x.reshape(-1, x.size(2))),
    ok("Unflatten", "N 12 5", dim=1, unflattened_size=[3, 4]),
    ok("Unflatten", "N 12 W", dim=-2, unflattened_size=[2, -1, 2]),
    ok("Unflatten", "N 4*H", dim=1, unflattened_size=[-1, 4]),
    ok("Unflatten", "N 9", dim=1, unflattened_size=[9]),
    ok("Unflatten", "N 4 5", dim=1, unflattened_size=[2, 2]),
    ok("Unflatten", "N 0 5", dim=1, unflattened_size=[2, -1]),
    ok("Unflatten", "N 0", dim=1, unflattened_size=[0, 7]),
]

REFUSED = [
    no("start_dim", "Flatten", "N 3 5", start_dim=3),
    no("end_dim", "Flatten", "N 3 5", end_dim=-4),
    no("start_dim", "Flatten", "N 3 5", start_dim=2, end_dim=1),
    no("start_dim", "Flatten", "N 3 5", start_dim=1.0),
    no("end_dim", "Flatten", "N 3 5", end_dim=True),
    no("shape", "Reshape", "N 3 8", shape=[-1, 4, -1], torch=lambda x: x.reshape(-1, 4, -1)),
    no("shape", "Reshape", "N 3 8", shape=[N, 5, -1], torch=lambda x: x.reshape(len(x), 5, -1)),
    no("shape", "Reshape", "N 3 8", shape=[N, 10], torch=lambda x: x.reshape(len(x), 10)),
    no("shape", "Reshape", "2 12", shape=[5, -1], torch=lambda x: x.reshape(5, -1)),
    no("shape", "Reshape", "N 3 H", shape=[W, -1], torch=lambda x, **s: x.reshape(s["W"] - 1, -1)),
    no("shape", "Reshape", "N 3 8", shape=[N, -2], torch=lambda x: x.reshape(len(x), -2)),
    no("axes", "Reshape", "2 6", shape=[12], axes=["N", "C"], torch=lambda x: x.reshape(12), stricter=LABELS),
    no("axes", "Reshape", "N 6", shape=[6, -1], axes=["C", "C"], torch=lambda x: x.reshape(6, -1), stricter=LABELS),
    no("axes", "Reshape", "N 6", shape=[6, -1], axes=["A", "B"], torch=lambda x: x.reshape(6, -1), stricter=LABELS),
    no("shape", "Reshape", "N 3 8", shape=24, torch=lambda x: x.reshape(24), stricter="a list"),
    no("shape", "Reshape", "N 3 8", shape=[], torch=lambda x: x.reshape([])),
    no("shape", "Reshape", "0 6", shape=[0, -1], torch=lambda x: x.reshape(0, -1)),
    no("shape", "Reshape", "N 6", shape=[N, 0, -1], torch=lambda x: x.reshape(len(x), 0, -1)),
    no("unflattened_size", "Unflatten", "N 12", dim=1, unflattened_size=[5, -1]),
    no("unflattened_size", "Unflatten", "N 12", dim=1, unflattened_size=[3, 5]),
    no("unflattened_size", "Unflatten", "N 12", dim=1, unflattened_size=[-1, -1]),
    no("unflattened_size", "Unflatten", "N 0", dim=1, unflattened_size=[0, -1]),
    no("unflattened_size", "Unflatten", "N 2*W+1", dim=1, unflattened_size=[2, -1]),
    no("unflattened_size", "Unflatten", "N 12", dim=1, unflattened_size=12),
    no("unflattened_size", "Unflatten", "N 1", dim=1, unflattened_size=[]),
    no("dim", "Unflatten", "N 12", dim=2, unflattened_size=[3, 4]),
]
