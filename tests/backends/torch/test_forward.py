"""The generated source, as people will read it."""

from __future__ import annotations

import inspect

import pytest
import torch

from archspec.backends.torch import build_module, run_values
from archspec.graph import Graph
from tests.backends.torch import nets
from tests.backends.torch.sketch import Sketch

EXPECTED = {
    (nets.residual, ""): """
    def forward(self, image):
        x = self.conv1(image)
        x = self.bn1(x)
        x = self.relu(x)
        x = self.maxpool(x)
        x = self.layer1(x)
        x = self.avgpool(x)
        x = self.flatten(x)
        return self.classifier(x)
""",
    (nets.residual, "layer1.0"): """
    def forward(self, x):
        out = self.conv1(x)
        out = self.bn1(out)
        out = self.relu1(out)
        out = self.conv2(out)
        out = self.bn2(out)
        out = self.relu2(out)
        out = self.conv3(out)
        out = self.bn3(out)
        downsample = self.downsample(x)
        out = out + downsample
        return self.relu3(out)
""",
    (nets.opened, ""): """
    def forward(self, image):
        stem = self.stem(image)
        layer1_0 = self.layer1[0](stem)
        layer1_1 = self.layer1[1](layer1_0)
        x = self.layer1[2](layer1_1)
        x = self.head(x, layer1_1, stem)
        x = self.convs[0](x)
        x = self.bns[0](x)
        x = self.convs[1](x)
        x = self.bns[1](x)
        x = getattr(self.odd, 'block1-7')(x)
        return self.branches(x)
""",
    (nets.opened, "head"): """
    def forward(self, x, layer1_1_1, stem):
        out = self.conv(x)
        out = out + layer1_1_1
        out = self.gate(out)
        return out * stem * x
""",
    (nets.opened, "branches"): """
    def forward(self, x):
        layer_0 = self[0](x)
        layer_1 = self[1](x)
        return torch.cat([layer_0, layer_1], dim=1)
""",
    (nets.tensors, ""): """
    def forward(self, image):
        split = torch.chunk(image, 2, dim=1)
        scaled = split[1] * self.scale
        grown = self.token.expand(image.size(0), -1, image.size(2), 8)
        cat = torch.cat([scaled, split[0], grown], dim=1)
        return self.tail(cat)
""",
    (nets.shared, ""): """
    def forward(self, image, other):
        head = self.head(image, image, other)
        again = self.head(other, image, other)
        two = self.two(head, head)
        two_again = self.two(head, again)
        x = torch.cat([again, two, two_again], dim=1)
        x = self.mix(x)
        x = self.levels(x, self.mix)
        return self.unread(x, None)
""",
    (nets.shared, "head"): """
    def forward(self, x, image, other):
        x = self.conv(x)
        return x + image + other
""",
    (nets.shared, "two"): """
    def forward(self, x, skip):
        x = self.conv(x)
        return x - skip
""",
    (nets.shared, "levels"): """
    def forward(self, x, mix):
        x = getattr(self, '0')(x)
        x = mix(x)
        return getattr(self, '2')(x, mix)
""",
    (nets.auxiliary, ""): """
    def forward(self, image):
        conv1 = self.conv1(image)
        stage_middle = self.stage.middle(conv1)
        stage_bn = self.stage.bn(stage_middle)
        if self.training:
            aux1 = self.aux1(stage_middle)
            aux2 = self.aux2(stage_bn)
        x = stage_bn.mean((2, 3))
        x = self.fc(x)
        if self.training:
            return {'logits': x, 'aux1': aux1, 'aux2': aux2}
        return x
""",
    (nets.auxiliary, "stage"): """
    def forward(self, x):
        x = self.middle(x)
        return self.bn(x)
""",
    (nets.several, ""): """
    def forward(self, image):
        features = self.features(image)
        x = features.mean((2, 3))
        x = self.fc(x)
        return {'logits': x, 'features': features}
""",
    (nets.attending, ""): """
    def forward(self, tokens, memory):
        x = self.encoder(tokens)
        x = tokens + x
        x = self.attn(x, memory, memory, need_weights=False)[0]
        x = self.causal(x)
        return torch.nn.functional.scaled_dot_product_attention(x, tokens, tokens, is_causal=True)
""",
    (nets.attending, "encoder"): """
    def forward(self, x):
        x = self[0](x)
        x = self[1](x, x, x, need_weights=False)[0]
        return self[2](x)
""",
    (nets.attending, "causal"): """
    def forward(self, x):
        return self[0](x, x, x, need_weights=False, attn_mask=x.new_full((x.size(1), x.size(1)), -torch.inf).triu(1))[0]
""",
    (nets.recurrent, ""): """
    def forward(self, tokens):
        lstm = self.lstm(tokens)
        norm = self.norm(lstm[0])
        decoder = self.decoder(norm, (lstm[1][0], lstm[1][1]))[0]
        x = self.tail(decoder, lstm[1][0])
        x = decoder * x
        return self.end(x)[0]
""",
    (nets.recurrent, "tail"): """
    def forward(self, x, h):
        gru = self.gru(x, h)
        rnn = self.rnn(gru[0])[1]
        return gru[1] + rnn
""",
}


@pytest.mark.parametrize(("net", "path"), EXPECTED, ids=lambda item: getattr(item, "__name__", item or "root"))
def test_source(net: type, path: str) -> None:
    graph: Graph = net()
    module = build_module(graph).get_submodule(path)
    assert inspect.getsource(type(module).forward) == EXPECTED[net, path].lstrip("\n")


def test_a_formula_in_a_sequence_prints_its_arguments() -> None:
    tail = build_module(nets.tensors()).tail
    assert [str(layer) for layer in tail] == [
        "Permute(dims=(0, 2, 3, 1))",
        "Linear(in_features=6, out_features=3, bias=True)",
        "Mean(dim=(1, 2))",
    ]


def test_chains_side_by_side_have_variables_of_their_own() -> None:
    sketch = Sketch("attention", tokens=("N", 8, 8))
    with sketch.scope("attn", "block", label="Attention") as scope:
        heads = []
        for name in "qkv":
            sketch.node(name, "Linear", *scope.inputs, out_features=8)
            heads.append(sketch.node(f"{name}_t", "Transpose", dim0=1, dim1=2))
        sketch.node("scores", "MatMul", heads[0], heads[1])
        sketch.node("soft", "Softmax", dim=-1)
        sketch.node("mixed", "MatMul", sketch.previous, heads[2])
    source = inspect.getsource(type(build_module(sketch.graph()).attn).forward)
    assert (
        source
        == """    def forward(self, x):
        out = self.q(x)
        out = out.transpose(1, 2)
        k_t = self.k(x)
        k_t = k_t.transpose(1, 2)
        v_t = self.v(x)
        v_t = v_t.transpose(1, 2)
        out = torch.matmul(out, k_t)
        out = self.soft(out)
        return torch.matmul(out, v_t)
"""
    )


def test_names_never_clash() -> None:
    sketch = Sketch("clash", image=("N", 2, 4, 4))
    names = ["x", "self", "torch", "out", "image", "for_", "getattr"]
    with sketch.scope("block", "block") as scope:
        values = [nets.conv(sketch, f"{name}-{k}" if k else name, 2, *scope.inputs) for k in range(2) for name in names]
        sketch.node("add", "Add", *values)
        sketch.node("relu", "ReLU")
        sketch.node("again", "Add", sketch.previous, *values)
    from archspec.backends.torch import example_inputs, run_values

    graph = sketch.graph()
    model = build_module(graph).eval()
    inputs = example_inputs(graph, sizes={"N": 2})
    assert model(*inputs.values()).equal(run_values(model, graph, inputs)["block.again"])


def test_a_module_that_gives_a_tuple() -> None:
    sketch = Sketch("pool", image=("N", 2, 6, 6))
    values, indices = sketch.node("pool", "MaxPool2d", kernel_size=2, return_indices=True)
    graph = sketch.graph(values=values, indices=indices)
    model = build_module(graph)
    assert (
        inspect.getsource(type(model).forward)
        == """    def forward(self, image):
        pool = self.pool(image)
        return {'values': pool[0], 'indices': pool[1]}
"""
    )
    image = torch.randn(2, 2, 6, 6)
    expected = torch.nn.functional.max_pool2d(image, 2, return_indices=True)
    found = model(image)
    assert torch.equal(found["values"], expected[0])
    assert torch.equal(found["indices"], expected[1])
    assert torch.equal(run_values(model, graph, {"image": image})["pool.1"], expected[1])
    alone = build_module(sketch.graph(indices=indices))
    assert inspect.getsource(type(alone).forward).endswith("return self.pool(image)[1]\n")
    assert torch.equal(alone(image), expected[1])
