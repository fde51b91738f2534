"""How fast archspec is, as ratios: each row measures our work and what it stands against side by side, in
turns within one run, and compares medians. Prints one table; exits 1 if a row is below its bar.

    python tools/bench.py                # all rows, a few minutes
    python tools/bench.py --only cold    # one row
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
TURN = 0.1  # seconds
NOISE = 0.97  # what counts as 1.00: two runs of one and the same model differ by this much


class Result(NamedTuple):
    """Medians in seconds, and facts that have to hold besides the ratio."""

    ours: float
    theirs: float
    facts: tuple[tuple[str, bool], ...] = ()


class Row(NamedTuple):
    """A row of the table, and the least that theirs / ours may be."""

    name: str
    work: str
    against: str
    bar: float
    measure: Callable[[], Result]


def seconds(work: Callable[[], object], calls: int = 1, clock: Callable[[], float] = time.perf_counter) -> float:
    """The mean time of consecutive calls, measured by timeit: the garbage collector rests meanwhile."""
    gc.collect()
    return timeit.timeit(work, number=calls, timer=clock) / calls


def in_turns(
    ours: Callable[[], object],
    theirs: Callable[[], object],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Result:
    """The medians of both, measured in turns after one unmeasured round, so that what disturbs the machine
    disturbs both. A turn is one call, or as many as fill TURN; the order of the two alternates."""
    calls = {work: max(1, round(TURN / seconds(work, 2, clock))) for work in (ours, theirs)}
    times: dict[Callable[[], object], list[float]] = {ours: [], theirs: []}
    for turn in range(rounds):
        for work in (ours, theirs) if turn % 2 else (theirs, ours):
            times[work].append(seconds(work, calls[work], clock))
    return Result(statistics.median(times[ours]), statistics.median(times[theirs]))


# --- cold start ---------------------------------------------------------------------------------------------

ON_META = """
import torch, torchvision
with torch.device("meta"):
    torchvision.models.resnet50().eval()(torch.empty(1, 3, 224, 224))
"""


def process(*arguments: str, code: int = 0) -> int:
    """Run a Python process to its end, which has to give this exit code; gives its peak resident memory in bytes."""
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # pip compiles what it installs; here the unmeasured round does
    child = os.posix_spawn(sys.executable, [sys.executable, *arguments], environment, file_actions=quiet)
    _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) != code:
        raise SystemExit(f"{' '.join(arguments)} failed")
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


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
    results = {
        name: in_turns(compiled(name), on_meta(theirs), 15, time.process_time) for name, theirs in FAMILIES.items()
    }
    ratios = tuple((f"{name} {result.theirs / result.ours:.1f}", True) for name, result in results.items())
    return Result(sum(each.ours for each in results.values()), sum(each.theirs for each in results.values()), ratios)


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


# --- ONNX ---------------------------------------------------------------------------------------------------


def torch_export(model: Any, path: Path) -> None:
    import torch

    image, dynamic = torch.randn(2, 3, 224, 224), ({0: torch.export.Dim("N")},)
    with redirect_stdout(StringIO()):  # it tells its progress
        torch.onnx.export(
            model, (image,), path, dynamo=True, dynamic_shapes=dynamic, opset_version=18, external_data=False
        )


def emit_and_save() -> Result:
    import archspec
    from archspec.backends.onnx import emit, save

    graph = archspec.load("resnet50").graph
    model = archspec.build("resnet50").eval()
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder, "ours.onnx"), Path(folder, "theirs.onnx")
        return in_turns(lambda: save(emit(graph, model.state_dict()), ours), lambda: torch_export(model, theirs), 5)


def nodes_after_basic_optimisation(path: Path) -> int:
    import onnx
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path.with_suffix(".basic.onnx"))
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return len(onnx.load(options.optimized_model_filepath, load_external_data=False).graph.node)


def runtime_latency() -> Result:
    import numpy
    import onnxruntime

    import archspec

    model = archspec.build("resnet18").eval()
    image = numpy.random.default_rng(0).standard_normal((1, 3, 224, 224), dtype=numpy.float32)

    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder, "ours.onnx"), Path(folder, "theirs.onnx")
        archspec.export(model, ours, parity=False)
        torch_export(model, theirs)
        counts = [nodes_after_basic_optimisation(path) for path in (ours, theirs)]

        def runner(path: Path) -> Callable[[], object]:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            feed = {session.get_inputs()[0].name: image}
            return lambda: session.run(None, feed)

        result = in_turns(runner(ours), runner(theirs), 31)
    return result._replace(facts=((f"{counts[0]} nodes <= {counts[1]}", counts[0] <= counts[1]),))


# --- the built module ---------------------------------------------------------------------------------------


def twins(name: str) -> tuple[Any, Any]:
    """Our model and torchvision's, with the same weights."""
    import torchvision

    import archspec

    ours, theirs = archspec.build(name), torchvision.models.get_model(name)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def family_by_family(side_by_side: Callable[[str], Result]) -> Result:
    """The sums over five families, and the ratio of each."""
    results = {name: side_by_side(name) for name in BUILT}
    ratios = tuple((f"{name} {result.theirs / result.ours:.2f}", True) for name, result in results.items())
    return Result(sum(each.ours for each in results.values()), sum(each.theirs for each in results.values()), ratios)


BUILT = ("resnet18", "mobilenet_v3_small", "densenet121", "convnext_tiny", "swin_t")


def build_of_families() -> Result:
    """With their initial weights."""
    import torchvision

    import archspec

    def build(name: str) -> Result:
        return in_turns(lambda: archspec.build(name), lambda: torchvision.models.get_model(name), 7, time.process_time)

    return family_by_family(build)


def forward(name: str) -> Result:
    import torch

    torch.set_num_threads(1)  # two threads wait for each other as soon as anything else runs
    ours, theirs = twins(name)
    image = torch.randn(2, 3, 64, 64)

    def runner(model: Any) -> Callable[[], object]:
        return torch.no_grad()(lambda: model(image))

    return in_turns(runner(ours.eval()), runner(theirs.eval()), 15)


def forward_of_families() -> Result:
    import torch

    import archspec

    model: Any = archspec.build("resnet18").eval()
    breaks = torch._dynamo.explain(model)(torch.randn(2, 3, 64, 64)).graph_break_count
    result = family_by_family(forward)
    return result._replace(facts=(*result.facts, (f"{breaks} graph breaks", breaks == 0)))


def training_of_families() -> Result:
    return family_by_family(training_step)


def training_step(name: str) -> Result:
    import torch

    torch.set_num_threads(1)
    image, target = torch.randn(4, 3, 64, 64), torch.randint(1000, (4,))

    def runner(model: Any) -> Callable[[], object]:
        optimizer: Any = torch.optim.SGD(model.parameters(), lr=1e-3)

        def step() -> None:
            optimizer.zero_grad()
            loss: Any = torch.nn.functional.cross_entropy(model(image), target)
            loss.backward()
            optimizer.step()

        return step

    ours, theirs = twins(name)
    result = in_turns(runner(ours.train()), runner(theirs.train()), 11)
    compiled: Any = torch.compile(ours, fullgraph=True, backend="eager")
    compiled(image)  # raises at the first graph break; last, since what was compiled runs slower eagerly
    return result


ROWS = (
    Row("cold", "`archspec check resnet50`, whole process", "torchvision's on meta, whole process", 12, cold_check),
    Row("mistakes", "the same with five mistakes", "torchvision's on meta, whole process", 12, cold_check_of_mistakes),
    Row("warm", "elaborate and infer four families, warm", "build and run them on meta", 15, warm_elaborate),
    Row("zoo", "check of all models of the zoo, one after the other", "build and run them on meta", 20, every_model),
    Row("emit", "emit and save resnet50's ONNX", "torch.onnx.export(dynamo=True)", 15, emit_and_save),
    Row("build", "build of five families", "torchvision's constructors", 1 / 1.5, build_of_families),
    Row("forward", "forward of five families, eager", "torchvision's", NOISE, forward_of_families),
    Row("training", "training step of five families, eager", "torchvision's", NOISE, training_of_families),
    Row("onnxruntime", "onnxruntime on our resnet18", "on torch.onnx.export's", NOISE, runtime_latency),
    Row("chain", "check of 10,000 written layers, per layer", "of 1,000, per layer", 1 / 1.3, long_chain),
    Row("growth", "check of 100,000 layers in blocks, per layer", "of 10,000, per layer", 1 / 1.3, growth),
)


def duration(value: float) -> str:
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.2f} s"


def line_of(row: Row, result: Result) -> tuple[str, bool]:
    """The row's line in the table, and whether it holds."""
    ratio = result.theirs / result.ours
    facts = [(f"{ratio:.2f}", ratio >= row.bar), *result.facts]
    shown, *others = [fact if holds else f"**{fact}: FAILS**" for fact, holds in facts]
    cells = (row.work, row.against, duration(result.ours), duration(result.theirs), shown, f"{row.bar:.2f}")
    return f"| {' | '.join((*cells, '; '.join(others)))} |", all(holds for _, holds in facts)


def circumstances() -> str:
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty=, with changes"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "torchvision", "onnx", "onnxruntime"))
    python = sys.version.split()[0]
    return f"Commit {commit.stdout.strip() or 'unknown'}; Python {python}, {versions}; {os.cpu_count()} cores."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAME", choices=[row.name for row in ROWS], help="measure one row")
    only = parser.parse_args().only

    print(circumstances())
    print("\n| work | against | ours | theirs | ratio | at least | and |\n|---|---|---|---|---|---|---|", flush=True)
    passed = True
    for row in ROWS:
        if only in (None, row.name):
            line, holds = line_of(row, row.measure())
            print(line, flush=True)
            passed &= holds
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
