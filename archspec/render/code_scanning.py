"""SARIF 2.1.0, the form that code scanning services read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/ and what GitHub makes of it:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from archspec.diagnostics import Code, Diagnostic, Replacement
from archspec.diagnostics.explanation import page
from archspec.render import Checked
from archspec.render.services import ascii_json, in_full, once, whole
from archspec.source import SourceFile, Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"  # the name that services know for the folder that relative paths start from


def sarif(checked: Checked, exit_code: int = 0, version: str = "") -> str:
    """SARIF 2.1.0: rules with their pages, results with their fixes, and fingerprints that stay when lines move; by
    which version, and how the run ended."""
    items = list(once(checked))
    codes = sorted({item.code for item in items}, key=lambda code: code.name)
    places = {code.name: place for place, code in enumerate(codes)}
    run = {
        "tool": {
            "driver": {
                "name": "archspec",
                **({"semanticVersion": version} if version else {}),
                "rules": [_rule(code) for code in codes],
            }
        },
        "invocations": [{"executionSuccessful": exit_code < 2, "exitCode": exit_code}],
        "originalUriBaseIds": {_ROOT: {"uri": f"{Path.cwd().as_uri().rstrip('/')}/"}},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(item, places[item.code.name], fingerprint)
            for item, fingerprint in zip(items, _fingerprints(items), strict=True)
        ],
    }
    return ascii_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: Code) -> dict[str, object]:
    text = page(code.name)
    _, first, *_ = text.split("\n\n")
    return {
        "id": code.name,
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": first.replace("\n", " ")},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": str(code.severity)},
    }


def _result(item: Diagnostic, place: int, fingerprint: str) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": item.code.name,
        "ruleIndex": place,
        "level": str(item.severity),
        "message": {"text": in_full(item)},
        "locations": [_location(item.span)],
        "relatedLocations": [
            {"id": number, "message": {"text": label.text}, **_location(label.span)}
            for number, label in enumerate(item.labels, 1)
        ],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
    }
    if item.fix is not None:
        result["fixes"] = [_fix(item.fix)]
    return result


def _fix(fix: Replacement) -> dict[str, object]:
    replacement = {"deletedRegion": _region(fix.span), "insertedContent": {"text": fix.text}}
    return {"artifactChanges": [{"artifactLocation": _artifact(fix.span), "replacements": [replacement]}]}


def _location(span: Span) -> dict[str, object]:
    return {"physicalLocation": {"artifactLocation": _artifact(span), "region": _region(span)}}


def _region(span: Span) -> dict[str, object]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _artifact(span: Span) -> dict[str, object]:
    uri = _uri(span.file.path)
    return {"uri": uri} if uri.startswith("file:") else {"uri": uri, "uriBaseId": _ROOT}


def _uri(path: str) -> str:
    """Relative to the working folder for what is in it: services match that with the files of a repository."""
    root = Path.cwd()
    found = root / os.path.normpath(whole(path))
    if ".." in found.parts:
        found = Path(os.path.normpath(found))
    return quote(found.relative_to(root).as_posix()) if found.is_relative_to(root) else found.as_uri()


def _fingerprints(items: Iterable[Diagnostic]) -> Iterator[str]:
    """Names of mistakes that stay when lines move: by code, file and line's text, numbered where equal."""
    digest_of = cache(_digest)  # a line may be as long as a file, and hold as many mistakes
    seen: Counter[str] = Counter()
    for item in items:
        digest = digest_of(item.code.name, item.span.file, item.span.line)
        seen[digest] += 1
        yield f"{digest}:{seen[digest]}"


def _digest(code: str, file: SourceFile, line: int) -> str:
    fact = "\0".join([code, _uri(file.path), file.line(line).strip()])
    return sha256(fact.encode("utf-8", errors="surrogatepass")).hexdigest()[:16]
