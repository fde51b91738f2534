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
    ok("PReLU", "N 3 H W"),
    ok("PReLU", "N 3", num_parameters=3),
    ok("PReLU", "N 3 5 W", num_parameters=3, init=0.1),
    ok("PReLU", "0 3 5", num_parameters=3),
    ok("RReLU", "N 3 H"),
    ok("RReLU", "N 3 5", lower=-0.5, upper=0.25, inplace=True),
    ok("ELU", "N 3 5"),
    ok("ELU", "N 3 5", alpha=0.5, inplace=True),
    ok("SELU", "N 3 5"),
    ok("SELU", "N 3 H W", inplace=True),
    ok("CELU", "N 3 H W"),
    ok("CELU", "N 3 5", alpha=0.5, inplace=True),
    ok("CELU", "N 3 5", alpha=-0.5),
    ok("ReLU", "0 3 5"),
    *(ok(name, "N 30:float64") for name in ("LeakyReLU", "RReLU", "ELU", "SELU")),
    ok("CELU", "N 30:float64", alpha=0.3),
]

REFUSED = [
    *(no(0, name, "N 3:int64", stricter=INTEGERS) for name in ("ReLU", "ReLU6")),
    *(no(0, name, "N 3:int64") for name in ("LeakyReLU", "PReLU", "RReLU", "ELU", "SELU", "CELU")),
    no(0, "PReLU", "N 3:float64"),
    no(0, "PReLU", "3", num_parameters=3),
    no("num_parameters", "PReLU", "N 3 5", num_parameters=2),
    no("num_parameters", "PReLU", "N 3 5", num_parameters=0),
    no("init", "PReLU", "N 3 5", init="small"),
    no("lower", "RReLU", "N 3", lower=0.5, upper=0.25),
    no("alpha", "CELU", "N 3", alpha=0.0),
    no("negative_slope", "LeakyReLU", "N 3", negative_slope="steep"),
    no("alpha", "ELU", "N 3", alpha=[1.0]),
    no("inplace", "ReLU", "N 3", inplace=1, stricter="the language turns 1 into true before it asks an op"),
    no("slope", "ReLU", "N 3", slope=0.1),
]
