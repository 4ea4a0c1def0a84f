"""The next upstream when one fails."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.core.upstream import Answer, Call, Upstream, served_by
from sparing.errors import ModelMissing, UpstreamError
from sparing.generate.begun import after, begin
from sparing.generate.faults import has_failed, is_repeatable


class Fallback:
    """Upstreams of one wire format, asked in order until one answers. Implements `core.upstream.Upstream`.

    What counts as a failure is what `faults.has_failed` says, before the first piece of an answer; a refusal (400, 401)
    is an answer. If all fail, the last failure is passed on. A call that does something at the provider goes to the
    first alone.
    """

    def __init__(self, chain: Sequence[Upstream]) -> None:
        self._chain = tuple(chain)

    async def send(self, call: Call) -> Answer:
        *firsts, last = self._chain if is_repeatable(call) else self._chain[:1]
        tried = 0
        for upstream in firsts:
            try:
                answer = await begin(await upstream.send(call))
            except UpstreamError as error:
                tried += error.tries
                continue
            except ModelMissing:
                continue
            if not has_failed(answer):
                return after(answer, tried)
            tried += served_by(answer).tries
            await answer.aclose()
        try:
            return after(await last.send(call), tried)
        except UpstreamError as error:
            error.tries += tried
            raise

    async def aclose(self) -> None:
        for upstream in self._chain:
            await upstream.aclose()
