"""`sparing serve`: the gateway."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sparing.cli.kept import open_elided, open_summaries
from sparing.cli.options import config_option
from sparing.cli.progress import busy
from sparing.cli.quota import open_quota
from sparing.warm import warm_up

if TYPE_CHECKING:
    from sparing.settings.load import Resolved


@click.command()
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), metavar="PORT", help="Port; 0 takes a free one.  [default: 8790]"
)
@click.option(
    "--upstream",
    metavar="WHO",
    help="A provider (deepseek, mistral, ...), a server's base URL, or local for the embedded model.",
)
@click.option(
    "--local-engine",
    type=click.Choice(["llama", "torch"]),
    help="What runs the embedded model; torch drops from its KV cache.  [default: llama]",
)
@click.option("--mode", type=click.Choice(["off", "audit", "on"]), help="What is done to requests.  [default: on]")
@click.option(
    "--effort", type=click.Choice(["off", "safe", "balanced", "max"]), help="How hard to try.  [default: balanced]"
)
@config_option
def command(
    host: str | None,
    port: int | None,
    upstream: str | None,
    local_engine: str | None,
    mode: str | None,
    effort: str | None,
    config_path: Path | None,
) -> None:
    """Run the gateway: OpenAI-, Anthropic- and Gemini-shaped requests in, reduced requests out.

    Point a client at it by its base URL. The embedded model answers unless an upstream or a provider's
    key is configured. A request can say what is to be done with it: x-sparing-mode (off, audit, on),
    x-sparing-budget (tokens), x-sparing-risk (share), x-sparing-effort, x-sparing-recall (on, off),
    x-sparing-deadline-ms, x-sparing-policy (docs/policies.md), x-sparing-store (docs/retrieval.md); with
    --local-engine torch also x-sparing-kv-policy and x-sparing-kv-budget.

    \b
    Examples:
      sparing serve
      sparing serve --upstream deepseek
      sparing serve --upstream http://127.0.0.1:11434 --mode audit
      sparing serve --upstream local --local-engine torch
    """
    from sparing.settings.load import resolve

    overrides = {
        "gateway.host": host,
        "gateway.port": port,
        "upstream.provider": upstream,
        "local.engine": local_engine,
        "policy.mode": mode,
        "policy.effort": effort,
    }
    _run(resolve(config_path, overrides=overrides))


def _run(resolved: Resolved) -> None:
    from sparing.cli.greeting import greeting, probe
    from sparing.cli.upstreams import make_upstreams
    from sparing.gateway.app import create_app
    from sparing.gateway.caches import with_cache
    from sparing.gateway.serve import listen, serve
    from sparing.record.elided_writer import ElidedWriter
    from sparing.record.summaries import MemorySummaries
    from sparing.record.writer import Recorder
    from sparing.settings.paths import answers_file, receipts_file
    from sparing.tokens.models import DEFAULT_MODEL

    settings = resolved.settings
    listen(settings.gateway).close()  # a port in use is said at once, not after everything is loaded
    record = settings.record
    path = receipts_file(record, os.environ)
    recorder = Recorder(path, keep_days=record.keep_days) if record.enabled else None
    elided = ElidedWriter(partial(open_elided, settings.recall)) if settings.recall.store else None
    upstreams = with_cache(make_upstreams(settings), settings.cache, answers_file(settings.cache, os.environ))
    app = create_app(
        settings=settings,
        upstreams=upstreams,
        recorder=recorder,
        elided=elided,
        summaries=MemorySummaries(behind=open_summaries(settings.recall)) if settings.recall.store else None,
        quota=open_quota(settings),
    )
    with busy("getting ready"):
        found = probe(settings)
        warm_up(DEFAULT_MODEL, "gpt-4")  # one model of each vocabulary, so that no request spends its deadline on it
    with suppress(KeyboardInterrupt):  # Ctrl-C is how one stops it; open answers have been finished by then
        serve(app, settings.gateway, ready=lambda base_url: click.echo(greeting(resolved, found, base_url), err=True))
