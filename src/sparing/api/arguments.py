"""What callers hand over, checked."""

from __future__ import annotations

from typing import Any

import msgspec

from sparing.errors import MalformedBody, RequestError


def check_budget(budget: int | None) -> None:
    """Raise a `RequestError` unless it is a number of tokens, 0 or more, or None."""
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int) or budget < 0):
        raise RequestError(f"budget is {budget!r}", hint="it is a number of tokens, 0 or more")


def check_share(name: str, share: float | None) -> None:
    """Raise a `RequestError` unless it is 0 to 1, or None."""
    if share is not None and not 0 <= share <= 1:
        raise RequestError(f"{name} is {share!r}", hint="it is a share between 0 and 1")


def to_bytes(request: dict[str, Any] | str | bytes) -> bytes:
    """A request as a body.

    Raises:
        MalformedBody: It cannot be written as JSON.
    """
    if isinstance(request, bytes):
        return request
    if isinstance(request, str):
        return request.encode("utf-8", "surrogatepass")
    try:
        return msgspec.json.encode(request)
    except (TypeError, ValueError, RecursionError) as error:
        raise MalformedBody(f"the request cannot be written as JSON: {error}") from error
