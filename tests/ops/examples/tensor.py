from __future__ import annotations

from torch import complex64, empty, float16, int64, uint8
from torch.nn import init

from tests.ops.cases import no, ok

X = empty(8)

EXAMPLES = [
    ok("Parameter", shape=[1, 1, 8]),
    ok("Parameter", shape=[8], init=1e-6),
    ok("Parameter", shape=[], init="ones"),
    ok("Parameter", shape=[20, 30], init={"constant": {"val": 3}}),
    ok("Parameter", shape=[20, 30], init="normal"),
    ok("Parameter", shape=[20, 30], init={"normal": {"mean": 1, "std": 0.02}}),
    ok("Parameter", shape=[20, 30], init={"uniform": {"a": -2, "b": 3.5}}),
    ok("Parameter", shape=[20, 30], init={"trunc_normal": {"std": 0.02}}),
    ok("Parameter", shape=[20, 30], init={"trunc_normal": {"mean": 0.5, "a": 0, "b": 1}}),
    ok("Parameter", shape=[20, 30, 2], init="xavier_uniform"),
    ok("Parameter", shape=[20, 30, 2], init={"xavier_normal": {"gain": 2}}),
    ok("Parameter", shape=[20, 30, 2], init={"kaiming_uniform": {"a": 5**0.5, "mode": "fan_in"}}),
    ok("Parameter", shape=[20, 30, 2], init={"kaiming_normal": {"mode": "fan_out", "nonlinearity": "relu"}}),
    ok("Parameter", shape=[20, 30], init={"kaiming_normal": {"nonlinearity": "tanh"}}),
    ok("Parameter", shape=[20, 30], init={"kaiming_uniform": {"nonlinearity": "selu"}}),
    ok("Parameter", shape=[20, 30], init={"kaiming_uniform": {"nonlinearity": "leaky_relu", "a": 0.1}}),
    ok("Parameter", shape=[20, 30], init={"kaiming_uniform": {"nonlinearity": "linear"}}),
    ok("Parameter", shape=[20, 30], init={"kaiming_uniform": {"nonlinearity": "sigmoid"}}),
    ok("Parameter", shape=[20, 30], init={"orthogonal": {"gain": 2}}),
    ok("Parameter", shape=[0, 8]),
    ok("Parameter", shape=[0, 8], init="xavier_uniform"),
    ok("Parameter", shape=[0, 0], init="orthogonal"),
    ok("Parameter", shape=[0], init="kaiming_normal"),
    ok("Buffer", shape=[4]),
    ok("Buffer", shape=[20, 30], init="normal", dtype="float64"),
    *(ok("Buffer", shape=[2, 3], init="ones", dtype=dtype) for dtype in ("float16", "bfloat16", "float32")),
    *(ok("Buffer", shape=[2, 3], init=7, dtype=dtype) for dtype in ("int8", "uint8", "int16", "int32", "int64")),
    ok("Buffer", shape=[3], init="ones", dtype="bool"),
    ok("Buffer", shape=[3], init=2.5, dtype="bool"),
    ok("Buffer", shape=[3], init=-1.5, dtype="int8"),
    ok("Buffer", shape=[3], init=-1, dtype="uint8"),
    ok("Identity", "N 3 H W"),
    ok("Identity", "N:int64"),
]

REFUSED = [
    no("shape", "Parameter", shape=[-1, 8], torch=lambda: empty(-1, 8)),
    no("init", "Parameter", shape=[2, 3, 0], init="xavier_normal", torch=lambda: init.xavier_normal_(empty(2, 3, 0))),
    no("init", "Parameter", shape=[0], init="orthogonal", torch=lambda: init.orthogonal_(empty(0))),
    no("shape", "Parameter", shape=8, torch=lambda: empty(8), stricter="the number of axes is part of a shape"),
    no("shape", "Buffer", shape=[2.5], torch=lambda: empty(2.5)),
    no("init", "Parameter", shape=[8], init="glorot", torch=lambda: init.glorot_(empty(8))),
    no("init", "Parameter", shape=[8], init={"normal": {"sigma": 1}}, torch=lambda: init.normal_(empty(8), sigma=1)),
    no("init", "Parameter", shape=[8], init={"normal": {"std": "1"}}, torch=lambda: init.normal_(empty(8), std="1")),
    no("init", "Parameter", shape=[8], init="constant", torch=lambda: init.constant_(empty(8))),
    no("init", "Parameter", shape=[8], init="xavier_uniform", torch=lambda: init.xavier_uniform_(empty(8))),
    no(
        "init",
        "Parameter",
        shape=[8, 8],
        init={"kaiming_normal": {"mode": "fan"}},
        torch=lambda: init.kaiming_normal_(empty(8, 8), mode="fan"),
    ),
    no("init", "Parameter", shape=[8], init={"uniform": {"a": 2}}, torch=lambda: init.uniform_(empty(8), 2)),
    no("init", "Parameter", shape=[8], init={"normal": {"std": -1}}, torch=lambda: init.normal_(empty(8), std=-1)),
    no("init", "Parameter", shape=[8], init={"trunc_normal": {"std": 0}}, torch=lambda: init.trunc_normal_(X, std=0)),
    no(
        "init",
        "Parameter",
        shape=[2, 3],
        init={"xavier_normal": {"gain": -1}},
        torch=lambda: init.xavier_normal_(empty(2, 3), -1),
    ),
    no("init", "Parameter", shape=[8], init=1e39, torch=lambda: init.constant_(empty(8), 1e39)),
    no("init", "Buffer", shape=[8], init=300, dtype="uint8", torch=lambda: init.constant_(empty(8, dtype=uint8), 300)),
    no(
        "init",
        "Buffer",
        shape=[2, 3],
        init="orthogonal",
        dtype="float16",
        torch=lambda: init.orthogonal_(empty(2, 3, dtype=float16)),
    ),
    no("init", "Parameter", shape=[8], init=[0, 1], torch=lambda: init.constant_(empty(8), [0, 1])),
    no("init", "Buffer", shape=[8], init="normal", dtype="int64", torch=lambda: init.normal_(empty(8, dtype=int64))),
    no(
        "dtype",
        "Buffer",
        shape=[8],
        dtype="complex64",
        torch=lambda: empty(8, dtype=complex64),
        stricter="no such type",
    ),
]
