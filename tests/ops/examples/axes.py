from __future__ import annotations

from archspec.dims import symbol
from tests.ops.cases import no, ok

N, H, W = symbol("N"), symbol("H"), symbol("W")

EXAMPLES = [
    ok("Expand", "N 1 5", sizes=[-1, 4, 5], torch=lambda x: x.expand(-1, 4, -1)),
    ok("Expand", "1 1 5", sizes=[N, -1, -1], beside="N 3", torch=lambda x, **s: x.expand(s["N"], -1, -1)),
    ok("Expand", "N 1 W", sizes=[N, H, W], beside="H", torch=lambda x, **s: x.expand(-1, s["H"], -1)),
    ok("Expand", "5 1", sizes=[N, H * 2, 5, 3], beside="N H", torch=lambda x, **s: x.expand(s["N"], s["H"] * 2, 5, 3)),
    ok("Expand", "2 1", sizes=[2, 0], torch=lambda x: x.expand(2, 0)),
    ok("Squeeze", "N 1 5", dim=1, torch=lambda x: x.squeeze(1)),
    ok("Squeeze", "N 1 H 1", dim=[-1, 1], torch=lambda x: x.squeeze((-1, 1))),
    ok("Squeeze", "N 1 4", dim=[1, 2], torch=lambda x: x.squeeze((1, 2))),
    ok("Squeeze", "N 3 4:int64", dim=1, torch=lambda x: x.squeeze(1)),
    ok("Unsqueeze", "N 3", dim=0, torch=lambda x: x.unsqueeze(0)),
    ok("Unsqueeze", "N 3 H", dim=-1, torch=lambda x: x.unsqueeze(-1)),
    ok("Unsqueeze", "0 3", dim=2, torch=lambda x: x.unsqueeze(2)),
]

REFUSED = [
    no("sizes", "Expand", "N 3 5", sizes=[-1, 5], torch=lambda x: x.expand(-1, 5)),
    no("sizes", "Expand", "N 3 5", sizes=[-1, -1, 3, 5], torch=lambda x: x.expand(-1, -1, 3, 5)),
    no("sizes", "Expand", "N 3 5", sizes=[-1, 6, 5], torch=lambda x: x.expand(-1, 6, 5)),
    no("sizes", "Expand", "N 3 5", sizes=[], torch=lambda x: x.expand(())),
    no("dim", "Squeeze", "N 1 5", dim=3, torch=lambda x: x.squeeze(3)),
    no("dim", "Squeeze", "N 1 5", dim=[1, -2], torch=lambda x: x.squeeze((1, -2))),
    no("dim", "Squeeze", "N 1 H", dim=[1, 2], torch=lambda x: x.squeeze((1, 2)), stricter="how many axes are left?"),
    no("dim", "Squeeze", "N 1 5", dim=[], torch=lambda x: x.squeeze(()), stricter="nothing is done"),
    no("dim", "Unsqueeze", "N 3", dim=3, torch=lambda x: x.unsqueeze(3)),
    no("dim", "Unsqueeze", "N 3", dim=-4, torch=lambda x: x.unsqueeze(-4)),
]
