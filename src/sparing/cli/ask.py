"""`sparing ask`: a question about files, or to a store."""

from __future__ import annotations

from pathlib import Path

import click

from sparing.cli.options import config_option, json_option, material_options
from sparing.errors import RequestError


@click.command()
@click.argument("question")
@click.argument("paths", nargs=-1, metavar="[FILE|GLOB|-]...")
@click.option("--model", help="Model to ask.  [default: the embedded one, or the only one the upstream offers]")
@click.option(
    "--upstream", metavar="WHO", help="Provider or base URL to ask (OpenAI chat), or local: the embedded model."
)
@click.option("--max-tokens", type=click.IntRange(min=1), metavar="TOKENS", help="Most tokens of the answer.")
@material_options
@click.option("--store", "where", metavar="STORE", help="Store to ask.  [default: retrieval.store]")
@click.option(
    "--as",
    "labels",
    multiple=True,
    metavar="LABEL",
    help="Ask on behalf of who holds this label: tenant:acme, group:legal. Repeatable.",
)
@click.option("--extract", is_flag=True, help="Answer by the store's own sentences, without a model.")
@click.option("--no-check", is_flag=True, help="Do not hold the answer to the passages; print it as it comes.")
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
    where: str | None,
    labels: tuple[str, ...],
    extract: bool,
    no_check: bool,
    compare: bool,
    as_json: bool,
    config_path: Path | None,
) -> None:
    """Ask a model about files, or about what was indexed, sending only what the question needs.

    With FILEs these are the material. Without, passages of the store that `sparing index` made are,
    and each sentence of the answer is held to them: it names its passage, or is marked
    [unsupported]; where nothing there answers, that is said, which is no error (exit status 0).

    The embedded model answers unless an upstream or a provider's key is configured. Its budget is
    1,500 tokens by default, that of others 8,000. The answer goes to stdout, the receipt to stderr.

    \b
    Examples:
      sparing ask "What was decided about the budget?" minutes.txt
      sparing ask "Why did the job fail?" build.log --compare
      sparing ask "What does it do?" 'src/*.py' --upstream http://127.0.0.1:11434 --model qwen3
      sparing index docs && sparing ask "How is a key rotated?"
      sparing ask "How is a key rotated?" --extract --as group:staff --json
    """
    if not question.strip():
        raise RequestError("the question is empty")
    import asyncio

    from sparing.settings import load_settings

    settings = load_settings(config_path, overrides={"upstream.openai_url": upstream})
    if paths:
        _refuse(bool(where or labels or extract or no_check), "--store, --as, --extract and --no-check", "a store")
        from sparing.cli.ask_files import AskFiles
        from sparing.cli.inputs import read_all

        material = read_all(paths, encoding)
        files = AskFiles(settings, material, question, model, max_tokens, budget, kind, pins)
        asyncio.run(files.run(compare=compare, as_json=as_json))
        return
    _refuse(bool(compare or pins or kind != "auto"), "--compare, --pin and --kind", "files")
    from sparing.cli.ask_store import AskStore

    store = AskStore(settings, question, where, labels, model, max_tokens, budget, check=not no_check)
    asyncio.run(store.run(extract=extract, as_json=as_json))


def _refuse(given: bool, options: str, belong_to: str) -> None:
    if given:
        raise RequestError(f"{options} are for questions about {belong_to}", hint="see `sparing ask --help`")
