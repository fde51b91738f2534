"""Rows of layers as a table: for a terminal, in markdown, CSV and HTML.

The terminal's table is written here in ASCII, not with rich: that takes 3 seconds for 10,000 rows, reads
square brackets in a cell as markup, and marks what it cuts with a character that not every terminal has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from archspec.dims import Dim, symbols
from archspec.render import BOLD, DIM, cells, paint, printable

_HEADER = ("layer", "op", "output", "parameters", "MACs", "field")
_LEAST = 8  # cells that cutting leaves of a column
_FORMULA = 16  # characters of a formula that are shown in place of f(H, W)
_GAP = "  "

Total: TypeAlias = tuple[str, tuple[Dim, ...], str]
"""What; how many, as the largest of some sizes; and a remark."""


class Row(NamedTuple):
    """A layer; or a scope with everything in it added up (`sum`), or above its layers (`head`)."""

    level: int  # from 1
    name: str  # below the scope that it stands in
    path: str
    op: str
    output: str
    params: int
    macs: Dim
    field: str
    shared: bool = False
    kind: Literal["layer", "sum", "head"] = "layer"

    @property
    def free(self) -> bool:
        """Whether it owns nothing and multiplies nothing."""
        return self.kind == "layer" and not self.params and self.macs == 0 and not self.shared


def text(rows: Sequence[Row], width: int, color: bool) -> str:
    """Lines of at most `width` columns, unless the numbers alone take more: where all of it doesn't fit,
    shapes are written closely, then MACs rounded, then names cut. Blank is zero."""
    for close, macs in ((False, brief), (True, brief), (True, short)):
        table = [_HEADER, *(_cells(row, close, macs) for row in rows)]
        if _total(_widths(table)) <= width:
            break
    header, *lines = aligned(table, width, left=3)
    styles = [DIM if row.free else BOLD if row.kind == "head" else "" for row in rows]
    rule = "-" * max(map(cells, [header, *lines]))
    body = [paint(line, style, color and bool(style)) for line, style in zip(lines, styles, strict=True)]
    return "\n".join([paint(header, BOLD, color), rule, *body, rule])


def _cells(row: Row, close: bool, macs: Callable[[Dim], str]) -> tuple[str, ...]:
    name = printable("  " * (row.level - 1) + row.name)
    if row.kind == "head":
        return (name, row.op, "", "", "", "")
    output = row.output.replace(" x ", "x") if close else row.output
    params = "shared" if row.shared else exact(row.params) if row.params else ""
    return (name, row.op, output, params, macs(row.macs) if row.macs else "", row.field)


def aligned(table: Sequence[Sequence[str]], width: int, left: int) -> list[str]:
    """Lines whose first `left` columns are aligned to the left, and are cut where `width` requires it; the
    others hold numbers."""
    widths = _widths(table)
    while _total(widths) > width and max(widths[:left]) > _LEAST:
        widths[max(range(left), key=widths.__getitem__)] -= 1
    lines = []
    for line in table:
        cut = [_cut(cell, room) for cell, room in zip(line, widths, strict=True)]
        blank = [" " * (room - cells(cell)) for cell, room in zip(cut, widths, strict=True)]
        words = [cell + space for cell, space in zip(cut[:left], blank, strict=False)]
        numbers = [space + cell for cell, space in zip(cut[left:], blank[left:], strict=True)]
        lines.append(_GAP.join(words + numbers).rstrip())
    return lines


def _widths(table: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(cells, column)) for column in zip(*table, strict=True)]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _cut(cell: str, width: int) -> str:
    if cells(cell) <= width:
        return cell
    while cells(cell) > width - 2:
        cell = cell[:-1]
    return f"{cell}.."


def totals(lines: Sequence[Total]) -> str:
    """The totals below a table, numbers in a column."""
    names = max(len(what) for what, _, _ in lines)
    numbers = max(len(brief(*sizes)) for _, sizes, _ in lines)
    return "\n".join(
        f"{what:<{names}}{_GAP}{brief(*sizes):>{numbers}}{_GAP}{remark}".rstrip() for what, sizes, remark in lines
    )


def markdown(rows: Iterable[Row]) -> str:
    """A table with full paths and exact numbers."""
    lines = [_HEADER, ("---", "---", "---", "---:", "---:", "---:"), *_full(rows)]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def html(rows: Iterable[Row]) -> str:
    """A table with full paths and exact numbers."""
    from html import escape

    lines = [_row("th", _HEADER), *(_row("td", map(escape, line)) for line in _full(rows))]
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def _row(tag: str, line: Iterable[str]) -> str:
    sides = ("left",) * 3 + ("right",) * 3
    inside = "".join(
        f'<{tag} style="text-align: {side}">{cell}</{tag}>' for side, cell in zip(sides, line, strict=True)
    )
    return f"<tr>{inside}</tr>"


def csv(rows: Iterable[Row]) -> str:
    """Comma-separated values, for programs: full paths, and numbers without separators."""
    from csv import writer
    from io import StringIO

    file = StringIO()
    lines = writer(file, lineterminator="\n")
    lines.writerow(("path", "op", "output_shape", "params", "macs", "receptive_field"))
    listed = [row for row in rows if row.kind != "head"]
    lines.writerows((row.path, row.op, row.output, row.params, row.macs, row.field) for row in listed)
    return file.getvalue()


def formula(*sizes: Dim) -> str:
    """The largest of sizes, as text."""
    return str(sizes[0]) if len(sizes) == 1 else f"max({', '.join(map(str, sizes))})"


def exact(*sizes: Dim) -> str:
    """The same, numbers with thousands separators."""
    return f"{sizes[0]:,}" if isinstance(sizes[0], int) else formula(*sizes)


def brief(*sizes: Dim) -> str:
    """The same, but in place of a long formula only what it depends on, as in f(H, W)."""
    names = sorted(set().union(*map(symbols, sizes)))
    return f"f({', '.join(names)})" if names and len(formula(*sizes)) > _FORMULA else exact(*sizes)


def short(size: Dim) -> str:
    """Three or four digits and a unit, as in 118.0M; what is symbolic in brief."""
    if not isinstance(size, int):
        return brief(size)
    for unit, one in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if size >= one:
            return f"{size / one:.{2 if unit == 'G' else 1}f}{unit}"
    return str(size)


def in_bytes(*sizes: Dim) -> str:
    """The unit of a number of bytes, and it in KiB, MiB or GiB."""
    size = sizes[0]
    if not isinstance(size, int):
        return "bytes"
    unit, one = next(((unit, one) for unit, one in (("GiB", 2**30), ("MiB", 2**20)) if size >= one), ("KiB", 2**10))
    return f"bytes, {size / one:,.1f} {unit}"


def _full(rows: Iterable[Row]) -> list[tuple[str, ...]]:
    listed = [row for row in rows if row.kind != "head"]
    return [(row.path, row.op, row.output, exact(row.params), exact(row.macs), row.field) for row in listed]
