"""What stands in brackets: mappings and lists on one line or several, as in JSON."""

from __future__ import annotations

import re

from archspec.diagnostics import Help, Label
from archspec.syntax.tree import Mapping, Node, Scalar, Sequence, shortened
from archspec.syntax.yaml import mistakes, scalars, traps
from archspec.syntax.yaml.cursor import END, Cursor
from archspec.syntax.yaml.pairs import add_pair, read_as_meant, skip_marks, visible_key

_GAP = re.compile(r"(?:[ \t\n]++|(?<=[ \t\n])#[^\n]*+)*+")
_CLOSERS = {"[": "]", "{": "}"}
_NAME = r"[\w.{}-]*"
_GLUED = r"([A-Za-z_]\w*)\s*(?::|=(?!=))\s*((?:[\w.(+]|-\S)[^\[{]*)"
_LINE = r"\n( *)(?=[^ \t\n#\0])"
_COMMENT = r"(?<=[ \t\n])#[^\n]*"
_WORD = r"[^ \t\n,\[\]{}:\0]{1,60}"
_SIMPLE = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.+-]*+(?=[,\]}]|:[ \t])")
_OPERATOR = r"[-+*/%<>=~;!&|](?:[^,\[\]{}\n\0 ]|[ ](?=[^,\[\]{}\n\0 #]))*+"
_BEHIND = re.compile(r"[ \t]*(?:[,:\]}\n]|[ \t]#)")
_BLANKS_AND_BRACKET = re.compile(r"[ \t]*[\[{]")
_NEXT_LINE = re.compile(r"[ \t]*+\n[ \t\n]*+(?![,#\[\]{}\0])")
_LAST_WORD = r"[ \t\n]([^ \t\n]+)\Z"


class Unclosed(Exception):
    """A bracket that opens at `opened` is never closed; what it holds ends at `end`."""

    def __init__(self, opened: int, end: int) -> None:
        super().__init__(opened)
        self.opened, self.end = opened, end


class Flow:
    """One value in brackets, which stands in a collection of the column `parent`."""

    def __init__(self, cursor: Cursor, parent: int) -> None:
        self.cursor, self.parent = cursor, parent
        self._opened: list[int] = []
        self._limit = -1  # where all brackets close that the text does not

    def read(self) -> Node:
        """The value; where a bracket is never closed, up to the end of its line."""
        cursor, start, depth = self.cursor, self.cursor.pos, self.cursor.depth
        try:
            return self._collection()
        except Unclosed as unclosed:
            self._report(unclosed)
            self._limit, cursor.pos, cursor.depth = unclosed.end, start, depth
            self._opened.clear()
            return self._collection()

    def _report(self, unclosed: Unclosed) -> None:
        """The bracket, and the fix where it stands on the line that ends too early, if it is all that is open there."""
        cursor, opened, end = self.cursor, unclosed.opened, unclosed.end
        closers = "".join(_CLOSERS[cursor.text[each]] for each in reversed(self._opened) if each <= opened)
        closed = cursor.text[self._opened[0] : end] + closers
        on_one_line = "\n" not in closed
        balanced = all(closed.count(one) == closed.count(other) for one, other in ("[]", "{}", "()"))
        helps = [Help(f"close it with `{closers}`", closers, cursor.span(end, end))] if on_one_line and balanced else []
        message = f"`{cursor.text[opened]}` is never closed"
        cursor.wrong(message, opened, opened + 1, helps=helps, repaired=on_one_line)

    def _collection(self) -> Mapping | Sequence:
        cursor, start = self.cursor, self.cursor.pos
        cursor.enter()
        self._opened.append(start)
        span = cursor.span(start, start + 1)
        node = Mapping({}, span) if cursor.text[start] == "{" else Sequence([], span)
        cursor.pos += 1
        rest: Scalar | None = None  # the value before, of which a lone key may be the rest
        while not self._closes(_CLOSERS[cursor.text[start]]):
            if isinstance(node, Mapping):
                rest = self._pair(node, rest)
            else:
                self._item(node)
            self._separate()
        self._opened.pop()
        cursor.leave()
        node.span = cursor.span(start, cursor.pos)
        return node

    def _gap(self) -> str:
        """Skip blanks, line ends and comments; the character behind them."""
        cursor = self.cursor
        while True:
            found = _GAP.match(cursor.text, cursor.pos)
            assert found is not None  # it matches nothing, too
            cursor.pos = found.end()
            if 0 <= self._limit <= cursor.pos:
                cursor.pos = self._limit
                return END
            if cursor.text[cursor.pos] != "#":
                return cursor.text[cursor.pos]
            mistakes.glued_comment(cursor)

    def _closes(self, closer: str) -> bool:
        """Whether the collection ends here; if so, behind its bracket."""
        cursor, char = self.cursor, self._gap()
        if char == closer:
            cursor.pos += 1
            return True
        if char == END:
            if self._limit < 0:
                self._ran_on()
                raise Unclosed(self._opened[-1], self._end_before(cursor.pos))
            return True
        if char not in "]}":
            return False
        self._ran_on()
        return self._closes_wrongly(char, closer)

    def _closes_wrongly(self, char: str, closer: str) -> bool:
        cursor, opened = self.cursor, self._opened[-1]
        start, end = cursor.pos, cursor.pos + 1
        labels = [Label(cursor.span(opened, opened + 1), "opened here")]
        if any(_CLOSERS[cursor.text[each]] == char for each in self._opened):
            helps = [Help(f"close it with `{closer}`", closer, cursor.span(start, start))]
            label = Label(cursor.span(start, end), "this closes what stands around it")
            message = f"`{cursor.text[opened]}` is never closed"
            cursor.wrong(message, opened, opened + 1, labels=[label], helps=helps, repaired=True)
            return True
        cursor.pos = end
        if self._closed_later(closer):
            message = f"`{char}` closes nothing"
            certain = self._gap() in ",]}"
            helps = [Help("remove it", "")] if certain else []
            cursor.wrong(message, start, end, labels=labels, helps=helps, repaired=certain)
            if cursor.text[cursor.pos] == ",":
                cursor.pos += 1
            return False
        message = f"`{char}` cannot close `{cursor.text[opened]}`"
        cursor.wrong(message, start, end, labels=labels, helps=[Help(f"write `{closer}`", closer)], repaired=True)
        return True

    def _closed_later(self, closer: str) -> bool:
        """Whether the bracket that is looked for stands further on in this line."""
        depth = 0
        for char in self.cursor.text[self.cursor.pos : self.cursor.line_end(self.cursor.pos)]:
            depth += (char in "[{") - (char in "]}")
            if depth < 0:
                return char == closer
        return False

    def _ran_on(self) -> None:
        """Raise Unclosed if the text since the first bracket holds a line that belongs to what stands around it."""
        cursor, first = self.cursor, self._opened[0]
        if self._limit >= 0:
            return
        for line in re.compile(_LINE).finditer(cursor.text, cursor.line_end(first), cursor.pos + 1):
            token = line.end()
            dash = cursor.text[token] == "-" and cursor.text[token + 1] in " \t\n"
            if len(line.group(1)) <= self.parent and (dash or scalars.is_key(cursor, token)):
                raise Unclosed(max(each for each in self._opened if each < token), self._end_before(line.start()))

    def _end_before(self, offset: int) -> int:
        """Where the last line with more than a comment ends before an offset."""
        while True:
            offset = len(self.cursor.text[:offset].rstrip(f" \t\n{END}"))
            comment = re.compile(_COMMENT).search(self.cursor.text, self.cursor.line_start(offset), offset)
            if comment is None:
                return offset
            offset = comment.start()

    def _separate(self) -> None:
        """Go behind the comma after an entry."""
        cursor, end = self.cursor, self.cursor.pos
        char = self._gap()
        if char == ",":
            cursor.pos += 1
        elif char not in f"]}}{END}":
            self._ran_on()
            if (operator := re.compile(_OPERATOR).match(cursor.text, cursor.pos)) is not None:
                message = f"`{shortened(operator.group())}` stands behind a value that is complete"
                cursor.wrong(message, *operator.span(), helps=["an expression needs quotes around all of it"])
                cursor.pos = operator.end()
                self._separate()
                return
            word = re.compile(_WORD).match(cursor.text, cursor.pos)
            self._miss_comma(cursor.pos, word.end() if word else cursor.pos + 1, end)

    def _miss_comma(self, start: int, stop: int, end: int) -> None:
        """Say that a comma is missing at `end`, before the word from `start` to `stop`."""
        span = self.cursor.span(end, end)
        helps = [Help(f"put a comma before `{shortened(self.cursor.text[start:stop])}`", ",", span)]
        self.cursor.wrong("a comma is missing before this", start, stop, helps=helps, repaired=True)

    def _stray(self) -> bool:
        """Report, and skip, what starts no entry; whether there was such a thing."""
        cursor, start = self.cursor, self.cursor.pos
        if cursor.text[start] == "," or cursor.at("?"):
            self._ran_on()
        if cursor.text[start] == ",":
            cursor.wrong("a comma too many", start, start + 1, helps=[Help("remove it", "")], repaired=True)
        elif cursor.at("?"):
            mistakes.complex_key(cursor)
        return cursor.text[cursor.pos] in f",]}}{END}" or 0 <= self._limit <= cursor.pos

    def _item(self, node: Sequence) -> None:
        """One item of a list; a pair among them is a mapping."""
        if self._stray():
            return
        start = self.cursor.pos
        item = self._value()
        if self._colon_follows(item):
            pair = Mapping({}, item.span)
            self._rest_of_pair(pair, item)
            pair.span = self.cursor.span(start, self.cursor.pos)
            item = pair
        node.items.append(item)

    def _pair(self, node: Mapping, before: Scalar | None) -> Scalar | None:
        """One pair; its value if that is a text without quotes."""
        if self._stray():
            return None
        key = self._value()
        if self._colon_follows(key):
            return self._rest_of_pair(node, key)
        self._lone_key(node, key, before)
        return None

    def _colon_follows(self, key: Node) -> bool:
        """Whether the colon of a pair follows; behind quotes and brackets it may touch the value."""
        cursor, end = self.cursor, self.cursor.pos
        if self._gap() != ":":
            cursor.pos = end
            return False
        glued = cursor.text[cursor.pos + 1] not in " \t\n,[]{}"
        if glued and cursor.text[end - 1] not in "\"'}]":
            cursor.pos = end
            return False
        return True

    def _rest_of_pair(self, node: Mapping, key: Node) -> Scalar | None:
        cursor = self.cursor
        cursor.pos += 1
        colon = cursor.pos
        char = self._gap()
        if char in f",]}}{END}" or 0 <= self._limit <= cursor.pos:
            cursor.pos = colon
            add_pair(cursor, node, key, scalars.empty(cursor, colon))
            return None
        value = self._value()
        if self._colon_follows(value):
            self._ran_on()
            value = self._before_colon(value)
        if isinstance(key, Scalar):
            key = visible_key(cursor, key)
        add_pair(cursor, node, key, value)
        return value if isinstance(value, Scalar) and value.is_text and value.inner == value.span else None

    def _before_colon(self, value: Node) -> Node:
        """The value that a second colon follows: its last word is the key of the next pair, if it has several."""
        cursor, start, colon = self.cursor, value.span.start, self.cursor.pos
        found = re.compile(_LAST_WORD).search(cursor.text, start, value.span.end) if isinstance(value, Scalar) else None
        if found is not None and cursor.text[start] not in "\"'":
            end = len(cursor.text[: found.start()].rstrip(" \t\n"))
            self._miss_comma(found.start(1), found.end(1), end)
            cursor.pos = end
            return scalars.plain(cursor, start, end)
        cursor.wrong("a second colon in one pair", colon, colon + 1, helps=["a text with a colon needs quotes"])
        cursor.pos += 1
        if self._gap() not in f",]}}{END}":
            self._value()
        return value

    def _lone_key(self, node: Mapping, key: Node, before: Scalar | None) -> None:
        """A key without a value: `{kernel_size:1}` and `{kernel_size=1}` are one word to YAML, and
        `{repeat: i in range(2), j in range(3)}` is cut at its comma."""
        cursor = self.cursor
        if isinstance(key, Scalar) and key.inner == key.span:
            if (glued := re.fullmatch(_GLUED, key.text)) is not None:
                name, value = glued.groups()
                place, end = key.span.slice(0, len(name)), key.span.end
                mistakes.one_word(cursor, key.span.start, end, f"{name}: {value}")
                word = Scalar(name, name, place, place)
                add_pair(cursor, node, word, scalars.plain(cursor, end - len(value), end))
                return
            if before is not None and not re.fullmatch(_NAME, key.text):
                span = cursor.span(before.span.start, key.span.end)
                traps.report(cursor, span)
                before.value = before.text = span.text
                before.span = before.inner = span
                return
        add_pair(cursor, node, key, scalars.empty(cursor, cursor.pos))

    def _value(self) -> Node:
        """The value that starts here."""
        cursor = self.cursor
        word = _SIMPLE.match(cursor.text, cursor.pos)
        if word is not None:  # nearly always
            cursor.pos = word.end()
            return scalars.plain(cursor, *word.span())
        alias = skip_marks(cursor)
        start, char = cursor.pos, self._gap()
        if alias is not None:
            return alias
        while cursor.at("-"):
            self._ran_on()
            mistakes.dash_in_brackets(cursor)
            char = self._gap()
        if char in "[{":
            node: Node = self._collection()
            if cursor.text[cursor.pos] == "[" and isinstance(node, Sequence):
                return self._expression(start, cursor.pos) or node
            return node
        if char in "\"'":
            return self._quoted()
        if char in f",]}}{END}" or cursor.at(":"):
            return scalars.empty(cursor, start)
        return self._plain()

    def _quoted(self) -> Scalar:
        scalar = scalars.quoted(self.cursor, _BEHIND)
        return scalar or mistakes.unclosed_quote(self.cursor, scalars.PLAIN_IN_BRACKETS)

    def _plain(self) -> Scalar:
        cursor, start = self.cursor, self.cursor.pos
        mistakes.wrong_start(cursor, scalars.PLAIN_IN_BRACKETS)
        end = self._plain_end(start)
        cursor.pos = end
        text = cursor.text[start:end]
        if text.count("(") > text.count(")"):
            return self._expression(start, start + text.index("(")) or scalars.plain(cursor, start, end)
        behind = _BLANKS_AND_BRACKET.match(cursor.text, end)
        if behind is not None and (scalar := self._expression(start, behind.end() - 1)) is not None:
            return scalar
        return read_as_meant(cursor, scalars.plain(cursor, start, end))

    def _plain_end(self, start: int) -> int:
        text, end = self.cursor.text, start
        found = scalars.PLAIN_IN_BRACKETS.match(text, start)
        while found is not None:
            end = found.end()
            line = _NEXT_LINE.match(text, end)
            if line is None or 0 <= self._limit <= line.start():
                break
            found = scalars.PLAIN_IN_BRACKETS.match(text, line.end())
        return max(end, start + 1)

    def _expression(self, start: int, opened: int) -> Scalar | None:
        """The whole expression that YAML cuts at a bracket, which is reported."""
        span = traps.whole_expression(self.cursor, start, opened)
        if span is None:
            return None
        self.cursor.pos = span.end
        traps.report(self.cursor, span)
        return Scalar(span.text, span.text, span, span)
