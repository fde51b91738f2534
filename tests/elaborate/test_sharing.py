"""`share`: a layer that is applied again owns nothing and counts once."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import archspec
from tests.elaborate.features import Feature, Twin, check, codes, conv, whole

C = "{op: Conv2d, out_channels: 3, kernel_size: 1}"

SHARED = {
    "an op": Feature(f"layers: {{a: {C}, b: {{share: a}}}}", lambda: Twin(lambda m, x: m.a(m.a(x)), a=conv(3, 3))),
    "with a from of its own": Feature(
        f"layers: {{a: {C}, b: {{share: a, from: image}}, c: {{op: Sub, from: [b, a]}}, d: {{op: Add, from: [c, a]}}}}",
        lambda: Twin(lambda m, x: m.a(x) - m.a(x) + m.a(x), a=conv(3, 3)),
    ),
    "a scope, whose children can be read in each application": Feature(
        f"""
        layers:
          head: {{layers: {{c: {C}, r: ReLU}}}}
          again: {{share: head}}
          add: {{op: Add, from: [again, head.c, again.c]}}
        """,
        lambda: Twin(
            lambda m, x: (c2 := m.head.c((c1 := m.head.c(x)).relu())).relu() + c1 + c2,
            head=nn.ModuleDict({"c": conv(3, 3)}),
        ),
    ),
    "a block with weights and statistics, and then a part of it": Feature(
        f"""
        blocks:
          B: {{layers: {{c: {C}, n: BatchNorm2d, add: {{op: Add, from: [n, x]}}}}}}
        layers: {{a: B, b: {{share: a}}, c: {{share: b.c}}, d: {{share: a.n}}}}
        """,
        lambda: Twin(
            lambda m, x: m.a.n(m.a.c(m.a(m.a(x)))),
            a=Twin(lambda m, x: m.n(m.c(x)) + x, c=conv(3, 3), n=nn.BatchNorm2d(3)),
        ),
    ),
    "what a scope reads from outside stays what it was": Feature(
        f"""
        layers:
          a: {C}
          s: {{layers: {{c: {C}, add: {{op: Add, from: [c, a]}}}}}}
          t: {{share: s}}
        """,
        lambda: Twin(
            lambda m, x: m.s["c"](m.s["c"](a := m.a(x)) + a) + a, a=conv(3, 3), s=nn.ModuleDict({"c": conv(3, 3)})
        ),
    ),
    "a layer that is shared already": Feature(
        f"layers: {{a: {C}, b: {{share: a}}, c: {{share: b}}}}",
        lambda: Twin(lambda m, x: m.a(m.a(m.a(x))), a=conv(3, 3)),
    ),
    "repeated, and in a list, where it takes a number as in torch": Feature(
        f"layers: {{a: {C}, b: {{share: a, repeat: 2}}, f: [{{share: a}}, ReLU, {C}]}}",
        lambda: (lambda a: Twin(lambda m, x: m.f(m.a(m.a(m.a(x)))), a=a, f=nn.Sequential(a, nn.ReLU(), conv(3, 3))))(
            conv(3, 3)
        ),
    ),
    "a block of several inputs": Feature(
        f"""
        blocks:
          Gate: {{inputs: [low, high], layers: {{c: {C}, mul: {{op: Mul, from: [c, high]}}}}}}
        layers:
          a: {C}
          g: {{op: Gate, from: [a, image]}}
          h: {{share: g, from: [image, g]}}
        """,
        lambda: Twin(
            lambda m, x: m.g(x, m.g(m.a(x), x)),
            a=conv(3, 3),
            g=Twin(lambda m, low, high: m.c(low) * high, c=conv(3, 3)),
        ),
    ),
    "a parameter": Feature(
        "layers: {p: {op: Parameter, shape: [3, 1, 1]}, q: {share: p}, a: {op: Add, from: [image, p, q]}}",
        lambda: Twin(lambda m, x: x + m.p + m.p, p=nn.Parameter(torch.zeros(3, 1, 1))),
    ),
    "an absent application": Feature(
        f"layers: {{a: {C}, b: {{share: a, if: false}}}}", lambda: Twin(lambda m, x: m.a(x), a=conv(3, 3))
    ),
    "other sizes, as far as the weights allow": Feature(
        f"layers: {{a: {C}, p: {{op: MaxPool2d, kernel_size: 2}}, b: {{share: a, from: p}}}}",
        lambda: Twin(lambda m, x: m.a(m.p(m.a(x))), a=conv(3, 3), p=nn.MaxPool2d(2)),
    ),
}


@pytest.mark.parametrize("name", [name for name in SHARED if "in a list" not in name])
def test_shared_layers(name: str) -> None:
    check(SHARED[name])


def test_in_a_list_a_shared_layer_takes_a_number() -> None:
    """torch's Sequential would list the shared weights under both paths; ours lists them where they are owned."""
    feature = SHARED["repeated, and in a list, where it takes a number as in torch"]
    module, twin = archspec.build(feature.text), feature.twin()
    keys = [key for key in twin.state_dict() if not key.startswith("f.0.")]
    assert list(module.state_dict()) == keys == ["a.weight", "a.bias", "f.2.weight", "f.2.bias"]
    twin.load_state_dict(module.state_dict(), strict=False)
    image = torch.randn(2, 3, 8, 8)
    assert torch.equal(module(image), twin(image))


def test_a_shared_layer_counts_once() -> None:
    architecture = archspec.load(whole(f"layers: {{a: {C}, b: {{share: a}}}}\nassert: [params == 12]"))
    assert architecture.summary().as_dict()["params"] == {"total": 12, "trainable": 12}


def test_gradients_of_both_applications_add_up() -> None:
    module = archspec.build(whole(f"layers: {{a: {C}, b: {{share: a}}}}"))
    image = torch.randn(2, 3, 8, 8)
    module(image).sum().backward()
    a = conv(3, 3)
    a.load_state_dict(module.a.state_dict())
    a(a(image)).sum().backward()
    assert a.weight.grad is not None
    torch.testing.assert_close(module.a.weight.grad, a.weight.grad)


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ("{a: ReLU, b: {share: c}}", ["A308"]),
        ("{a: ReLU, b: {share: c}, c: ReLU}", ["A309"]),
        ("{a: ReLU, b: {share: image}}", ["A308"]),
        ("{a: {op: ReLU, if: false}, b: {share: a}, c: GELU}", ["A308"]),
        ("{a: {splice: {b: ReLU}}, c: {share: a}}", ["A308"]),
        ("{a: {op: Chunk, chunks: 3}, b: {share: a.0, from: a.0}}", ["A308"]),
        ("{a: [ReLU, GELU], b: {share: a.*}}", ["A308"]),
        ("{a.b: ReLU, c: {share: a}}", ["A308"]),
        (f"{{a: {C}, b: {{share: a, out_channels: 4}}}}", ["A201"]),
        ("{a: {op: Conv2d, out_channels: 4, kernel_size: 1}, b: {share: a}}", ["A506"]),
        ("{a: [{op: AvgPool2d, kernel_size: 2 if image.H == 8 else 1}], b: {share: a}}", []),
        ("{a: {share: a}}", ["A309"]),
    ],
)
def test_what_cannot_be_shared(layers: str, found: list[str]) -> None:
    assert codes(f"layers: {layers}") == found


@pytest.mark.parametrize(
    "block",
    [
        f"{{c: {C}, d: {{op: Conv2d, if: x.H < 8, out_channels: 3, kernel_size: 1}}}}",
        "{c: {op: Conv2d, out_channels: 3, kernel_size: 1}, d: {op: ReLU, if: x.H == 8}}",
        "{c: {op: MaxPool2d, kernel_size: 2 if x.H == 8 else 1}}",
        "{c: {op: Reshape, shape: [x.N, x.H * x.W, x.C]}}",
    ],
)
def test_a_block_that_would_be_another_network_where_it_is_shared(block: str) -> None:
    spec = f"""
    blocks: {{B: {{layers: {block}}}}}
    layers:
      a: B
      p: {{op: AvgPool2d, kernel_size: 2, from: image}}
      b: {{share: a, from: p}}
      last: {{op: Identity, from: a}}
    outputs: {{a: last, b: b}}
    """
    [item] = archspec.check(whole(spec))
    assert item.code.name == "A506"
    assert [label.text for label in item.labels] == ["first applied here"]
    assert item.labels[0].span.text == "a"


def test_a_promise_of_a_shared_block_holds_in_each_application() -> None:
    spec = f"blocks: {{B: {{layers: {{c: {C}}}, assert: [params == 12]}}}}\nlayers: {{a: B, b: {{share: a}}}}"
    assert codes(spec) == []


def test_a_layer_that_cannot_be_shared_is_one_mistake() -> None:
    """What reads it stays silent, and what is refused inside of it is told once."""
    parts = """
    inputs: {image: [2, 4, 2, 2]}
    layers:
      first: {layers: {parts: {op: Chunk, chunks: 4}, one: {op: ReLU, from: parts.0}}}
      again: {share: first, from: first.one}
      more: {op: Conv2d, in_channels: 7, out_channels: 1, kernel_size: 1}
    """
    [item] = archspec.check(whole(parts))
    assert item.code.name == "A506"
    assert "`first.parts` gave 4 values, and gives 1 here" in item.message
    inner = """
    layers:
      pool: {op: MaxPool2d, kernel_size: 2}
      head: {from: image, layers: {b: ReLU, a: {op: MaxPool2d, kernel_size: 5}, c: {op: ReLU, from: b}}}
      again: {share: head, from: pool}
      sum: {op: Add, from: [again, pool]}
      out: {op: Mean, dim: 0}
    outputs: {out: out, a: head.a, again: again.a}
    """
    assert codes(inner) == ["A501"]


def test_a_module_may_be_called_in_another_way() -> None:
    """The LSTM goes on from its own states; attention on itself, and then on three values."""
    model = archspec.build("""
archspec: 1
inputs: {source: [L, N, 4], target: [M, N, 4]}
layers:
  lstm: {op: LSTM, hidden_size: 4, from: source}
  more: {share: lstm, from: [target, lstm.1, lstm.2]}
  attn: {op: MultiheadAttention, num_heads: 2, from: more.0}
  cross: {share: attn, from: [attn, lstm.0, lstm.0]}
""")
    source, target = torch.randn(3, 2, 4), torch.randn(5, 2, 4)
    before, states = model.lstm(source)
    after, _ = model.lstm(target, states)
    query, _ = model.attn(after, after, after)
    assert torch.equal(model(source, target), model.attn(query, before, before, need_weights=False)[0])
