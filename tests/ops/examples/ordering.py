from __future__ import annotations

from tests.ops.cases import no, ok

EXAMPLES = [
    ok("Permute", "N 3 5", dims=[0, 2, 1], torch=lambda x: x.permute(0, 2, 1)),
    ok("Permute", "N 3 H W", dims=[0, 2, -1, 1], torch=lambda x: x.permute(0, 2, 3, 1)),
    ok("Transpose", "N 3 H W", dim0=1, dim1=-1, torch=lambda x: x.transpose(1, -1)),
    ok("Transpose", "N 3 5:int64", dim0=2, dim1=2, torch=lambda x: x.transpose(2, 2)),
    ok("ChannelShuffle", "N 6 H W", groups=2),
    ok("ChannelShuffle", "N 6 5", groups=3),
    ok("ChannelShuffle", "0 6 5", groups=3),
    ok("ChannelShuffle", "N 6 0 5", groups=2),
    ok("ChannelShuffle", "N 3*C 5", groups=3),
    ok("Permute", "0 3 5", dims=[2, 0, 1], torch=lambda x: x.permute(2, 0, 1)),
    ok("Movedim", "N 3 H W", source=1, destination=-1, torch=lambda x: x.movedim(1, -1)),
    ok("Movedim", "N 3 H W", source=[0, 1], destination=[2, 0], torch=lambda x: x.movedim((0, 1), (2, 0))),
    ok("Roll", "N 7 5", shifts=2, dims=1, torch=lambda x: x.roll(2, 1)),
    ok("Roll", "N 7 H W", shifts=[-2, 20], dims=[1, -1], torch=lambda x: x.roll((-2, 20), (1, -1))),
    ok("Roll", "N 4 5", shifts=[1, 2, 4], dims=[2, 2, 1], torch=lambda x: x.roll((1, 2, 4), (2, 2, 1))),
    ok("Roll", "N 4 5", shifts=-3, torch=lambda x: x.roll(-3)),
    ok("Roll", "4 5 3", shifts=[7], torch=lambda x: x.roll(7)),
    ok("Roll", "N 0 5", shifts=2, dims=1, torch=lambda x: x.roll(2, 1)),
]

REFUSED = [
    no("dims", "Permute", "N 3 5", dims=[0, 1], torch=lambda x: x.permute(0, 1)),
    no("dims", "Permute", "N 3 5", dims=[0, 1, 1], torch=lambda x: x.permute(0, 1, 1)),
    no("dims", "Permute", "N 3 5", dims=[0, 1, 3], torch=lambda x: x.permute(0, 1, 3)),
    no("dims", "Permute", "N 3 5", dims="021", torch=lambda x: x.permute("021")),
    no("dim0", "Transpose", "N 3 5", dim0=3, dim1=1, torch=lambda x: x.transpose(3, 1)),
    no("dim1", "Transpose", "N 3 5", dim0=0, dim1=-4, torch=lambda x: x.transpose(0, -4)),
    no("groups", "ChannelShuffle", "N 6 5", groups=4),
    no("groups", "ChannelShuffle", "N 6 5", groups=0),
    no(0, "ChannelShuffle", "N 6", groups=2),
    no("groups", "ChannelShuffle", "N 3*C+1 5", groups=3),
    no("source", "Movedim", "N 3 5", source=3, destination=0, torch=lambda x: x.movedim(3, 0)),
    no("source", "Movedim", "N 3 5", source=[0, 0], destination=[0, 1], torch=lambda x: x.movedim((0, 0), (0, 1))),
    no("source", "Movedim", "N 3 5", source=[], destination=0, torch=lambda x: x.movedim((), (0,))),
    no("destination", "Movedim", "N 3 5", source=0, destination=[], torch=lambda x: x.movedim((0,), ())),
    no("destination", "Movedim", "N 3 5", source=[0], destination=1, torch=lambda x: x.movedim((0,), 1)),
    no("destination", "Movedim", "N 3 5", source=[0, 1], destination=2, torch=lambda x: x.movedim((0, 1), (2,))),
    no("shifts", "Roll", "N 3 5", shifts=[1, 2], torch=lambda x: x.roll((1, 2))),
    no("shifts", "Roll", "N 3 5", shifts=[1, 2], dims=1, torch=lambda x: x.roll((1, 2), (1,))),
    no("shifts", "Roll", "N 3 5", shifts=0.5, dims=1, torch=lambda x: x.roll(0.5, 1)),
    no("dims", "Roll", "N 3 5", shifts=1, dims=3, torch=lambda x: x.roll(1, 3)),
    no("dims", "Roll", "N 0", shifts=1, dims=3, torch=lambda x: x.roll(1, 3), stricter="its meta kernel refuses it"),
    no("dims", "Roll", "N 3 5", shifts=1, dims=[], torch=lambda x: x.roll((1, 1), ())),
]
