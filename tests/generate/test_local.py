"""The embedded model answers the wire formats of OpenAI and Anthropic, through the whole gateway. Needs its weights: `make model`."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sparing.core.upstream import Call
from sparing.errors import ModelMissing
from sparing.generate.local import LocalUpstream
from sparing.generate.weights import locate
from sparing.settings import LocalSettings
from sparing.settings.paths import models_folder

SETTINGS = LocalSettings(context_tokens=2048)


def weights_are_here() -> bool:
    try:
        locate(SETTINGS.model, models_folder(os.environ))
    except ModelMissing:
        return False
    return True


needs_weights = pytest.mark.skipif(not weights_are_here(), reason="the weights are not here; `make model` gets them")


@pytest.fixture
async def upstream() -> AsyncIterator[LocalUpstream]:
    model = LocalUpstream(SETTINGS, models_folder(os.environ))
    yield model
    await model.aclose()


async def ask(upstream: LocalUpstream, wire: str, path: str, **fields: object) -> bytes:
    question = "The lamp is in the cellar.\n\nWhere is the lamp?"
    body = {"model": "any", "max_tokens": 12, "messages": [{"role": "user", "content": question}], **fields}
    headers = {"content-type": "application/json", "authorization": "Bearer the-callers-own"}
    answer = await upstream.send(Call(wire, "POST", path, headers, json.dumps(body).encode()))
    assert answer.status == 200
    return b"".join([chunk async for chunk in answer.chunks()])


@pytest.mark.local_model
@needs_weights
async def test_its_wire_formats(upstream: LocalUpstream) -> None:
    """Whole answers as OpenAI and a streamed one as Anthropic would send them; the caller's key does not matter."""
    whole = json.loads(await ask(upstream, "openai.chat", "/v1/chat/completions"))
    assert "lamp" in whole["choices"][0]["message"]["content"]
    newer = json.loads(
        await ask(upstream, "openai.responses", "/v1/responses", input="Where is it?", max_output_tokens=9)
    )
    assert newer["output"][-1]["content"][0]["type"] == "output_text"
    streamed = await ask(upstream, "anthropic.messages", "/v1/messages", stream=True)
    assert streamed.startswith(b"event: message_start")
    assert b"event: message_stop" in streamed


async def test_missing_weights_say_what_to_do(tmp_path: Path) -> None:
    """Without weights the first call fails with the command that gets them."""
    pytest.importorskip("xllamacpp")
    model = LocalUpstream(SETTINGS, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sparing.generate.weights._inside_installed_package", lambda weights: None)
        with pytest.raises(ModelMissing, match="sparing models pull"):
            await ask(model, "openai.chat", "/v1/chat/completions")
    await model.aclose()
