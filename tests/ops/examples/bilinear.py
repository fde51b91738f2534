from __future__ import annotations

from tests.ops.cases import no, ok
from tests.ops.examples.convolution import UNBATCHED

EXAMPLES = [
    ok("Bilinear", "N 8", "N 6", out_features=5),
    ok("Bilinear", "N L 8", "N L 6", in1_features=8, in2_features=6, out_features=5, bias=False),
    ok("Bilinear", "N 3 H 4", "N 3 H 7", out_features=9),
    ok("Bilinear", "0 8", "0 6", out_features=5),
    ok("Bilinear", "N 8", "N 6", out_features=0, bias=False),
]

REFUSED = [
    no("in1_features", "Bilinear", "N 8", "N 6", in1_features=7, out_features=5),
    no("in1_features", "Bilinear", "N 8", "N 6", in1_features=0, out_features=5),
    no("in2_features", "Bilinear", "N 8", "N 6", in2_features=7, out_features=5),
    no("in2_features", "Bilinear", "N 8", "N 6", in2_features=0, out_features=5),
    no("out_features", "Bilinear", "N 8", "N 6", out_features=-1),
    no(0, "Bilinear", "N 0", "N 6", out_features=5),
    no(1, "Bilinear", "N 8", "N 0", out_features=5),
    no(0, "Bilinear", "8", "N 6", out_features=5),
    no(1, "Bilinear", "N 8", "6", out_features=5),
    no(0, "Bilinear", "8", "6", out_features=5, stricter=UNBATCHED),
    no(0, "Bilinear", "N 8:float64", "N 6", out_features=5),
    no(0, "Bilinear", "N C", "N 6", out_features=5, stricter="weights have a size"),
    no(1, "Bilinear", "2 8", "3 6", out_features=5, code="A503"),
    no(1, "Bilinear", "2 1 8", "2 3 6", out_features=5, code="A503"),
    no(1, "Bilinear", "2 3 8", "3 6", out_features=5, code="A503"),
]
