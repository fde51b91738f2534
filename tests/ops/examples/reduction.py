from __future__ import annotations

from tests.ops.cases import no, ok

EXAMPLES = [
    ok("Mean", "N 3 H W", dim=[2, 3], torch=lambda x: x.mean((2, 3))),
    ok("Mean", "N 3 5", dim=-1, keepdim=True, torch=lambda x: x.mean(-1, keepdim=True)),
    ok("Mean", "N 3 5 6", dim=[-1, 1], keepdim=True, torch=lambda x: x.mean((-1, 1), keepdim=True)),
    ok("Mean", "N 3:float64", dim=1, torch=lambda x: x.mean(1)),
]

REFUSED = [
    no("dim", "Mean", "N 3", dim=2, torch=lambda x: x.mean(2)),
    no("dim", "Mean", "N 3 5", dim=[1, -2], torch=lambda x: x.mean((1, -2))),
    no("dim", "Mean", "N 3 5", dim=[], torch=lambda x: x.mean(()), stricter="torch takes no axes for all axes"),
    no("dim", "Mean", "N 3 5", torch=lambda x: x.mean(), stricter="no batch would be left"),
    no(0, "Mean", "N 3:int64", dim=1, torch=lambda x: x.mean(1)),
]
