from __future__ import annotations

from functools import partial

import torch
from torch import Tensor
from torchvision.transforms import functional

from tests.ops.cases import no, ok

VIDEOS = "the channels of torch's videos stand third from the end"


def normalize(x: Tensor, mean: list[float], std: list[float]) -> Tensor:
    """torchvision's function, which looks at values, and so does not work on the meta device."""
    return torch.empty_like(x) if x.is_meta else functional.normalize(x, mean, std)


unit = torch.nn.functional.normalize

EXAMPLES = [
    ok("LocalResponseNorm", "N 7 5 6", size=5),
    ok("LocalResponseNorm", "N 7 H W", size=3, alpha=0.5, beta=0.5, k=2.0),
    ok("LocalResponseNorm", "N 7 H W", size=4, alpha=0.5),
    ok("LocalResponseNorm", "N 7 L", size=3, alpha=0.5, beta=1.0),
    ok("LocalResponseNorm", "N C 4 5 6", size=2, k=0.5, alpha=1.0),
    ok("LocalResponseNorm", "0 7 5 6", size=2),
    ok("LocalResponseNorm", "N 7 0", size=3),
    ok("Normalize", "N 2 H W", mean=[0.5, -0.25], std=[0.25, 2], torch=lambda x: normalize(x, [0.5, -0.25], [0.25, 2])),
    ok("Normalize", "N 3 5 W:float64", mean=[0.1], std=[-0.3], torch=lambda x: normalize(x, [0.1], [-0.3])),
    ok("LpNormalize", "N 3 5 W", torch=unit),
    ok("LpNormalize", "N L 8:float64", dim=-1, eps=3.0, torch=partial(unit, dim=-1, eps=3.0)),
    ok("LpNormalize", "N 3 H", p=1, dim=2, torch=partial(unit, p=1, dim=2)),
    ok("LpNormalize", "N 3", p=3.5, torch=partial(unit, p=3.5)),
    ok("Normalize", "0 C 5 6", mean=[1], std=[2], torch=lambda x: normalize(x, [1.0], [2.0])),
]

REFUSED = [
    no(0, "LocalResponseNorm", "N 7 5 6:float64", size=3, emission=True, stricter="onnxruntime pools no float64"),
    no(0, "LocalResponseNorm", "N 7", size=3),
    no(0, "LocalResponseNorm", "N 7 5 6:float16", size=3),
    no("size", "LocalResponseNorm", "N 7 5 6", size=0),
    no(0, "LpNormalize", "N 3:int64", torch=unit),
    no("dim", "LpNormalize", "N 3", dim=2, torch=partial(unit, dim=2)),
    no("p", "LpNormalize", "N 3", p=0, torch=partial(unit, p=0), stricter="counts what is not 0"),
    no("eps", "LpNormalize", "N 3", eps=-1, torch=partial(unit, eps=-1), stricter="a length is no less than 0"),
    no(0, "Normalize", "N 3 5 6:int64", mean=[0.5], std=[1], torch=lambda x: normalize(x, [0.5], [1.0])),
    no(0, "Normalize", "N 3", mean=[0.5], std=[1], torch=lambda x: normalize(x, [0.5], [1.0])),
    no(0, "Normalize", "N 3 4 5 6", mean=[0], std=[1], torch=lambda x: normalize(x, [0.0], [1.0]), stricter=VIDEOS),
    no("mean", "Normalize", "N 3 5 6", mean=[1, 2], std=[1], torch=lambda x: normalize(x, [1.0, 2.0], [1.0])),
    no("std", "Normalize", "N 3 5 6", mean=[1], std=[1, 2], torch=lambda x: normalize(x, [1.0], [1.0, 2.0])),
    no("std", "Normalize", "N 3 5 6", mean=[1], std=[0], torch=lambda x: normalize(x, [1.0], [0.0])),
    no("mean", "Normalize", "N 3 5 6", mean=[], std=[1], torch=lambda x: normalize(x, [], [1.0])),
    no("std", "Normalize", "N 3 5 6", mean=[1], std=["1"], torch=lambda x: normalize(x, [1.0], ["1"])),
]
