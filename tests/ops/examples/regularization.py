from __future__ import annotations

from tests.ops.cases import no, ok

FIRST = "torch takes the first axis for the channels, with a warning"

EXAMPLES = [
    ok("Dropout", "N 3 5"),
    ok("Dropout", "N 3", p=0.2, inplace=True),
    ok("Dropout2d", "N 3 H W"),
    ok("Dropout2d", "N 3 5 6", p=1, inplace=True),
    ok("Dropout1d", "N 3 L"),
    ok("Dropout1d", "0 3 5", p=0, inplace=True),
    ok("Dropout3d", "N 3 D H W"),
    ok("Dropout3d", "N 3 4 5 6", p=0.2, inplace=True),
    ok("AlphaDropout", "N 3"),
    ok("AlphaDropout", "N 3 5:float64", p=0.2, inplace=True),
    ok("FeatureAlphaDropout", "N 3"),
    ok("FeatureAlphaDropout", "N 3 5", p=0.2, inplace=True),
    ok("DropBlock2d", "N 3 H W", p=0.1, block_size=7),
    ok("DropBlock2d", "N 3 5 6", p=1, block_size=3, inplace=True, eps=0.0),
    ok("DropBlock3d", "N 3 D H W", p=0.1, block_size=3),
    ok("DropBlock3d", "0 3 5 6 7", p=0.0, block_size=1, inplace=True, eps=1e-3),
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
    no(0, "Dropout2d", "N 3 5", stricter=FIRST),
    no(0, "Dropout1d", "N 3", stricter=FIRST),
    no(0, "Dropout1d", "N 3 5 6"),
    no(0, "Dropout3d", "N 3 5 6", stricter=FIRST),
    *(no("p", name, "N 3 5", p=2) for name in ("Dropout1d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout")),
    no(0, "AlphaDropout", "N 3:int64"),
    no(0, "FeatureAlphaDropout", "3"),
    no(0, "DropBlock2d", "N 3 5", p=0.1, block_size=3),
    no(0, "DropBlock2d", "N 3 5 6:int64", p=0.1, block_size=3, stricter="all are scaled, to integers"),
    no("p", "DropBlock2d", "N 3 5 6", p=-0.1, block_size=3),
    no("block_size", "DropBlock2d", "N 3 H W", p=0.1, block_size=2),
    no("block_size", "DropBlock2d", "N 3 5 6", p=0.1, block_size=0),
    no("eps", "DropBlock2d", "N 3 5 6", p=0.1, block_size=3, eps=-1.0, stricter="it keeps a sum from being 0"),
    no(0, "DropBlock3d", "N 3 5 6", p=0.1, block_size=3),
]
