"""Tables of renames: which entry counts for which key, and what is no table."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.weights import WeightsError
from archspec.weights.renames import Table, read_table, rename


@pytest.mark.parametrize(
    ("tables", "key", "name"),
    [
        ([{}], "old", "old"),
        ([{"old": "new"}], "old", "new"),
        ([{"old": None}], "old", None),
        ([{"o": "new"}], "old", "old"),  # an expression matches all of a key
        ([{"(.*)": r"x.\1", "old": "new"}], "old", "new"),  # a literal key comes first
        ([{"o.*": "first", "ol.*": "second"}], "old", "first"),
        ([{"o(.)d": r"\1\1"}], "old", "ll"),
        ([{".*": "x"}], "kept", "kept"),  # the network has it
        ([{"kept": "new"}], "kept", "new"),  # but a literal key is meant
        ([{"m.(.*)": r"\1"}, {"old": "new"}], "m.old", "new"),  # one table after the other
        ([{"m.(.*)": r"\1"}, {"kept": "new", ".*": "x"}], "m.kept", "new"),
        ([{"m.(.*)": r"\1"}, {".*": "x"}], "m.kept", "kept"),
        ([{"old": None}, {"old": "new"}], "old", None),
        ([{"a.b": "new"}], "a.b", "new"),
        ([{"a[0]": "new"}], "a[0]", "new"),  # literally, whatever it means as an expression
    ],
)
def test_which_entry_counts(tables: list[Table], key: str, name: str | None) -> None:
    assert rename([key], {"kept", "new"}, tables)[key].name == name


def test_two_keys_of_one_name_are_an_error() -> None:
    with pytest.raises(WeightsError, match="`a` and `b` of the weights would both be `c` of the network"):
        rename(["a", "b"], {"c"}, [{"[ab]": "c"}])
    with pytest.raises(WeightsError, match="`c` and `a` of the weights would both be `c`"):
        rename(["c", "a"], {"c"}, [{"a": "c"}])
    assert rename(["a", "b"], {"c"}, [{"[ab]": None}])["a"].name is None


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"(": "x"}, "no regular expression"),
        ({"o(.)d": r"\2"}, "is no name that"),
        ({"o(?P<x>l)d": r"\g<y>"}, "is no name that"),
    ],
)
def test_what_is_no_expression_is_told(table: Table, said: str) -> None:
    with pytest.raises(WeightsError, match=said):
        rename(["old"], {"new"}, [table])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "is no table of renames"),
        ("a: [b]\n", r":1: `a` is renamed to a name or to null"),
        ("a: 1\n", r":1: `a` is renamed to a name or to null"),
        ("a: b\na: c\n", ":2: "),
        ("a: {\n", ":1: "),
    ],
)
def test_what_is_no_table_is_told(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WeightsError, match=said):
        read_table(path)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_bytes(b"\xff")
    with pytest.raises(WeightsError, match=r"cannot be read: it is no text"):
        read_table(tmp_path / "t.yaml")
    with pytest.raises(WeightsError, match=r"cannot be read: No such file"):
        read_table(tmp_path / "nothing.yaml")
    with pytest.raises(WeightsError, match="cannot be read"):
        read_table("a\0b")
    with pytest.raises(WeightsError, match="maps names to names or to null, not `a` to `1`"):
        read_table({"a": 1})  # type: ignore[dict-item]
