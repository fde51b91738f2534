from __future__ import annotations

from tests.ops.cases import no, ok
from tests.ops.examples.convolution import UNBATCHED

EXAMPLES = [
    ok("ConvTranspose2d", "N 4 5 6", out_channels=3, kernel_size=2, stride=2),
    ok("ConvTranspose2d", "N 4 H W", in_channels=4, out_channels=6, kernel_size=3, stride=2, padding=1, groups=2),
    ok("ConvTranspose2d", "N 4 5 6", out_channels=3, kernel_size=[3, 2], stride=[3, 1], output_padding=[2, 0]),
    ok("ConvTranspose2d", "N 4 5 6", out_channels=3, kernel_size=3, dilation=[1, 3], padding=[0, 3], bias=False),
    ok("ConvTranspose2d", "N 4 5 6", out_channels=3, kernel_size=1, stride=3),
    ok("ConvTranspose2d", "N 4 5 6", out_channels=3, kernel_size=3, stride=2, padding=[0, 2], output_padding=1),
    ok("ConvTranspose2d", "N 4 H W", out_channels=3, kernel_size=3, dilation=[3, 4], padding=[3, 1], output_padding=2),
    ok("ConvTranspose2d", "N 4 H 6", out_channels=6, kernel_size=2, dilation=4, output_padding=3, groups=2, bias=False),
    ok("ConvTranspose2d", "0 4 5 6", out_channels=3, kernel_size=2, stride=2),
    ok("ConvTranspose2d", "N 4 H W", out_channels=3, kernel_size=3, padding=4),
    ok("ConvTranspose1d", "N 4 L", in_channels=4, out_channels=3, kernel_size=4, stride=2, padding=1),
    ok("ConvTranspose1d", "N 4 10", out_channels=6, kernel_size=[3], stride=3, output_padding=2, groups=2),
    ok("ConvTranspose1d", "N 4 L", out_channels=3, kernel_size=3, dilation=4, padding=1, output_padding=3),
    ok("ConvTranspose1d", "N 4 10", out_channels=3, kernel_size=1, stride=4, bias=False, padding_mode="zeros"),
    ok("ConvTranspose3d", "N 4 3 4 5", in_channels=4, out_channels=3, kernel_size=2, stride=2),
    ok(
        "ConvTranspose3d",
        "N 4 D H 5",
        out_channels=2,
        kernel_size=[1, 2, 3],
        stride=[1, 2, 2],
        padding=[0, 1, 1],
        groups=2,
    ),
    ok("ConvTranspose3d", "N 4 3 4 5", out_channels=3, kernel_size=3, stride=2, output_padding=[1, 0, 1]),
    ok("ConvTranspose3d", "N 2 3 4 W", out_channels=3, kernel_size=2, dilation=3, output_padding=[2, 1, 0], bias=False),
]

REFUSED = [
    no(
        "output_padding",
        "ConvTranspose2d",
        "0 4 5 6",
        out_channels=3,
        kernel_size=3,
        output_padding=2,
        stricter="of an empty batch torch doesn't look at it",
    ),
    no(0, "ConvTranspose2d", "0 4 0 6", out_channels=3, kernel_size=1, emission=True, stricter="onnxruntime fails"),
    no("output_padding", "ConvTranspose2d", "N 4 5 6", out_channels=3, kernel_size=3, stride=2, output_padding=2),
    no("output_padding", "ConvTranspose2d", "N 4 5 6", out_channels=3, kernel_size=3, output_padding=-1),
    no("padding", "ConvTranspose2d", "N 4 2 6", out_channels=3, kernel_size=1, padding=2),
    no("padding", "ConvTranspose2d", "N 4 5 6", out_channels=3, kernel_size=3, padding="same"),
    no("groups", "ConvTranspose2d", "N 4 5 6", out_channels=3, kernel_size=3, groups=2),
    no(0, "ConvTranspose2d", "4 5 6", in_channels=4, out_channels=3, kernel_size=3, stricter=UNBATCHED),
    no("output_padding", "ConvTranspose1d", "N 4 5", out_channels=3, kernel_size=3, dilation=2, output_padding=2),
    no("padding", "ConvTranspose3d", "N 4 5 6 1", out_channels=3, kernel_size=2, padding=1),
    no("padding", "ConvTranspose2d", "0 4 0 6", out_channels=3, kernel_size=1, padding=1),
    no("padding_mode", "ConvTranspose2d", "N 4 5 6", out_channels=3, kernel_size=3, padding_mode="reflect"),
    no("out_channels", "ConvTranspose2d", "N 4 5 6", out_channels=0, kernel_size=3),
    no("in_channels", "ConvTranspose2d", "N 4 5 6", in_channels=3, out_channels=4, kernel_size=3),
    no("kernel_size", "ConvTranspose1d", "N 4 5", out_channels=4, kernel_size=0),
    no("stride", "ConvTranspose1d", "N 4 5", out_channels=4, kernel_size=3, stride=0),
    no("dilation", "ConvTranspose1d", "N 4 5", out_channels=4, kernel_size=3, dilation=0),
    no(0, "ConvTranspose2d", "N 4 0 6", out_channels=3, kernel_size=3),
    no(0, "ConvTranspose2d", "N 0 5 6", out_channels=3, kernel_size=3),
    no(0, "ConvTranspose1d", "N 4 5 6", out_channels=3, kernel_size=3),
]
