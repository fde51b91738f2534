from __future__ import annotations

import torch
from torch.nn.functional import scaled_dot_product_attention as attend

from tests.ops.cases import no, ok
from tests.ops.examples.convolution import UNBATCHED

SELF = "MultiheadAttention"
DOT = "ScaledDotProductAttention"


def plain(*values: torch.Tensor) -> torch.Tensor:
    return attend(*values)


def masked(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return attend(query, key, value, attn_mask=mask)


def causal(*values: torch.Tensor) -> torch.Tensor:
    return attend(*values, is_causal=True)


def grouped(*values: torch.Tensor) -> torch.Tensor:
    return attend(*values, enable_gqa=True)


EXAMPLES = [
    ok(SELF, "L N 8", num_heads=2),
    ok(SELF, "N L 8", num_heads=4, embed_dim=8, batch_first=True, dropout=0.25),
    ok(SELF, "N 5 40", num_heads=5, bias=False, batch_first=True),
    ok(SELF, "0 5 8", num_heads=1, batch_first=True),
    ok(SELF, "5 0 8", num_heads=1),
    ok(SELF, "L N 8", "L N 8", "L N 8", num_heads=2),
    ok(SELF, "5 N 8", "L N 8", "L N 8", num_heads=8, kdim=8),
    ok(SELF, "N W 8", "N L 6", "N L 10", num_heads=2, batch_first=True),
    ok(SELF, "5 N 8", "7 N 6", "7 N 8", num_heads=2, kdim=6, vdim=8, bias=False),
    ok(SELF, "N L 8", num_heads=2, add_bias_kv=True, batch_first=True),
    ok(SELF, "L N 8", num_heads=2, add_zero_attn=True),
    ok(SELF, "5 N 8", "7 N 8", "7 N 4", num_heads=2, vdim=4, add_bias_kv=True, add_zero_attn=True),
    ok(SELF, "N L 8", num_heads=2, batch_first=True, is_causal=True),
    ok(SELF, "L N 8", num_heads=2, is_causal=True, bias=False),
    ok(SELF, "5 N 8", "L N 8", "L N 8", num_heads=2, is_causal=True),
    ok(SELF, "L N 8", num_heads=2, is_causal=True, add_bias_kv=True, add_zero_attn=True),
    ok(DOT, "N 2 L 8", "N 2 L 8", "N 2 L 8", torch=plain),
    ok(DOT, "N 2 5 8", "N 2 L 8", "N 2 L 6", torch=plain),
    ok(DOT, "N 5 C", "N L C", "N L C", torch=plain),
    ok(DOT, "N 2 5 8", "1 2 7 8", "2 7 6", torch=plain),
    ok(DOT, "5 8:float64", "7 8:float64", "7 6:float64", torch=plain),
    ok(DOT, "N 2 5 8", "N 2 0 8", "N 2 0 6", torch=plain),
    ok(DOT, "N 2 5 8", "N 2 7 8", "N 2 7 0", torch=plain),
    ok(DOT, "0 2 5 8", "0 2 7 8", "0 2 7 6", torch=plain),
    ok(DOT, "N 2 5 8", "N 2 L 8", "N 2 L 8", scale=0.5, torch=lambda *values: attend(*values, scale=0.5)),
    ok(DOT, "N 2 L 8", "N 2 L 8", "N 2 L 6", is_causal=True, torch=causal),
    ok(DOT, "N 2 5 8", "N 2 W 8", "N 2 W 8", is_causal=True, torch=causal),
    ok(DOT, "N 2 W 8", "N 2 5 8", "N 2 5 8", is_causal=True, torch=causal),
    ok(DOT, "N 2 5 8", "N 2 L 8", "N 2 L 8", "5 L", torch=masked),
    ok(DOT, "N 2 5 8", "N 2 L 8", "N 2 L 6", "N 1 5 L:bool", torch=masked),
    ok(DOT, "N 2 5 8", "N 2 2 8", "N 2 2 8", "1 2:bool", torch=masked),
    ok(DOT, "N 5 8", "N L 8", "N L 6", "L", torch=masked),
    ok(DOT, "N 2 5 8:float64", "N 2 L 8:float64", "N 2 L 8:float64", "N 2 1 L", torch=masked),
    ok(DOT, "N 6 5 8", "N 2 L 8", "N 3 L 4", enable_gqa=True, torch=grouped),
    ok(DOT, "N 6 5 8", "6 7 8", "1 2 7 4", enable_gqa=True, torch=grouped),
    ok(DOT, "N C 5 8", "N C 7 8", "N C 7 4", enable_gqa=True, torch=grouped),
]

REFUSED = [
    no("num_heads", SELF, "L N 8", num_heads=3),
    no("num_heads", SELF, "L N 8", num_heads=0),
    no("embed_dim", SELF, "L N 8", num_heads=2, embed_dim=6),
    no("embed_dim", SELF, "L N 8", num_heads=2, embed_dim=0),
    no("kdim", SELF, "L N 8", num_heads=2, kdim=6),
    no("kdim", SELF, "L N 8", "L N 6", "L N 8", num_heads=2, kdim=0),
    no(0, SELF, "L N 0", num_heads=2),
    no(1, SELF, "5 N 8", "7 N 0", "7 N 8", num_heads=2, emission=True, stricter="onnxruntime gives no numbers"),
    no("vdim", SELF, "L N 8", "L N 8", "L N 6", num_heads=2, vdim=8),
    no("vdim", SELF, "L N 8", "L N 8", "L N 6", num_heads=2, vdim=0),
    no("dropout", SELF, "L N 8", num_heads=2, dropout=1.5),
    no("dropout", SELF, "L N 8", num_heads=2, dropout=-0.5),
    no(0, SELF, "5 8", num_heads=2, stricter=UNBATCHED),
    no(0, SELF, "N 5 8:float64", num_heads=2),
    no(0, SELF, "N 5 C", num_heads=3, stricter="weights have a size"),
    no(1, SELF, "L N 8", "L N 8", num_heads=2),
    no(1, SELF, "5 4 8", "5 3 8", "5 3 8", num_heads=2, code="A503"),
    no(2, SELF, "5 4 8", "5 4 8", "5 3 6", num_heads=2, code="A503"),
    no(2, SELF, "5 4 8", "6 4 8", "7 4 8", num_heads=2, code="A503"),
    no(2, SELF, "4 5 8", "4 6 8", "4 7 8", num_heads=2, batch_first=True, code="A503"),
    no(0, DOT, "8", "5 8", "5 8", torch=plain),
    no(0, DOT, "5 8", "5 8", "5 8", enable_gqa=True, torch=grouped),
    no(0, DOT, "N 5 8:int64", "N 7 8:int64", "N 7 8:int64", torch=plain),
    no(1, DOT, "N 5 8", "N 7 8:float64", "N 7 8", torch=plain, code="A503"),
    no(1, DOT, "N 5 8", "N 7 6", "N 7 8", torch=plain, code="A503"),
    no(2, DOT, "N 5 8", "N 7 8", "N 6 4", torch=plain, code="A503"),
    no(2, DOT, "N 5 8", "N 7 8", "N 6 8", torch=plain, code="A503", stricter="the CPU kernel reads beside the data"),
    no(1, DOT, "N 3 5 8", "N 2 7 8", "N 2 7 8", torch=plain, code="A503"),
    no(2, DOT, "N 3 5 8", "N 3 7 8", "N 2 7 8", torch=plain, code="A503"),
    no(1, DOT, "N 4 5 8", "N 3 7 8", "N 4 7 8", enable_gqa=True, torch=grouped, code="A503"),
    no(2, DOT, "N 2 5 8", "N 2 7 8", "N 4 7 8", enable_gqa=True, torch=grouped, code="A503"),
    no(1, DOT, "1 0 5 8", "1 0 7 8", "1 2 7 8", enable_gqa=True, torch=grouped),
    no(1, DOT, "1 5 8", "3 0 8", "3 0 8", torch=plain, stricter="torch gives zeros, without a look at the batch"),
    no(0, DOT, "2 5 0", "2 7 0", "2 7 6", torch=plain, emission=True, stricter="onnxruntime gives no numbers"),
    no("is_causal", DOT, "N 2 5 8", "N 2 7 8", "N 2 7 8", "5 7", is_causal=True, torch=causal),
    no(3, DOT, "N 2 5 8", "N 2 7 8", "N 2 7 8", "7", torch=masked),
    no(3, DOT, "N 2 5 8", "N 2 7 8", "N 2 7 8", "7 5", torch=masked, code="A503"),
    no(3, DOT, "1 5 8", "1 7 8", "1 7 8", "3 5 7", torch=masked, code="A503"),
    no(3, DOT, "2 5 8", "2 7 8", "2 7 8", "4 1 5 7", torch=masked, code="A503"),
    no(3, DOT, "2 5 8", "2 7 8", "2 7 8", "1 1 5 7", torch=masked, code="A503", stricter="torch adds an axis to three"),
    no(3, DOT, "2 5 8", "2 7 8", "2 7 8", "5 7:int64", torch=masked),
    no(3, DOT, "2 5 8", "2 7 8", "2 7 8", "5 7:float64", torch=masked),
]
