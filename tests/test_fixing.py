"""`archspec check --fix`: what it changes, and above all what it leaves alone."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archspec import fixing
from archspec.cli import main
from archspec.compilation import Compilation, compile_target
from archspec.diagnostics import Help
from archspec.fixing import Fixer

SPECS = Path(__file__).parents[1] / "specs"
BOM = b"\xef\xbb\xbf"
NET = """# A net  \u5377\u79ef
archspec: 1
args: {width: 4}   # how wide
inputs: {image: [N, 3, 8, 8]}
layers:
  conv: {op: Conv2d, out_channels: width, kernel_size: [3, 3],   bias: false} # first
  bn:   BatchNorm2d
\t
  pool: {op: AdaptiveAvgPool2d, output_size: 1}   # last; no end of line"""


def mend(path: Path, compile_: Callable[[Mapping[Path, str]], Compilation] | None = None) -> Fixer:
    fixer = Fixer()
    fixer.fix(compile_ or partial(compiled, path))
    fixer.write()
    return fixer


def compiled(path: Path, texts: Mapping[Path, str]) -> Compilation:
    return compile_target(str(path), unsaved=texts)


TYPOS = {
    "an op": [("Conv2d", "Conv2")],
    "an argument": [("out_channels", "out_chanels")],
    "a name in an expression": [(": width", ": widht")],
    "a key of the document": [("layers", "layrs")],
    "behind a key, what it hides": [("layers", "layrs"), ("Conv2d", "Conv2"), ("out_channels", "out_chanels")],
    "two in a layer": [("Conv2d", "Conv2"), ("kernel_size", "kernal_size"), (": width", ": widht")],
    "on all lines": [("inputs", "input"), ("BatchNorm2d", "BatchNom2d"), ("AdaptiveAvgPool2d", "AdaptiveAvgPol2d")],
}


@pytest.mark.parametrize("typos", TYPOS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", BOM], ids=["", "BOM"])
def test_misspelt_words_are_mended_and_nothing_else(mark: bytes, end: str, typos: str, tmp_path: Path) -> None:
    good = mark + NET.replace("\n", end).encode()
    bad = good
    for right, wrong in TYPOS[typos]:
        assert bad.count(right.encode()) == 1
        bad = bad.replace(right.encode(), wrong.encode())
    path = tmp_path / "net.yaml"
    path.write_bytes(bad)
    fixes = mend(path).fixes
    assert path.read_bytes() == good
    assert sorted((fix.span.text, fix.text) for fix in fixes) == sorted(
        (wrong.strip(": "), right.strip(": ")) for right, wrong in TYPOS[typos]
    )


@st.composite
def misspelt(draw: st.DrawFn) -> str:
    """A published spec, some of whose words have a letter lost, doubled, or two swapped."""
    text = (SPECS / f"{draw(st.sampled_from(['alexnet', 'resnet', 'vgg', 'mobilenet_v2', 'unet']))}.yaml").read_text()
    for _ in range(draw(st.integers(1, 6))):
        word = draw(st.sampled_from(list(re.finditer(r"\w{3,}", text))))
        at = draw(st.integers(word.start(), word.end() - 2))
        pair = text[at : at + 2]
        text = text[:at] + draw(st.sampled_from([pair[0], pair[0] + pair, pair[::-1]])) + text[at + 2 :]
    return text


def _errors(path: Path) -> int:
    return sum(item.severity == "error" for item in compile_target(str(path)).diagnostics)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=misspelt(), end=st.sampled_from(["\n", "\r\n"]), mark=st.sampled_from([b"", BOM]))
def test_lines_without_fixes_and_comments_stay_byte_for_byte(text: str, end: str, mark: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    before = mark + text.replace("\n", f"  # kept  {end}").encode()
    path.write_bytes(before)
    fixer = mend(path)
    after = path.read_bytes()
    touched = {fix.span.line for fix in fixer.fixes}
    lines = list(zip(before.split(b"\n"), after.split(b"\n"), strict=True))
    assert all(old == new for number, (old, new) in enumerate(lines, 1) if number not in touched)
    assert all(old.partition(b"  # kept")[1:] == new.partition(b"  # kept")[1:] for old, new in lines)
    assert (after == before) == (not fixer.fixes)
    again = mend(path)
    assert (again.fixes, path.read_bytes()) == ([], after)


def test_what_a_misspelt_word_hides_is_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    good = NET.replace("width, kernel_size: [3, 3]", "high, kernel_size: wide")
    path.write_text(good.replace("Conv2d, out_channels", "Conv2, out_chanels").replace("kernel_size", "kernal_size"))
    assert len(mend(path).fixes) == 3
    assert path.read_text() == good


def test_what_imported_files_hold_is_fixed_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    net = "archspec: 1\nimport: [blocks.yaml]\ninputs: {image: [N, 3, 8, 8]}\nlayers: {b: Block}\n"
    (tmp_path / "blocks.yaml").write_text("archspec: 1\nblocks: {Block: {layers: [Relu]}}\n")
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(net)
    assert main(["check", "--fix", "a.yaml", "b.yaml"]) == 0
    assert "[ReLU]" in (tmp_path / "blocks.yaml").read_text()
    assert (tmp_path / "a.yaml").read_text() == net


# --- fixes that do harm


def test_fixes_that_do_harm_are_not_kept_and_the_others_are(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(NET.replace("BatchNorm2d", "BatchNom2d").replace("Conv2d", "Conv2"))

    def with_bad_advice(texts: Mapping[Path, str]) -> Compilation:
        """Takes a bracket away, makes a kernel too large, and changes nothing."""
        found = compiled(path, texts)
        assert found.target.spec is not None
        file = found.target.spec.file
        for code, wrong, text in (("A301", "8]}", "8}"), ("A501", "[3, 3]", "[33, 3]"), ("A301", "bias", "bias")):
            if (start := file.text.find(wrong)) >= 0:
                place = file.span(start, start + len(wrong))
                found.diagnostics.add(code, "bad advice", place, helps=[Help("", text)])
        return found

    assert len(mend(path, with_bad_advice).fixes) == 2
    assert path.read_text() == NET


def test_fixes_that_undo_each_other_come_to_an_end(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(NET)
    rounds = 0

    def undecided(texts: Mapping[Path, str]) -> Compilation:
        nonlocal rounds
        rounds += 1
        found = compiled(path, texts)
        assert found.target.spec is not None
        match = re.search("first|third", found.target.spec.file.text)
        assert match
        other = "third" if match[0] == "first" else "first"
        span = found.target.spec.file.span(*match.span())
        found.diagnostics.add("A401", "the other one", span, helps=[Help("", other)])
        return found

    assert len(mend(path, undecided).fixes) == 2
    assert path.read_text() == NET
    assert rounds < 5


def test_fixes_that_overlap_are_made_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(NET)

    def twice(texts: Mapping[Path, str]) -> Compilation:
        found = compiled(path, texts)
        assert found.target.spec is not None
        file = found.target.spec.file
        for code, wrong, text in (("A401", "how wide", "the width"), ("A404", "wide", "broad")):
            if (start := file.text.find(wrong)) >= 0:
                found.diagnostics.add(code, "m", file.span(start, start + len(wrong)), helps=[Help("", text)])
        return found

    mend(path, twice)
    assert path.read_text() == NET.replace("how wide", "the width")


# --- files


def test_the_mode_stays_and_nothing_is_left_beside(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(NET.replace("Conv2d", "Conv2"))
    path.chmod(0o640)
    mend(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_one_and_its_target_is_fixed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "net.yaml", tmp_path / "net.yaml"
    real.write_text(NET.replace("Conv2d", "Conv2"))
    link.symlink_to(real)
    mend(link)
    assert link.is_symlink()
    assert real.read_text() == NET


def test_a_file_that_changes_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(NET.replace("Conv2d", "Conv2"))
    fixer = Fixer()
    fixer.fix(partial(compiled, path))
    path.write_text("new")
    with pytest.raises(OSError, match="has been changed while it was checked"):
        fixer.write()
    assert path.read_text() == "new"


def test_a_write_that_fails_leaves_the_file_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.yaml"
    bad = NET.replace("Conv2d", "Conv2")
    path.write_text(bad)

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", full)
    assert main(["check", "--fix", str(path)]) == 2
    assert path.read_text() == bad
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_may_not_be_written_is_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(NET.replace("Conv2d", "Conv2"))
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert main(["check", "--fix", str(path)]) == 2
    assert "cannot be written to" in capsys.readouterr().err


def test_what_came_with_the_package_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixing, "__file__", str(tmp_path / "package" / "fixing.py"))
    path = tmp_path / "package" / "_data" / "specs" / "net.yaml"
    path.parent.mkdir(parents=True)
    bad = NET.replace("Conv2d", "Conv2")
    path.write_text(bad)
    assert mend(path).fixes == []
    assert path.read_text() == bad


def test_what_stands_on_the_command_line_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "--set widht").write_text("5")
    assert main(["check", "--fix", "net.yaml", "--set", "widht=3"]) == 1
    assert (tmp_path / "net.yaml").read_text() == NET
    assert (tmp_path / "--set widht").read_text() == "5"
