"""What `sparing serve` says when it is ready: where it is, who answers, and a request that can be pasted."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from sparing.cli.upstreams import ANTHROPIC, GEMINI, OPENAI, describe, make_upstreams, remote
from sparing.errors import ModelMissing, SparingError
from sparing.generate.weights import locate
from sparing.settings import Settings
from sparing.settings.paths import home, models_folder, receipts_file
from sparing.settings.providers import provider_at, provider_named, shape_of

if TYPE_CHECKING:
    from sparing.settings.load import Resolved

_PROBE_S = 3.0
_CHEAP = ("gpt-4o-mini", "haiku", "2.5-flash")  # a sample should not cost more than it must
_PATHS = {OPENAI: "/v1/chat/completions", ANTHROPIC: "/v1/messages", GEMINI: "/v1beta/models/{model}:generateContent"}
_QUESTION = "May I use the licensor's trademarks? Answer in one sentence."
_FILE = "sample-request.json"


@dataclass(frozen=True, slots=True)
class Found:
    """What the upstream of the sample request offers.

    Attributes:
        wire: The wire format that the sample uses.
        model: A model that can be asked; "" if none is known.
        trouble: Why none is known.
    """

    wire: str
    model: str
    trouble: str = ""


def probe(settings: Settings) -> Found:
    """Ask the upstream which models it has, so that the sample names one. The embedded model needs no asking."""
    wire = next(iter(remote(settings)), "")
    if not wire:
        return Found(OPENAI, settings.local.model, _embedded_trouble(settings))
    try:
        offered = asyncio.run(_offered(settings, wire))
    except (SparingError, TimeoutError) as error:
        return Found(wire, "", str(error) or "no answer")
    cheap = (name for part in _CHEAP for name in offered if part in name)
    return Found(wire, next(cheap, offered[0] if offered else ""))


def greeting(resolved: Resolved, found: Found, base_url: str) -> str:
    """What a stranger needs to send the first request."""
    settings = resolved.settings
    where = describe(settings)
    record = settings.record
    lines = [
        f"sparing is listening on {base_url} (mode {settings.policy.mode}, effort {settings.policy.effort})",
        "",
        f"  OpenAI clients     base URL {base_url}/v1  ->  {where[OPENAI]}",
        f"  Anthropic clients  base URL {base_url}     ->  {where[ANTHROPIC]}",
        f"  Gemini clients     base URL {base_url}     ->  {where[GEMINI]}",
        f"  settings           {resolved.file or 'no file, defaults'}",
        f"  receipts           {receipts_file(record, os.environ) if record.enabled else 'not written'}",
        *_let_in(settings),
        "",
    ]
    if settings.tenants:
        lines += ["  note: only keys of tenants are let in; put one into SPARING_KEY for the sample", ""]
        lines += [note for wire in remote(settings) for note in _no_key(settings, wire)]
    if found.trouble:
        lines += [f"  note: {found.trouble}", ""]
    if not found.model:
        lines += ["  note: no model is known yet; write its name in place of MODEL in the sample", ""]
    lines += [
        "A long document and a question, to paste into another terminal:",
        "",
        sample_request(settings, found, base_url),
        "",
        "The headers of the answer say what was saved; so do `sparing receipts` and `sparing stats`. Ctrl-C stops.",
    ]
    return "\n".join(lines)


def _let_in(settings: Settings) -> list[str]:
    """By what requests are let in, where anything says so."""
    if not (settings.policies or settings.tenants):
        return []
    return [f"  let in by          policies: {len(settings.policies)}, tenants: {len(settings.tenants)}"]


def _no_key(settings: Settings, wire: str) -> list[str]:
    """A note where the upstream wants a key: the callers' are those of the gateway, and are not passed on."""
    shape = shape_of(wire)
    url, key = (getattr(settings.upstream, f"{shape}_{part}") for part in ("url", "key"))
    provider = provider_at(shape, url)
    if key or provider is None or not provider.key_variables:
        return []
    return [f"  note: {provider.name} will want a key; set {provider.key_variables[0]} or upstream.{shape}_key", ""]


def sample_request(settings: Settings, found: Found, base_url: str) -> str:
    """A curl command. The document is Sparing's own licence; it is written to a file in the data folder."""
    model = found.model or "MODEL"
    url = base_url + _PATHS[found.wire].format(model=model)
    command = [f"curl -si {url}", "-H 'content-type: application/json'"]
    if found.wire == ANTHROPIC:
        command.append("-H 'anthropic-version: 2023-06-01'")
    key = _key_header(settings, found.wire)
    if key:
        command.append(f'-H "{key}"')
    command.append(f"-d {_data(sample_body(model, found.wire))}")
    return " \\\n  ".join(f"{part}" for part in command)


def _key_header(settings: Settings, wire: str) -> str:
    """The header with the caller's own key, where the gateway has none; "" where none is needed."""
    if settings.tenants:
        return "authorization: Bearer $SPARING_KEY"
    shape = shape_of(wire)
    url, key = (getattr(settings.upstream, f"{shape}_{part}") for part in ("url", "key"))
    provider = provider_at(shape, url) or provider_named(shape)
    if not url or key or provider is None or not provider.key_variables:
        return ""
    header = provider.header_for(shape)
    return f"{header}: {'Bearer ' if header == 'authorization' else ''}${provider.key_variables[0]}"


def sample_body(model: str, wire: str = OPENAI) -> str:
    """A chat request; OpenAI and Anthropic share its shape."""
    document = distribution("sparing").read_text("licenses/LICENSE") or ""
    content = f"{document}\n\n{_QUESTION}" if document else _QUESTION
    body: dict[str, object] = {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": content}]}
    if wire == GEMINI:
        body = {"contents": [{"role": "user", "parts": [{"text": content}]}]}
    return json.dumps(body, indent=2) + "\n"


def _data(body: str) -> str:
    """The body as curl takes it: from a file, or on the command line where no file can be written."""
    path = home(os.environ) / _FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, "utf-8")
    except OSError:
        return quote(json.dumps(json.loads(body)))
    return quote(f"@{Path(path).absolute()}")


def _embedded_trouble(settings: Settings) -> str:
    """Why the embedded model could not answer, without loading it."""
    if settings.local.engine == "llama" and find_spec("xllamacpp") is None:
        return "the embedded engine is not installed (pip install 'sparing[local]')"
    try:
        locate(settings.local.model, models_folder(os.environ))
    except ModelMissing as error:
        return str(error)
    return ""


async def _offered(settings: Settings, wire: str) -> list[str]:
    from sparing.cli.chat import models_of

    upstreams = make_upstreams(settings)
    try:
        async with asyncio.timeout(_PROBE_S):
            return await models_of(upstreams[wire], wire)
    finally:
        for upstream in upstreams.values():
            await upstream.aclose()
