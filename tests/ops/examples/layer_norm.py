from __future__ import annotations

from tests.ops.cases import no, ok
from tests.ops.examples.convolution import UNBATCHED
from tests.ops.examples.normalization import FLOAT32

EXAMPLES = [
    ok("LayerNorm", "N L 8"),
    ok("LayerNorm", "N 5 6 8", normalized_shape=8, eps=0.1, bias=False),
    ok("LayerNorm", "N 5 6 8", normalized_shape=[6, 8]),
    ok("LayerNorm", "N 4 4 4", normalized_shape=[4, 4], eps=1e-6),
    ok("LayerNorm", "N 8", elementwise_affine=False),
    ok("LayerNorm", "N L 4 8", normalized_shape=[4, 8], elementwise_affine=False, bias=False),
    ok("LayerNorm", "0 L 8"),
    ok("LayerNorm", "N 4 0", normalized_shape=[4, 0]),
    ok("LayerNorm2d", "N 0 5 0"),
    ok("RMSNorm", "N 0"),
    ok("LayerNorm2d", "N 6 H 6"),
    ok("LayerNorm2d", "N 6 5 W", normalized_shape=6, eps=0.1, bias=False),
    ok("LayerNorm2d", "0 6 5 6", normalized_shape=[6], elementwise_affine=False),
    ok("RMSNorm", "N L 8"),
    ok("RMSNorm", "N 5 6 8", normalized_shape=8, eps=0.1),
    ok("RMSNorm", "N H 6 8", normalized_shape=[6, 8], elementwise_affine=False),
    ok("RMSNorm", "0 8", eps=0.0),
]

REFUSED = [
    no("normalized_shape", "LayerNorm", "N 5 8", normalized_shape=5),
    no("normalized_shape", "LayerNorm", "N 5 8", normalized_shape=[8, 5]),
    no("normalized_shape", "LayerNorm", "N 5 8", normalized_shape=[]),
    no("eps", "LayerNorm", "N 5 8", eps=-1.0, stricter="the root of a negative variance"),
    no(0, "LayerNorm", "8", stricter=UNBATCHED),
    no(0, "LayerNorm", "N 5 8:float64"),
    no(0, "LayerNorm", "N 5 L", stricter="weights have a size"),
    no("normalized_shape", "LayerNorm2d", "N 6 5 6", normalized_shape=5),
    no("normalized_shape", "LayerNorm2d", "N 6 5 6", normalized_shape=-6),
    no("eps", "LayerNorm2d", "N 6 5 6", eps=-1.0, stricter="the root of a negative variance"),
    no(0, "LayerNorm2d", "N 6 6"),
    no(0, "LayerNorm2d", "N 6 5 6:float64"),
    no(0, "LayerNorm2d", "N C 5 6", stricter="weights have a size"),
    no("normalized_shape", "RMSNorm", "N 5 8", normalized_shape=5),
    no("normalized_shape", "RMSNorm", "N 5 8", normalized_shape=[8, 5]),
    no("eps", "RMSNorm", "N 8", eps=-1.0, stricter="the root of a negative mean square"),
    no(0, "RMSNorm", "8", stricter=UNBATCHED),
    no(0, "RMSNorm", "N 8:float64", stricter=FLOAT32),
]
