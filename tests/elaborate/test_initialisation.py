"""`init`, at the root and of owned tensors: the distributions are those of the same calls of torch.nn.init."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import archspec
from tests.elaborate.features import codes, whole

NET = """
layers:
  conv: {op: Conv2d, out_channels: 64, kernel_size: 3}
  pool: {op: AdaptiveAvgPool2d, output_size: 1}
  flatten: Flatten
  hidden: {op: Linear, out_features: 256}
  fc: {op: Linear, out_features: 128}
"""

INITS: dict[str, Callable[[Tensor], Tensor]] = {
    "zeros": nn.init.zeros_,
    "ones": nn.init.ones_,
    "0.25": lambda t: nn.init.constant_(t, 0.25),
    "{constant: {val: 3}}": lambda t: nn.init.constant_(t, 3),
    "{normal: {std: 0.02}}": lambda t: nn.init.normal_(t, std=0.02),
    "{uniform: {a: -0.5, b: 0.25}}": lambda t: nn.init.uniform_(t, -0.5, 0.25),
    "{trunc_normal: {std: 0.5, a: -0.5, b: 1}}": lambda t: nn.init.trunc_normal_(t, std=0.5, a=-0.5, b=1),
    "xavier_uniform": nn.init.xavier_uniform_,
    "{xavier_normal: {gain: 2}}": lambda t: nn.init.xavier_normal_(t, 2),
    "kaiming_uniform": nn.init.kaiming_uniform_,
    "{kaiming_normal: {mode: fan_out, nonlinearity: relu}}": lambda t: nn.init.kaiming_normal_(
        t, mode="fan_out", nonlinearity="relu"
    ),
    "orthogonal": nn.init.orthogonal_,
}


@pytest.mark.parametrize("written", INITS)
@pytest.mark.parametrize(("owner", "path"), [("Conv2d", "conv"), ("hidden", "hidden")])
def test_weights_start_as_the_same_call_of_torch_starts_them(owner: str, path: str, written: str) -> None:
    """From the same random stream, the same numbers: drawn behind torch's own, which all layers get first."""
    torch.manual_seed(3)
    module = archspec.build(whole(NET + f"init: {{{owner}: {{weight: {written}}}}}"))
    torch.manual_seed(3)
    twin = nn.ModuleDict({"conv": nn.Conv2d(3, 64, 3), "hidden": nn.Linear(64, 256), "fc": nn.Linear(256, 128)})
    with torch.no_grad():
        INITS[written](twin[path].weight)
    for key, tensor in twin.state_dict().items():
        assert torch.equal(module.state_dict()[key], tensor), key


@pytest.mark.parametrize("written", INITS)
def test_owned_tensors_start_so_too(written: str) -> None:
    spec = (
        f"layers: {{p: {{op: Parameter, shape: [64, 192], init: {written}}}, f: Flatten, a: {{op: Add, from: [f, q]}}}}"
    )
    spec = spec.replace("a: {", "q: {op: Slice, from: p, dim: 0, end: 1}, a: {")
    torch.manual_seed(3)
    module = archspec.build(whole(spec))
    torch.manual_seed(3)
    assert torch.equal(module.p, INITS[written](torch.empty(64, 192)))


def test_a_path_counts_for_more_than_an_op_and_the_rest_stays_as_torch_has_it() -> None:
    inits = "init: {Linear: {weight: ones, bias: zeros}, fc: {weight: zeros}, BatchNorm2d: {weight: zeros}}"
    module = archspec.build(whole(NET + inits))
    assert module.hidden.weight.mean() == 1
    assert module.fc.weight.abs().max() == 0
    assert module.fc.bias.abs().max() == 0
    bound = 1 / 27**0.5
    assert 0.5 * bound < module.conv.weight.abs().max() <= bound


def test_initialisers_take_expressions() -> None:
    module = archspec.build(
        whole(f"args: {{std: 0.5}}\n{NET}init: {{Linear: {{weight: {{normal: {{std: std / 10, mean: 2 - 2}}}}}}}}")
    )
    assert 0.045 < module.hidden.weight.std() < 0.055


def test_a_shared_layer_and_a_block_s_layers_are_met_by_their_own_paths() -> None:
    spec = """
    blocks: {B: {layers: {c: {op: Conv2d, out_channels: 3, kernel_size: 1}}}}
    layers: {a: B, b: {share: a}, d: [B]}
    init: {a.c: {weight: ones}, d.0.c: {weight: zeros}}
    """
    module = archspec.build(whole(spec))
    assert module.a.c.weight.mean() == 1
    assert module.d[0].c.weight.abs().max() == 0


@pytest.mark.parametrize(
    ("init", "found"),
    [
        ("{Conv9d: {weight: zeros}, fd: {weight: ones}}", ["A315", "A315"]),
        ("{fc: {wieght: zeros}, Linear: {scale: ones}}", ["A315", "A315"]),
        ("{fc: zeros}", ["A203"]),
        ("{fc: {weight: glorot}}", ["A301"]),
        ("{fc: {weight: {glorot: {}}}}", ["A305"]),
        ("{fc: {weight: {normal: {sigma: 1}}}}", ["A305"]),
        ("{fc: {weight: {kaiming_normal: {mode: fan_up}}}}", ["A301"]),
        ("{fc: {weight: constant}}", ["A305"]),
        ("{fc: {weight: [1, 2]}}", ["A305"]),
        ("{ConvTranspose2d: {weight: zeros}}", []),  # the network has none
        ("{flatten: {weight: zeros}}", ["A315"]),
        ("[fc]", ["A203"]),
    ],
)
def test_what_is_no_initialisation(init: str, found: list[str]) -> None:
    assert codes(NET + f"init: {init}") == found
