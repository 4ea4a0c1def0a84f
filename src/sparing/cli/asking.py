"""Who answers a question, and asking it: the embedded model, or an upstream that speaks OpenAI's chat format."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sparing.cli.chat import Reply, converse, models_of
from sparing.cli.output import harmless, write
from sparing.cli.progress import busy
from sparing.errors import RequestError, UpstreamError

if TYPE_CHECKING:
    from sparing.core.upstream import Upstream
    from sparing.settings import Settings

# What a small model on a small machine reads well and in seconds, and what the large ones get by default.
_LOCAL_BUDGET_TOKENS, _REMOTE_BUDGET_TOKENS = 1_500, 8_000
_LOCAL_ANSWER_TOKENS = 256  # a small model that has lost the thread does not stop by itself
_OVERHEAD_TOKENS = 256  # the instructions, the question and the chat template, generously
_SYSTEM = (
    "Answer the question from the material. Be brief. If the material does not hold the answer, say so. "
    "Marks such as [… 12 lines] stand for parts of the material that were left out."
)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who is asked.

    Attributes:
        local: Whether the embedded model answers.
        where: The upstream in words.
        max_tokens: Most tokens of the answer; None leaves it to the server.
        budget_tokens: Of the material, unless the caller says otherwise.
        fresh: Have the embedded model read the whole prompt, not only what differs from the one before.
    """

    model: str
    upstream: Upstream
    local: bool
    where: str
    max_tokens: int | None
    budget_tokens: int
    fresh: bool = False

    @property
    def small(self) -> bool:
        """Whether it is one of the embedded models that are too small to cite."""
        from sparing.generate.weights import known

        return self.local and any(weights.name == self.model for weights in known())

    def body(self, messages: list[dict[str, str]]) -> dict[str, Any]:
        """The chat request with these messages."""
        body: dict[str, Any] = {"model": self.model, "messages": messages}
        if self.max_tokens:
            # OpenAI's newer models refuse the old name, other servers do not know the new one.
            body["max_completion_tokens" if "api.openai.com" in self.where else "max_tokens"] = self.max_tokens
        if self.fresh:
            body["cache_prompt"] = False  # llama.cpp's own name for it
        return body

    def about(self, material: str, question: str) -> dict[str, Any]:
        """The chat request for a question about a text."""
        if self.local:  # a very small model: every instruction before the material is one more thing to repeat
            return self.body([{"role": "user", "content": f"{material}\n\n{question} Answer in one or two sentences."}])
        user = f"{material}\n\nQuestion: {question}"
        return self.body([{"role": "system", "content": _SYSTEM}, {"role": "user", "content": user}])

    async def reply(self, body: Mapping[str, Any], *, echo: bool) -> Reply:
        """Ask; with `echo` the answer is printed as it comes. A bar shows until the first word."""
        with ExitStack() as waiting:
            waiting.enter_context(busy(f"asking {self.model}"))

            def show(piece: str) -> None:
                waiting.close()
                if echo:
                    write(harmless(piece))

            reply = await converse(self.upstream, body, show)
        if echo and not reply.text.endswith("\n"):
            write("\n")
        return reply


@asynccontextmanager
async def asking(settings: Settings, model: str | None, max_tokens: int | None) -> AsyncIterator[Asking]:
    """Whoever answers by these settings, closed afterwards. The embedded model is in memory before anything is timed.

    Raises:
        RequestError: Nobody answers, or it is not clear which model.
    """
    from sparing.cli.upstreams import OPENAI, describe, make_upstreams

    upstream = make_upstreams(settings).get(OPENAI)
    if upstream is None:
        raise RequestError("nobody answers OpenAI-shaped requests", hint="give --upstream, or --upstream local")
    try:
        local = not settings.upstream.openai_url
        if local:
            with busy("loading the model"):
                await models_of(upstream)
        model = model or (settings.local.model if local else await _only_model(upstream))
        max_tokens = max_tokens or (_LOCAL_ANSWER_TOKENS if local else None)
        budget_tokens = _local_budget(settings, max_tokens or 0) if local else _REMOTE_BUDGET_TOKENS
        yield Asking(model, upstream, local, describe(settings)[OPENAI], max_tokens, budget_tokens)
    finally:
        await upstream.aclose()


@contextmanager
def answering(settings: Settings, model: str | None) -> Iterator[Callable[[str, str], str]]:
    """A model that answers (material, question), as the command asks it, while the block runs.

    Raises:
        RequestError: Nobody answers, or it is not clear which model.
    """
    import asyncio

    with asyncio.Runner() as runner:
        held = asking(settings, model, None)
        who = runner.run(held.__aenter__())
        # OpenAI's newer models refuse it; all others answer the same twice only with it.
        steady = {} if "api.openai.com" in who.where else {"temperature": 0}

        def answer(material: str, question: str) -> str:
            body = {**who.about(material, question), **steady}
            return runner.run(converse(who.upstream, body, lambda _piece: None)).text

        try:
            yield answer
        finally:
            runner.run(held.__aexit__(None, None, None))


def afresh(who: Asking) -> Asking:
    """The same, reading the whole prompt each time, so that two answers can be compared by time."""
    return replace(who, fresh=True) if who.local else who


def _local_budget(settings: Settings, answer_tokens: int) -> int:
    room = settings.local.context_tokens - answer_tokens - _OVERHEAD_TOKENS
    return max(64, min(_LOCAL_BUDGET_TOKENS, room))


async def _only_model(upstream: Upstream) -> str:
    try:
        offered = await models_of(upstream)
    except UpstreamError as error:
        raise RequestError(f"which model? {error.message}", hint="give --model NAME") from error
    if len(offered) != 1:
        some = ", ".join(offered[:8]) + (", ..." if len(offered) > 8 else "")
        raise RequestError(f"which model? The upstream offers {some or 'none'}", hint="give --model NAME")
    return offered[0]
