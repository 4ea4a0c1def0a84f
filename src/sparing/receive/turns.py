"""The messages of a conversation, each with the turn it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from sparing.errors import MalformedBody
from sparing.receive.fields import required, wrong_type
from sparing.receive.json_text import Members, Node

if TYPE_CHECKING:
    from sparing.receive.spans import Read


class Turn:
    """One message.

    Attributes:
        path: ``messages[3]``.
        message: Index of the message.
        block: See `core.span.Span.block`.
        read: What it came to; None before it was read (see `spans.Spans.message`).
    """

    __slots__ = ("block", "members", "message", "path", "read", "role")

    def __init__(self, path: str, message: int, block: int, role: str, members: Members) -> None:
        self.path = path
        self.message = message
        self.block = block
        self.role = role
        self.members = members
        self.read: Read | None = None


def turns(source: str, root: Members, roles: Collection[str]) -> list[Turn]:
    """The messages of a request whose assistant answers.

    Raises:
        MalformedBody: No messages, one that is not an object, or a role that the wire format does not have.
    """
    node, path = required(root, "messages")
    if not isinstance(node.value, list):
        raise wrong_type(source, node, path, "an array")
    if not node.value:
        raise MalformedBody("messages must hold at least one message", param=path)
    paths = [f"{path}[{index}]" for index in range(len(node.value))]
    found = [role_of(one) or _role(source, one, place, roles) for one, place in zip(node.value, paths, strict=True)]
    return turns_of(node.value, paths, found, [role == "assistant" for role in found])


def role_of(message: Node) -> str:
    """The role of a message that was met in an earlier request (see `resume`), else ""."""
    return message.turn.role if message.turn is not None else ""


def turns_of(
    messages: Sequence[Node], paths: Sequence[str], roles: Sequence[str], answers: Sequence[bool]
) -> list[Turn]:
    """The turn of each message; the very same as in an earlier request where it was met there.

    A node is met again only behind the same text, so nothing but its block can have changed.

    Args:
        messages: Objects.
        answers: Whether the model wrote it, for each message.
    """
    found = []
    for index, (message, block) in enumerate(zip(messages, blocks_of(answers), strict=True)):
        turn = message.turn
        if turn is None or turn.block != block:
            turn = Turn(paths[index], index, block, roles[index], message.value)  # type: ignore[arg-type]
            message.turn = turn
        found.append(turn)
    return found


def blocks_of(answers: Sequence[bool]) -> list[int]:
    """The block of each message.

    A new block begins at each answer of the model; consecutive messages of the model are one answer. Those at the very
    end are the beginning of the answer asked for, so they stay with the question.

    Args:
        answers: Whether the model wrote it, for each message.
    """
    last_asked = max((index for index, answer in enumerate(answers) if not answer), default=-1)
    blocks: list[int] = []
    block, before = 0, False
    for index, answer in enumerate(answers):
        if answer and not before and index < last_asked:
            block += 1
        before = answer
        blocks.append(block)
    return blocks


def _role(source: str, node: Node, path: str, roles: Collection[str]) -> str:
    if not isinstance(node.value, dict):
        raise wrong_type(source, node, path, "an object")
    return known_role(source, node.value, path, roles)


def known_role(source: str, members: Members, message: str, roles: Collection[str]) -> str:
    """The role of a message.

    Raises:
        MalformedBody: It has none, or one that is not in `roles`.
    """
    role = members.get("role")
    if role is not None and isinstance(role.value, str) and role.value in roles:
        return role.value
    node, path = required(members, "role", message)
    if not isinstance(node.value, str):
        raise wrong_type(source, node, path, "a string")
    raise MalformedBody(f"{path} is {node.value[:40]!r}", hint=f"known: {', '.join(sorted(roles))}", param=path)
