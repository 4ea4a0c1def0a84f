"""What a caller thinks of an answer: POST /sparing/feedback."""

from __future__ import annotations

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sparing.errors import MalformedBody, RequestError
from sparing.gateway.services import Services

PATH = "/sparing/feedback"
_MOST_BYTES = 4096


class _Feedback(msgspec.Struct, forbid_unknown_fields=True):
    receipt: str
    useful: bool


_decode = msgspec.json.Decoder(_Feedback).decode


async def take_feedback(request: Request, services: Services) -> Response:
    """Note it; 404 where the caller's tenant has no such answer with passages.

    Raises:
        UnknownKey: Tenants are configured, and the key is none of theirs.
        RequestError: The body is not what is asked for, or there is no such answer.
        RecordError: It cannot be written.
    """
    caller = services.desk.caller(request.scope) if services.desk is not None else None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise RequestError(f"feedback is longer than {_MOST_BYTES:,} bytes")
    try:
        said = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(f"no feedback: {error}", hint='send {"receipt": "...", "useful": true}') from None
    tenant = caller.tenant if caller is not None else None
    known = services.stores is not None and await asyncio.to_thread(
        services.stores.judge, said.receipt, useful=said.useful, tenant=tenant
    )
    if not known:
        raise NoSuchAnswer(
            f"no answer {said.receipt[:80]!r} was given with passages", hint="its name is in x-sparing-receipt"
        )
    return JSONResponse({"receipt": said.receipt, "useful": said.useful})


class NoSuchAnswer(RequestError):
    """Nothing was fetched for a request of this name, or it was another's."""

    status_code = 404
