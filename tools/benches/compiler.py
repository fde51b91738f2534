"""The compiler: whole processes, and what is read already."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benches.measuring import ROOT, Result, family_by_family, in_turns, process

ON_META = """
import torch, torchvision
with torch.device("meta"):
    torchvision.models.resnet50().eval()(torch.empty(1, 3, 224, 224))
"""


def cold_check() -> Result:
    return cold("resnet50", 0)


def cold_check_of_mistakes() -> Result:
    """Misspelt names of four kinds, and sizes that disagree in a block that is used 16 times."""
    text = (ROOT / "specs" / "resnet.yaml").read_text(encoding="utf-8")
    for right, wrong in MISTAKES.items():
        assert text.count(right) >= 1, right
        text = text.replace(right, wrong, 1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "resnet.yaml")
        path.write_text(text, encoding="utf-8")
        return cold(str(path), 1)


MISTAKES = {
    "descr": "desrc",
    "relu1: ReLU": "relu1: RelU6",
    "conv2: {op: Conv2d, out_channels: width, kernel_size": "conv2: {op: Conv2d, out_channels: width, kernal_size",
    "        padding: dilation\n": "",
    "num_classes}": "num_clases}",
}


def cold(target: str, code: int) -> Result:
    """A whole process that checks a target, beside one in which torch runs the network on its meta device."""
    # A child's peak starts at its parent's size, so these rows have to come before any that imports torch here.
    peaks: list[int] = []
    check = ("-m", "archspec", "check", target)
    result = in_turns(lambda: peaks.append(process(*check, code=code)), lambda: process("-c", ON_META), 7)
    peak = max(peaks) / 1e6
    return result._replace(facts=((f"peak {peak:.0f} MB < 70 MB", peak < 70),))


# --- the compiler, in-process -------------------------------------------------------------------------------


# Elaborating each with its own defaults gives the network of torchvision's function.
FAMILIES = {
    "resnet50": "resnet50",
    "mobilenet_v2": "mobilenet_v2",
    "densenet": "densenet121",
    "efficientnet": "efficientnet_b0",
}


def compiled(name: str) -> Callable[[], object]:
    """The elaboration of a target that is read already."""
    from archspec.diagnostics import Diagnostics
    from archspec.elaborate import Options, elaborate
    from archspec.zoo import find_target

    target = find_target(name, Diagnostics())
    assert target.spec is not None
    return partial(elaborate, target.spec, target.library, Diagnostics(), Options(arguments=target.arguments))


def on_meta(name: str) -> Callable[[], object]:
    """torchvision's model, built and run on the meta device."""
    import torch
    import torchvision

    def run() -> None:
        with torch.device("meta"), torch.no_grad():
            getattr(torchvision.models, name)().eval()(torch.empty(1, 3, 224, 224))

    return run


def warm_elaborate() -> Result:
    """The sum of four families. Both sides are one thread that computes, so that the processor's time is measured,
    which a busy machine disturbs less."""
    return family_by_family(
        tuple(FAMILIES), lambda name: in_turns(compiled(name), on_meta(FAMILIES[name]), 15, time.process_time)
    )


ROUNDS = """
def seconds():
    started = time.process_time()
    for name in sys.argv[1:]:
        run(name)
    return time.process_time() - started

print(seconds(), seconds())
"""

EVERY_MODEL = """
import sys, time
import archspec
from archspec import ops

for name in ops.names():
    ops.find(name)  # imports its family, as torch is imported whole

def run(name):
    if archspec.check(name):
        raise SystemExit(f"{name} is not clean")

run("archspec: 1\\nname: first\\ninputs: {image: [N]}\\nlayers: [ReLU]\\n")
"""

# RegNet works its widths out with tensors, whose values the meta device does not hold.
EVERY_MODEL_ON_META = """
import sys, time, warnings
import torch, torchvision
from torchvision.models.regnet import BlockParams

of_numbers = BlockParams.from_init_params

def params(*numbers, **options):
    with torch.device("cpu"):
        return of_numbers(*numbers, **options)

BlockParams.from_init_params = params
warnings.simplefilter("ignore")

def run(name):
    options = {"weights_backbone": None} if hasattr(torchvision.models.segmentation, name) else {}
    size = 299 if name == "inception_v3" else 224
    with torch.device("meta"), torch.no_grad():
        torchvision.models.get_model(name, **options).eval()(torch.empty(1, 3, size, size))

run("alexnet")
"""


def every_model() -> Result:
    """All models of the zoo, one after the other, in a process of each side's own that has imported what it needs. As
    everywhere here a round before is not measured; how the two compare in that one is told."""
    from archspec import zoo

    names = [model.name for model in zoo.own().models()]

    def told(program: str) -> tuple[float, ...]:
        command = [sys.executable, "-c", program + ROUNDS, *names]
        child = subprocess.run(command, check=True, capture_output=True, text=True)
        return tuple(map(float, child.stdout.split()))

    rounds = [(*told(EVERY_MODEL), *told(EVERY_MODEL_ON_META)) for _ in range(3)]
    ours_first, ours, theirs_first, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    first = f"{theirs_first / ours_first:.1f} in the first round of a process"
    return Result(ours, theirs, ((f"{len(names)} models", True), (first, True)))


def chain(layers: int) -> str:
    """A spec with `layers` written layers, one after the other."""
    cycle = ("- {op: Conv2d, out_channels: 8, kernel_size: 1}", "- BatchNorm2d", "- ReLU")
    lines = "\n".join(f"  {cycle[i % 3]}" for i in range(layers))
    return f"archspec: 1\nname: chain\nallow: [A405]\ninputs: {{image: [N, 8, 8, 8]}}\nlayers:\n{lines}\n"


def long_chain() -> Result:
    import archspec

    short, long = chain(1_000), chain(10_000)
    if archspec.check(short) or archspec.check(long):
        raise SystemExit("the generated chain is not clean")
    result = in_turns(lambda: archspec.check(long), lambda: archspec.check(short), 5)
    return Result(result.ours / 10_000, result.theirs / 1_000)


def stack(layers: int) -> str:
    """A spec of repeated blocks with `layers` layers in all."""
    return f"""archspec: 1
name: stack
inputs: {{image: [N, 8, 8, 8]}}
blocks:
  Residual:
    args: {{width: int}}
    layers:
      conv: {{op: Conv2d, out_channels: width, kernel_size: 3, padding: 1, bias: false}}
      norm: BatchNorm2d
      relu: ReLU
      add: {{op: Add, from: [relu, x]}}
layers: {{body: {{op: Residual, repeat: {layers // 4}, width: 8}}}}
"""


def growth() -> Result:
    sys.path.insert(0, str(ROOT))  # for what counts memory, which stands beside the tests
    from archspec.compilation import compile_target
    from tests.counting import peak

    def checked(layers: int) -> Callable[[], object]:
        return partial(compile_target, stack(layers), max_layers=1_000_000)  # scopes and repetitions count as well

    small, large = checked(10_000), checked(100_000)
    result = in_turns(large, small, 5)
    few, many = peak(small) / 10_000, peak(large) / 100_000
    fact = f"{many / 1e3:.2f} kB per layer at its peak, of 10,000 {few / 1e3:.2f}"
    return Result(result.ours / 100_000, result.theirs / 10_000, ((fact, many <= 1.3 * few),))
