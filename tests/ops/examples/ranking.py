from __future__ import annotations

from tests.ops.cases import no, ok

NOT_RUN = "onnxruntime ranks no such numbers"

EXAMPLES = [
    ok("TopK", "N 10", k=5),
    ok("TopK", "N 10", k=10, dim=1),
    ok("TopK", "N 7 H W", k=1, dim=1),
    ok("TopK", "N C", k=2),
    ok("TopK", "N 3 L", k=3, dim=-1, largest=False),
    ok("TopK", "N H:float64", k=4),
    ok("TopK", "7:float64", k=4, dim=0),
    ok("TopK", "0 6", k=2),
    ok("TopK", "N 6", k=0),
]

REFUSED = [
    no("k", "TopK", "N 4", k=5),
    no("k", "TopK", "N 4", k=-1),
    no("k", "TopK", "N 4 0", k=1),
    no("dim", "TopK", "N 4", k=1, dim=2),
    no(0, "TopK", "", k=1, stricter="there is nothing to choose from"),
    no(0, "TopK", "N 4:bool", k=1),
    no(0, "TopK", "N 4:bfloat16", k=1, emission=True, stricter=NOT_RUN),
    no(0, "TopK", "N 4:int64", k=1, stricter="equal ones come in any order"),
]
