from __future__ import annotations

from tests.ops.cases import no, ok

SMALL = "of more than 5 positions nothing is left, of fewer something"

EXAMPLES = [
    ok("Select", "N 3 5", dim=1, index=0, torch=lambda x: x[:, 0]),
    ok("Select", "N 3 H 4", dim=-2, index=-1, torch=lambda x: x[:, :, -1]),
    ok("Slice", "N 9 5", dim=1, start=2, torch=lambda x: x[:, 2:]),
    ok("Slice", "N 9 5", dim=-2, end=4, torch=lambda x: x[:, :4]),
    ok("Slice", "N 9 5", dim=1, start=-6, end=-1, step=2, torch=lambda x: x[:, -6:-1:2]),
    ok("Slice", "N 9 5", dim=1, start=-20, end=20, step=4, torch=lambda x: x[:, -20:20:4]),
    ok("Slice", "N 3 H W", dim=3, start=1, step=2, torch=lambda x: x[..., 1::2]),
    ok("Slice", "N 3 H W", dim=2, start=1, end=-2, step=3, torch=lambda x: x[:, :, 1:-2:3]),
    ok("Select", "0 3 5", dim=1, index=2, torch=lambda x: x[:, 2]),
    ok("Select", "N 3 H W", dim=-1, index=4, torch=lambda x: x[..., 4]),
    ok("Slice", "N 3 5", dim=1, start=3, torch=lambda x: x[:, 3:]),
    ok("Slice", "N 3 5", dim=1, end=-3, torch=lambda x: x[:, :-3]),
    ok("Slice", "N 0 5", dim=1, start=1, step=2, torch=lambda x: x[:, 1::2]),
    ok("Slice", "N H 5", dim=1, start=-2, torch=lambda x: x[:, -2:]),
    ok("Slice", "N H W", dim=1, start=-5, end=-1, step=3, torch=lambda x: x[:, -5:-1:3]),
    ok("Slice", "N H 5", dim=1, end=4, torch=lambda x: x[:, :4]),
    ok("Slice", "N H 5", dim=1, start=2, end=6, step=3, torch=lambda x: x[:, 2:6:3]),
    ok("Slice", "N H 5", dim=1, start=6, end=2, torch=lambda x: x[:, 6:2]),
    ok("IndexSelect", "120 3", "L:int64", dim=0, torch=lambda x, index: x.index_select(0, index)),
    ok("IndexSelect", "N 120 H:int64", "5:int32", dim=-2, torch=lambda x, index: x.index_select(1, index)),
    ok("IndexSelect", "N 3 0", "0:int64", dim=2, torch=lambda x, index: x.index_select(2, index)),
    ok("Slice", "N H 5", dim=1, start=-2, end=-4, torch=lambda x: x[:, -2:-4]),
]

REFUSED = [
    no("dim", "Select", "N 3 5", dim=3, index=0, torch=lambda x: x.select(3, 0)),
    no("index", "Select", "N 3 5", dim=1, index=3, torch=lambda x: x.select(1, 3)),
    no("index", "Select", "N 3 5", dim=1, index=-4, torch=lambda x: x.select(1, -4)),
    no("dim", "IndexSelect", "N 120", "5:int64", dim=2, torch=lambda x, index: x.index_select(2, index)),
    no("dim", "IndexSelect", "N 0", "5:int64", dim=1, torch=lambda x, index: x.index_select(1, index)),
    no(1, "IndexSelect", "N 120", "5", dim=1, torch=lambda x, index: x.index_select(1, index)),
    no(1, "IndexSelect", "N 120", "5 1:int64", dim=1, torch=lambda x, index: x.index_select(1, index)),
    no("dim", "Slice", "N 3 5", dim=3, start=1, torch=lambda x: x[:, :, :, 1:]),
    no("step", "Slice", "N 3 5", dim=1, step=0, torch=lambda x: x[:, ::0]),
    no("step", "Slice", "N 3 5", dim=1, step=-1, torch=lambda x: x[:, ::-1]),
    no("start", "Slice", "N H 5", dim=1, start=-2, end=4, torch=lambda x: x[:, -2:4], stricter=SMALL),
    no("end", "Slice", "N 3 5", dim=1, end=2.0, torch=lambda x: x[:, :2.0]),
]
