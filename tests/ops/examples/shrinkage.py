from __future__ import annotations

from tests.ops.cases import no, ok
from tests.ops.examples.activation import INTEGERS

EXAMPLES = [
    ok("Hardtanh", "N 3 H"),
    ok("Hardtanh", "N 3:float64", min_val=-0.5, max_val=0.25, inplace=True),
    ok("Threshold", "N 3 H", threshold=0.1, value=-2.0),
    ok("Threshold", "N 3:float64", threshold=0, value=20, inplace=True),
    ok("Softshrink", "N 3 H"),
    ok("Softshrink", "N 3 5", lambd=0.25),
    ok("Hardshrink", "N 3 H"),
    ok("Hardshrink", "N 3 5", lambd=-1.0),
    ok("Tanhshrink", "N 3 H"),
]

REFUSED = [
    *(no(0, name, "N 3:int64") for name in ("Softshrink", "Hardshrink")),
    *(no(0, name, "N 3:int64", stricter=INTEGERS) for name in ("Hardtanh", "Tanhshrink")),
    no(0, "Threshold", "N 3:int64", threshold=1, value=2, stricter=INTEGERS),
    no("min_val", "Hardtanh", "N 3", min_val=1.0, max_val=1.0),
    no("min_val", "Hardtanh", "N 3", min_val=2.0, max_val=1.0),
    no("value", "Threshold", "N 3", threshold=1.0),
    no("threshold", "Threshold", "N 3", value=1.0),
    no("lambd", "Softshrink", "N 3", lambd=-0.5),
]
