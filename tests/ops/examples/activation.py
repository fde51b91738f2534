from __future__ import annotations

from tests.ops.cases import no, ok

INTEGERS = "an activation of integers is a slip, and ONNX has hardly any"

EXAMPLES = [
    ok("ReLU", "N 3 H W"),
    ok("ReLU", "N 3:float64", inplace=True),
    ok("ReLU6", "N 3 5"),
    ok("ReLU6", "N 3 5:float64", inplace=True),
    ok("LeakyReLU", "N 3 5"),
    ok("LeakyReLU", "N 3 5", negative_slope=0.2, inplace=True),
    ok("GELU", "N 3 5"),
    ok("GELU", "N 3 5", approximate="tanh"),
    ok("SiLU", "N 3 5"),
    ok("SiLU", "N 3 5", inplace=True),
    ok("Sigmoid", "N 3 5"),
    ok("Tanh", "N 3 5"),
    ok("Softmax", "N 3 5", dim=1),
    ok("Softmax", "N 3 5 6", dim=-1),
    ok("Hardswish", "N 3 5"),
    ok("Hardswish", "N 3 5", inplace=True),
    ok("Hardsigmoid", "N 3 5"),
    ok("Hardsigmoid", "N 3 5", inplace=True),
    ok("ELU", "N 3 5"),
    ok("ELU", "N 3 5", alpha=0.5, inplace=True),
    ok("Mish", "N 3 5"),
    ok("Mish", "N 3 5", inplace=True),
]

REFUSED = [
    *(no(0, name, "N 3:int64", stricter=INTEGERS) for name in ("ReLU", "ReLU6", "Sigmoid", "Tanh")),
    *(no(0, name, "N 3:int64") for name in ("LeakyReLU", "GELU", "SiLU", "Hardswish", "Hardsigmoid", "ELU", "Mish")),
    no(0, "Softmax", "N 3:int64", dim=1),
    no("dim", "Softmax", "N 3", dim=2),
    no("dim", "Softmax", "N 3", dim=-3),
    no("dim", "Softmax", "N 3", dim="1"),
    no("dim", "Softmax", "N 3", stricter="torch guesses, with a warning that it will not for long"),
    no("approximate", "GELU", "N 3", approximate="fast"),
    no("negative_slope", "LeakyReLU", "N 3", negative_slope="steep"),
    no("alpha", "ELU", "N 3", alpha=[1.0]),
    no("inplace", "ReLU", "N 3", inplace=1, stricter="the language turns 1 into true before it asks an op"),
    no("slope", "ReLU", "N 3", slope=0.1),
]
