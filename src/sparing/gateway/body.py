"""Reading a request's body, as far as it is wanted."""

from __future__ import annotations

import asyncio

from starlette.types import Message, Receive

from sparing.errors import BodyTooLarge, RequestError
from sparing.gateway.headers import Raw, get

_SILENCE_S = 60.0  # a caller that stops half way holds memory; this long is a broken connection, not a slow one


class ClientGone(Exception):
    """The caller closed the connection."""


class UploadTimeout(RequestError):
    """The body stopped arriving."""

    status_code = 408


async def read_body(receive: Receive, headers: Raw, limit_bytes: int) -> bytes:
    """The whole body.

    Raises:
        BodyTooLarge: As soon as it is known; what is left of the body is for the server to throw away.
        UploadTimeout: It stopped arriving.
        ClientGone: The caller hung up first.
    """
    declared = get(headers, b"content-length")
    if declared.isdigit() and int(declared) > limit_bytes:
        raise _too_large(limit_bytes)
    message = await _next(receive)
    if not message.get("more_body", False):
        only: bytes = message.get("body", b"")
        if len(only) > limit_bytes:
            raise _too_large(limit_bytes)
        return only
    body = bytearray(message.get("body", b""))
    while message.get("more_body", False):
        message = await _next(receive)
        body += message.get("body", b"")
        if len(body) > limit_bytes:
            raise _too_large(limit_bytes)
    return bytes(body)


async def _next(receive: Receive) -> Message:
    try:
        async with asyncio.timeout(_SILENCE_S):
            message = await receive()
    except TimeoutError:
        raise UploadTimeout(f"the body stopped arriving for {_SILENCE_S:g} s", hint="send it again") from None
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message


def _too_large(limit_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"the body is larger than {limit_bytes:,} bytes", hint="send less, or raise gateway.max_body_bytes"
    )
