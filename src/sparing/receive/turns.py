"""The messages of a conversation, each with the turn it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sparing.errors import MalformedBody
from sparing.receive.fields import required, wrong_type
from sparing.receive.json_text import Members, Node


class Turn(NamedTuple):
    """One message.

    Attributes:
        path: ``messages[3]``.
        message: Index of the message.
        block: See `core.span.Span.block`.
    """

    path: str
    message: int
    block: int
    role: str
    members: Members


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
    found = [_message(source, message, f"{path}[{n}]", roles) for n, message in enumerate(node.value)]
    blocks = blocks_of([role == "assistant" for role, _ in found])
    return [
        Turn(f"{path}[{index}]", index, block, role, members)
        for index, ((role, members), block) in enumerate(zip(found, blocks, strict=True))
    ]


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


def _message(source: str, node: Node, path: str, roles: Collection[str]) -> tuple[str, Members]:
    """The role and the members of a message."""
    if not isinstance(node.value, dict):
        raise wrong_type(source, node, path, "an object")
    return known_role(source, node.value, path, roles), node.value


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
