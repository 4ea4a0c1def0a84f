"""Everything that can go wrong, as one tree.

SparingError                  message, hint (what to do next)
├── SettingsError             an unknown key, a bad value, a missing extra
├── RequestError              what the caller sent cannot be used (HTTP 4xx, exit code 2)
│   ├── MalformedBody         not JSON, not UTF-8, too deep, wrong types
│   ├── BodyTooLarge          larger than the configured limit
│   ├── BudgetExceeded        it cannot fit without touching what is pinned
│   ├── UnknownKey            no key, or none that is known here
│   ├── UnknownPolicy         it names a policy that there is not
│   ├── NotAllowed            the key is known, but may not ask for this
│   ├── LimitTooSmall         it is larger than a limit allows at any time
│   └── QuotaExceeded         limit, retry_after_s
├── ReducerError              a reducer raised; recorded, the request goes on without it
│   ├── DeadlineExceeded      the time for this step is used up
│   └── NeedsThread           it would hold up the event loop: ask again in a thread
├── UpstreamError             provider, status_code, retry_after_s, body
│   ├── UpstreamUnreachable   no connection, or it closed half way
│   ├── UpstreamTimeout
│   ├── UpstreamResting       it failed too often of late, so it was not asked
│   └── UpstreamBusy          too many wait for it that are as urgent
├── QuotaUnavailable          what was used cannot be counted, so nothing is let through
├── ModelMissing              the embedded model's weights or engine are not installed
├── SelectorMissing           the learned selector cannot run: an extra or a file is missing
│   └── SelectorDamaged       one of its files is not the one that was shipped
├── StoreError                a store of passages cannot be used: newer, of another model, full, being written
├── RetrievalUnavailable      a request needs passages, or the line of the audit, and cannot have them
├── SourceUnreadable          a file or page cannot be indexed; the others are
│   └── SourceBinary          it is no text: in a folder it is passed over
└── RecordError               a receipt could not be written; never breaks a request
"""

from __future__ import annotations


class SparingError(Exception):
    """Base of every error raised on purpose. `hint` says what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class SettingsError(SparingError):
    """A setting is unknown or unusable, or an optional extra is missing."""


class RequestError(SparingError):
    """The caller's request cannot be used as it is."""

    status_code = 400


class MalformedBody(RequestError):
    """The body is not what its wire format says: not JSON, not UTF-8, too deep, wrong types.

    `param` names the offending field where one is known, in the wire format's own notation.
    """

    def __init__(self, message: str, *, hint: str = "", param: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.param = param


class BodyTooLarge(RequestError):
    """The body is larger than the configured limit."""

    status_code = 413


class BudgetExceeded(RequestError):
    """The budget is smaller than what may not be reduced."""

    def __init__(self, *, budget_tokens: int, needed_tokens: int, risk: float = 0.0) -> None:
        what = f"that a risk of {100 * risk:g} % needs" if risk else "that may not be reduced"
        super().__init__(
            f"a budget of {budget_tokens:,} tokens cannot hold the {needed_tokens:,} tokens {what}",
            hint=f"raise the budget to at least {needed_tokens:,} or {'allow more risk' if risk else 'pin less'}",
        )
        self.budget_tokens = budget_tokens
        self.needed_tokens = needed_tokens


class UnknownKey(RequestError):
    """The caller sent no key, or none that is known here."""

    status_code = 401


class UnknownPolicy(RequestError):
    """The request names a policy that there is not."""


class NotAllowed(RequestError):
    """The caller is known, but may not ask for this."""

    status_code = 403


class LimitTooSmall(RequestError):
    """The request is larger than a limit allows at any time; asking again does not help."""


class QuotaExceeded(RequestError):
    """A limit is used up for now. `retry_after_s` later the same request is let through, if nobody else asks."""

    status_code = 429

    def __init__(self, message: str, *, hint: str = "", limit: str, retry_after_s: float) -> None:
        super().__init__(message, hint=hint)
        self.limit = limit
        self.retry_after_s = retry_after_s


class ReducerError(SparingError):
    """A reducer failed. The request goes on with less reduction."""


class DeadlineExceeded(ReducerError):
    """The time allowed for this step is used up."""


class NeedsThread(ReducerError):
    """This would take longer than an event loop may be held up."""


class UpstreamError(SparingError):
    """The model's server failed. `body` is what it said, to be passed on unchanged; `tries` how often it was asked."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        provider: str = "",
        status_code: int = 502,
        retry_after_s: float | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(message, hint=hint)
        self.provider = provider
        self.status_code = status_code
        self.retry_after_s = retry_after_s
        self.body = body
        self.tries = 1


class UpstreamUnreachable(UpstreamError):
    """No connection could be made, or it closed before the answer was complete."""


class UpstreamTimeout(UpstreamError):
    """The upstream did not answer in time."""


class UpstreamResting(UpstreamError):
    """The upstream failed too often of late, so it was not asked."""


class UpstreamBusy(UpstreamError):
    """Too many requests wait for the upstream that are at least as urgent."""


class QuotaUnavailable(SparingError):
    """What was used of a quota cannot be counted, so nothing is let through."""


class ModelMissing(SparingError):
    """The embedded model's weights or engine are not installed."""


class SelectorMissing(SparingError):
    """The learned selector, or a tier of it, cannot run here; rules decide."""


class SelectorDamaged(SelectorMissing):
    """A file of the learned selector is truncated, changed or not of the form that this version reads."""


class InModelError(SparingError):
    """Tokens cannot be dropped inside the model as asked."""


class ModelUnsupported(InModelError):
    """The model, the way it is run, or the installed Transformers is not one that `sparing.inmodel` works with."""


class PolicyError(InModelError):
    """A budget or policy contradicts itself or cannot be kept, or a scorer gave unusable scores."""


class CacheMismatch(InModelError):
    """A saved cache belongs to another model, or a cache is used in a way that would give wrong results."""


class StoreError(SparingError):
    """A store of passages cannot be used as asked: of a newer version, of another model, full, being written."""


class RetrievalUnavailable(SparingError):
    """A request needs passages of a store, or what is fetched has to be written down, and that cannot be had now."""


class SourceUnreadable(SparingError):
    """A file or page cannot be indexed: encrypted, broken, binary, too large. The others are indexed all the same."""


class SourceBinary(SourceUnreadable):
    """A file is no text and of no format that is read here. Whoever named it is told; in a folder it is passed over."""


class RecordError(SparingError):
    """A receipt could not be written. Counted and logged, never raised into a request."""
