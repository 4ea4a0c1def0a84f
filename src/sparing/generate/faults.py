"""What counts as a failure of an upstream, and which calls may be made again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import lru_cache

from sparing.core.upstream import Answer, Call

# Too early or too slow, too many, broken, overloaded (529 is Anthropic's); what a second try may find otherwise.
PASSING = frozenset((408, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529))
_TOO_MANY = 429

# Asking a model changes nothing at the provider. Uploads, batches and the like do.
_ASKING = re.compile(
    r"/(?:chat/completions|completions|embeddings|responses|messages|messages/count_tokens)/?"
    r"|.*:(?:generateContent|streamGenerateContent|countTokens|embedContent|batchEmbedContents)"
)
_VERSION = re.compile(r"^.*/v1(?=/)")

# The first thing in an answer is an error: an object or an event that says so, as OpenAI, Anthropic, Gemini and vLLM
# do it. A whole answer of Responses has an `error` too, which is null.
_SAYS_ERROR = re.compile(
    rb"\s*(?:event:[ \t]*error\s|(?:event:[^\n]*\n)?(?:data:[ \t]*)?\[?\s*\{\s*"
    rb'(?:"error"\s*:\s*[{"]|"(?:type|object)"\s*:\s*"error"))'
)
_LOOKED_AT_BYTES = 512
_READ = ("text/event-stream", "application/json")


def is_repeatable(call: Call) -> bool:
    """Whether a call can be made twice without doing anything twice."""
    if call.method in ("GET", "HEAD"):
        return True
    return call.method == "POST" and _asks(call.path)


@lru_cache(maxsize=64)
def _asks(target: str) -> bool:
    return _ASKING.fullmatch(_VERSION.sub("", target.partition("?")[0])) is not None


def is_passing(answer: Answer) -> bool:
    """Whether an answer's status is a failure that another try, or another upstream, may not have."""
    return answer.status in PASSING and answer.headers.get("x-should-retry", "").lower() != "false"


def is_outage(answer: Answer) -> bool:
    """Whether an answer says that the upstream is unwell. Too many requests of one caller is no illness."""
    return answer.status in PASSING and answer.status != _TOO_MANY


def has_failed(answer: Answer) -> bool:
    """Whether an answer is none: a status that may pass, or an error under a status that says all is well.

    The second can be told of answers that know their first piece (an attribute `head`).
    """
    if is_passing(answer):
        return True
    return answer.status == 200 and _is_readable(answer) and says_error(getattr(answer, "head", b""))


def says_error(head: bytes) -> bool:
    """Whether an answer of status 200 begins with an error instead of what was asked for.

    Args:
        head: Its first piece.
    """
    return _SAYS_ERROR.match(head[:_LOOKED_AT_BYTES]) is not None


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """How long the upstream asks to wait; None where it does not say, or not understandably.

    Args:
        now_s: Unix time; the header may name a date.
    """
    millis = _number(headers.get("retry-after-ms", ""))
    if millis is not None:
        return millis / 1000
    said = headers.get("retry-after", "").strip()
    seconds = _number(said)
    if seconds is not None or not said:
        return seconds
    try:
        return max(parsedate_to_datetime(said).timestamp() - now_s, 0.0)
    except (ValueError, OverflowError):
        return None


def _is_readable(answer: Answer) -> bool:
    """Whether the words of an answer can be looked at: events or JSON, not compressed."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in _READ and answer.headers.get("content-encoding", "identity") == "identity"


def _number(text: str) -> float | None:
    text = text.strip()
    if not text or not all(c in "0123456789." for c in text) or len(text) > 12:
        return None
    try:
        return float(text)
    except ValueError:
        return None
