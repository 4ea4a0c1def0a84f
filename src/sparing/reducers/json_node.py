"""A part of a JSON document, opened up."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Node:
    """A part of the document.

    Attributes:
        start: Where it is in the source, with its key.
        end: One past it.
        key: ``"name":`` for a member of an object, else "".
        text: The literal of a leaf; "" for others.
        opens: What stands before the children: ``{``, ``[``, ``"``, or a table's columns.
        closes: What stands behind them.
        kind: What brackets the children: "{", "[" or, for a string in pieces, a quote; "" for a leaf.
        unit: Plural noun of the children: "fields", "items", "rows", "characters".
        count: How many items a leaf holds.
        size: Characters of the whole literal with its key.
    """

    start: int
    end: int
    key: str = ""
    text: str = ""
    opens: str = ""
    closes: str = ""
    kind: str = ""
    unit: str = ""
    count: int = 1
    size: int = 0
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)

    @property
    def is_object(self) -> bool:
        return self.kind == "{"

    @property
    def is_string(self) -> bool:
        return self.kind == '"'

    def walk(self) -> list[Node]:
        """This node and all below it, parents first, in document order."""
        nodes, stack = [], [self]
        while stack:
            node = stack.pop()
            nodes.append(node)
            stack.extend(reversed(node.children))
        return nodes
