"""Tables of cells: for a terminal, in markdown, CSV and HTML.

The terminal's table is written here in ASCII, not with rich: that takes 3 seconds for 10,000 rows, reads
square brackets in a cell as markup, and marks what it cuts with a character that not every terminal has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import NamedTuple, TypeAlias

from archspec.dims import Dim
from archspec.render import BOLD, cells, paint
from archspec.reports.figures import formula

_LEAST = 8  # cells that cutting leaves of a column
_GAP = "  "

Total: TypeAlias = tuple[str, tuple[Dim, ...], str]
"""What; how many, as the largest of some sizes; and a remark."""


class Table(NamedTuple):
    """Rows of cells below a header. The first `left` columns hold words, the others numbers."""

    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    left: int


def text(forms: Iterable[Table], styles: Sequence[str], width: int, color: bool) -> str:
    """The first of some forms of a table that fits into `width` columns, else the last one, its words cut; wider
    only where the numbers alone are. Each row has its style."""
    for table in forms:
        if width_of([table.header, *table.rows]) <= width:
            break
    header, *lines = aligned([table.header, *table.rows], width, table.left)
    rule = "-" * max(map(cells, [header, *lines]))
    body = [paint(line, style, color and bool(style)) for line, style in zip(lines, styles, strict=True)]
    return "\n".join([paint(header, BOLD, color), rule, *body, rule])


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


def width_of(table: Sequence[Sequence[str]]) -> int:
    """How many columns a table takes where nothing is cut."""
    return _total(_widths(table))


def _widths(table: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(cells, column)) for column in zip(*table, strict=True)]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _cut(cell: str, width: int) -> str:
    """A cell, without its middle where it does not fit: what tells names apart often stands at their ends."""
    if cells(cell) <= width:
        return cell
    indent = len(cell) - len(cell.lstrip())
    middle = (indent + len(cell)) // 2
    front, back = cell[:middle], cell[middle:]
    while cells(front) + cells(back) > width - 2:
        if len(front) - indent > len(back) or not back:
            front = front[:-1]
        else:
            back = back[1:]
    return f"{front}..{back}"


def totals(lines: Sequence[Total], width: int) -> str:
    """The totals below a table: numbers in a column, and formulas in full, over as many lines as they take."""
    names = max(len(what) for what, _, _ in lines)
    numbers = max(len(f"{size:,}") for _, (size, *_), _ in lines if isinstance(size, int))
    text: list[str] = []
    for what, sizes, remark in lines:
        head = f"{what:<{names}}{_GAP}"
        if len(sizes) == 1 and isinstance(sizes[0], int):
            text.append(f"{head}{sizes[0]:>{numbers},}{_GAP}{remark}".rstrip())
        else:
            indent = " " * len(head)
            text += wrap(f"{formula(*sizes)} {remark}", width, initial_indent=head, subsequent_indent=indent)
    return "\n".join(text)


def markdown(table: Table) -> str:
    """A table of GitHub's markdown."""
    sides = ("---",) * table.left + ("---:",) * (len(table.header) - table.left)
    lines = [table.header, sides, *table.rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def html(table: Table) -> str:
    """A table of HTML."""
    from html import escape

    sides = ("left",) * table.left + ("right",) * (len(table.header) - table.left)
    lines = [_row("th", table.header, sides), *(_row("td", map(escape, line), sides) for line in table.rows)]
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def _row(tag: str, line: Iterable[str], sides: Sequence[str]) -> str:
    inside = "".join(
        f'<{tag} style="text-align: {side}">{cell}</{tag}>' for side, cell in zip(sides, line, strict=True)
    )
    return f"<tr>{inside}</tr>"


def csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Comma-separated values, for programs."""
    from csv import writer
    from io import StringIO

    file = StringIO()
    lines = writer(file, lineterminator="\n")
    lines.writerow(header)
    lines.writerows(rows)
    return file.getvalue()
