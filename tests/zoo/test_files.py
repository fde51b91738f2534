"""Zoo files that are wrong: each is told with its file and line, and the way out where there is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import archspec
from archspec.cli import main
from archspec.zoo import ZooError
from archspec.zoo.files import read_models


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[]", 1, "a zoo file has to be a mapping with `models`, and is a list"),
        ("rename: {}", 1, "a zoo file needs `models`"),
        ("models: []", 1, "`models` has to be a mapping, and is a list"),
        ("models: {}\nrenames: {}", 2, "a zoo file has no key `renames`; did you mean `rename`?"),
        ("models: {}\nversion: 2", 2, "a zoo file has no key `version`; a zoo file has models, rename"),
        ("models:\n  a: {spec: b}\n  a: {spec: c}", 3, "`a` stands twice in this mapping"),
        ("models:\n  a: spec", 2, "the model `a` has to be a mapping with `spec`, and is"),
        ("models:\n  a/b: {spec: c}", 2, "`a/b` cannot name a model"),
        ("models:\n  a.yaml: {spec: c}", 2, "`a.yaml` cannot name a model"),
        ("models:\n  a: {args: {}}", 2, "a zoo model needs `spec`"),
        ("models:\n  a: {spec: b, arg: {}}", 2, "a zoo model has no key `arg`; did you mean `args`?"),
        ("models:\n  a:\n    spec: [b]", 3, "`spec` has to be text, and is a list"),
        ("models:\n  a:\n    spec: b\n    weights: timm x", 4, "`weights` has to be `torchvision NAME_Weights`, or a"),
        ("models:\n  a:\n    spec: b\n    weights: {V1: 3}", 4, "the weights `V1` have to be the name of a file, and"),
        (
            "models:\n  a:\n    spec: b\n    weights: {V1: v1.pt}\n    weights_args: {V2: {size: 3}}",
            5,
            "`a` has no weights `V2`; it has V1",
        ),
        ("models:\n  a:\n    spec: b\n    weights_args: {V2: 3}", 4, "the args of `V2` have to be a mapping, and are"),
        ("models:\n  a:\n    spec: b\n    expect: {parms: 3}", 4, "`expect` has no `parms`; did you mean `params`?"),
        ("models:\n  a:\n    spec: b\n    expect: {params: many}", 4, "`params` has to be a number, and is"),
        ("models:\n  a:\n    spec: b\n    expect: {params: true}", 4, "`params` has to be a number, and is"),
        ("models: {}\nrename: {'(a': b}", 2, "`(a` is no regular expression: missing ), unterminated subpattern"),
        ("models: {}\nrename: {'(a)': '\\2'}", 2, "`\\2` speaks of group 2, which `(a)` does not have"),
        ("models: {}\nrename: {'(a)': '\\g<b>'}", 2, "`\\g<b>` speaks of group b, which `(a)` does not have"),
        ("models: {}\nrename: {a: [b]}", 2, "`a` has to get another name, or null, and gets a list"),
        ("models: {}\nrename: {a: 3}", 2, "`a` has to get another name, or null, and gets"),
        ("models: {a: {spec: b", 1, ""),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, message: str, tmp_path: Path) -> None:
    path = tmp_path / "family.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ZooError, match=rf"^{re.escape(str(path))}:{line}: {re.escape(message)}"):
        list(read_models(path))


def test_what_is_right_is_read(tmp_path: Path) -> None:
    path = tmp_path / "family.yaml"
    path.write_text("models: {a: {spec: b, weights: {V1: w/v1.pt}}}\nrename: {'(?P<n>a)': '\\g<n>', c: null, d: 'e'}\n")
    [model] = read_models(path)
    assert (model.name, model.family, model.spec) == ("a", "family", "b")
    assert model.files == {"V1": tmp_path / "w" / "v1.pt"}
    assert model.rename == {"(?P<n>a)": "\\g<n>", "c": None, "d": "e"}


def test_an_empty_file_is_told_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "family.yaml"
    path.touch()
    with pytest.raises(ZooError, match=r"is empty, and a zoo file has `models`$"):
        list(read_models(path))


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "family.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ZooError, match=r"family\.yaml: byte 0 is not UTF-8$"):
        list(read_models(path))


def test_a_broken_file_is_exit_code_2_wherever_it_is_met(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("specs", "zoo"):
        (tmp_path / folder).mkdir()
    (tmp_path / "zoo" / "family.yaml").write_text("models:\n  widget: {args: {}}\n", encoding="utf-8")
    where = ["--zoo", str(tmp_path)]
    assert main(["check", "widget", *where]) == 2
    assert "family.yaml:2: a zoo model needs `spec`" in capsys.readouterr().out
    for action in (["list"], ["show", "widget"], ["verify"]):
        assert main(["zoo", "--path", str(tmp_path), *action]) == 2, action
        assert "family.yaml:2: a zoo model needs `spec`" in capsys.readouterr().err
    assert main(["check", "resnet18", *where]) == 0  # which the file does not mention
    with pytest.raises(archspec.SpecError, match="a zoo model needs `spec`"):
        archspec.load("widget", zoo=tmp_path)
