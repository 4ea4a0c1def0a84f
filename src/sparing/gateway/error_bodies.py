"""One table from our errors to what each wire format's clients expect."""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec

from sparing import errors

JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An error as it goes out over HTTP."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Names:
    """What one class of errors is called: its OpenAI type and code, its Anthropic type."""

    openai: str
    code: str | None
    anthropic: str


# The first class that matches. Types are the providers' own; codes are ours where the provider has none.
_TABLE: tuple[tuple[type[BaseException], int | None, _Names], ...] = (
    (errors.MalformedBody, 400, _Names("invalid_request_error", "malformed_body", "invalid_request_error")),
    (errors.BudgetExceeded, 400, _Names("invalid_request_error", "budget_exceeded", "invalid_request_error")),
    (errors.BodyTooLarge, 413, _Names("invalid_request_error", "request_too_large", "request_too_large")),
    (errors.UnknownKey, 401, _Names("invalid_request_error", "invalid_api_key", "authentication_error")),
    (errors.UnknownPolicy, 400, _Names("invalid_request_error", "unknown_policy", "invalid_request_error")),
    (errors.NotAllowed, 403, _Names("invalid_request_error", "not_allowed", "permission_error")),
    (errors.LimitTooSmall, 400, _Names("invalid_request_error", "limit_too_small", "invalid_request_error")),
    (errors.QuotaExceeded, 429, _Names("rate_limit_error", "rate_limit_exceeded", "rate_limit_error")),
    (errors.QuotaUnavailable, 503, _Names("server_error", "quota_unavailable", "api_error")),
    (errors.RequestError, None, _Names("invalid_request_error", None, "invalid_request_error")),
    (errors.UpstreamTimeout, 504, _Names("server_error", "upstream_timeout", "timeout_error")),
    (errors.UpstreamUnreachable, 502, _Names("server_error", "upstream_unreachable", "api_error")),
    (errors.UpstreamError, None, _Names("server_error", "upstream_error", "api_error")),
    (errors.RetrievalUnavailable, 503, _Names("server_error", "retrieval_unavailable", "api_error")),
    (errors.ModelMissing, 503, _Names("server_error", "model_missing", "api_error")),
    (BaseException, 500, _Names("server_error", "internal_error", "api_error")),
)

# What google.rpc.Code calls an HTTP status, which is what Gemini's errors say beside it.
_RPC_NAMES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    429: "RESOURCE_EXHAUSTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class NoSuchPath(errors.RequestError):
    """Nothing is served here."""

    status_code = 404


class MethodNotAllowed(errors.RequestError):
    """The path is served, but not for this method."""

    status_code = 405


def error_answer(error: BaseException, wire: str) -> ErrorAnswer:
    """Status, headers and body of `error` for a caller that speaks `wire`.

    What an upstream said about its own error is passed on as it is. An error that is not ours is not described: its
    words are for the log.
    """
    said = error.body if isinstance(error, errors.UpstreamError) else b""
    body = said or msgspec.json.encode(error_object(error, wire))
    headers = [JSON, (b"content-length", b"%d" % len(body))]
    retry_after_s = getattr(error, "retry_after_s", None)
    if retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % math.ceil(retry_after_s)))
    return ErrorAnswer(_status(error), headers, body)


def error_event(error: BaseException, wire: str) -> bytes:
    """`error` as a server-sent event, for an answer that has begun."""
    told = error_object(error, wire)
    if wire == "openai.responses":  # as documented, and the object that OpenAI's servers put beside it and clients read
        told = {**_openai(error), "type": "error", "sequence_number": 0, **told}
    data = msgspec.json.encode(told)
    return b"event: error\ndata: %b\n\n" % data if "type" in told else b"data: %b\n\n" % data


def error_object(error: BaseException, wire: str) -> dict[str, object]:
    """The JSON that the wire format's own clients read an error from."""
    match wire.partition(".")[0]:
        case "anthropic":
            kind = "not_found_error" if _status(error) == 404 else _find(error)[1].anthropic
            return {"type": "error", "error": {"type": kind, "message": _message(error)}}
        case "gemini":
            status = _status(error)
            name = _RPC_NAMES.get(status) or ("INVALID_ARGUMENT" if status < 500 else "INTERNAL")
            told: dict[str, object] = {"code": status, "message": _message(error), "status": name}
            if isinstance(error, errors.QuotaExceeded):  # where Google's clients look for it, not in the header
                delay = f"{math.ceil(error.retry_after_s)}s"
                told["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}]
            return {"error": told}
        case _:
            return {"error": _openai(error)}


def _openai(error: BaseException) -> dict[str, object]:
    names = _find(error)[1]
    param = getattr(error, "param", None)
    return {"message": _message(error), "type": names.openai, "param": param, "code": names.code}


def _message(error: BaseException) -> str:
    return str(error) if isinstance(error, errors.SparingError) else "the gateway failed; its log says more"


def _status(error: BaseException) -> int:
    return _find(error)[0] or int(getattr(error, "status_code", 500))


def _find(error: BaseException) -> tuple[int | None, _Names]:
    return next((status, names) for kind, status, names in _TABLE if isinstance(error, kind))
