"""Networks in which a name does not mean, in a flat spec, what it meant in a block."""

CONV = "{op: Conv2d, out_channels: 3, kernel_size: 1}"

SCOPING = {
    "a block's input is hidden by a layer of the block": f"""
        blocks:
          B: {{layers: {{conv: {CONV}, add: {{op: Add, from: [conv, x]}}}}}}
        layers: {{conv: {CONV}, b: B, c: {{op: B, from: conv}}}}
        outputs: {{b: b, c: c}}
        """,
    "another input is hidden, and a scope inside reads both": f"""
        blocks:
          B:
            inputs: [x, y]
            layers: {{conv: {CONV}, tail: {{layers: {{conv: {CONV}, add: {{op: Add, from: [conv, x, y]}}}}}}}}
        layers:
          conv: {CONV}
          b: {{op: B, from: [image, conv]}}
          c: {{op: B, from: [conv, b]}}
          d: {{op: B, from: [c, conv]}}
        """,
    "numbers hide numbers": f"""
        blocks:
          B: {{layers: [{CONV}, [{CONV}, ReLU], {{op: Add, from: [x, 1, 0]}}]}}
        layers: [{CONV}, B, [B, B], {{op: Add, from: [0, 1, 2]}}]
        """,
    "an input of the model is hidden": f"""
        layers:
          inner: {{layers: {{image: {CONV}, relu: ReLU}}}}
          add: {{op: Add, from: [inner, image, inner.image]}}
        """,
    "a name comes later in the nearer scope": f"""
        blocks:
          B: {{layers: {{add: {{op: Add, from: [x, x]}}, conv: {CONV}}}}}
        layers: {{conv: {CONV}, relu: ReLU, b: {{op: B, from: conv}}, sum: {{op: Add, from: [b, relu]}}}}
        """,
    "a shared block reads its input twice": f"""
        blocks:
          B: {{layers: {{conv: {CONV}, inner: {{layers: {{relu: ReLU, add: {{op: Add, from: [relu, x]}}}}}}}}}}
        layers: {{a: B, b: {{share: a}}, c: {{share: a.inner}}, d: {{share: b.conv}}}}
        """,
    "a shared block reads two values, and one around it": f"""
        blocks:
          Inner: {{inputs: [x, s], layers: {{c: {CONV}, n: {{layers: {{c: {{op: Add, from: [x, s]}}, e: {CONV}}}}},
                   a: {{op: Add, from: [c, n, s]}}}}}}
          Outer: {{inputs: [x, s], layers: {{b: {{op: Inner, from: [x, s]}}, c: {{share: b, from: [s, b]}},
                   d: {{op: Add, from: [c, x]}}}}}}
        layers:
          c: {CONV}
          b: {{op: Outer, from: [c, image]}}
          d: {{share: b, from: [image, b]}}
          e: {{share: b.b, from: [d, c]}}
          f: {{share: d.c, from: [e, b.b]}}
        """,
    "a part of a second application, which reads what that was given": f"""
        blocks:
          B: {{layers: {{c: {CONV}, inner: {{layers: {{d: {CONV}, add: {{op: Add, from: [d, x]}}}}}}}}}}
        layers: {{a: B, b: {{share: a}}, t: {{share: b.inner, from: image}}, u: {{op: Add, from: [b, t]}}}}
        """,
    "the shared scope reads a constant that it is also given": f"""
        layers:
          a: {CONV}
          s: {{layers: {{c: {CONV}, add: {{op: Add, from: [c, a]}}, sub: {{op: Sub, from: [add, prev]}}}}}}
          t: {{share: s}}
          u: {{share: s, from: a}}
          v: {{op: Add, from: [t, u]}}
        """,
    "and another scope has that one's name": f"""
        blocks:
          B: {{layers: {{s: {{layers: {{conv: {CONV}, add: {{op: Add, from: [conv, x]}}}}}}, t: {{share: s}}}}}}
        layers: {{conv: {CONV}, b: {{op: B, from: conv}}, c: {{op: B, from: conv}}}}
        outputs: {{b: b, c: c}}
        """,
    "a block reads several outputs by number, and is applied again": """
        inputs: {image: [N, 4, 8, 8]}
        blocks:
          G: {layers: {s: {op: Sigmoid, from: x.1}, m: {op: Mul, from: [s, x.0]}}}
        layers:
          a: {op: Chunk, chunks: 2}
          g: G
          w: {op: Concat, from: [g, a.1]}
          b: {op: Chunk, chunks: 2}
          h: {share: g}
        """,
    "a block applies what it is given again": f"""
        blocks:
          S: {{layers: {{c: {CONV}, again: {{share: x}}}}}}
        layers: {{conv: {CONV}, s: S}}
        """,
    "a merge of one value": f"""
        layers:
          levels: [{CONV}]
          c: {{op: Concat, from: levels.*}}
          f: [{{op: Concat, from: levels.*}}, ReLU]
          g: {{op: Add, from: [c, f]}}
        """,
    "scopes that end in an earlier value, or hold nothing": f"""
        layers:
          a: {CONV}
          s: {{layers: {{c: {CONV}, d: {CONV}, e: {{op: Add, from: [c, d], if: false}}}}}}
          t: {{op: Add, from: [s, s.d]}}
          u: {{layers: [{CONV}, {{op: Add, from: [a, 0], if: false}}]}}
          w: {{layers: [{{op: ReLU, if: false}}]}}
          v: {{op: Add, from: [u, u.0, t, w]}}
          drop: {{op: Dropout, if: false}}
        """,
    "names for aliases that are taken already": f"""
        blocks:
          B:
            layers:
              conv: {CONV}
              x2: {{layers: []}}
              out: {{layers: []}}
              inner:
                layers:
                  conv: {CONV}
                  add: {{op: Add, from: [conv, x]}}
                  end: {{op: Add, from: [conv, x], if: false}}
              add: {{op: Add, from: [inner, x, inner.add]}}
        layers: {{conv: {CONV}, x: {{layers: []}}, b: {{op: B, from: conv}}, c: {{share: b}}}}
        """,
    "numbers with gaps, and out of order": f"""
        layers: {{f: {{layers: {{0: {CONV}, 2: ReLU}}}}, g: {{layers: {{1: {CONV}, 0: ReLU}}}}}}
        """,
    "an input that a block does not read": f"""
        blocks: {{U: {{inputs: [x, y], layers: {{a: {{op: ReLU, from: y}}}}}}}}
        layers:
          a: {CONV}
          b: {CONV}
          s: {{op: Chunk, chunks: 3}}
          u: {{op: U, from: [s.0, b]}}
          v: {{op: Add, from: [a, s.1, s.2, u]}}
        """,
    "owned tensors, also in lists": """
        blocks:
          P:
            layers:
              g: {op: Parameter, shape: [3, 1, 1], init: {uniform: {a: -1.0e-5, b: 1e-5}}}
              m: {op: Mul, from: [x, g]}
        layers:
          - P
          - {op: Parameter, shape: [1], init: 0.25}
          - {op: Add, from: [0, 1]}
          - {share: "0"}
          - {op: Buffer, shape: [], init: 3, dtype: int64}
          - {share: "2", from: [3, 1]}
        outputs: {a: "5", b: "4"}
        """,
    "layers that go by words and numbers": """
        layers:
          on: ReLU
          1e5: Tanh
          0x10: ReLU
          "null": Tanh
          share: ReLU
          layers: [Tanh, ReLU]
          op: Tanh
          1_0: ReLU
          2-a: Tanh
          01: ReLU
          12: Tanh
          a.b-c: ReLU
          all: {op: Concat, from: [on, "1e5", "null", share, layers, op, "0x10", a, "1_0", 2-a, "01", 12]}
        outputs: {"1": all, "true": all, "a: b": all, "é, x": on}
        """,
}

SYMBOLS = {
    "sizes of what a layer reads": f"""
        inputs: {{image: [N, 3, H, 2 * H]}}
        layers:
          c: {CONV}
          r: {{op: Reshape, shape: [image.N, 3, image.H * image.W]}}
          back: {{op: Reshape, shape: [c.N, c.C, c.H, -1]}}
        """,
    "sizes of other inputs, and parts of a size": f"""
        inputs: {{image: [N, 3, H, W], other: [N, 3, 2 * L + 1, 4]}}
        layers:
          c: {CONV}
          p: {{op: AdaptiveAvgPool2d, from: other, output_size: 1}}
          e: {{op: Expand, sizes: "[image.N, 3, image.H // 2 + 3, 3 * (other.H // 2)]"}}
          m: {{op: Mean, dim: [2, 3], keepdim: true}}
          o: {{op: Add, from: [m, c]}}
        """,
    "sizes that differ between applications": """
        inputs: {image: [N, 4, 8, 8], other: [M, 4, 8, 8]}
        blocks:
          F:
            layers:
              r: {op: Reshape, shape: [x.N, 256]}
              l: {op: Linear, out_features: 4}
              s: {op: Reshape, shape: [x.N, 4, 1]}
        layers: {a: {op: F, from: image}, b: {share: a, from: other}}
        outputs: {a: a, b: b}
        """,
    "types and labels": """
        inputs:
          tokens: {shape: [N, 16, 12], axes: [N, L, C]}
          ids: {shape: [N, 16], dtype: int64, axes: [N, null]}
        layers:
          embedding: {op: Embedding, from: ids, num_embeddings: 9, embedding_dim: 12}
          add: {op: Add, from: [tokens, embedding]}
          wide: {op: Linear, out_features: 2 * tokens.C}
        """,
}
