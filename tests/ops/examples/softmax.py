from __future__ import annotations

from tests.ops.cases import no, ok

GUESS = "torch guesses, with a warning that it will not for long"

EXAMPLES = [
    ok("Softmax", "N 3 5", dim=1),
    ok("Softmax", "N 3 5 6", dim=-1),
    ok("Softmax", "0 3 5", dim=1),
    ok("LogSoftmax", "N 3 H W", dim=1),
    ok("LogSoftmax", "N 3 0", dim=-1),
    ok("Softmin", "N 3 H W", dim=-3),
    ok("Softmin", "N 3 5", dim=2),
    ok("Softmax2d", "N 3 H W"),
    ok("Softmax2d", "N 3 5 6"),
]

REFUSED = [
    *(no(0, name, "N 3:int64", dim=1) for name in ("Softmax", "LogSoftmax", "Softmin")),
    *(no("dim", name, "N 3", dim=2) for name in ("Softmax", "LogSoftmax", "Softmin")),
    no("dim", "Softmax", "N 3", dim=-3),
    no("dim", "Softmax", "N 3", dim="1"),
    *(no("dim", name, "N 3", stricter=GUESS) for name in ("Softmax", "LogSoftmax", "Softmin")),
    no(0, "Softmax2d", "N 3"),
    no(0, "Softmax2d", "N 3 5", stricter="torch takes it for one sample"),
    no(0, "Softmax2d", "N 3 5 6:int64"),
]
