"""The PyTorch engine: many requests in one batch, each as if it were alone."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

pytest.importorskip("transformers")

from tiny_engine import TOKEN_BYTES, alone, chat_call, engine, prompt, read, tiny

from sparing import inmodel as im
from sparing.core.upstream import Call
from sparing.errors import MalformedBody, ModelMissing, RequestError, SettingsError, UpstreamError, UpstreamUnreachable
from sparing.generate.torch_engine import worker as worker_module
from sparing.generate.torch_engine.batch import Batch
from sparing.generate.torch_engine.model import Loaded
from sparing.generate.torch_engine.sampling import Sampler
from sparing.generate.torch_engine.upstream import NotServed, TorchUpstream
from sparing.generate.weights import locate
from sparing.settings import LocalSettings
from sparing.settings.paths import models_folder

POLICIES = {
    "off": im.FULL,
    "echo": im.Policy(),
    **{
        name: im.Policy(score=name, budget=im.Budget.parse(budget), span_tokens=3)
        for name, budget in (("keydiff", "50%"), ("snapkv", "200"), ("window", "25%"), ("h2o", "40%"))
    },
}
BUDGETS = {
    "off": "50%",
    "echo": "50%",
    "kvzip": "50%",
    "keydiff": "0.5",
    "snapkv": "200",
    "window": "25%",
    "h2o": "40%",
}


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return tiny()


@pytest.fixture
async def upstream(loaded: Loaded) -> AsyncIterator[TorchUpstream]:
    running = engine(loaded)
    yield running
    await running.aclose()


def controls(name: str) -> dict[str, str]:
    return {"x-sparing-kv-policy": name, "x-sparing-kv-budget": BUDGETS[name]}


async def eventually(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline_s
        await asyncio.sleep(0.005)


async def test_concurrent_requests_are_answered_as_if_alone(
    upstream: TorchUpstream, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight at once, of six policies and many lengths, joining and leaving: each gets the tokens of `generate`."""
    names = ["off", "keydiff", "snapkv", "window", "h2o", "echo", "off", "echo"]
    texts = [prompt(1100 + 37 * index if index % 3 else 40 + index, seed=index) for index in range(len(names))]
    lengths = [24, 7, 30, 12, 19, 3, 26, 15]

    sizes = []
    step = Batch.step
    monkeypatch.setattr(Batch, "step", lambda batch, tokens: (sizes.append(len(batch)), step(batch, tokens))[1])

    async def ask(index: int) -> str:
        await asyncio.sleep(0.01 * index)
        answer = await upstream.send(chat_call(texts[index], controls(names[index]), max_tokens=lengths[index]))
        said = await read(answer)
        assert said["choices"][0]["finish_reason"] == "length"
        return str(said["choices"][0]["message"]["content"])

    said = await asyncio.gather(*(ask(index) for index in range(len(names))))
    expected = [alone(loaded, *args) for args in zip(texts, [POLICIES[name] for name in names], lengths, strict=True)]
    assert said == expected
    assert max(sizes) > 2
    assert len(sizes) < sum(lengths) - len(lengths)
    assert upstream.worker is not None
    assert upstream.worker.live_bytes == upstream.worker.reserved_bytes == 0


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({}, 600),
        (controls("off"), 1200),
        ({"x-sparing-kv-budget": "300"}, 300),
        (controls("kvzip"), 600),
        ({"x-sparing-kv-budget": f"{400 * TOKEN_BYTES}"}, 1200),
        ({"x-sparing-kv-budget": f"{400 * TOKEN_BYTES // 1024}KiB"}, 400 * TOKEN_BYTES // 1024 * 1024 // TOKEN_BYTES),
    ],
)
async def test_an_answer_says_what_was_kept(upstream: TorchUpstream, headers: dict[str, str], kept: int) -> None:
    """Tokens and bytes of the prompt, in headers and in the usage; the bytes are those that were reserved."""
    answer = await upstream.send(chat_call(prompt(1200), headers, max_tokens=1))
    assert answer.headers["x-sparing-kv-kept"] == str(kept)
    assert answer.headers["x-sparing-kv-bytes"] == str(kept * TOKEN_BYTES)
    usage = (await read(answer))["usage"]
    assert usage == {
        "prompt_tokens": 1200,
        "completion_tokens": 1,
        "total_tokens": 1201,
        "kv_kept_tokens": kept,
        "kv_bytes": kept * TOKEN_BYTES,
    }


async def test_equal_requests_are_read_alike(upstream: TorchUpstream) -> None:
    """Whatever runs beside them: as many tokens of prompt, as many kept, the same answer."""
    text, other = prompt(1200), prompt(1500, seed=2)
    calls = [chat_call(text, max_tokens=5), chat_call(other, controls("kvzip"), max_tokens=9)] * 3
    answers = await asyncio.gather(*(upstream.send(call) for call in calls))
    said = await asyncio.gather(*(read(answer) for answer in answers))
    for same, prompt_tokens in ((said[::2], 1200), (said[1::2], 1500)):
        assert {each["usage"]["prompt_tokens"] for each in same} == {prompt_tokens}
        assert {each["usage"]["kv_kept_tokens"] for each in same} == {prompt_tokens // 2}
        assert len({each["choices"][0]["message"]["content"] for each in same}) == 1


async def test_a_cache_in_eight_bits_reserves_and_takes_its_own_bytes() -> None:
    """Requests side by side get the tokens that they get alone in eight bits; admission counts 24 bytes a slot, not 68."""
    loaded = tiny(storage="int8")
    token_bytes = loaded.token_bytes
    assert token_bytes == 2 * 2 * (10 + 10 + 4)
    running = engine(loaded, kv_bytes=2 * 640 * token_bytes)
    texts = [prompt(1200, seed=1), prompt(1100, seed=2)]
    answers = await asyncio.gather(*(running.send(chat_call(text, max_tokens=20)) for text in texts))
    assert [answer.headers["x-sparing-kv-bytes"] for answer in answers] == [str(n * token_bytes) for n in (600, 550)]
    said = [(await read(answer))["choices"][0]["message"]["content"] for answer in answers]
    assert said == [alone(loaded, text, im.Policy(), 20) for text in texts]
    whole = await running.send(chat_call(texts[0], {"x-sparing-kv-budget": "50% of bytes"}, max_tokens=20))
    assert whole.headers["x-sparing-kv-bytes"] == str(1200 * token_bytes)
    await running.aclose()


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"x-sparing-kv-policy": "best"}, "one of off, .*keydiff"),
        ({"x-sparing-kv-budget": "much"}, "x-sparing-kv-budget is 'much'"),
        ({"x-sparing-kv-budget": "8"}, "below its 4 sinks"),
        ({"x-sparing-kv-budget": "1KiB"}, "below its 4 sinks"),
    ],
)
async def test_unusable_controls_are_refused(upstream: TorchUpstream, headers: dict[str, str], said: str) -> None:
    """With what they could be."""
    with pytest.raises(RequestError, match=said):
        await upstream.send(chat_call(prompt(1200), headers))


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content"),
        ({"max_tokens": 0}, None),
        ({"messages": []}, None),
    ],
)
async def test_what_cannot_be_done_is_refused(
    upstream: TorchUpstream, fields: dict[str, object], param: str | None
) -> None:
    """Rather than left out of account."""
    with pytest.raises(MalformedBody) as refused:
        await upstream.send(chat_call("hello", **fields))
    assert refused.value.param == param


async def test_what_can_never_fit_is_refused_at_once(loaded: Loaded) -> None:
    """By tokens or by bytes; a budget in a header can make the same request fit."""
    small = engine(loaded, context_tokens=2000, kv_bytes=700 * TOKEN_BYTES)
    with pytest.raises(RequestError, match="do not fit a context of 2,000"):
        await small.send(chat_call(prompt(1990), max_tokens=11))
    with pytest.raises(RequestError, match="bytes of cache"):
        await small.send(chat_call(prompt(1300), max_tokens=52))
    answer = await small.send(chat_call(prompt(1300), max_tokens=51))
    assert small.worker is not None
    assert small.worker.reserved_bytes == 700 * TOKEN_BYTES
    await read(answer)
    await small.aclose()


async def test_requests_wait_for_bytes_in_a_bounded_queue(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit beside what runs waits; when too many wait, 429 and when to come again."""
    monkeypatch.setattr(worker_module, "MAX_WAITING", 1)
    small = engine(loaded, kv_bytes=4500 * TOKEN_BYTES)
    running = await small.send(chat_call(prompt(40), max_tokens=4400))
    second = asyncio.create_task(small.send(chat_call(prompt(200), max_tokens=2)))
    await asyncio.sleep(0.05)
    with pytest.raises(UpstreamError) as refused:
        await small.send(chat_call(prompt(200), max_tokens=2))
    assert refused.value.status_code == 429
    assert refused.value.retry_after_s
    assert not second.done()
    await running.aclose()
    assert (await read(await second))["usage"]["completion_tokens"] == 2
    await small.aclose()


async def test_a_closed_answer_frees_its_bytes(upstream: TorchUpstream) -> None:
    """Within a step, and so does a request that is given up while it waits; the others go on."""
    gone = await upstream.send(chat_call(prompt(50), max_tokens=8000))
    stays = await upstream.send(chat_call(prompt(60), max_tokens=40))
    worker = upstream.worker
    assert worker is not None
    both = worker.reserved_bytes
    await gone.aclose()
    await gone.aclose()
    await eventually(lambda: worker.reserved_bytes < both)
    assert (await read(stays))["usage"]["completion_tokens"] == 40
    given_up = asyncio.create_task(upstream.send(chat_call(prompt(3000), max_tokens=5000)))
    await asyncio.sleep(0)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    await eventually(lambda: worker.reserved_bytes == worker.live_bytes == 0)


async def test_closing_stops_what_runs(loaded: Loaded) -> None:
    """Open answers are told, the thread ends, nothing stays."""
    running = engine(loaded)
    answer = await running.send(chat_call(prompt(40), max_tokens=8000))
    worker = running.worker
    await running.aclose()
    with pytest.raises(UpstreamUnreachable, match="stopped"):
        await read(answer)
    assert worker is not None
    assert worker.live_bytes == worker.reserved_bytes == 0
    assert not worker._thread.is_alive()


async def test_a_request_that_fails_is_its_own_trouble(
    upstream: TorchUpstream, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error goes to its caller; who runs beside it is answered."""
    beside = await upstream.send(chat_call(prompt(40), max_tokens=300))
    assert upstream.worker is not None
    with monkeypatch.context() as patch:
        patch.setattr(upstream.worker._batch, "join", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await upstream.send(chat_call(prompt(50), max_tokens=3))
    with monkeypatch.context() as patch:
        patch.setattr(Sampler, "pick", lambda self, logits: 1 / 0 if self._sampling.seed == 7 else int(logits.argmax()))
        with pytest.raises(ZeroDivisionError):
            await read(await upstream.send(chat_call(prompt(50), max_tokens=3, seed=7)))
    assert (await read(beside))["choices"][0]["message"]["content"] == alone(loaded, prompt(40), im.FULL, 300)


async def test_sampling_follows_the_seed(upstream: TorchUpstream, loaded: Loaded) -> None:
    """The same seed gives the same answer, whoever runs beside it; another seed another; a tiny top_p the likeliest."""

    async def ask(**fields: object) -> str:
        said = await read(await upstream.send(chat_call(prompt(40), max_tokens=20, **fields)))
        return str(said["choices"][0]["message"]["content"])

    first, again, other, top = await asyncio.gather(
        ask(temperature=1, seed=5),
        ask(temperature=1, seed=5),
        ask(temperature=1, seed=6),
        ask(temperature=1, seed=5, top_p=1e-6),
    )
    assert first == again != other
    assert top == alone(loaded, prompt(40), im.FULL, 20)


async def test_an_answer_ends_at_a_stop_string_or_an_end_token(upstream: TorchUpstream, loaded: Loaded) -> None:
    """Neither is shown, and the reason is "stop"."""
    full = alone(loaded, prompt(40), im.FULL, 20)
    said = await read(await upstream.send(chat_call(prompt(40), max_tokens=20, stop=["never", full[5:8]])))
    assert said["choices"][0]["message"]["content"] == full[: full.index(full[5:8])]
    assert said["choices"][0]["finish_reason"] == "stop"
    ending = engine(tiny(end_ids=frozenset({ord(full[5]) - 30})))
    said = await read(await ending.send(chat_call(prompt(40), max_tokens=20)))
    assert said["choices"][0]["message"]["content"] == full[: full.index(full[5])]
    assert said["choices"][0]["finish_reason"] == "stop"
    await ending.aclose()


async def test_paths(upstream: TorchUpstream) -> None:
    """It lists its model, and has no other path than that of chats."""
    listed = await read(await upstream.send(Call("openai.chat", "GET", "/v1/models", {}, b"")))
    assert [model["id"] for model in listed["data"]] == [LocalSettings().model]
    with pytest.raises(NotServed, match="does not answer POST /v1/embeddings"):
        await upstream.send(Call("openai.chat", "POST", "/v1/embeddings", {}, b"{}"))


def test_what_is_missing_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An extra that is not installed, a score that nobody registered."""
    with pytest.raises(SettingsError, match=r"local\.kv_policy is 'best'"):
        TorchUpstream(LocalSettings(kv_policy="best"), Path())
    monkeypatch.setattr("sparing.generate.torch_engine.upstream.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'sparing\[torch\]'"):
        TorchUpstream(LocalSettings(), Path())


def weights() -> Path | None:
    try:
        return locate(LocalSettings().model, models_folder(os.environ))
    except ModelMissing:
        return None


@pytest.mark.local_model
@pytest.mark.skipif(weights() is None, reason="the weights are not here; `make model` gets them")
async def test_the_real_model_answers_from_half_of_its_cache() -> None:
    """A fact in the middle of 1,100 tokens, with half of them dropped."""
    running = TorchUpstream(LocalSettings(engine="torch"), models_folder(os.environ))
    filler = " ".join(f"Item {number} of the list is of no interest." for number in range(45))
    text = f"{filler} The lamp is in the cellar. {filler}\n\nWhere is the lamp?"
    answer = await running.send(chat_call(text, max_tokens=12))
    said = await read(answer)
    assert "cellar" in said["choices"][0]["message"]["content"]
    assert said["usage"]["kv_kept_tokens"] == round(said["usage"]["prompt_tokens"] / 2)
    await running.aclose()


async def test_events(upstream: TorchUpstream, loaded: Loaded) -> None:
    """A stream is the same answer in pieces, with the usage if it was asked for."""
    answer = await upstream.send(
        chat_call(prompt(40), max_tokens=9, stream=True, stream_options={"include_usage": True})
    )
    events = b"".join([chunk async for chunk in answer.chunks()]).decode().split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
    deltas = [choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"]]
    assert "".join(deltas) == alone(loaded, prompt(40), im.FULL, 9)
    assert chunks[-1]["usage"]["completion_tokens"] == 9
    assert len(deltas) == 11
