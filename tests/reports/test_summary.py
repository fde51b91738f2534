"""The summary's forms: the JSON contract, and tables that people read."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from archspec.dims import symbol
from archspec.reports import Summary, figures, summarize
from tests.reports.golden import check_golden
from tests.reports.nets import Net

GOLDEN = Path(__file__).parents[1] / "golden" / "reports"


def small() -> Summary:
    """Scopes in scopes, a shared layer, several outputs, a training output."""
    net = Net(4, 16, 16)
    net.add("Conv2d", path="stem.conv", out_channels=8, kernel_size=3)
    net.add("BatchNorm2d", path="stem.bn")
    net.add("ReLU", path="stem.relu")
    net.add("Chunk", path="halves", chunks=2)
    kernel = {"out_channels": 4, "kernel_size": (3, 1), "padding": (1, 0)}
    net.add("Conv2d", "halves.0", path="layer1.0.conv", **kernel)
    net.add("Conv2d", "halves.1", path="layer1.0.again", owner="layer1.0.conv", **kernel)
    net.add("Concat", "layer1.0.conv", "layer1.0.again", path="layer1.0.cat")
    net.add("Buffer", path="mask", shape=(8, 1, 1), init="ones")
    net.add("Mul", "layer1.0.cat", "mask", path="masked")
    net.add("Flatten", path="flatten")
    fc = net.add("Linear", path="fc", out_features=10)
    net.add("Linear", "flatten", path="aux", train=True, out_features=10)
    return summarize(net.graph(fc, training=("aux",)))


def symbolic() -> Summary:
    net = Net(3, symbol("H"), symbol("W"))
    net.add("Conv2d", path="conv", out_channels=8, kernel_size=3, stride=2, padding=1)
    net.add("AdaptiveAvgPool2d", path="pool", output_size=1)
    return summarize(net.graph())


def test_the_json_form() -> None:
    found = small().as_dict()
    assert list(found) == [
        *("name", "inputs", "outputs", "params", "buffers", "macs"),
        *("weight_bytes", "weight_bytes_by_dtype", "activation_bytes", "layers", "notes"),
    ]
    assert found["inputs"] == {"image": {"shape": ["N", 4, 16, 16], "dtype": "float32"}}
    assert found["outputs"] == {
        "fc": {"shape": ["N", 10], "dtype": "float32", "training": False},
        "aux": {"shape": ["N", 10], "dtype": "float32", "training": True},
    }
    linear = 8 * 14 * 14 * 10 + 10
    assert found["params"] == {"total": 296 + 16 + 52 + 2 * linear, "trainable": 296 + 16 + 52 + 2 * linear}
    assert found["buffers"] == 17 + 8
    assert found["weight_bytes"] == 4 * (found["params"]["total"] + found["buffers"]) + 4  # num_batches_tracked: int64
    assert found["weight_bytes_by_dtype"] == {"float32": found["weight_bytes"] - 8, "int64": 8}
    assert all(isinstance(size, int) for size in found["activation_bytes"].values())
    layers = {layer["path"]: layer for layer in found["layers"]}
    assert layers["stem.conv"] == {
        "path": "stem.conv",
        "op": "Conv2d",
        "inputs": ["image"],
        "output_shape": ["N", 8, 14, 14],
        "params": 296,
        "macs": 288 * 14 * 14,
        "activation_bytes": 4 * 8 * 14 * 14,
        "receptive_field": [3, 3],
        "receptive_stride": [1, 1],
        "receptive_start": [0, 0],
    }
    assert layers["halves"]["output_shape"] == [["N", 4, 14, 14], ["N", 4, 14, 14]]
    assert layers["layer1.0.conv"]["inputs"] == ["halves.0"]
    assert layers["layer1.0.conv"]["macs"] == layers["layer1.0.again"]["macs"] == 48 * 14 * 14
    assert [layers[path]["params"] for path in ("layer1.0.conv", "layer1.0.again")] == [52, 0]
    assert [layers[path]["params"] for path in ("fc", "aux")] == [linear, linear]
    assert [layers[path]["macs"] for path in ("fc", "aux")] == [linear - 10, 0]
    assert [layers[path]["receptive_field"] for path in ("mask", "masked", "fc")] == [None, [5, 3], "whole"]
    assert sum(layer["params"] for layer in found["layers"]) == found["params"]["total"]
    assert sum(layer["macs"] for layer in found["layers"]) == found["macs"]
    assert sum(layer["activation_bytes"] for layer in found["layers"]) == found["activation_bytes"]["sum"]


def test_what_depends_on_symbols_is_text() -> None:
    found = symbolic().as_dict()
    height, width = "floor((H - 1)/2)", "floor((W - 1)/2)"
    assert found["layers"][0]["output_shape"] == ["N", 8, f"{height} + 1", f"{width} + 1"]
    assert found["macs"] == found["layers"][0]["macs"]
    assert found["macs"] == f"216*{height}*{width} + 216*{height} + 216*{width} + 216"
    assert found["params"]["total"] == 224
    result = f"32*{height}*{width} + 32*{height} + 32*{width}"
    assert found["activation_bytes"] == {"sum": f"{result} + 64", "peak": f"max(12*H*W + {result} + 32, {result} + 64)"}


def test_the_batch_is_what_stands_on_axis_n() -> None:
    net = Net(left=(symbol("B"), 3, symbol("N"), 4), right=(symbol("B"), 7))
    net.add("Linear", "right", path="fc", out_features=2)
    net.add("Conv2d", "left", path="conv", out_channels=1, kernel_size=1, bias=False)
    assert [layer.macs for layer in summarize(net.graph("fc", "conv")).layers] == [14, 12 * symbol("N")]
    fixed = Net(image=(5, 7))
    fixed.add("Linear", out_features=2)
    assert summarize(fixed.graph()).macs == 70


TEXTS = {
    "wide.txt": lambda: small().text(200),
    "narrow.txt": lambda: small().text(62),
    "narrower_than_the_numbers.txt": lambda: small().text(20),
    "depth_1.txt": lambda: small().text(80, depth=1),
    "depth_2.txt": lambda: small().text(80, depth=2),
    "symbolic.txt": lambda: symbolic().text(80),
    "markdown.md": lambda: small().markdown(),
    "markdown_depth_1.md": lambda: small().markdown(depth=1),
    "table.csv": lambda: small().csv(),
    "symbolic.csv": lambda: symbolic().csv(),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_is_golden(name: str) -> None:
    check_golden(GOLDEN / name, TEXTS[name]())


def test_every_golden_file_has_a_case() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(TEXTS)


@pytest.mark.parametrize("width", [62, 66, 72, 80, 100, 140])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    assert max(map(len, small().text(width).splitlines())) <= width


def test_long_paths_are_cut_and_never_wrapped() -> None:
    net = Net(3, 8, 8)
    net.add("Conv2d", path=".".join(["encoder_of_a_very_long_name"] * 5), out_channels=8, kernel_size=3)
    lines = summarize(net.graph()).text(80).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) == 3 + 1 + 2 + 5 + 1 + 6  # the head, a blank line, the table's, the scopes, the layer, the totals


def test_the_terminal_s_width_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "62")
    assert small().text() == str(small()) == small().text(62)


def test_numbers_as_people_read_them() -> None:
    height = symbol("H")
    assert [figures.exact(12345), figures.exact(12 * height, 5000)] == ["12,345", "max(12*H, 5000)"]
    assert [figures.short(n) for n in (999, 9408, 118013952, 4089184256)] == ["999", "9.4k", "118.0M", "4.09G"]
    assert [figures.in_bytes(n) for n in (512, 10 * 2**20, 3 * 2**30)] == [
        "bytes, 0.5 KiB",
        "bytes, 10.0 MiB",
        "bytes, 3.0 GiB",
    ]


def test_depth_adds_up() -> None:
    summary = small()
    for depth in (1, 2, 3):
        rows = [row for row in summary.rows(depth) if row.kind != "head"]
        assert sum(row.params for row in rows) == summary.weights.parameters
        assert sum(row.macs for row in rows) == summary.macs
    assert summary.rows(9) == summary.rows()


def test_colour_changes_nothing_else() -> None:
    colored = small().text(80, color=True)
    assert colored != small().text(80)
    assert re.sub(r"\x1b\[\d+m", "", colored) == small().text(80)


def test_the_text_is_ascii() -> None:
    assert small().text(40).isascii()
    assert small().markdown().isascii()


def test_csv_has_a_line_for_each_layer() -> None:
    summary = small()
    rows = list(csv.DictReader(io.StringIO(summary.csv())))
    assert [row["path"] for row in rows] == [layer.path for layer in summary.layers]
    assert [int(row["params"]) for row in rows] == [layer.params for layer in summary.layers]
    assert [int(row["macs"]) for row in rows] == [layer.macs for layer in summary.layers]


def test_names_cannot_break_the_tables() -> None:
    net = Net(3, 8, 8)
    net.add("Conv2d", path="a|b<i>,\x1b[31m\u5c42", out_channels=8, kernel_size=3)
    summary = summarize(net.graph())
    assert "\x1b" not in summary.text(80)
    assert "a&#124;b" in summary.markdown()
    assert "<i>" not in summary._repr_html_()
    (row,) = csv.DictReader(io.StringIO(summary.csv()))
    assert row["path"] == summary.layers[0].path


def test_notebooks_get_a_well_formed_table() -> None:
    class Cells(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open_tags: list[str] = []
            self.cells = 0

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.open_tags.append(tag)
            self.cells += tag == "td"

        def handle_endtag(self, tag: str) -> None:
            assert self.open_tags.pop() == tag

    parser = Cells()
    parser.feed(small()._repr_html_())
    assert not parser.open_tags
    assert parser.cells == 6 * len(small().layers)
