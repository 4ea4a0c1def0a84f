"""A PyTorch engine with a tiny random model, whose tokens are printable characters."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from sparing import inmodel as im
from sparing.core.upstream import Answer, Call
from sparing.gateway.app import create_app
from sparing.gateway.serve import GatewayServer, listen
from sparing.generate.torch_engine.model import Loaded, Messages, prepared
from sparing.generate.torch_engine.upstream import TorchUpstream
from sparing.inmodel.drop import Storage
from sparing.settings import GatewaySettings, LocalSettings, PolicySettings, Settings

VOCABULARY = 97
TOKEN_BYTES = 2 * 2 * (2 * 8 * 4 + 4)  # layers, heads, key and value of 8 float32, column


def tiny(end_ids: frozenset[int] = frozenset(), storage: Storage = "exact") -> Loaded:
    """Two layers, two key/value heads; one token a character."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=8192,
        initializer_range=0.2,
        bos_token_id=1,
        eos_token_id=None,
        pad_token_id=0,
    )
    return prepared(LlamaForCausalLM(config).eval(), encode, decode, end_ids, storage)


def encode(messages: Messages) -> list[int]:
    return [1] + [2 + (ord(char) - 32) % 95 for message in messages for char in message["content"]]


def decode(ids: list[int]) -> str:
    return "".join(chr(30 + one) for one in ids if one > 1)


def prompt(tokens: int, seed: int = 1) -> str:
    """A text of so many tokens, the one at its start included."""
    drawn = torch.randint(2, VOCABULARY, (tokens - 1,), generator=torch.Generator().manual_seed(seed))
    return decode(drawn.tolist())


def alone(loaded: Loaded, text: str, policy: im.Policy, tokens: int) -> str:
    """What `generate` answers to a text with nobody beside it."""
    ids = torch.tensor([encode([{"content": text}])])
    cache = im.DropCache(loaded.model, policy, storage=loaded.storage)
    out: Any = loaded.model.generate(ids, cache=cache, max_new_tokens=tokens, do_sample=False)  # type: ignore[operator]
    return decode(out[0, ids.shape[1] :].tolist())


def engine(loaded: Loaded, **settings: Any) -> TorchUpstream:
    return TorchUpstream(LocalSettings(engine="torch", **settings), Path(), lambda: loaded)


def chat_call(text: str, headers: Mapping[str, str] = MappingProxyType({}), **fields: Any) -> Call:
    body = {"model": "any", "messages": [{"role": "user", "content": text}], **fields}
    return Call("openai.chat", "POST", "/v1/chat/completions", headers, json.dumps(body).encode())


async def read(answer: Answer) -> Any:
    """An answer that is not streamed, as JSON."""
    return json.loads(b"".join([chunk async for chunk in answer.chunks()]))


@contextmanager
def gateway(upstream: TorchUpstream, policy: PolicySettings | None = None) -> Iterator[str]:
    """The real gateway before an engine, changing nothing by default; gives its URL, and closes both."""
    settings = Settings(gateway=GatewaySettings(port=0), policy=policy or PolicySettings(mode="off"))
    listener = listen(settings.gateway)
    ready, urls = threading.Event(), list[str]()
    app = create_app(settings=settings, upstreams={"openai.chat": upstream})
    server = GatewayServer(app, settings.gateway, lambda url: (urls.append(url), ready.set())[0])
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    assert ready.wait(20), "the gateway did not start"
    try:
        yield urls[0]
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
