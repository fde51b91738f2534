from __future__ import annotations

import pytest
import torch

from archspec.backends.torch import example_inputs, example_sizes
from archspec.graph import Value
from archspec.types import DType, TensorType
from tests.backends.torch import nets
from tests.backends.torch.sketch import Sketch


def test_sizes_leave_no_value_empty() -> None:
    assert example_sizes(nets.opened(), batch=3) == {"N": 3, "H": 64, "W": 64}
    sketch = Sketch(image=("B", 1, "H"))
    sketch.node("conv", "Conv1d", out_channels=1, kernel_size=200)
    assert example_sizes(sketch.graph()) == {"B": 2, "H": 256}
    sketch.node("wide", "Conv1d", out_channels=1, kernel_size=5000)
    with pytest.raises(ValueError, match="no sizes for H"):
        example_sizes(sketch.graph())


def test_inputs_have_the_shapes_and_types_of_the_graph() -> None:
    sketch = Sketch(image=("N", 3, "H", 5), numbers=("N", 7))
    kinds = (TensorType.of(sketch.inputs[1].type.shape, DType.int64),)
    sketch.inputs = (sketch.inputs[0], Value("numbers", kinds[0]))
    sketch.node("relu", "ReLU", sketch.inputs[0])
    graph = sketch.graph()
    inputs = example_inputs(graph, sizes={"N": 4, "H": 6}, generator=torch.Generator().manual_seed(0))
    assert {name: tuple(tensor.shape) for name, tensor in inputs.items()} == {"image": (4, 3, 6, 5), "numbers": (4, 7)}
    assert inputs["image"].dtype == torch.float32
    assert inputs["numbers"].dtype == torch.int64
    assert set(inputs["numbers"].unique().tolist()) == {0, 1}
    again = example_inputs(graph, sizes={"N": 4, "H": 6}, generator=torch.Generator().manual_seed(0))
    assert torch.equal(again["image"], inputs["image"])
    with pytest.raises(ValueError, match="H has no value"):
        example_inputs(graph, sizes={"N": 4})


def test_bytes_that_become_numbers_are_pixels() -> None:
    sketch = Sketch(image=("N", 8, 8, 3), kinds=("N", 8, 8, 3))
    sketch.inputs = tuple(Value(each.name, TensorType.of(each.type.shape, DType.uint8)) for each in sketch.inputs)
    sketch.node("to_dtype", "ToDtype", sketch.inputs[0])
    inputs = example_inputs(sketch.graph(), sizes={"N": 50}, generator=torch.Generator().manual_seed(0))
    pixels = inputs["image"].double()
    assert inputs["image"].dtype == torch.uint8
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert 100 < pixels.mean() < 155
    assert pixels.std() > 40
    assert set(inputs["kinds"].unique().tolist()) == {0, 1}


def test_indices_reach_all_of_the_smallest_table_and_nothing_else() -> None:
    sketch = Sketch(tokens=("N", 8), shifted=("N", 8), alone=("N", 8), text=("N", 8))
    numbers = tuple(Value(value.name, TensorType.of(value.type.shape, DType.int64)) for value in sketch.inputs)
    sketch.inputs = (*numbers[:3], sketch.inputs[3])
    tokens, shifted, *_ = sketch.inputs
    sketch.node("wide", "Embedding", tokens, num_embeddings=1000, embedding_dim=2)
    sketch.node("flat", "Flatten", tokens, start_dim=0)
    sketch.node("table", "Embedding", num_embeddings=30, embedding_dim=2)
    sketch.node("more", "Add", shifted, value=1)
    sketch.node("offsets", "Embedding", num_embeddings=30, embedding_dim=2)
    inputs = example_inputs(sketch.graph(), sizes={"N": 200}, generator=torch.Generator().manual_seed(0))
    assert set(inputs["tokens"].unique().tolist()) == set(range(30))
    assert set(inputs["shifted"].unique().tolist()) == set(inputs["alone"].unique().tolist()) == {0, 1}
