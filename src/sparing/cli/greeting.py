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

from sparing.cli.upstreams import ANTHROPIC, OPENAI, describe, make_upstreams
from sparing.errors import ModelMissing, SparingError
from sparing.generate.weights import locate
from sparing.settings import Settings
from sparing.settings.paths import home, models_folder, receipts_file

if TYPE_CHECKING:
    from sparing.settings.load import Resolved

_PROBE_S = 3.0
_CHEAP = ("gpt-4o-mini", "haiku")  # a sample should not cost more than it must
_PATHS = {OPENAI: "/v1/chat/completions", ANTHROPIC: "/v1/messages"}
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
    wire = ANTHROPIC if settings.upstream.anthropic_url and not settings.upstream.openai_url else OPENAI
    if wire == OPENAI and not settings.upstream.openai_url:
        return Found(wire, settings.local.model, _embedded_trouble(settings))
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
        f"  settings           {resolved.file or 'no file, defaults'}",
        f"  receipts           {receipts_file(record, os.environ) if record.enabled else 'not written'}",
        "",
    ]
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


def sample_request(settings: Settings, found: Found, base_url: str) -> str:
    """A curl command. The document is Sparing's own licence; it is written to a file in the data folder."""
    command = [f"curl -si {base_url}{_PATHS[found.wire]}", "-H 'content-type: application/json'"]
    if found.wire == ANTHROPIC:
        command.append("-H 'anthropic-version: 2023-06-01'")
        if not settings.upstream.anthropic_key:
            command.append('-H "x-api-key: $ANTHROPIC_API_KEY"')
    elif settings.upstream.openai_url and not settings.upstream.openai_key:
        command.append('-H "authorization: Bearer $OPENAI_API_KEY"')
    command.append(f"-d {_data(sample_body(found.model or 'MODEL'))}")
    return " \\\n  ".join(f"{part}" for part in command)


def sample_body(model: str) -> str:
    """A chat request in the shape that both wire formats share."""
    document = distribution("sparing").read_text("licenses/LICENSE") or ""
    content = f"{document}\n\n{_QUESTION}" if document else _QUESTION
    body = {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": content}]}
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
    if find_spec("xllamacpp") is None:
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
