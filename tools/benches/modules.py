"""The built module, beside torchvision's."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from benches.measuring import Result, family_by_family, in_turns

BUILT = ("resnet18", "mobilenet_v3_small", "densenet121", "convnext_tiny", "swin_t")


def twins(name: str) -> tuple[Any, Any]:
    """Our model and torchvision's, with the same weights."""
    import torchvision

    import archspec

    ours, theirs = archspec.build(name), torchvision.models.get_model(name)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def build_of_families() -> Result:
    """With their initial weights."""
    import torchvision

    import archspec

    def build(name: str) -> Result:
        return in_turns(lambda: archspec.build(name), lambda: torchvision.models.get_model(name), 7, time.process_time)

    return family_by_family(BUILT, build)


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
    result = family_by_family(BUILT, forward)
    return result._replace(facts=(*result.facts, (f"{breaks} graph breaks", breaks == 0)))


def training_of_families() -> Result:
    return family_by_family(BUILT, training_step)


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
