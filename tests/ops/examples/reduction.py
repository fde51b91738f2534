from __future__ import annotations

import torch

from tests.ops.cases import no, ok

TRUTHS = "ONNX reduces numbers"

EXAMPLES = [
    ok("Mean", "N 3 H W", dim=[2, 3], torch=lambda x: x.mean((2, 3))),
    ok("Mean", "N 3 5", dim=-1, keepdim=True, torch=lambda x: x.mean(-1, keepdim=True)),
    ok("Mean", "N 3 5 6", dim=[-1, 1], keepdim=True, torch=lambda x: x.mean((-1, 1), keepdim=True)),
    ok("Mean", "N 3:float64", dim=1, torch=lambda x: x.mean(1)),
    ok("Mean", "0 3 5", dim=1, torch=lambda x: x.mean(1)),
    ok("Sum", "N 3 H W", dim=[2, 3], torch=lambda x: x.sum((2, 3))),
    ok("Sum", "N 3 H:int32", dim=1, keepdim=True, torch=lambda x: x.sum(1, keepdim=True)),
    ok("Sum", "N 3 5:int64", dim=-1, torch=lambda x: x.sum(-1)),
    ok("Sum", "N 3 0", dim=2, torch=lambda x: x.sum(2)),
    ok("Max", "N 3 H W", dim=[2, 3], torch=lambda x: x.amax((2, 3))),
    ok("Max", "N 3 5:int32", dim=1, keepdim=True, torch=lambda x: x.amax(1, keepdim=True)),
    ok("Max", "0 3 5", dim=1, torch=lambda x: x.amax(1)),
    ok("Min", "N 3 H W", dim=1, torch=lambda x: x.amin(1)),
    ok("Min", "N 3 5:float64", dim=[1, 2], keepdim=True, torch=lambda x: torch.amin(x, (1, 2), keepdim=True)),
    ok("Min", "N 3 0", dim=1, torch=lambda x: x.amin(1)),
]

REFUSED = [
    no("dim", "Mean", "N 3", dim=2, torch=lambda x: x.mean(2)),
    no("dim", "Mean", "N 3 5", dim=[1, -2], torch=lambda x: x.mean((1, -2))),
    no("dim", "Mean", "N 3 5", dim=[], torch=lambda x: x.mean(()), stricter="torch takes no axes for all axes"),
    no("dim", "Mean", "N 3 5", torch=lambda x: x.mean(), stricter="no batch would be left"),
    no(0, "Mean", "N 3:int64", dim=1, torch=lambda x: x.mean(1)),
    no(0, "Sum", "N 3:bool", dim=1, torch=lambda x: x.sum(1), stricter=TRUTHS),
    no("dim", "Sum", "N 3", dim=-3, torch=lambda x: x.sum(-3)),
    no("keepdim", "Sum", "N 3", dim=1, keepdim=2, torch=lambda x: x.sum(1, keepdim="2")),
    no("dim", "Max", "N 3 0", dim=[1, 2], torch=lambda x: x.amax((1, 2))),
    no(0, "Max", "N 3:bool", dim=1, torch=lambda x: x.amax(1), stricter=TRUTHS),
    no("dim", "Min", "0 3", dim=0, torch=lambda x: x.amin(0)),
    no("dim", "Min", "N 3", dim=[1, 1], torch=lambda x: x.amin((1, 1))),
]
