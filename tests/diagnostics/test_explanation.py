"""Every code has a page, and all pages have one form. Their examples are run in tests/docs/test_diagnostics.py."""

from __future__ import annotations

import re

import pytest

from archspec.diagnostics import CODES
from archspec.diagnostics.codes import STAGES
from archspec.diagnostics.explanation import PAGES, UnknownCodeError, page

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert {path.stem for path in PAGES.iterdir()} == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_page_starts_with_the_title_and_shows_a_wrong_and_a_right_example(code: str) -> None:
    headings = re.findall(r"^#.*", _FENCED.sub("", page(code)), re.MULTILINE)
    assert headings == [f"# {code}: {CODES[code].title}", "## Wrong", "## Right"]


@pytest.mark.parametrize("code", CODES)
def test_a_page_fits_a_terminal(code: str) -> None:
    text = page(code)
    prose = _FENCED.sub("", text).split("\n")
    files = "".join(re.findall(r"^```yaml.*?^```$", text, re.MULTILINE | re.DOTALL)).split("\n")
    assert [line for line in prose if len(line) > 80] == []
    assert [line for line in files if len(line) > 78] == []


@pytest.mark.parametrize("code", CODES)
def test_a_page_says_what_the_code_means_in_a_few_sentences(code: str) -> None:
    prose = page(code).partition("\n")[2].partition("\n## Wrong")[0]
    sentences = re.findall(r"[.:;?](?=\s)", _FENCED.sub("", prose))
    assert 2 <= len(sentences) <= 12, prose


def test_titles_have_one_voice() -> None:
    for code in CODES.values():
        assert re.match(r"[a-z]|YAML", code.title), code
        assert not code.title.endswith("."), code
        assert code.name[:2] in STAGES, code


def test_a_code_may_be_in_lower_case() -> None:
    assert page("a301") == page("A301")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("E301", "there is no code `E301`; did you mean `A301`?"),
        ("301", "there is no code `301`; did you mean `A301`?"),
        ("resnet50", "there is no code `resnet50`; `archspec explain` lists them all; a layer has a TARGET and a PATH"),
        ("../A301", "there is no code `../A301`; did you mean `A301`?"),
    ],
)
def test_an_unknown_code_is_told_with_its_nearest(code: str, said: str) -> None:
    with pytest.raises(UnknownCodeError) as caught:
        page(code)
    assert str(caught.value) == said
