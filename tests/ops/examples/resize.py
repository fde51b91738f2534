from __future__ import annotations

from tests.ops.cases import no, ok
from tests.ops.examples.convolution import UNBATCHED, WHOLE

EXAMPLES = [
    ok("ZeroPad2d", "N 3 H W", padding=2),
    ok("ZeroPad2d", "N 3 5 6", padding=[1, 0, 2, 3]),
    ok("ZeroPad2d", "N 3 5 6", padding=[-1, 2, 0, -3]),
    ok("ZeroPad2d", "N 3 5 6:int64", padding=1),
    ok("Upsample", "N 3 H W", scale_factor=2),
    ok("Upsample", "N 3 5 6", size=[7, 11]),
    ok("Upsample", "N 3 L", size=4),
    ok("Upsample", "N 2 3 4 5", scale_factor=[2, 1, 3]),
    ok("Upsample", "N 3 5 7", scale_factor=[1.5, 0.7]),
    ok("Upsample", "N 3 H W", scale_factor=[0.5, 1.5]),
    ok("Upsample", "N 3 H W", size=[4, 5]),
    ok("Upsample", "N 3 5 7", scale_factor=1.3, recompute_scale_factor=True),
    ok("Upsample", "N 3 5 7", size=9, recompute_scale_factor=False),
    ok("Upsample", "N 3 5 6", scale_factor=2, mode="nearest-exact"),
    ok("Upsample", "N 3 5 6", size=[3, 8], mode="nearest-exact"),
    ok("Upsample", "N 3 L", scale_factor=2, mode="linear"),
    ok("Upsample", "N 3 5", size=8, mode="linear", align_corners=True),
    ok("Upsample", "N 3 H W", scale_factor=2, mode="bilinear"),
    ok("Upsample", "N 3 H W", scale_factor=2, mode="bilinear", align_corners=True),
    ok("Upsample", "N 3 5 6", size=[9, 4], mode="bilinear", align_corners=False),
    ok("Upsample", "N 3 5 6", scale_factor=1.7, mode="bilinear"),
    ok("Upsample", "N 3 5 6", size=[1, 1], mode="bilinear", align_corners=True),
    ok("Upsample", "N 3 5 6", scale_factor=2, mode="bicubic"),
    ok("Upsample", "N 3 5 6", size=[7, 4], mode="bicubic", align_corners=True),
    ok("Upsample", "N 2 3 4 5", scale_factor=2, mode="trilinear"),
    ok("Upsample", "N 2 3 4 5", size=[5, 4, 8], mode="trilinear", align_corners=True),
]

REFUSED = [
    no("padding", "ZeroPad2d", "N 3 5 6", padding=[-4, -3, 0, 0]),
    no("padding", "ZeroPad2d", "N 3 5 6", padding=[-3, -3, 0, 0], stricter=WHOLE),
    no("padding", "ZeroPad2d", "N 3 5 6", padding=[1, 2], stricter="torch pads the width alone"),
    no(0, "ZeroPad2d", "3 5 6", padding=1, stricter=UNBATCHED),
    no("size", "Upsample", "N 3 5 6"),
    no("size", "Upsample", "N 3 5 6", size=4, scale_factor=2),
    no("size", "Upsample", "N 3 5 6", size=[4]),
    no("size", "Upsample", "N 3 5 6", size=0),
    no("size", "Upsample", "N 3 5 6", size=4, recompute_scale_factor=True),
    no("scale_factor", "Upsample", "N 3 5 6", scale_factor=[2, 2, 2]),
    no("scale_factor", "Upsample", "N 3 5 6", scale_factor=-1),
    no("scale_factor", "Upsample", "N 3 5 6", scale_factor=0.1),
    no("scale_factor", "Upsample", "N 3 H 6", scale_factor=1.1, stricter="a rounded size has no exact formula"),
    no("align_corners", "Upsample", "N 3 5 6", size=4, align_corners=False),
    no("mode", "Upsample", "N 3 5 6", size=4, mode="lanczos"),
    no(0, "Upsample", "N 3 5 6", size=4, mode="linear"),
    no(0, "Upsample", "N 3", size=4),
    no(0, "Upsample", "N 3 5 6:int64", size=4),
]
