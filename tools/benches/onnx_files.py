"""ONNX files: how long they take to be written, and to run, beside torch.onnx.export's."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benches.measuring import Result, family_by_family, in_turns, process

EMITTED = ("resnet50", "mobilenet_v2", "densenet121", "convnext_tiny", "vit_b_16")

# The least of each family of the zoo, with both kinds of swin; networks for 520 pixels see fewer here.
RUN = {
    **dict.fromkeys(["alexnet", "convnext_tiny"], ""),
    **dict.fromkeys(["deeplabv3_mobilenet_v3_large", "fcn_resnet50"], "image=N,3,224,224"),
    **dict.fromkeys(["densenet121", "efficientnet_b0", "googlenet", "inception_v3"], ""),
    "lraspp_mobilenet_v3_large": "image=N,3,224,224",
    **dict.fromkeys(["maxvit_t", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small", "regnet_y_400mf"], ""),
    **dict.fromkeys(["resnet18", "shufflenet_v2_x0_5", "squeezenet1_1", "swin_t", "swin_v2_t", "vgg11"], ""),
    "vit_b_32": "",
}
SLOWEST = 1.03  # times as long as the other's
SESSIONS, MORE_SESSIONS = 3, 9

BARE_EXPORT = """
import sys, torch, torchvision
model = torchvision.models.resnet50().eval()
image, dynamic = torch.randn(2, 3, 224, 224), ({0: torch.export.Dim("N")},)
torch.onnx.export(model, (image,), sys.argv[1], dynamo=True, dynamic_shapes=dynamic, external_data=False)
"""


def emission_of_families() -> Result:
    """Emitting a module that is there, and saving it; with its own opset each."""
    return family_by_family(EMITTED, emission)


def emission(name: str) -> Result:
    from archspec.backends.onnx import Emission, save
    from archspec.latency.ways import write_theirs

    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder, "ours.onnx"), Path(folder, "theirs.onnx")
        network = network_of(name)
        graph, module, inputs = network.graph, network.module, network.inputs(2)

        def emit_and_save() -> None:
            save(Emission(graph).model(module.state_dict()), ours)

        return in_turns(emit_and_save, lambda: write_theirs(graph, module, inputs, theirs), 3)


def whole_export() -> Result:
    """From nothing to a file, of archspec with its proof at three batch sizes; torch on one thread on both sides."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "model.onnx"))

        def ours() -> None:
            process("-m", "archspec", "export", "resnet50", "-o", path, OMP_NUM_THREADS="1")

        def theirs() -> None:
            process("-c", BARE_EXPORT, path, OMP_NUM_THREADS="1")

        return in_turns(ours, theirs, 5)


class Network(NamedTuple):
    """A network with calibrated weights: for the zeros of initial ones torch.onnx.export leaves out nodes."""

    graph: Any
    module: Any

    def inputs(self, batch: int) -> list[Any]:
        from archspec.backends.torch import example_inputs, example_sizes

        return list(example_inputs(self.graph, sizes=example_sizes(self.graph, batch=batch)).values())


def network_of(name: str, shape: str = "") -> Network:
    import archspec
    from archspec.backends.torch import calibrate

    architecture = archspec.load(name, inputs=[shape] if shape else [])
    module = archspec.build(architecture).eval()
    calibrate(module, architecture.graph, 0)
    return Network(architecture.graph, module)


class Compared(NamedTuple):
    """One network's two files: processor time for each, and nodes after basic optimisation, of one opset."""

    name: str
    ours: float
    theirs: float
    ratio: float  # how many times theirs ours takes
    nodes: tuple[int, int]


def latency_of_families() -> Result:
    """The worst of all families, at batch 1 on one thread."""
    found = [latency(name, shape) for name, shape in RUN.items()]
    worst = max(found, key=lambda each: each.ratio)
    larger = [f"{each.name} {each.nodes[0]} > {each.nodes[1]}" for each in found if each.nodes[0] > each.nodes[1]]
    nodes = f"more nodes: {', '.join(larger)}" if larger else "in none more nodes after basic optimisation"
    ratios = statistics.median(1 / each.ratio for each in found)
    facts = ((f"{worst.name}; median {ratios:.2f}", True), (nodes, not larger))
    return Result(worst.ours, worst.ours / worst.ratio, facts)


def latency(name: str, shape: str) -> Compared:
    """In sessions of their own, started in turns: where one's weights lie in memory makes up to 2%. What seems too slow
    is measured in more of them."""
    from archspec.backends.onnx import Emission, save
    from archspec.latency.ways import examined, write_theirs

    network = network_of(name, shape)
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs, like_theirs = (Path(folder, f"{which}.onnx") for which in ("ours", "theirs", "like_theirs"))
        save(Emission(network.graph).model(network.module.state_dict()), ours)
        write_theirs(network.graph, network.module, network.inputs(2), theirs)
        save(Emission(network.graph, opset=examined(theirs).opset).model(network.module.state_dict()), like_theirs)
        nodes = examined(like_theirs).nodes, examined(theirs).nodes
        sessions = [session(network, ours, theirs, first) for first in range(SESSIONS)]
        if middle(sessions) > SLOWEST:
            sessions += [session(network, ours, theirs, first) for first in range(MORE_SESSIONS)]
    one, other = (statistics.median(each[k] for each in sessions) for k in (1, 2))
    return Compared(name, one, other, middle(sessions), nodes)


def middle(sessions: list[tuple[float, float, float]]) -> float:
    return statistics.median(ratio for ratio, _, _ in sessions)


def session(network: Network, ours: Path, theirs: Path, number: int) -> tuple[float, float, float]:
    """The median of the ratios, round by round, and the median times; every other session with ours first."""
    from archspec.latency.rounds import in_turns as rounds_of
    from archspec.latency.ways import in_onnxruntime

    inputs = network.inputs(1)
    paths = (ours, theirs) if number % 2 else (theirs, ours)
    calls: dict[Path, Callable[[], object]] = {path: in_onnxruntime(path, inputs, "cpu", 1) for path in paths}
    one, other = rounds_of([calls[ours], calls[theirs]], seconds=1.0, clock=time.process_time)
    ratios = [mine / its for mine, its in zip(one, other, strict=True)]
    return statistics.median(ratios), statistics.median(one), statistics.median(other)
