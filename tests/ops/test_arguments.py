"""Arguments: normal forms, and what editors are told of them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.ops.cases import Example, Refused, op_class
from tests.ops.examples import EXAMPLES, REFUSED


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_the_normal_form_of_arguments_is_itself_an_argument(example: Example) -> None:
    op = example.make()
    again = type(op).model_validate({name: getattr(op, name) for name in type(op).model_fields})
    assert again == op


@pytest.mark.parametrize("example", [e for e in REFUSED if e.blamed in op_class(e.op).model_fields], ids=str)
def test_a_bad_value_is_one_error(example: Refused) -> None:
    """Also where an argument takes several kinds of values, and also beside another mistake."""
    try:
        op_class(example.op).model_validate({**example.arguments, "nonsense": 1})
    except ValidationError as error:
        places = [item["loc"] for item in error.errors()]
        assert ("nonsense",) in places
        assert [place for place in places if place != ("nonsense",)] in ([], [(example.blamed,)])


def test_one_number_stands_for_every_axis_and_lists_for_themselves() -> None:
    conv = op_class("Conv2d").model_validate({"out_channels": 4, "kernel_size": 3, "stride": [1, 2]})
    assert (conv.kernel_size, conv.stride) == ((3, 3), (1, 2))  # type: ignore[attr-defined]
    assert conv.written() == {"out_channels": 4, "kernel_size": 3, "stride": (1, 2)}


@pytest.mark.parametrize(
    ("op", "field", "accepted", "refused"),
    [
        ("Conv2d", "padding", [0, [1, 2], "same"], [-1, [1], "full", True]),
        ("AdaptiveAvgPool2d", "output_size", [7, [None, 7], 0], [-1, None, [7, 7, 7], "7"]),
        ("LayerNorm", "normalized_shape", [None, 8, [4, 0]], [-1, [], "8"]),
        ("Upsample", "scale_factor", [None, 2, 0.5, [2, 0.5]], [0, [], "2"]),
        ("Permute", "dims", [[0, 2, 1]], [0, [], "021", [0.5]]),
        ("Parameter", "shape", [[], [0, 8]], [8, [-1], None]),
    ],
)
def test_schemas_say_what_is_taken(op: str, field: str, accepted: list[object], refused: list[object]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    rule = op_class(op).model_json_schema()["properties"][field]
    for value in accepted:
        jsonschema.validate(value, rule)
    for value in refused:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(value, rule)
