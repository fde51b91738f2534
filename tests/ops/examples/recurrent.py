from __future__ import annotations

from tests.ops.cases import no, ok
from tests.ops.examples.convolution import UNBATCHED

PROJECTED = ("L N 8", "1 N 4", "1 N 6")

EXAMPLES = [
    ok("LSTM", "L N 8", hidden_size=6),
    ok("LSTM", "N L 8", input_size=8, hidden_size=6, batch_first=True, bias=False),
    ok("LSTM", "L N 8", hidden_size=5, num_layers=3, bidirectional=True, dropout=0.5),
    ok("LSTM", "N L 8", "2 N 4", "2 N 4", hidden_size=4, bidirectional=True, batch_first=True),
    ok("LSTM", "5 N 8", "2 N 4", "2 N 4", hidden_size=4, num_layers=2),
    ok("LSTM", "L N 8", hidden_size=6, proj_size=4),
    ok("LSTM", "N 4 8", hidden_size=4, proj_size=3, num_layers=2, bidirectional=True, batch_first=True),
    ok("GRU", "L N 8", hidden_size=6, input_size=8),
    ok("GRU", "N L 8", hidden_size=6, batch_first=True, bias=False),
    ok("GRU", "N 5 8", "4 N 3", hidden_size=3, num_layers=2, bidirectional=True, batch_first=True, dropout=1),
    ok("RNN", "L N 8", hidden_size=6, input_size=8),
    ok("RNN", "L N 8", hidden_size=6, nonlinearity="relu", bidirectional=True),
    ok("RNN", "N 5 8", "3 N 2", hidden_size=2, num_layers=3, batch_first=True, bias=False, dropout=0.1),
]

REFUSED = [
    no("input_size", "LSTM", "L N 8", input_size=7, hidden_size=6),
    no("input_size", "GRU", "L N 8", input_size=0, hidden_size=6),
    no("hidden_size", "LSTM", "L N 8", hidden_size=0),
    no("num_layers", "RNN", "L N 8", hidden_size=6, num_layers=0),
    no("dropout", "GRU", "L N 8", hidden_size=6, num_layers=2, dropout=1.5),
    no("dropout", "LSTM", "L N 8", hidden_size=6, num_layers=2, dropout=-0.5),
    no("proj_size", "LSTM", "L N 8", hidden_size=6, proj_size=6),
    no("proj_size", "LSTM", "L N 8", hidden_size=6, proj_size=-1),
    no("proj_size", "LSTM", *PROJECTED, hidden_size=6, proj_size=4, emission=True, stricter="ONNX has no such op"),
    no("nonlinearity", "RNN", "L N 8", hidden_size=6, nonlinearity="sigmoid"),
    no(0, "LSTM", "5 8", hidden_size=6, stricter=UNBATCHED),
    no(0, "GRU", "0 3 8", hidden_size=6),
    no(0, "GRU", "5 3 0", hidden_size=6),
    no(0, "RNN", "N 0 8", hidden_size=6, batch_first=True),
    no(0, "LSTM", "5 N 8:float64", hidden_size=6),
    no(0, "LSTM", "5 N C", hidden_size=6, stricter="weights have a size"),
    no(0, "LSTM", "5 0 8", hidden_size=6, emission=True, stricter="onnxruntime dies of it"),
    no(1, "LSTM", "5 3 8", "1 3 6", hidden_size=6),
    no(1, "LSTM", "5 3 8", "1 4 6", "1 3 6", hidden_size=6, code="A503"),
    no(2, "LSTM", "5 3 8", "1 3 6", "1 3 5", hidden_size=6, code="A503"),
    no(1, "GRU", "5 3 8", "1 3 6", hidden_size=6, num_layers=2, code="A503"),
    no(1, "GRU", "5 3 8", "3 6", hidden_size=6),
    no(1, "RNN", "5 3 8", "1 3 6:float64", hidden_size=6),
]
