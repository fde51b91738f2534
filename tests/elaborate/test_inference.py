"""Arguments that an op infers, against what torch's class has to be given for the same inputs."""

from __future__ import annotations

import pytest

from archspec.elaborate.inference import inferred_argument
from tests.ops.cases import Example, op_class
from tests.ops.examples import EXAMPLES
from tests.ops.realize import one_layer

CHANNELS = ("in_channels", "num_features", "num_channels")
LAST = {"in_features": 0, "in1_features": 0, "in2_features": 1, "input_size": 0, "embed_dim": 0}
INFERRING = [example for example in EXAMPLES if {*CHANNELS, *LAST} & op_class(example.op).model_fields.keys()]


@pytest.mark.parametrize("example", INFERRING, ids=str)
def test_an_argument_is_the_size_of_the_axis_that_it_is_said_to_be(example: Example) -> None:
    [node] = one_layer(example.make(), example).nodes
    for name in {*CHANNELS, *LAST} & type(node.op).model_fields.keys():
        found = inferred_argument(node, name, {})
        written = getattr(node.op, name)
        assert (found is None) == (written is not None)
        if found is None:
            continue
        number, axis = (0, 1) if name in CHANNELS else (LAST[name], -1)
        type_ = node.input_types[number]
        assert found.value == type_.shape[axis]
        assert found.about == f"the {type_.counts(axis)} of x{number}"
