"""Networks that between them show everything that a graph can ask of a module."""

from __future__ import annotations

from archspec.graph import Graph, Value
from tests.backends.torch.sketch import Sketch


def conv(sketch: Sketch, name: str, out: int, *inputs: Value, kernel: int = 1, owner: str | None = None) -> Value:
    """A convolution that keeps the spatial sizes."""
    return sketch.node(
        name, "Conv2d", *inputs, owner=owner, out_channels=out, kernel_size=kernel, padding=kernel // 2
    )  # fmt: skip


def bottleneck(sketch: Sketch, name: str, width: int) -> None:
    """A residual block; with a projection where the number of channels changes."""
    with sketch.scope(name, "block", label="Bottleneck") as scope:
        (x,) = scope.inputs
        for k, (out, kernel) in enumerate([(width, 1), (width, 3), (4 * width, 1)], 1):
            sketch.node(f"conv{k}", "Conv2d", out_channels=out, kernel_size=kernel, padding=kernel // 2, bias=False)
            last = sketch.node(f"bn{k}", "BatchNorm2d")
            if k < 3:
                sketch.node(f"relu{k}", "ReLU")
        shortcut = x
        if x.type.shape[1] != 4 * width:
            with sketch.scope("downsample", "list", x):
                sketch.node("0", "Conv2d", out_channels=4 * width, kernel_size=1, bias=False)
                shortcut = sketch.node("1", "BatchNorm2d")
        sketch.node("add", "Add", last, shortcut)
        sketch.node("relu3", "ReLU")


def residual() -> Graph:
    """A small residual network with named and numbered layers."""
    sketch = Sketch("small-resnet", image=("N", 3, 32, 32))
    sketch.node("conv1", "Conv2d", out_channels=8, kernel_size=7, stride=2, padding=3, bias=False)
    sketch.node("bn1", "BatchNorm2d")
    sketch.node("relu", "ReLU")
    sketch.node("maxpool", "MaxPool2d", kernel_size=3, stride=2, padding=1)
    with sketch.scope("layer1", "list"):
        for k in range(3):
            bottleneck(sketch, str(k), 4)
    sketch.node("avgpool", "AdaptiveAvgPool2d", output_size=1)
    sketch.node("flatten", "Flatten")
    with sketch.scope("classifier", "list"):
        sketch.node("0", "Dropout", p=0.5)
        sketch.node("1", "Linear", out_features=10)
    return sketch.graph()


def opened() -> Graph:
    """A value from inside a finished scope, which one scope captures; containers in alternation."""
    sketch = Sketch("opened", image=("N", 3, "H", "W"))
    stem = conv(sketch, "stem", 8, kernel=3)
    with sketch.scope("layer1", "list") as layer:
        for k in range(3):
            with sketch.scope(str(k), "block", label="Unit"):
                conv(sketch, "0", 8)
                sketch.node("1", "BatchNorm2d")
    inner = layer.steps[1].output  # type: ignore[union-attr]
    assert inner is not None
    with sketch.scope("head", "mapping") as head:
        conv(sketch, "conv", 8)
        sketch.node("mix-in", "Add", sketch.previous, inner)
        sketch.node("gate", "Sigmoid")
        sketch.node("scale", "Mul", sketch.previous, stem, *head.inputs)
    for k in range(2):
        conv(sketch, f"convs.{k}", 8)
        sketch.node(f"bns.{k}", "BatchNorm2d")
    conv(sketch, "odd.block1-7", 8)
    with sketch.scope("branches", "list") as branches:
        one = conv(sketch, "0", 4, *branches.inputs)
        other = conv(sketch, "1", 4, *branches.inputs, kernel=3)
        sketch.node("2", "Concat", one, other)
    return sketch.graph()


def tensors() -> Graph:
    """Owned tensors, sizes that come from afar, several outputs, formulas in a sequence."""
    sketch = Sketch("tensors", image=("N", 4, "H", 8))
    (image,) = sketch.inputs
    first, second = sketch.node("split", "Chunk", chunks=2)
    token = sketch.node("token", "Parameter", shape=[1, 2, 1, 1], init={"normal": {"std": 0.5}})
    scale = sketch.node("scale", "Buffer", shape=[2, 1, 1], init="ones")
    scaled = sketch.node("scaled", "Mul", second, scale)
    grown = sketch.node("grown", "Expand", token, sizes=[image.type.shape[0], -1, image.type.shape[2], 8])
    sketch.node("cat", "Concat", scaled, first, grown)
    with sketch.scope("tail", "list"):
        sketch.node("0", "Permute", dims=[0, 2, 3, 1])
        sketch.node("1", "Linear", out_features=3)
        sketch.node("2", "Mean", dim=[1, 2])
    return sketch.graph()


def shared() -> Graph:
    """Layers and scopes applied again: on other values, from inside another scope, with captures."""
    sketch = Sketch("shared", image=("N", 4, 8, 8), other=("N", 4, 8, 8))
    image, other = sketch.inputs
    for name, source in (("head", image), ("again", other)):
        with sketch.scope(name, "mapping", source, owner="head"):
            conv(sketch, "conv", 4, kernel=3)
            sketch.node("add", "Add", sketch.previous, image, other)
    first = sketch.nodes[1].outputs[0]
    again = sketch.previous
    for name, skip in (("two", first), ("two_again", again)):
        with sketch.scope(name, "block", first, skip, names=("x", "skip"), label="Two", owner="two"):
            conv(sketch, "conv", 4, first)
            sketch.node("sub", "Sub", sketch.previous, skip)
    sketch.node("cat", "Concat", again, sketch.nodes[5].outputs[0], sketch.previous)
    conv(sketch, "mix", 12)
    with sketch.scope("levels", "list"):
        conv(sketch, "0", 12)
        conv(sketch, "1", 12, owner="mix")
        with sketch.scope("2", "list"):
            sketch.node("0", "Tanh")
            conv(sketch, "1", 12, owner="mix")
    with sketch.scope("empty", "list"):
        pass
    with sketch.scope("unread", "block", sketch.previous, first, names=("x", "for"), label="Unread"):
        conv(sketch, "conv", 2)
    return sketch.graph()


def auxiliary() -> Graph:
    """Outputs in training only, one of them from inside a scope."""
    sketch = Sketch("auxiliary", image=("N", 3, 16, 16))
    conv(sketch, "conv1", 4, kernel=3)
    with sketch.scope("stage", "mapping"):
        middle = conv(sketch, "middle", 4)
        sketch.node("bn", "BatchNorm2d")
    end = sketch.previous
    with sketch.scope("aux1", "block", middle, label="Auxiliary"):
        sketch.node("pool", "Mean", dim=[2, 3])
        sketch.node("bn", "BatchNorm1d")
        sketch.node("fc", "Linear", out_features=5)
    aux1 = sketch.previous
    aux2 = conv(sketch, "aux2", 1, end)
    sketch.node("pool", "Mean", end, dim=[2, 3])
    logits = sketch.node("fc", "Linear", out_features=5)
    return sketch.graph(logits=logits, aux1=aux1, aux2=aux2, training=("aux1", "aux2"))


def several() -> Graph:
    """Two outputs, of which one is an input of other layers too."""
    sketch = Sketch("several", image=("N", 3, 8, 8))
    features = conv(sketch, "features", 4)
    sketch.node("pool", "Mean", dim=[2, 3])
    logits = sketch.node("fc", "Linear", out_features=2)
    return sketch.graph(logits=logits, features=features)


def attending() -> Graph:
    """Attention of one value and of three, in a list too: modules that are not called on their inputs alone."""
    sketch = Sketch("attending", tokens=("N", "L", 8), memory=("N", 7, 6))
    (tokens, memory) = sketch.inputs
    with sketch.scope("encoder", "list"):
        sketch.node("0", "LayerNorm")
        sketch.node("1", "MultiheadAttention", num_heads=2, batch_first=True)
        sketch.node("2", "ReLU")
    sketch.node("add", "Add", tokens, sketch.previous)
    sketch.node("attn", "MultiheadAttention", sketch.previous, memory, memory, num_heads=4, batch_first=True)
    with sketch.scope("causal", "list"):
        sketch.node("0", "MultiheadAttention", num_heads=1, batch_first=True, is_causal=True)
    last = sketch.previous
    sketch.node("dot", "ScaledDotProductAttention", last, tokens, tokens, is_causal=True)
    return sketch.graph()


def recurrent() -> Graph:
    """Layers that give several values: nested, flat, all of them read, one of them, and from inside a scope."""
    sketch = Sketch("recurrent", tokens=("L", "N", 8))
    output, hidden, cell = sketch.node("lstm", "LSTM", hidden_size=4)
    sketch.node("norm", "LayerNorm", output)
    again, *_ = sketch.node("decoder", "LSTM", sketch.previous, hidden, cell, hidden_size=4)
    with sketch.scope("tail", "block", again, hidden, names=("x", "h"), label="Tail") as tail:
        output, last = sketch.node("gru", "GRU", *tail.inputs, hidden_size=4)
        _, state = sketch.node("rnn", "RNN", output, hidden_size=4)
        sketch.node("sum", "Add", last, state)
    sketch.node("mul", "Mul", again, sketch.previous)
    sketch.node("end", "GRU", hidden_size=3)
    return sketch.graph()


def sequence() -> Graph:
    """Numbered layers right at the root."""
    sketch = Sketch("mlp", x=("N", 6))
    sketch.node("0", "Linear", out_features=4)
    sketch.node("1", "ReLU", inplace=True)
    sketch.node("2", "Linear", out_features=2)
    return sketch.graph()


ALL = [residual, opened, tensors, shared, auxiliary, several, attending, recurrent, sequence]
