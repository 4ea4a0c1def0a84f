"""`sparing ask`: a question about files, or to a store."""

from __future__ import annotations

from pathlib import Path

import click

from sparing.cli.options import config_option, json_option, material_options
from sparing.errors import RequestError


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

    from sparing.cli.ask_files import AskFiles
    from sparing.cli.inputs import read_all
    from sparing.settings import load_settings

    settings = load_settings(config_path, overrides={"upstream.openai_url": upstream})
    material = read_all(paths, encoding)
    job = AskFiles(settings, material, question, model, max_tokens, budget, kind, pins)
    asyncio.run(job.run(compare=compare, as_json=as_json))
