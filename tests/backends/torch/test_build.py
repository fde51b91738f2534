"""What the built modules are and can do: torch's own tools take them as they take hand-written ones."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
import torch

from archspec.backends.torch import build_module, calibrate, example_inputs, example_sizes, module_at
from archspec.graph import Graph, Value
from tests.backends.torch import nets
from tests.backends.torch.sketch import Sketch

Net = Callable[[], Graph]
each_net = pytest.mark.parametrize("net", nets.ALL, ids=lambda net: net.__name__)


def built(graph: Graph) -> tuple[torch.nn.Module, list[torch.Tensor]]:
    """A module with weights that matter, in evaluation mode, and inputs for it."""
    model = build_module(graph)
    calibrate(model, graph, seed=0)
    inputs = example_inputs(graph, sizes=example_sizes(graph), generator=torch.Generator().manual_seed(1))
    return model, [*inputs.values()]


def assert_same(result: object, expected: object) -> None:
    torch.testing.assert_close(result, expected, rtol=0, atol=0)


@each_net
def test_keys_and_shapes_are_the_graphs(net: Net) -> None:
    graph = net()
    model = build_module(graph)
    found = {key: (tuple(tensor.shape), tensor.dtype) for key, tensor in model.state_dict().items()}
    assert found == {key: (owned.shape, getattr(torch, owned.dtype)) for key, _, owned in graph.owned()}
    trained = {key for key, _, owned in graph.owned() if owned.trainable}
    assert {name for name, parameter in model.named_parameters() if parameter.requires_grad} == trained


@each_net
def test_copies(net: Net) -> None:
    model, inputs = built(net())
    twin = copy.deepcopy(model)
    assert_same(twin(*inputs), model(*inputs))
    for parameter in twin.parameters():
        parameter.data.zero_()
    assert any(parameter.any() for parameter in model.parameters())


@each_net
@pytest.mark.parametrize("training", [False, True])
def test_compiles_without_a_graph_break(net: Net, training: bool) -> None:
    model, inputs = built(net())
    model.train(training)
    torch._dynamo.reset()
    compiled = torch.compile(copy.deepcopy(model), fullgraph=True, backend="eager")
    torch.manual_seed(0)
    expected = model(*inputs)
    torch.manual_seed(0)
    with torch._dynamo.config.patch(allow_rnn=True):  # else torch breaks its graph at each LSTM, GRU and RNN
        assert_same(compiled(*inputs), expected)


@pytest.mark.filterwarnings("ignore:The tensor attributes .*_flat_weights")  # torch's own, of its LSTM
@each_net
def test_exports_and_traces(net: Net) -> None:
    model, inputs = built(net())
    expected = model(*inputs)
    assert_same(torch.export.export(model, tuple(inputs)).module()(*inputs), expected)
    assert_same(torch.fx.symbolic_trace(model)(*inputs), expected)


def test_exports_with_a_dynamic_batch() -> None:
    model, (image,) = built(nets.tensors())
    dynamic = ({0: torch.export.Dim("N"), 2: torch.export.Dim("H")},)
    program = torch.export.export(model, (image,), dynamic_shapes=dynamic)
    other = torch.randn(5, 4, 7, 8)
    assert_same(program.module()(other), model(other))


@each_net
def test_moves_and_trains(net: Net) -> None:
    model, inputs = built(net())
    model = model.train().double()
    results = model(*(tensor.double() for tensor in inputs))
    sum(result.sum() for result in (results.values() if isinstance(results, dict) else [results])).backward()
    reached = [name for name, parameter in model.named_parameters() if parameter.grad is not None]
    assert reached == [name for name, _ in model.named_parameters()]


def test_numbered_chains_are_sequences() -> None:
    graph = nets.residual()
    model = build_module(graph)
    assert type(model.layer1) is type(model.classifier) is type(model.layer1[0].downsample) is torch.nn.Sequential
    model.classifier[1] = torch.nn.Linear(16, 4)
    assert model(torch.randn(2, 3, 32, 32)).shape == (2, 4)
    assert type(build_module(nets.opened()).branches) is not torch.nn.Sequential
    assert isinstance(build_module(nets.opened()).branches, torch.nn.ModuleList)
    units = build_module(nets.opened()).layer1
    assert isinstance(units[0], torch.nn.Sequential)
    assert type(units[0]).__name__ == "Unit"
    assert isinstance(build_module(nets.sequence()), torch.nn.Sequential)


def test_containers_of_dotted_keys() -> None:
    model = build_module(nets.opened())
    assert type(model.convs) is type(model.bns) is torch.nn.ModuleList
    assert type(model.odd) is torch.nn.Module


def test_an_opened_scope_still_runs_as_a_whole() -> None:
    model, _ = built(nets.opened())
    x = torch.randn(2, 8, 4, 4)
    assert_same(model.layer1(x), model.layer1[2](model.layer1[1](model.layer1[0](x))))


def test_replacing_a_layer_of_an_opened_scope_counts() -> None:
    model, inputs = built(nets.opened())
    before = model(*inputs)
    model.layer1[1] = torch.nn.Identity()
    assert not torch.equal(model(*inputs), before)


def test_a_scope_without_layers_passes_its_input_on() -> None:
    model = build_module(nets.shared())
    x = torch.randn(2)
    assert model.empty(x) is x
    assert len(model.empty) == 0


def test_shared_layers_own_nothing_and_are_really_shared() -> None:
    model, inputs = built(nets.shared())
    assert not any(key.startswith(("again", "two_again", "levels.1", "levels.2.1")) for key in model.state_dict())
    calls = []
    model.mix.register_forward_hook(lambda *_: calls.append("mix"))
    model.two.register_forward_hook(lambda *_: calls.append("two"))
    model(*inputs)
    assert calls == ["two", "two", "mix", "mix", "mix"]


@pytest.mark.parametrize("borrowed", ["module", "value"])
def test_a_list_around_a_scope_that_needs_more_than_its_input_is_no_sequence(borrowed: str) -> None:
    sketch = Sketch(image=("N", 2, 4, 4))
    stem = nets.conv(sketch, "stem", 2)
    with sketch.scope("list", "list"):
        sketch.node("0", "Tanh")
        with sketch.scope("1", "list"):
            sketch.node("0", "Sigmoid")
            if borrowed == "module":
                nets.conv(sketch, "1", 2, owner="stem")
            else:
                sketch.node("1", "Add", sketch.previous, stem)
    model, inputs = built(sketch.graph())
    before = model.stem(*inputs)
    inner = before.tanh().sigmoid()
    assert_same(model(*inputs), model.stem(inner) if borrowed == "module" else inner + before)


def test_two_reads_that_are_one_value_in_one_application_only() -> None:
    """`two` reads the same value twice at first, and different ones when it is applied again."""
    model, _ = built(nets.shared())
    x, skip = torch.randn(2, 4, 8, 8), torch.randn(2, 4, 8, 8)
    assert_same(model.two(x, skip), model.two.conv(x) - skip)


def test_training_outputs() -> None:
    model, inputs = built(nets.auxiliary())
    calls = []
    model.aux1.register_forward_hook(lambda *_: calls.append("aux1"))
    assert isinstance(model(*inputs), torch.Tensor)
    assert calls == []
    assert list(model.train()(*inputs)) == ["logits", "aux1", "aux2"]
    assert calls == ["aux1"]


def test_several_outputs_are_a_dictionary_in_their_order() -> None:
    model, inputs = built(nets.several())
    assert list(model(*inputs)) == ["logits", "features"]


def test_same_seed_same_weights() -> None:
    states = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        states.append(build_module(nets.residual()).state_dict()["conv1.weight"])
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_draws_in_the_order_of_the_layers() -> None:
    torch.manual_seed(3)
    model = build_module(nets.sequence())
    torch.manual_seed(3)
    expected = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    assert_same(dict(model.state_dict()), dict(expected.state_dict()))


def test_dead_layers_of_an_opened_scope_are_not_run_in_its_own_forward() -> None:
    sketch = Sketch(image=("N", 3, 8, 8))
    values: list[Value] = []
    with sketch.scope("levels", "mapping") as levels:
        values += [nets.conv(sketch, f"p{k}", 2, *levels.inputs) for k in range(3)]
    sketch.node("cat", "Concat", *values)
    model, inputs = built(sketch.graph())
    assert_same(model(*inputs), torch.cat([child(*inputs) for child in model.levels.children()], 1))
    assert_same(model.levels(*inputs), model.levels.p2(*inputs))


def test_an_opened_scope_inside_an_opened_scope() -> None:
    """The outer one is opened for a value of its own, so that its output has to be found in the inner one."""
    sketch = Sketch(image=("N", 2, 4, 4))
    with sketch.scope("outer", "mapping") as outer:
        first = nets.conv(sketch, "first", 2)
        with sketch.scope("inner", "mapping"):
            second = nets.conv(sketch, "second", 2)
            nets.conv(sketch, "third", 2)
        outer_output = second
    outer.output = outer_output
    sketch.node("add", "Add", first, second)
    model, inputs = built(sketch.graph())
    one = model.outer.first(*inputs)
    assert_same(model(*inputs), one + model.outer.inner.second(one))
    assert_same(model.outer(*inputs), model.outer.inner.second(one))


def test_module_at() -> None:
    model = build_module(nets.residual())
    assert module_at(model, "layer1.0.downsample.1") is model.layer1[0].downsample[1]
    assert module_at(model, "") is model
    with pytest.raises(AttributeError):
        module_at(model, "layer9")


def test_the_state_dict_says_its_version() -> None:
    """In the metadata that loaders of older checkpoints look at; copies, too."""
    graph = nets.ALL[0]()
    graph.state_dict_version = 2
    model = build_module(graph)
    for each in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert each.state_dict()._metadata[""] == {"version": 2}  # type: ignore[attr-defined]
