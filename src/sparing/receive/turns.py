"""The messages of a conversation, each with the turn it belongs to."""

from __future__ import annotations

from collections.abc import Collection
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
    """The messages of a request.

    A new block begins at each answer of the model; consecutive assistant messages are one answer. Assistant messages
    at the very end are the beginning of the answer asked for, so they stay with the question.

    Raises:
        MalformedBody: No messages, one that is not an object, or a role that the wire format does not have.
    """
    node, path = required(root, "messages")
    if not isinstance(node.value, list):
        raise wrong_type(source, node, path, "an array")
    if not node.value:
        raise MalformedBody("messages must hold at least one message", param=path)
    found = [_message(source, message, index, roles) for index, message in enumerate(node.value)]
    last_asked = max((index for index, (role, _) in enumerate(found) if role != "assistant"), default=-1)
    result: list[Turn] = []
    block, before = 0, ""
    for index, (role, members) in enumerate(found):
        if role == "assistant" and before != role and index < last_asked:
            block += 1
        before = role
        result.append(Turn(f"messages[{index}]", index, block, role, members))
    return result


def _message(source: str, node: Node, index: int, roles: Collection[str]) -> tuple[str, Members]:
    """The role and the members of a message."""
    members = node.value
    if not isinstance(members, dict):
        raise wrong_type(source, node, f"messages[{index}]", "an object")
    role = members.get("role")
    if role is None or not isinstance(role.value, str) or role.value not in roles:
        raise _wrong_role(source, members, f"messages[{index}]", roles)
    return role.value, members


def _wrong_role(source: str, members: Members, message: str, roles: Collection[str]) -> MalformedBody:
    node, path = required(members, "role", message)
    if not isinstance(node.value, str):
        return wrong_type(source, node, path, "a string")
    return MalformedBody(f"{path} is {node.value[:40]!r}", hint=f"known: {', '.join(sorted(roles))}", param=path)
