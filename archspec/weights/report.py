"""A plan as text for a terminal of 80 columns, long lists cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import wrap

from archspec.weights.checkpoint import sizes
from archspec.weights.layers import by_layer, layers
from archspec.weights.plan import Plan, line
from archspec.zoo import SAVED_SPEC

_WIDTH = 80
_MOST = 8  # lines of a list
_WHOLE = "`weights plan --format json` has them all"


def text(plan: Plan) -> str:
    """What would load and what would not, the tables' renames, and what is proposed."""
    return "\n".join([*_head(plan), "", *_counts(plan), *_lists(plan), *_proposal(plan), "", *_verdict(plan)])


def _head(plan: Plan) -> Iterator[str]:
    checkpoint = plan.checkpoint
    yield f"{checkpoint.name} ({checkpoint.format}): {_tensors(len(checkpoint.shapes))}"
    if checkpoint.inside:
        besides = f"; beside it, and not read: {', '.join(checkpoint.besides)}" if checkpoint.besides else ""
        yield from _wrapped(f"they are its `{checkpoint.inside}`{besides}", "  ")
    yield f"{plan.network}: {_tensors(len(plan.wanted))}"


def _counts(plan: Plan) -> Iterator[str]:
    now = plan.now
    renamed = sum(key in now.renamed for key in now.loads)
    dropped = sum(each.name is None for each in now.renamed.values())
    remarks = {
        "load": (len(now.loads), f"{renamed} of them renamed" if renamed else ""),
        "dropped": (dropped, "by a table"),
        "counters": (len(now.counters), "not in the weights; they start from 0"),
        "missing": (len(now.missing), "in the network alone"),
        "unexpected": (len(now.unexpected), "in the weights alone"),
        "other shape": (len(now.mismatched), "in the weights than in the network"),
    }
    for what, (count, remark) in remarks.items():
        if count or what == "load":
            yield f"{what:<12}{count:>6}  {remark}".rstrip()


def _lists(plan: Plan) -> Iterator[str]:
    now, shapes = plan.now, plan.checkpoint.shapes
    yield from _list("renamed or dropped by a table", list(_renamed(plan)))
    yield from _layers("missing", {name: sizes(plan.wanted[name]) for name in now.missing})
    yield from _layers("unexpected", {key: sizes(shapes[key]) for key in now.unexpected})
    differing = {each.name: f"{sizes(each.found)} for {sizes(each.wanted)}" for each in now.mismatched}
    heads = by_layer({each.name: "" for each in now.mismatched if each.in_head})
    yield from _layers("other shape", differing, heads)


def _proposal(plan: Plan) -> Iterator[str]:
    entries, notes = plan.proposal
    if entries:
        yield from ("", f"proposed renames, with which {len(plan.then.loads)} of {len(plan.wanted)} would load:")
        shown = entries[:_MOST]
        for entry in shown:
            yield _fitted(line(entry.old, entry.new), "  ", "    ")
            yield from _wrapped(f"{_tensors(entry.tensors)}: {entry.why}", "      ")
        yield from _more(len(entries) - len(shown), "`weights plan -o rename.yaml` has them all")
    if notes:
        yield from ("", "not proposed:")
        for note in notes[:_MOST]:
            yield from _wrapped(note, "  ")
        yield from _more(len(notes) - _MOST, _WHOLE)


def _verdict(plan: Plan) -> Iterator[str]:
    if plan.whole:
        yield "all would load"
        return
    beside = Path(plan.checkpoint.name).with_name(SAVED_SPEC)
    if plan.only_heads:
        yield from _wrapped("all but the head would load; `archspec.build` makes that anew, and says so")
    else:
        yield "they would not load"
        if beside.is_file():
            yield from _wrapped(f"they were saved with {beside}: {beside.parent} is the TARGET that they fit")
    if plan.proposal.entries:
        yield "`weights plan -o rename.yaml` writes them, to be reviewed; `--rename` takes them"


def _layers(title: str, told: Mapping[str, str], heads: Container[str] = ()) -> Iterator[str]:
    """What is told of tensors, a layer a line, with a word for those of the head."""
    found = by_layer(told)
    lines = [
        _fitted(f"{path}{', the head' if path in heads else ''}  {', '.join(texts)}", "  ", "      ")
        for path, texts in found.items()
    ]
    yield from _list(f"{title}, {layers(len(found))}", lines)


def _list(title: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield from ("", f"{title}:", *items[:_MOST], *_more(len(items) - _MOST, _WHOLE))


def _more(count: int, where: str) -> Iterator[str]:
    if count > 0:
        yield f"  ... and {count:,} more: {where}"


def _renamed(plan: Plan) -> Iterator[str]:
    """The entries that have done something, with the first key of each."""
    effective = {
        key: each for key, each in plan.now.renamed.items() if each.name is None or key in plan.now.loads
    }
    for by, count in Counter(each.by for each in effective.values()).items():
        key, first = next((key, each) for key, each in effective.items() if each.by == by)
        yield _fitted(f"{' and then '.join(by)}  ({_tensors(count)})", "  ", "    ")
        yield _fitted(f"{key} -> {first.name or 'dropped'}", "      ", "        ")


def _fitted(text: str, indent: str, deeper: str) -> str:
    """A line, broken at its blanks only where it is too long; a name is never broken."""
    return "\n".join(_wrapped(text, indent, deeper))


def _wrapped(text: str, indent: str = "", deeper: str | None = None) -> Iterable[str]:
    later = indent if deeper is None else deeper
    return wrap(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _tensors(count: int) -> str:
    return "1 tensor" if count == 1 else f"{count:,} tensors"
