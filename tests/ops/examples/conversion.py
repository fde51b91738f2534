from __future__ import annotations

from tests.ops.cases import no, ok

EXAMPLES = [
    ok("ToDtype", "N H W 3:uint8"),
    ok("ToDtype", "N H W 3:uint8", scale=True),
    ok("ToDtype", "N 3 5:uint8", dtype="float64", scale=True),
    ok("ToDtype", "N 3:int8", dtype="float16", scale=True),
    ok("ToDtype", "N L:int16", scale=True),
    ok("ToDtype", "N C:int32", dtype="float64", scale=True),
    ok("ToDtype", "N:int64", scale=True),
    ok("ToDtype", "N 3:int64", dtype="float64"),
    ok("ToDtype", "N 4:bool", scale=True),
    ok("ToDtype", "N 3 W", dtype="float16", scale=True),
    ok("ToDtype", "N 3 W:float64"),
    ok("ToDtype", "N 3 W", scale=True),
]

REFUSED = [
    no("dtype", "ToDtype", "N 3:uint8", dtype="float", stricter="a type has one name"),
    no("dtype", "ToDtype", "N 3", dtype="int64", stricter="what becomes of 1e20, or of nan, is nowhere said"),
    no("scale", "ToDtype", "N 3:uint8", scale="yes", stricter="a word is no answer"),
]
