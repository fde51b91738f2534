from __future__ import annotations

from tests.ops.cases import no, ok

EXAMPLES = [
    ok("Dropout", "N 3 5"),
    ok("Dropout", "N 3", p=0.2, inplace=True),
    ok("Dropout2d", "N 3 H W"),
    ok("Dropout2d", "N 3 5 6", p=1, inplace=True),
    ok("StochasticDepth", "N 3 5 6", p=0.2, mode="row"),
    ok("StochasticDepth", "N 5 8", p=0.0, mode="batch"),
]

REFUSED = [
    no("p", "Dropout", "N 3", p=-0.1),
    no("p", "Dropout2d", "N 3 5 6", p=1.5),
    no("p", "StochasticDepth", "N 3", p=1.5, mode="row"),
    no("p", "StochasticDepth", "N 3", mode="row"),
    no("mode", "StochasticDepth", "N 3", p=0.5, mode="column"),
    no("mode", "StochasticDepth", "N 3", p=0.5),
    no(0, "Dropout", "N 3:int64"),
    no(0, "StochasticDepth", "N 3:int64", p=0.5, mode="row"),
    no(0, "Dropout2d", "N 3 5", stricter="torch takes the first axis for the channels, with a warning"),
]
