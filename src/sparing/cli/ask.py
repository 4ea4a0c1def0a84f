"""`sparing ask`: reduce the material, ask the model, print the answer as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sparing.cli.batch import Batch, reduce_material
from sparing.cli.chat import Reply, converse, models_of
from sparing.cli.compare import Tried, print_both, reply_dict
from sparing.cli.inputs import Material, read_all
from sparing.cli.options import config_option, json_option, material_options
from sparing.cli.output import batch_dict, harmless, note, receipt_line, write, write_json
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
    """What is asked of whom.

    Attributes:
        local: Whether the embedded model answers.
        where: The upstream in words.
        max_tokens: Most tokens of the answer; None leaves it to the server.
        fresh: Have the embedded model read the whole prompt, not only what differs from the one before.
    """

    question: str
    model: str
    upstream: Upstream
    local: bool
    where: str
    max_tokens: int | None
    fresh: bool = False

    def body(self, material: str) -> dict[str, Any]:
        """The chat request for this material."""
        body: dict[str, Any] = {"model": self.model, "messages": self._messages(material)}
        if self.max_tokens:
            # OpenAI's newer models refuse the old name, other servers do not know the new one.
            body["max_completion_tokens" if "api.openai.com" in self.where else "max_tokens"] = self.max_tokens
        if self.fresh:
            body["cache_prompt"] = False  # llama.cpp's own name for it
        return body

    def _messages(self, material: str) -> list[dict[str, str]]:
        if self.local:  # a very small model: every instruction before the material is one more thing to repeat
            return [{"role": "user", "content": f"{material}\n\n{self.question} Answer in one or two sentences."}]
        user = f"{material}\n\nQuestion: {self.question}"
        return [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": user}]


@click.command()
@click.argument("question")
@click.argument("paths", nargs=-1, required=True, metavar="FILE|GLOB|-...")
@click.option("--model", help="Model to ask.  [default: the embedded one, or the only one the upstream offers]")
@click.option(
    "--upstream", metavar="WHO", help="Provider or base URL to ask (OpenAI chat), or local: the embedded model."
)
@click.option("--max-tokens", type=click.IntRange(min=1), metavar="TOKENS", help="Most tokens of the answer.")
@material_options
@click.option("--compare", is_flag=True, help="Ask again with all of the material, and show both answers.")
@json_option
@config_option
def command(
    question: str,
    paths: tuple[str, ...],
    model: str | None,
    upstream: str | None,
    max_tokens: int | None,
    budget: int | None,
    kind: str,
    pins: tuple[str, ...],
    encoding: str,
    compare: bool,
    as_json: bool,
    config_path: Path | None,
) -> None:
    """Ask a model about files, sending only what the question needs.

    The embedded model answers unless an upstream or a provider's key is configured. Its budget is
    1,500 tokens by default, that of others 8,000. The answer goes to stdout, the receipt to stderr.

    \b
    Examples:
      sparing ask "What was decided about the budget?" minutes.txt
      sparing ask "Why did the job fail?" build.log --compare
      sparing ask "What does it do?" 'src/*.py' --upstream http://127.0.0.1:11434 --model qwen3
    """
    if not question.strip():
        raise RequestError("the question is empty")
    import asyncio

    from sparing.settings import load_settings

    settings = load_settings(config_path, overrides={"upstream.openai_url": upstream})
    material = read_all(paths, encoding)
    job = _Job(settings, material, question, model, max_tokens, budget, kind, pins)
    asyncio.run(job.run(compare=compare, as_json=as_json))


@dataclass(frozen=True, slots=True)
class _Job:
    settings: Settings
    material: Sequence[Material]
    question: str
    model: str | None
    max_tokens: int | None
    budget: int | None
    kind: str
    pins: tuple[str, ...]

    async def run(self, *, compare: bool, as_json: bool) -> None:
        from sparing.cli.upstreams import OPENAI, make_upstreams

        upstream = make_upstreams(self.settings).get(OPENAI)
        if upstream is None:
            raise RequestError("nobody answers OpenAI-shaped requests", hint="give --upstream, or --upstream local")
        try:
            asking = await self._asking(upstream)
            with busy("reducing"):
                batch = self._reduced(asking)
            if compare:
                await self._compare(asking, batch, as_json=as_json)
            else:
                await self._answer(asking, batch, as_json=as_json)
        finally:
            await upstream.aclose()

    async def _asking(self, upstream: Upstream) -> Asking:
        from sparing.cli.upstreams import OPENAI, describe

        local = not self.settings.upstream.openai_url
        if local:
            await _load(upstream)
        model = self.model or (self.settings.local.model if local else await _only_model(upstream))
        max_tokens = self.max_tokens or (_LOCAL_ANSWER_TOKENS if local else None)
        return Asking(self.question, model, upstream, local, describe(self.settings)[OPENAI], max_tokens)

    def _reduced(self, asking: Asking) -> Batch:
        return reduce_material(
            self.material,
            question=self.question,
            budget=self.budget or self._default_budget(asking),
            keep=None,
            kind=self.kind,
            model=asking.model,
            pins=(*self.settings.policy.pins, *self.pins),
            select="auto",
        )

    def _default_budget(self, asking: Asking) -> int:
        if not asking.local:
            return _REMOTE_BUDGET_TOKENS
        room = self.settings.local.context_tokens - (asking.max_tokens or 0) - _OVERHEAD_TOKENS
        return max(64, min(_LOCAL_BUDGET_TOKENS, room))

    async def _answer(self, asking: Asking, batch: Batch, *, as_json: bool) -> None:
        body = asking.body(batch.text)
        reply = await _asked(asking, body, echo=not as_json)
        if as_json:
            write_json(_as_dict(asking, batch, reply))
        else:
            note(f"{receipt_line(batch)}; answered in {reply.total_s:.1f} s by {asking.where}")
        self._remember(batch, asking, reply)

    async def _compare(self, asking: Asking, batch: Batch, *, as_json: bool) -> None:
        if asking.local:
            asking = replace(asking, fresh=True)
        reduced = await _asked(asking, asking.body(batch.text), echo=False)
        whole: Tried
        try:
            whole = await _asked(asking, asking.body(batch.whole), echo=False)
        except UpstreamError as error:  # most often: it does not fit the model's context, which is worth showing
            whole = error
        if as_json:
            write_json({**_as_dict(asking, batch, reduced), "whole": reply_dict(whole)})
        else:
            print_both(batch, whole, reduced)
            note(f"{receipt_line(batch)}; answered by {asking.where}")
        self._remember(batch, asking, reduced)

    def _remember(self, batch: Batch, asking: Asking, reply: Reply) -> None:
        from sparing.cli.ledger import answered, receipt_of, remember

        remember(self.settings.record, answered(receipt_of(batch, asking.model), reply))


@contextmanager
def answering(settings: Settings, model: str | None) -> Iterator[Callable[[str, str], str]]:
    """A model that answers (material, question), as the command asks it, while the block runs.

    Raises:
        RequestError: Nobody answers, or it is not clear which model.
    """
    import asyncio

    from sparing.cli.upstreams import OPENAI, make_upstreams

    with asyncio.Runner() as runner:
        upstream = make_upstreams(settings).get(OPENAI)
        if upstream is None:
            raise RequestError("nobody answers OpenAI-shaped requests", hint="give --upstream, or --upstream local")
        try:
            asking = runner.run(_Job(settings, (), "", model, None, None, "auto", ())._asking(upstream))
            # OpenAI's newer models refuse it; all others answer the same twice only with it.
            steady = {} if "api.openai.com" in asking.where else {"temperature": 0}

            def answer(material: str, question: str) -> str:
                body = {**replace(asking, question=question).body(material), **steady}
                return runner.run(converse(upstream, body, lambda _piece: None)).text

            yield answer
        finally:
            runner.run(upstream.aclose())


async def _load(upstream: Upstream) -> None:
    """Have the embedded model in memory before any answer is timed."""
    with busy("loading the model"):
        await models_of(upstream)


async def _only_model(upstream: Upstream) -> str:
    try:
        offered = await models_of(upstream)
    except UpstreamError as error:
        raise RequestError(f"which model? {error.message}", hint="give --model NAME") from error
    if len(offered) != 1:
        some = ", ".join(offered[:8]) + (", ..." if len(offered) > 8 else "")
        raise RequestError(f"which model? The upstream offers {some or 'none'}", hint="give --model NAME")
    return offered[0]


async def _asked(asking: Asking, body: dict[str, Any], *, echo: bool) -> Reply:
    """Ask; with `echo` the answer is printed as it comes. A bar shows until the first word."""
    with ExitStack() as waiting:
        waiting.enter_context(busy(f"asking {asking.model}"))

        def show(piece: str) -> None:
            waiting.close()
            if echo:
                write(harmless(piece))

        reply = await converse(asking.upstream, body, show)
    if echo and not reply.text.endswith("\n"):
        write("\n")
    return reply


def _as_dict(asking: Asking, batch: Batch, reply: Reply) -> dict[str, Any]:
    return {
        "question": asking.question,
        "model": asking.model,
        "upstream": asking.where,
        **reply_dict(reply),
        "reduction": batch_dict(batch),
    }
