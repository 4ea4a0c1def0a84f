"""`sparing search`: passages of a store."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sparing.cli.options import config_option, json_option
from sparing.cli.output import harmless, note, write, write_json
from sparing.cli.progress import busy
from sparing.errors import RequestError

if TYPE_CHECKING:
    from sparing.retrieve.search import Hit
    from sparing.settings.policy import Select

_SNIPPET_TOKENS = 60
_COLUMNS = 100


@click.command()
@click.argument("question")
@click.option("--store", "where", metavar="STORE", help="Where the documents were indexed.  [default: retrieval.store]")
@click.option("--limit", type=click.IntRange(min=1), default=5, show_default=True, metavar="N", help="Most passages.")
@click.option(
    "--as",
    "labels",
    multiple=True,
    metavar="LABEL",
    help="See only what holders of this label may: tenant:acme, group:legal. Repeatable.",
)
@click.option(
    "--select",
    type=click.Choice(["auto", "static"]),
    default="auto",
    show_default=True,
    help="Whether the encoder reads the best passages (auto), or words and vectors decide (static).",
)
@json_option
@config_option
def command(
    question: str,
    where: str | None,
    limit: int,
    labels: tuple[str, ...],
    select: Select,
    as_json: bool,
    config_path: Path | None,
) -> None:
    """Find the passages of a store that answer a question.

    Each is shown with its chance to be what is asked for, where it stands, what found it, and the
    sentences in it that have most to do with the question. Documents are indexed with `sparing index`.

    \b
    Examples:
      sparing search "Who approves a trip?"
      sparing search "Who approves a trip?" --store handbook.db --as group:staff --json
    """
    if not question.strip():
        raise RequestError("the question is empty")
    from sparing.cli.audit_line import Audit
    from sparing.cli.stores import opened, rights_of
    from sparing.retrieve.search import search
    from sparing.settings import load_settings

    retrieval, rights = load_settings(config_path).retrieval, rights_of(labels)
    with opened(where, retrieval) as (store, embedder), busy("searching"):
        audit = Audit(retrieval, where or retrieval.store, store, rights)
        hits = search(store, embedder, question, rights, limit=limit, select=select)
        audit.searched(hits)
    if as_json:
        write_json([_as_dict(hit) for hit in hits])
    else:
        write(harmless("\n".join(_shown(rank, hit, question, select) for rank, hit in enumerate(hits, 1))))
    if not hits:
        note("nothing was found" + (f" that {' and '.join(labels)} may read" if labels else ""))


def _shown(rank: int, hit: Hit, question: str, select: Select) -> str:
    lines = [f"{rank}. {_where(hit)}  ({100 * hit.score:.0f} %, {hit.by})"]
    lines += [f"   {line}" for line in hit.passage.heads.splitlines() if line.strip()]
    lines += textwrap.wrap(_snippet(hit, question, select), _COLUMNS, initial_indent="   ", subsequent_indent="   ")
    lines += [f"   also in {also.source}, {also.place}".rstrip(", ") for also in hit.also]
    return "\n".join(lines) + "\n"


def _where(hit: Hit) -> str:
    return f"{hit.passage.source}, {hit.passage.place}".rstrip(", ")


def _snippet(hit: Hit, question: str, select: Select) -> str:
    from sparing.api import reduce_text

    kind = hit.passage.content.value
    return reduce_text(hit.passage.text, query=question, budget=_SNIPPET_TOKENS, kind=kind, select=select).text


def _as_dict(hit: Hit) -> dict[str, Any]:
    passage = hit.passage
    return {
        "source": passage.source,
        "place": passage.place,
        "start": passage.start,
        "end": passage.end,
        "score": round(hit.score, 6),
        "by": hit.by,
        "heads": passage.heads,
        "text": passage.text,
        "also": _places(hit.also),
    }


def _places(passages: Sequence[Any]) -> list[dict[str, str]]:
    return [{"source": one.source, "place": one.place} for one in passages]
