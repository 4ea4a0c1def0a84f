"""The definitions of a source file, found in its syntax tree.

Only statements that can hold definitions are walked, from the file down through classes, wrappers and callbacks; the
bodies of ordinary functions are not, so the cost is that of parsing. Everything is told in rows (lines, from 0), which
are the same in bytes and characters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sparing.core.deadline import Deadline
from sparing.reducers import grammars
from sparing.reducers.grammars import ANONYMOUS, CLASS, COMMENT, FUNCTION, LIST, THROUGH, Language

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_DEEPEST = 64
_BIG_BODY_ROWS = 80  # in longer bodies, inner functions are looked for
_CALLS_AT_LEAST, _BYTES_PER_CALL = 2_000, 25  # a parser that asks more often than this is lost in errors


class Entry(NamedTuple):
    """A stretch of rows that an outline treats as one thing; entries nest, and come in source order.

    Attributes:
        kind: "function", "class", "block" (a long statement: a table, a type, a script's part) or "notes" (a comment
            or docstring).
        rows: First row and one past the last, decorators included.
        inner: Rows that may be folded, first and one past the last.
        parent: Index of the entry that this one lies in; -1 at the top.
    """

    kind: str
    name: str
    rows: tuple[int, int]
    inner: tuple[int, int]
    parent: int


def find_entries(text: str, language: Language, deadline: Deadline) -> list[Entry] | None:
    """Entries of `text`, or None when the grammar cannot make sense of it.

    Raises:
        DeadlineExceeded: While parsing or walking.
    """
    source = text.encode("utf-8", "replace")
    tree = _parse(source, language, deadline)
    if tree is None:
        return None
    walk = _Walk(source, language, deadline)
    walk.statements(tree.root_node, -1, 0)
    return walk.entries


def _parse(source: bytes, language: Language, deadline: Deadline) -> Tree | None:
    """Parse in one go, but stop when the time is up or the parser makes no headway."""
    import tree_sitter

    calls = 0
    timed = deadline.at_s != float("inf")

    def read(offset: int, _point: object) -> bytes:
        return source[offset:] if offset else source

    def stop(offset: int, _has_error: bool) -> bool:
        nonlocal calls
        calls += 1
        return calls > _CALLS_AT_LEAST + offset // _BYTES_PER_CALL or (timed and deadline.left_s() < 0)

    try:
        return tree_sitter.Parser(grammars.grammar(language)).parse(read, progress_callback=stop)
    except ValueError:  # stopped
        deadline.check()
        return None


class _Walk:
    """Collects entries in source order."""

    def __init__(self, source: bytes, language: Language, deadline: Deadline) -> None:
        self.entries: list[Entry] = []
        self._source = source
        self._language = language
        self._kinds = language.kinds
        self._deadline = deadline
        self._visits = 0

    def statements(self, listed: Node, parent: int, depth: int, *, inside: bool = False) -> None:
        """Visit each statement of a list.

        Args:
            inside: Within a function's body, where only functions and classes count.
        """
        comment: tuple[int, int] | None = None
        last = -1
        for node in listed.named_children:
            start, end = _rows(node)
            if self._kinds.get(node.type) == COMMENT:
                if inside or start < last:  # after code on the same row
                    continue
                if comment is None or start > comment[1]:
                    self._add_notes(comment, parent)
                    comment = start, end
                else:
                    comment = comment[0], end
                continue
            if comment is not None:
                self._add_notes(comment, parent)
                comment = None
            last = end
            if self._is_docstring(node):
                self._add_notes((start, end), parent)
            elif end - start > 1:
                known = len(self.entries)
                self._visit(node, parent, depth + 1, "", start, inside)
                if len(self.entries) == known and not inside and not _KEPT.search(node.type):
                    self._add_block(node, (start, end), parent)
        self._add_notes(comment, parent)

    def _visit(self, node: Node, parent: int, depth: int, name: str, first_row: int, inside: bool) -> None:
        kind = self._kinds.get(node.type)
        if kind is None or depth > _DEEPEST:
            return
        self._visits += 1
        if not self._visits & 255:
            self._deadline.check()
        if kind == FUNCTION or (kind == ANONYMOUS and name):
            self._add_function(node, parent, depth, name, first_row, inside)
        elif kind == CLASS:
            self._add_class(node, parent, depth, first_row, inside)
        elif kind == ANONYMOUS:
            body = node.child_by_field_name("body")
            if body is not None:
                self._visit(body, parent, depth + 1, "", body.start_point.row, inside)
        elif kind == LIST:
            self.statements(node, parent, depth, inside=inside)
        elif kind == THROUGH:
            self._through(node, parent, depth, name, first_row, inside)

    def _through(self, node: Node, parent: int, depth: int, name: str, first_row: int, inside: bool) -> None:
        field = self._language.names.get(node.type)
        name = self._text(node.child_by_field_name(field)) if field else name
        for child in node.named_children:
            start, end = _rows(child)
            if end - start > 1:
                # A decorator or `export` belongs to the definition it stands before.
                self._visit(child, parent, depth + 1, name, first_row if node.type in _PREFIXES else start, inside)

    def _add_block(self, node: Node, rows: tuple[int, int], parent: int) -> None:
        declared = node.child_by_field_name("declaration") or node
        body = declared.child_by_field_name("body")
        first = body.start_point.row + 1 if body is not None and not self._language.suites else rows[0] + 1
        self.entries.append(Entry("block", "", rows, (first, rows[1] if node.type in _SUITES else rows[1] - 1), parent))

    def _add_function(self, node: Node, parent: int, depth: int, name: str, first_row: int, inside: bool) -> None:
        body = node.child_by_field_name("body")
        if body is None:
            return
        start, end = _rows(body)
        if self._language.suites:
            head = node.child_by_field_name("return_type") or node.child_by_field_name("parameters") or node
            inner = (max(start if head is node else head.end_point.row + 1, first_row + 1), end)
            if start < inner[0]:  # the body begins on the row of the header
                inner = (inner[0], inner[0])
        else:
            inner = (start + 1, end - 1)
        index = len(self.entries)
        self.entries.append(Entry("function", name or self._name(node), (first_row, _rows(node)[1]), inner, parent))
        first = body.named_child(0) if body.named_child_count else None
        if first is None:
            return
        if self._is_docstring(first):
            self._add_notes(_rows(first), index)
        if inner[1] - inner[0] > _BIG_BODY_ROWS and not inside:
            # Go has one more node between a body and its statements.
            self.statements(first if first.type == "statement_list" else body, index, depth + 1, inside=True)

    def _add_class(self, node: Node, parent: int, depth: int, first_row: int, inside: bool) -> None:
        body = node.child_by_field_name("body")
        if body is None:
            return
        start, end = _rows(body)
        inner = (max(start, first_row + 1), end) if self._language.suites else (start + 1, end - 1)
        index = len(self.entries)
        self.entries.append(Entry("class", self._name(node), (first_row, _rows(node)[1]), inner, parent))
        self.statements(body, index, depth, inside=inside)

    def _add_notes(self, rows: tuple[int, int] | None, parent: int) -> None:
        if rows is not None:
            self.entries.append(Entry("notes", "", rows, rows, parent))

    def _is_docstring(self, node: Node) -> bool:
        if not self._language.suites or node.type != "expression_statement":
            return False
        child = node.child(0)
        return child is not None and child.type == "string"

    def _name(self, node: Node) -> str:
        named = node.child_by_field_name(self._language.names.get(node.type, "name"))
        while named is not None and named.child_count:  # C: a pointer to a function with parameters is called ...
            deeper = named.child_by_field_name("declarator") or named.child_by_field_name("name")
            if deeper is None:
                break
            named = deeper
        return self._text(named)

    def _text(self, node: Node | None) -> str:
        return self._source[node.start_byte : node.end_byte].decode("utf-8", "replace") if node is not None else ""


_SUITES = frozenset(
    ("if_statement", "for_statement", "while_statement", "with_statement", "match_statement")
)  # Python's, which end without a closing line; elsewhere the last line is a brace
_KEPT = re.compile("import|try")  # imports always stay; a `try` without its `except` is no statement
_PREFIXES = frozenset(
    ("decorated_definition", "export_statement", "template_declaration", "lexical_declaration", "variable_declaration")
)


def _rows(node: Node) -> tuple[int, int]:
    """First row and one past the last; a node that ends at the start of a row does not reach into it."""
    start, end = node.start_point, node.end_point
    return start.row, end.row + 1 if end.column or end.row == start.row else end.row
