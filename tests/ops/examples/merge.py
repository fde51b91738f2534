from __future__ import annotations

from operator import add, mul, sub, truediv

import torch

from tests.ops.cases import no, ok

ONE_TYPE = "nothing is converted silently, and ONNX converts nothing"


def _sum(*values: torch.Tensor) -> torch.Tensor:
    return values[0] + values[1] + values[2]


EXAMPLES = [
    ok("Add", "N 3 H W", "N 3 H W", torch=add),
    ok("Add", "N 3 5", "3 1", "1 1 5", torch=_sum),
    ok("Add", "N 3", value=2, torch=lambda x: x + 2),
    ok("Add", "N 3:int64", value=2, torch=lambda x: x + 2),
    ok("Add", "N 3:int64", "N 1:int64", torch=add),
    ok("Sub", "N 3 5", "5", torch=sub),
    ok("Sub", "N 3 5", value=0.5, torch=lambda x: x - 0.5),
    ok("Mul", "N 3 1 1", "N 3 H W", torch=mul),
    ok("Mul", "4 1 1", "N 4 5 6", "N 1 1 6", torch=lambda a, b, c: a * b * c),
    ok("Mul", "N 3", value=8**-0.5, torch=lambda x: x * 8**-0.5),
    ok("Div", "N 3 5", "N 1 5", torch=truediv),
    ok("Div", "N 3:float64", value=3, torch=lambda x: x / 3),
    ok("Add", "0 3 5", "5", torch=add),
    ok("Add", "N 0 5", "N 1 5", torch=add),
    ok("Maximum", "N 3 H", "N 3 H", torch=lambda a, b: a.maximum(b)),
    ok("Maximum", "N 3 5:int64", "3 1:int64", torch=lambda a, b: a.maximum(b)),
    ok("Minimum", "N 3 H:float64", "1 H:float64", torch=lambda a, b: a.minimum(b)),
    ok("Minimum", "N 3 5:int32", "N 3 5:int32", torch=lambda a, b: a.minimum(b)),
    ok("Concat", "N 0 5", "N 4 5", torch=lambda a, b: torch.cat([a, b], 1)),
    ok("Concat", "0 3", "0 4", torch=lambda a, b: torch.cat([a, b], 1)),
    ok("Concat", "N 3 5", "N 4 5", torch=lambda a, b: torch.cat([a, b], 1)),
    ok("Concat", "N H 5", "N W 5", "N H 5", torch=lambda *v: torch.cat(v, 1)),
    ok("Concat", "N 3 H", "N 3 H", dim=-1, torch=lambda *v: torch.cat(v, 2)),
    ok("Concat", "N 3 H", "W 3 H", dim=0, torch=lambda *v: torch.cat(v, 0)),
]

REFUSED = [
    no(0, "Add", "N 3", code="A504", torch=add),
    no(1, "Add", "N 3 5", "N 4 5", code="A503", torch=add),
    no(1, "Add", "N 3 5", "N 5 3", code="A503", torch=add),
    no(2, "Add", "N 3", "N 3", "3 3 4", code="A503", torch=_sum),
    no(1, "Add", "N 3", "N 3:int64", code="A503", torch=add, stricter=ONE_TYPE),
    no(0, "Add", "N 3:bool", "N 3:bool", torch=add, stricter="torch's sum of truths is `or`; ONNX has none"),
    no("value", "Add", "N 3", "N 3", value=2, torch=lambda a, b: a + b + 2, stricter="two readings"),
    no("value", "Add", "N 3:int64", value=0.5, torch=lambda x: x + 0.5, stricter=ONE_TYPE),
    no("value", "Mul", "N 3", value="2", torch=lambda x: x * "2"),
    no("value", "Mul", "N 3", value=True, torch=lambda x: x * True, stricter="true is no number in a spec"),
    no(1, "Mul", "N 3 4", "N 3 5", code="A503", torch=mul),
    no(1, "Sub", "N 3", "N 4", code="A503", torch=sub),
    no("value", "Div", "N 3", value=0, torch=lambda x: x / 0, stricter="infinities all over"),
    no(0, "Div", "N 3:int64", value=2, torch=lambda x: x / 2, stricter="ONNX divides integers to integers"),
    no(1, "Add", "N 0", "N 4", code="A503", torch=add),
    no(1, "Maximum", "N 3", "N 4", code="A503", torch=lambda a, b: a.maximum(b)),
    no(0, "Minimum", "N 3:bool", "N 3:bool", torch=lambda a, b: a.minimum(b), stricter="ONNX compares numbers"),
    no(1, "Minimum", "N 3", "N 3:int64", code="A503", torch=lambda a, b: a.minimum(b), stricter=ONE_TYPE),
    no(1, "Concat", "2 3", "0", code="A503", torch=lambda *v: torch.cat(v, 1), stricter="torch skips an empty list"),
    no(1, "Concat", "2 0", "3 4", code="A503", torch=lambda *v: torch.cat(v, 1)),
    no("dim", "Concat", "N 3", "N 4", dim=2, torch=lambda *v: torch.cat(v, 2)),
    no("dim", "Concat", "N 3", "N 4", dim="C", torch=lambda *v: torch.cat(v, "D")),
    no(1, "Concat", "N 3 5", "N 4 6", code="A503", torch=lambda *v: torch.cat(v, 1)),
    no(1, "Concat", "N 3 5", "N 4", code="A503", torch=lambda *v: torch.cat(v, 1)),
    no(1, "Concat", "N 3", "N 4:int64", code="A503", torch=lambda *v: torch.cat(v, 1), stricter=ONE_TYPE),
]
