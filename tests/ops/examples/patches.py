from __future__ import annotations

from tests.ops.cases import no, ok
from tests.ops.examples.convolution import UNBATCHED

EXAMPLES = [
    ok("PixelShuffle", "N 18 H W", upscale_factor=3),
    ok("PixelShuffle", "N 4 5 6:float64", upscale_factor=2),
    ok("PixelShuffle", "N 2 8 H 3", upscale_factor=2),
    ok("PixelShuffle", "0 4 5 6", upscale_factor=2),
    ok("PixelShuffle", "N 4 5 6", upscale_factor=1),
    ok("PixelUnshuffle", "N 3 H 12", downscale_factor=3),
    ok("PixelUnshuffle", "N 2 4 6:int64", downscale_factor=2),
    ok("PixelUnshuffle", "N 2 3 4 W", downscale_factor=1),
    ok("PixelUnshuffle", "N 2 3 4 6", downscale_factor=2),
    ok("Unfold", "N 3 5 6", kernel_size=2),
    ok("Unfold", "N 3 H W", kernel_size=[3, 2], stride=[2, 1], padding=[1, 2], dilation=[1, 2]),
    ok("Unfold", "N 3 H 6", kernel_size=3, stride=2),
    ok("Unfold", "N 3 5 6:float64", kernel_size=2, padding=1),
    ok("Unfold", "N 3 5 6:bool", kernel_size=2),
    ok("Unfold", "0 3 5 6", kernel_size=2),
    ok("Fold", "N 8 12", output_size=[4, 5], kernel_size=2),
    ok("Fold", "N 18 16", output_size=[7, 9], kernel_size=[2, 3], dilation=[2, 1], padding=[1, 0], stride=2),
    ok("Fold", "0 8 12", output_size=[4, 5], kernel_size=2),
    ok("Fold", "N 4 9", output_size=4, kernel_size=2),
]

REFUSED = [
    no("upscale_factor", "PixelShuffle", "N 6 5 6", upscale_factor=2),
    no("upscale_factor", "PixelShuffle", "N 6 5 6", upscale_factor=0),
    no(0, "PixelShuffle", "4 5 6", upscale_factor=2, stricter=UNBATCHED),
    no(0, "PixelShuffle", "N 4 5 6:int64", upscale_factor=2, emission=True, stricter="onnxruntime has no such kernel"),
    no("downscale_factor", "PixelUnshuffle", "N 3 5 6", downscale_factor=2),
    no("downscale_factor", "PixelUnshuffle", "N 3 6 5", downscale_factor=2),
    no("downscale_factor", "PixelUnshuffle", "N 3 6 5", downscale_factor=-1),
    no(0, "PixelUnshuffle", "3 4 6", downscale_factor=2, stricter=UNBATCHED),
    no(0, "PixelUnshuffle", "0 3 4 6", downscale_factor=2, stricter="torch gives the sizes of the input"),
    no(0, "Unfold", "3 4 6", kernel_size=2, stricter=UNBATCHED),
    no(0, "Unfold", "N 3 4 6:int64", kernel_size=2),
    no(0, "Unfold", "N 0 4 6", kernel_size=2),
    no(0, "Unfold", "N 3 4 6", kernel_size=5),
    no("kernel_size", "Unfold", "N 3 4 6", kernel_size=0),
    no("dilation", "Unfold", "N 3 4 6", kernel_size=2, dilation=0),
    no("padding", "Unfold", "N 3 4 6", kernel_size=2, padding=-1),
    no("stride", "Unfold", "N 3 4 6", kernel_size=2, stride=0),
    no(0, "Fold", "N 8 12 1", output_size=[4, 5], kernel_size=2),
    no(0, "Fold", "N 8 0", output_size=[4, 5], kernel_size=2),
    no("kernel_size", "Fold", "N 6 12", output_size=[4, 5], kernel_size=2),
    no("output_size", "Fold", "N 8 11", output_size=[4, 5], kernel_size=2),
    no("output_size", "Fold", "N 8 11", output_size=[1, 5], kernel_size=2),
    no("output_size", "Fold", "N 8 12", output_size=0, kernel_size=2),
    no(0, "Fold", "N 8 12:float64", output_size=[4, 5], kernel_size=2, emission=True, stricter="onnxruntime can not"),
]
