from __future__ import annotations

from tests.ops.cases import no, ok
from tests.ops.examples.activation import INTEGERS

EXAMPLES = [
    ok("GELU", "N 3 5"),
    ok("GELU", "N 3 5", approximate="tanh"),
    ok("SiLU", "N 3 5"),
    ok("SiLU", "N 3 5", inplace=True),
    ok("Sigmoid", "N 3 5"),
    ok("Tanh", "N 3 5"),
    ok("Hardswish", "N 3 5"),
    ok("Hardswish", "N 3 5", inplace=True),
    ok("Hardsigmoid", "N 3 5"),
    ok("Hardsigmoid", "N 3 5", inplace=True),
    ok("GLU", "N 3 6"),
    ok("GLU", "N 6 H W", dim=1),
    ok("GLU", "N 3 2*W"),
    ok("GLU", "N 3 W 4", dim=3),
    ok("GLU", "N 0 4", dim=1),
    ok("LogSigmoid", "N 3 H"),
    ok("Softplus", "N 3 H"),
    ok("Softplus", "N 3 5", beta=2.0, threshold=1.0),
    ok("Softplus", "N 3 5", beta=-0.5, threshold=-0.1),
    ok("Softsign", "N 3 H"),
    ok("Mish", "N 3 5"),
    ok("Mish", "N 3 5", inplace=True),
    ok("SiLU", "0 3 5"),
    ok("GELU", "N 30:float64", approximate="tanh"),
    ok("Softplus", "N 30:float64", beta=3.0, threshold=1.0),
    *(ok(name, "N 30:float64") for name in ("SiLU", "Hardswish", "Hardsigmoid", "LogSigmoid", "Softsign", "Mish")),
]

REFUSED = [
    *(no(0, name, "N 3:int64", stricter=INTEGERS) for name in ("Sigmoid", "Tanh", "Softsign")),
    *(no(0, name, "N 3:int64") for name in ("GELU", "SiLU", "Hardswish", "Hardsigmoid", "Mish")),
    *(no(0, name, "N 3:int64") for name in ("LogSigmoid", "Softplus")),
    no(0, "GLU", "N 4:int64"),
    no("dim", "GLU", "N 5", dim=1),
    no("dim", "GLU", "N 3 2*W+1", dim=-1),
    no("dim", "GLU", "N 4", dim=2),
    no("beta", "Softplus", "N 3", beta=0, stricter="infinities all over"),
    no(0, "GELU", "N 3:float64", emission=True, stricter="onnxruntime has no Erf in float64"),
    no("approximate", "GELU", "N 3", approximate="fast"),
]
