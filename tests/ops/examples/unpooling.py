from __future__ import annotations

from tests.ops.cases import no, ok
from tests.ops.examples.convolution import UNBATCHED

EXAMPLES = [
    ok("MaxUnpool1d", "N 3 50", "N 3 50:int64", kernel_size=2),
    ok("MaxUnpool1d", "N 3 L", "N 3 L:int64", kernel_size=[4], stride=12, padding=2),
    ok("MaxUnpool2d", "N 3 H W", "N 3 H W:int64", kernel_size=2),
    ok("MaxUnpool2d", "N 3 5 6", "N 3 5 6:int64", kernel_size=[3, 2], stride=[2, 3], padding=[1, 0]),
    ok("MaxUnpool2d", "0 3 5 6", "0 3 5 6:int64", kernel_size=2),
    ok("MaxUnpool2d", "N 3 5 6:float64", "N 3 5 6:int64", kernel_size=2),
    ok("MaxUnpool2d", "0 3 1 6", "0 3 1 6:int64", kernel_size=[4, 3], stride=3, padding=2),
    ok("MaxUnpool3d", "N 2 3 4 5", "N 2 3 4 5:int64", kernel_size=2),
    ok("MaxUnpool3d", "N 2 D 4 5", "N 2 D 4 5:int64", kernel_size=[1, 3, 3], stride=[1, 2, 2], padding=[0, 1, 1]),
]

REFUSED = [
    no(0, "MaxUnpool2d", "3 5 6", "3 5 6:int64", kernel_size=2, stricter=UNBATCHED),
    no(0, "MaxUnpool2d", "N 3 0 6", "N 3 0 6:int64", kernel_size=2),
    no(0, "MaxUnpool1d", "N 3 6:int64", "N 3 6:int64", kernel_size=2),
    no(1, "MaxUnpool1d", "N 3 6", "N 3 6", kernel_size=2),
    no(1, "MaxUnpool2d", "N 3 5 6", "N 3 5 5:int64", kernel_size=2),
    no(1, "MaxUnpool3d", "N 3 5 6 6", "N 3 5 6:int64", kernel_size=2),
    no("kernel_size", "MaxUnpool2d", "N 3 5 6", "N 3 5 6:int64", kernel_size=0, stricter="a kernel of nothing"),
    no("stride", "MaxUnpool3d", "N 3 5 6 6", "N 3 5 6 6:int64", kernel_size=2, stride=0),
    no("padding", "MaxUnpool1d", "N 3 1", "N 3 1:int64", kernel_size=3, padding=2),
    no("padding", "MaxUnpool1d", "N 3 50", "N 3 50:int64", kernel_size=3, padding=-1, stricter="a count"),
]
