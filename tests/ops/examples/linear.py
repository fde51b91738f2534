from __future__ import annotations

from operator import matmul

from tests.ops.cases import no, ok
from tests.ops.examples.convolution import UNBATCHED

EXAMPLES = [
    ok("Linear", "N 8", out_features=5),
    ok("Linear", "N 8", in_features=8, out_features=5, bias=False),
    ok("Linear", "N L 8", out_features=200),
    ok("Linear", "N 4 6 8", out_features=5, bias=False),
    ok("Linear", "0 8", out_features=5),
    ok("Linear", "0 3 8", out_features=5),
    ok("Linear", "N 0", in_features=0, out_features=5),
    ok("Linear", "N L 8", out_features=0),
    ok("Linear", "N 8", out_features=0, bias=False),
    ok("KeylessLinear", "N 8", out_features=6),
    ok("KeylessLinear", "N L 8", in_features=8, out_features=24),
    ok("KeylessLinear", "N L 8", out_features=24, bias=False),
    ok("MatMul", "N 4 0", "0 3", torch=matmul),
    ok("MatMul", "0 4 8", "8 3", torch=matmul),
    ok("MatMul", "N 4 8", "N 8 5", torch=matmul),
    ok("MatMul", "N 1 L 8", "3 8 L", torch=matmul),
    ok("MatMul", "4 6 8", "8 5", torch=matmul),
    ok("MatMul", "N 4:float64", "4 3:float64", torch=matmul),
]

REFUSED = [
    no("in_features", "Linear", "N 8", in_features=7, out_features=5),
    no("in_features", "Linear", "N 8", in_features=-1, out_features=5),
    no("in_features", "Linear", "N 2 3 4", in_features=24, out_features=5),
    no("out_features", "Linear", "N 8", out_features=-1),
    no(0, "Linear", "8", out_features=5, stricter=UNBATCHED),
    no(0, "Linear", "N L", out_features=5, stricter="weights have a size"),
    no(0, "Linear", "N 8:int64", out_features=5),
    no("out_features", "KeylessLinear", "N 8", out_features=8),
    no("in_features", "KeylessLinear", "N 8", in_features=7, out_features=6),
    no(0, "MatMul", "8", "N 8 5", torch=matmul, stricter=UNBATCHED),
    no(1, "MatMul", "N 4 8", "8", torch=matmul, stricter=UNBATCHED),
    no(1, "MatMul", "N 4 8", "N 7 5", torch=matmul, code="A503"),
    no(1, "MatMul", "2 4 8", "3 8 5", torch=matmul, code="A503"),
    no(1, "MatMul", "N 4 8", "N 8 5:float64", torch=matmul, code="A503"),
    no(0, "MatMul", "N 4 8:int64", "N 8 5:int64", torch=matmul, stricter="onnxruntime multiplies floats"),
]
