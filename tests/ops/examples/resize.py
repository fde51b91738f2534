from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn.functional import interpolate

from archspec.dims import evaluate, symbol
from tests.ops.cases import Example, Refused, no, ok


def functional(arguments: dict[str, Any]) -> Any:
    """torch's function with these arguments; symbols among the sizes stand for numbers. A second value gives the
    size."""

    def run(x: Tensor, *like: Tensor, **sizes: int) -> Tensor:
        written = {name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()}
        if "size" in written:
            size = written["size"]
            several = isinstance(size, tuple)
            written["size"] = tuple(evaluate(item, sizes) for item in size) if several else evaluate(size, sizes)
        if like and ("size" in written or "scale_factor" in written):
            raise TypeError("two sizes")
        if like:
            written["size"] = like[0].shape[2:]
        return interpolate(x, **written)

    return run


def ok_(*inputs: str, beside: str = "", since: int = 13, **arguments: Any) -> Example:
    return ok("Interpolate", *inputs, beside=beside, torch=functional(arguments), since=since, **arguments)


def no_(blamed: str | int, *inputs: str, stricter: str = "", emission: bool = False, **arguments: Any) -> Refused:
    function = functional(arguments)
    return no(blamed, "Interpolate", *inputs, torch=function, stricter=stricter, emission=emission, **arguments)


EXAMPLES = [
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
    ok("Upsample", "0 3 5 6", size=[7, 4], mode="bicubic"),
    ok("Upsample", "N 3 9 12", size=[3, 5], mode="area"),
    ok("Upsample", "N 3 H W", size=1, mode="area"),
    ok("Upsample", "N 3 5 6", scale_factor=0.1, mode="area"),
    ok("UpsamplingNearest2d", "N 3 H W", scale_factor=2),
    ok("UpsamplingNearest2d", "N 3 5 6", size=[7, 11]),
    ok("UpsamplingBilinear2d", "N 3 H W", scale_factor=[2, 3]),
    ok("UpsamplingBilinear2d", "N 3 5 6", size=7),
    ok_("N 3 H W", scale_factor=2),
    ok_("N 3 5 6", size=[symbol("H"), symbol("W")], mode="bilinear", align_corners=False, beside="1 H W"),
    ok_("N 3 H W", size=[symbol("W"), 2 * symbol("H")], mode="nearest"),
    ok_("N H W 5", size=symbol("H"), mode="nearest-exact"),
    ok_("N 3 L", size=7, mode="linear", align_corners=True),
    ok_("N 3 H W", size=[symbol("H"), symbol("W")], mode="bicubic"),
    ok_("N 2 3 4 5", size=[5, 4, 8], mode="trilinear"),
    ok_("N 3 5 7", scale_factor=[1.3, 2], recompute_scale_factor=True, mode="bicubic"),
    ok_("N 3 9 12", size=[4, 5], mode="area"),
    ok_("N 3 L", scale_factor=1, mode="area"),
    ok_("N 3 9 12:float64", scale_factor=0.5, mode="area"),
    ok_("N 3 9 12", size=[4, 5], mode="bilinear", antialias=True),
    ok_("N 3 9 12", size=[18, 5], mode="bicubic", antialias=True, align_corners=False),
    ok_("N 3 9 12", scale_factor=[0.3, 0.7], mode="bilinear", antialias=True),
    ok_("N 3 H W", scale_factor=0.25, mode="bicubic", antialias=True, since=18),
    ok_("N 3 H W", scale_factor=[0.5, 2], mode="bilinear", antialias=True, since=18),
    ok_("0 3 9 12", size=4, mode="bilinear", antialias=True),
    ok("Upsample", "N 3 14 4", size=[4, 41]),
    ok("Upsample", "N 3 2 4", size=[41, 94], mode="nearest-exact"),
    ok("Upsample", "N 3 4 6", scale_factor=[1.1, 1.3]),
    ok("Upsample", "N 3 4 6", scale_factor=[1.1, 2], mode="bilinear"),
    ok("Upsample", "N 3 4 6", scale_factor=1.1, mode="bicubic"),
    ok("Upsample", "N 3 4", scale_factor=1.1),
    ok("Upsample", "N 3 5 6", size=[0, 4], mode="area"),
    ok("Upsample", "N 3 5 7:float64", scale_factor=2),
    ok("Upsample", "N 3 5 7:float64", size=9, mode="bilinear"),
    ok("Upsample", "N 3 5 7:float64", size=9, mode="bicubic", align_corners=True),
    ok("Upsample", "N 2 3 4 5:float64", scale_factor=1.5, mode="trilinear"),
    ok_("N 3 9 12", size=[4, 15], mode="lanczos", antialias=True),
    ok_("N 3 9 12", size=[4, 15], mode="bicubic", antialias=True, align_corners=True),
    ok_("N 3 9 12:float64", scale_factor=0.4, mode="bilinear", antialias=True),
    ok_("N 3 H W:float64", size=[symbol("W"), symbol("H")], mode="nearest-exact"),
    ok_("N 3 5 6", "N 2 9 7"),
    ok_("N 3 5 6", "1 8 H W", mode="bilinear", align_corners=False),
    ok_("N 3 H//2 W//2", "N 2 H W:int64", mode="bilinear"),
    ok_("N 3 1 1", "N 2 H W", mode="bilinear"),
    ok_("N 3 H W", "N 3 H W", mode="bilinear"),
    ok_("N 3 L", "N 2 7", mode="linear", align_corners=True),
    ok_("N 3 9 12", "N 2 4 5", mode="area"),
    ok_("N 3 9 12", "N 2 4 5", mode="bicubic", antialias=True),
]

REFUSED = [
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
    no("size", "Upsample", "N 3 5 6", size=[4, 4, 4], mode="area"),
    no("size", "Upsample", "N 3 5 6", size=-1, mode="area"),
    no("scale_factor", "Upsample", "N 3 5 6", scale_factor=1e300),
    no("mode", "Upsample", "N 3 5 6", size=4, mode="lanczos"),
    no("align_corners", "Upsample", "N 3 5 6", size=4, mode="area", align_corners=True),
    no(0, "Upsample", "N 0 5 6", size=4),
    no(0, "Upsample", "N 3 0 6", size=4, mode="area"),
    no("size", "UpsamplingNearest2d", "N 3 5 6"),
    no(0, "UpsamplingBilinear2d", "N 3 6", size=4),
    no("antialias", "Interpolate", "N 3 5 6", size=4, antialias=True, torch=functional({"size": 4, "antialias": True})),
    no_("antialias", "N 3 6", size=4, mode="linear", antialias=True),
    no_("mode", "N 3 5 6", size=4, mode="lanczos"),
    no_("mode", "N 3 5 6", size=4, mode="lanczos", antialias=True, align_corners=True),
    no_("size", "N 3 5 6", size=4, scale_factor=2),
    no_("size", "N 3 5 6", size="big"),
    no_("size", "N 3 5 6"),
    no_("size", "N 3 5 6", "N 3 7 9", size=4),
    no_("scale_factor", "N 3 5 6", "N 3 7 9", scale_factor=2),
    no_("recompute_scale_factor", "N 3 5 6", "N 3 7 9", recompute_scale_factor=True),
    no_(1, "N 3 5 6", "N 3 7"),
    no_(1, "N 3 5 6", "N 3 0 9"),
    no_(0, "N 3 5 6:float16", size=4, mode="bilinear", antialias=True),
    no_(0, "N 3 H 6:float64", size=4, mode="bilinear", emission=True, stricter="onnxruntime has no such kernel"),
    no_(0, "N 3 H 6", size=4, mode="lanczos", antialias=True, emission=True, stricter="ONNX has no such mode"),
]
