"""What indentation gives its shape: mappings and lists in block style, and the document as a whole."""

from __future__ import annotations

from archspec.syntax.tree import Mapping, Node, Scalar, Sequence
from archspec.syntax.yaml import layout, mistakes, scalars
from archspec.syntax.yaml.cursor import END, LINE_END, Cursor
from archspec.syntax.yaml.flow import Flow
from archspec.syntax.yaml.pairs import add_pair, read_as_meant, skip_marks, visible_key


class Block:
    """Reads nodes. Behind each, the cursor is at the first token of a line."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor

    def document(self) -> Node | None:
        """The node of the one document; None where there is none, which is reported."""
        cursor = self.cursor
        cursor.next_token()
        while cursor.text[cursor.pos] == "%" and cursor.column == 0:
            mistakes.directive(cursor)
        if cursor.column < 0 and cursor.text.startswith("---", cursor.pos):
            cursor.pos += len("---")
            cursor.skip_blanks()
            cursor.column = len("--- ")
            if cursor.at_line_end():
                cursor.next_token()
        if cursor.column < 0:
            mistakes.empty_file(cursor)
            return None
        root = self._node(-1)
        if cursor.column >= 0:
            start, end = layout.word_at(cursor)
            cursor.wrong(f"`{cursor.text[start:end]}` stands behind the end of what the file holds", start, end)
        elif cursor.text[cursor.pos] != END:
            mistakes.second_document(cursor)
        cursor.report_tabs()
        return root

    def _node(self, parent: int) -> Node:
        """The node whose first token starts a line at the cursor, further in than `parent`."""
        cursor = self.cursor
        if not cursor.at("-") and not scalars.is_key(cursor, cursor.pos):
            if layout.is_glued_item(cursor):
                return self._sequence(parent)
            if mistakes.is_glued_pair(cursor) or self._lacks_colon():
                return self._mapping(parent)
        return self._node_behind_dash(parent)

    def _node_behind_dash(self, parent: int) -> Node:
        """The node at the cursor, which may be the rest of a line."""
        cursor = self.cursor
        if cursor.at("-"):
            return self._sequence(parent)
        if scalars.is_key(cursor, cursor.pos) or cursor.at(":") or cursor.at("?") or mistakes.is_bracket_key(cursor):
            return self._mapping(parent)
        return self._inline(parent, "")

    def _lacks_colon(self) -> bool:
        """Whether a word stands here that is no key, and a key below or beside it."""
        cursor = self.cursor
        start, column, tabs = cursor.pos, cursor.column, len(cursor.tabbed)
        if cursor.text[start] in "[{\"'|>&!*-?:":
            return False
        cursor.pos = cursor.line_end(start)
        cursor.next_token()
        found = cursor.column >= column and scalars.is_key(cursor, cursor.pos) and not cursor.at("-")
        cursor.pos, cursor.column = start, column
        del cursor.tabbed[tabs:]
        return found

    def _mapping(self, parent: int) -> Mapping:
        cursor, start, column = self.cursor, self.cursor.pos, self.cursor.column
        cursor.enter()
        node = Mapping({}, cursor.span(start, start))
        columns = {column}  # of its entries: one, unless some are misplaced
        end = start
        while True:
            entry = self._entry()
            if entry is not None:
                add_pair(cursor, node, *entry)
                end = entry[1].span.end
            if cursor.column > column and entry is not None and self._has_arguments_below(node, entry, column):
                continue
            if parent < 0 and 0 == cursor.column < column:
                layout.indented_start(cursor, start, column)
                column = cursor.column
                columns.add(column)
            if not self._belongs(parent, column, columns, entry and entry[0]):
                break
        cursor.leave()
        node.span = cursor.span(start, end)
        return node

    def _has_arguments_below(self, node: Mapping, entry: tuple[Scalar, Node], column: int) -> bool:
        """Whether the last entry is an op with its arguments below it: these are read, and the mistake is reported."""
        op = layout.OpWithArguments.at(self.cursor, *entry)
        if op is None:
            return False
        op.report(self.cursor)
        node.entries[entry[0].text] = (entry[0], op.with_arguments(self._mapping(column)))
        return self.cursor.column == column

    def _belongs(self, parent: int, column: int, columns: set[int], sibling: Scalar | None) -> bool:
        """Whether the next token is an entry of the collection in a column, be it a misplaced one."""
        cursor, there = self.cursor, self.cursor.column
        if there <= parent or there < 0:
            return False
        if there in columns:
            return True
        if there < column and parent >= 0 and there - parent < column - there:
            return False  # nearer to what stands around, where it is told
        layout.misplaced(cursor, column, sibling)
        columns.add(there)
        return True

    def _entry(self) -> tuple[Scalar, Node] | None:
        """One pair; None where it makes no sense, which is reported."""
        cursor, column = self.cursor, self.cursor.column
        if cursor.at("-"):
            start, helps = cursor.pos, ["a collection is either a list or a mapping"]
            cursor.wrong("an item of a list stands among the keys of a mapping", start, start + 1, helps=helps)
        elif cursor.at("?"):
            mistakes.complex_key(cursor)
        elif (key := self._key()) is not None:
            if isinstance(key, Scalar):
                return visible_key(cursor, key), self._value(column, key.text)
            add_pair(cursor, Mapping({}, key.span), key, self._value(column, ""))
            return None
        else:
            cursor.skip_below(column)
            return None
        cursor.skip_below(column)
        while cursor.column == column and (cursor.at("-") or cursor.at(":")):  # what goes with it
            cursor.skip_below(column)
        return None

    def _key(self) -> Node | None:
        """The key at the cursor, and its colon; None where there is none."""
        cursor = self.cursor
        if (alias := skip_marks(cursor)) is not None:
            key: Node = alias
        elif cursor.at(":"):
            key = scalars.empty(cursor, cursor.pos)
        elif cursor.text[cursor.pos] in "\"'":
            key = scalars.quoted(cursor, LINE_END) or mistakes.unclosed_quote(cursor, scalars.PLAIN)
        elif mistakes.is_bracket_key(cursor):
            return mistakes.bracket_key(cursor)
        elif cursor.text[cursor.pos] in "[{":
            key = Flow(cursor, cursor.column).read()
        elif cursor.text[cursor.pos] in "]},":
            mistakes.stray_bracket(cursor)
            return None
        else:
            return self._plain_key()
        return key if self._colon_behind(key) else None

    def _plain_key(self) -> Node | None:
        cursor, start = self.cursor, self.cursor.pos
        mistakes.wrong_start(cursor, scalars.PLAIN)
        end = cursor.pos = scalars.plain_end(cursor, start)
        cursor.skip_blanks()
        if not cursor.at(":") or cursor.text.count("{", start, end) > cursor.text.count("}", start, end):
            return mistakes.key_without_colon(cursor, start, end)
        cursor.pos += 1
        return read_as_meant(cursor, scalars.plain(cursor, start, end))

    def _colon_behind(self, key: Node) -> bool:
        """Go behind the colon of a key that is more than a word; whether there is one."""
        cursor = self.cursor
        cursor.skip_blanks()
        if cursor.text[cursor.pos] == ":":
            cursor.pos += 1
            if cursor.text[cursor.pos] not in " \t\n":
                mistakes.glued_value(cursor)
            return True
        mistakes.colon_missing(cursor, key)
        return isinstance(key, Scalar)

    def _value(self, column: int, key: str) -> Node:
        """What stands behind a colon: on its line, or below and further in, which items of a list need not be."""
        cursor, colon = self.cursor, self.cursor.pos
        cursor.skip_blanks()
        if not cursor.at_line_end():
            cursor.column = column + 1
            return self._inline(column, key)
        cursor.next_token()
        if cursor.column > column:
            return self._node(column)
        if cursor.column == column and cursor.at("-"):
            return self._sequence(column)
        return scalars.empty(cursor, colon)

    def _sequence(self, parent: int) -> Sequence:
        cursor, start, column = self.cursor, self.cursor.pos, self.cursor.column
        cursor.enter()
        node = Sequence([], cursor.span(start, start))
        columns = {column}
        end = start
        while True:
            item = self._item(node)
            if item is not None:
                node.items.append(item)
                end = item.span.end
            if cursor.column == parent and not cursor.at("-"):
                break
            if not (cursor.column == column == parent) and not self._belongs(parent, column, columns, None):
                break
        cursor.leave()
        node.span = cursor.span(start, end)
        return node

    def _item(self, node: Sequence) -> Node | None:
        """One item; None where it makes no sense, which is reported."""
        cursor, column = self.cursor, self.cursor.column
        dash = cursor.pos
        if cursor.at("-"):
            cursor.pos += 1
        elif not layout.dash_missing(cursor, node):
            cursor.skip_below(column)
            while cursor.column == column and not cursor.at("-"):  # more of it
                cursor.skip_below(column)
            return None
        cursor.skip_blanks()
        if cursor.at_line_end():
            cursor.next_token()
            return self._node(column) if cursor.column > column else scalars.empty(cursor, dash + 1)
        cursor.column = column + max(1, cursor.pos - dash)
        return self._node_behind_dash(column)

    def _inline(self, parent: int, key: str) -> Node:
        """The value at the cursor, which starts on this line."""
        cursor = self.cursor
        value: Node | None = skip_marks(cursor)
        if value is None and cursor.at_line_end():  # a mark, of what stands below
            cursor.next_token()
            return self._node(parent) if cursor.column > parent else scalars.empty(cursor, cursor.pos)
        start = cursor.pos
        if value is None:
            if cursor.at("-"):
                layout.list_on_the_line(cursor)
                cursor.column = start - cursor.line_start(start)
                return self._sequence(parent)
            if cursor.text[start] in "|>" and (scalar := scalars.block_text(cursor, parent)) is not None:
                cursor.next_token()
                return scalar
            value = self._value_here(parent, key)
        if not cursor.at_line_end():
            cursor.skip_blanks()
            value = mistakes.behind_value(cursor, start, value)
        cursor.next_token()
        return value

    def _value_here(self, parent: int, key: str) -> Node:
        """The value at the cursor, up to its end."""
        cursor = self.cursor
        sign = cursor.text[cursor.pos]
        if sign in "\"'":
            return scalars.quoted(cursor, LINE_END) or mistakes.unclosed_quote(cursor)
        if sign in "[{":
            return Flow(cursor, parent).read()
        if sign in "]},":  # which is told as what stands behind nothing
            return scalars.empty(cursor, cursor.pos)
        return self._plain(parent, key)

    def _plain(self, parent: int, key: str) -> Scalar:
        cursor, start = self.cursor, self.cursor.pos
        mistakes.wrong_start(cursor, scalars.PLAIN)
        end = scalars.plain_end(cursor, start)
        cursor.pos = end
        cursor.skip_blanks()
        if cursor.at(":"):
            return mistakes.second_colon(cursor, start, cursor.pos, key)
        end = cursor.pos = scalars.continued(cursor, end, parent)
        return read_as_meant(cursor, scalars.plain(cursor, start, end))
