"""Predictions as a table that fits, as JSON, and as CSV."""

from __future__ import annotations

import csv
import io
import json

import pytest

from archspec.prediction.report import Guess, Prediction, Predictions
from archspec.render import cells

FOUND = Predictions(
    "net",
    "its.pt",
    (
        Prediction("a.png", (Guess(2, 0.75, "tabby, tabby cat"), Guess(0, 0.123456789012345, "Ägyptische Katze"))),
        Prediction("photos/of/last/summer/img\x1b[2J.jpg", (Guess(1, 0.999999, "日本語" * 20), Guess(7, 1e-9))),
    ),
    {"z.png": "z.png is no image"},
)


def test_a_table_of_what_fits_as_it_is() -> None:
    narrow = Predictions("net", "", FOUND.images[:1], {})
    assert narrow.text() == (
        "file   class             probability\n"
        "a.png  tabby, tabby cat       0.7500\n"
        "       Ägyptische Katze       0.1235"
    )


@pytest.mark.parametrize("width", [80, 60, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = FOUND.text(width).splitlines()
    assert {cells(line) for line in lines} <= {width, width - 1}
    assert "\x1b" not in FOUND.text(width)
    assert lines[3].startswith("photos/of" if width == 120 else "...")
    assert "img?[2J.jpg" in lines[3]
    assert lines[4].endswith("0.0000")


def test_json_has_a_stable_form() -> None:
    assert json.loads(FOUND.json()) == {
        "network": "net",
        "weights": "its.pt",
        "images": [
            {
                "file": "a.png",
                "predictions": [
                    {"class": "tabby, tabby cat", "index": 2, "probability": 0.75},
                    {"class": "Ägyptische Katze", "index": 0, "probability": 0.123457},
                ],
            },
            {
                "file": "photos/of/last/summer/img\x1b[2J.jpg",
                "predictions": [
                    {"class": "日本語" * 20, "index": 1, "probability": 0.999999},
                    {"class": "7", "index": 7, "probability": 1e-9},
                ],
            },
        ],
        "unreadable": [{"file": "z.png", "reason": "z.png is no image"}],
    }


def test_csv_has_a_row_for_each_image_and_rank() -> None:
    rows = list(csv.DictReader(io.StringIO(FOUND.csv())))
    assert [(row["file"], row["rank"], row["index"]) for row in rows[:3]] == [
        ("a.png", "1", "2"),
        ("a.png", "2", "0"),
        (FOUND.images[1].file, "1", "1"),
    ]
    assert (rows[0]["class"], rows[3]["class"], float(rows[3]["probability"])) == ("tabby, tabby cat", "7", 1e-9)
