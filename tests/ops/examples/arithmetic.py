from __future__ import annotations

from tests.ops.cases import no, ok
from tests.ops.examples.merge import ONE_TYPE

TRUTHS = "true is no number"

EXAMPLES = [
    ok("Abs", "N 3 H", torch=lambda x: x.abs()),
    ok("Abs", "N 3:int64", torch=lambda x: x.abs()),
    ok("Neg", "N 3 H", torch=lambda x: x.neg()),
    ok("Neg", "0 3:int32", torch=lambda x: x.neg()),
    ok("Exp", "N 3 H", torch=lambda x: x.exp()),
    ok("Exp", "N 3:float64", torch=lambda x: x.exp()),
    ok("Log", "N 3 H", torch=lambda x: x.log(), positive=True),
    ok("Sqrt", "N 3 H", torch=lambda x: x.sqrt(), positive=True),
    ok("Sqrt", "N 3:float64", torch=lambda x: x.sqrt(), positive=True),
    ok("Rsqrt", "N 3 H", torch=lambda x: x.rsqrt(), positive=True),
    ok("Reciprocal", "N 3 H", torch=lambda x: x.reciprocal(), positive=True),
    ok("Pow", "N 3 H", exponent=2, torch=lambda x: x**2),
    ok("Pow", "N 3 5", exponent=-1.5, torch=lambda x: x**-1.5, positive=True),
    ok("Pow", "N 3:int64", exponent=3, torch=lambda x: x**3),
    ok("Clamp", "N 3 H", min=-0.5, torch=lambda x: x.clamp(-0.5)),
    ok("Clamp", "N 3 5", max=1, torch=lambda x: x.clamp(max=1)),
    ok("Clamp", "N 3 5:float64", min=0.5, max=-0.5, torch=lambda x: x.clamp(0.5, -0.5)),
    ok("Clamp", "N 3 5:int32", min=5, max=20, torch=lambda x: x.clamp(5, 20)),
]

REFUSED = [
    no(0, "Abs", "N 3:bool", torch=lambda x: x.abs()),
    no(0, "Neg", "N 3:bool", torch=lambda x: x.neg()),
    *(
        no(0, name, "N 3:int64", torch=lambda x, name=name: getattr(x, name.lower())(), stricter=ONE_TYPE)
        for name in ("Exp", "Log", "Sqrt", "Rsqrt", "Reciprocal")
    ),
    no("exponent", "Pow", "N 3:int64", exponent=0.5, torch=lambda x: x**0.5, stricter=ONE_TYPE),
    no("exponent", "Pow", "N 3:int64", exponent=-1, torch=lambda x: x**-1),
    no("exponent", "Pow", "N 3", exponent="2", torch=lambda x: x ** "2"),
    no(0, "Pow", "N 3:bool", exponent=2, torch=lambda x: x**2, stricter=TRUTHS),
    no("min", "Clamp", "N 3", torch=lambda x: x.clamp()),
    no("max", "Clamp", "N 3:int64", max=0.5, torch=lambda x: x.clamp(max=0.5), stricter=ONE_TYPE),
    no(0, "Clamp", "N 3:bool", min=0, torch=lambda x: x.clamp(0), stricter=TRUTHS),
]
