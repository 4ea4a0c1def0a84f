"""`sparing index`: files, folders and pages into a store that can be searched."""

from __future__ import annotations

import os
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from signal import SIGINT, SIGTERM, signal
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from sparing.cli.options import config_option, json_option
from sparing.cli.output import counted, note, write, write_json
from sparing.cli.progress import Report, bar
from sparing.errors import RequestError

if TYPE_CHECKING:
    from sparing.core.store import Embedder, Store
    from sparing.retrieve.ingest import Ingest
    from sparing.retrieve.putting import Ingested
    from sparing.settings.retrieval import RetrievalSettings

INCOMPLETE = 3
_LABEL = re.compile(r"public|(?:tenant|group|user):\S+")
_AUTO = "auto"
_SHOWN = 20
_PATIENCE_S = 30.0


@click.command()
@click.argument("sources", nargs=-1, metavar="[PATH|URL]...")
@click.option("--into", "into", metavar="STORE", help="The store; by default the one of the settings.")
@click.option(
    "--urls", "lists", multiple=True, metavar="FILE", help="A file of paths and URLs, one a line; - is stdin."
)
@click.option("--label", "labels", multiple=True, metavar="LABEL", help="Who may read it. Repeatable.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out what matches. Repeatable.")
@click.option("--embedder", metavar="NAME", help="What makes vectors: auto, minilm, static, none, or a model's name.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes that read PDF and Word; one a core.")
@click.option("--prune/--no-prune", default=True, show_default=True, help="Remove what is no longer there.")
@click.option("--follow", is_flag=True, help="Go on, and index files as they grow, until Ctrl-C.")
@click.option("--max-mb", type=click.IntRange(min=1), default=32, show_default=True, help="Leave larger files out.")
@click.option("--allow-private", is_flag=True, help="Fetch addresses of this machine and its network too.")
@json_option
@config_option
@click.pass_context
def command(
    context: click.Context,
    sources: tuple[str, ...],
    into: str | None,
    lists: tuple[str, ...],
    labels: tuple[str, ...],
    exclude: tuple[str, ...],
    embedder: str | None,
    jobs: int | None,
    prune: bool,
    follow: bool,
    max_mb: int,
    allow_private: bool,
    as_json: bool,
    config_path: Path | None,
) -> None:
    """Index files, folders and web pages, so that their passages can be found.

    Reads text, Markdown, HTML, PDF, Word, CSV, JSON, logs, transcripts and source code. Only what
    changed since the last run is read again; a run that was interrupted is simply run again.
    Hidden files, caches, what tools made and what is no text are left out.

    LABEL is public, tenant:NAME, group:NAME or user:NAME. Without --label a document keeps the
    labels that it has; once a store has labels, what has none is for its owner alone.

    \b
    Exit status: 0 done, 1 the store cannot be used, 2 not understood, 3 done, but for the sources
    that it lists.

    \b
    Examples:
      sparing index docs
      sparing index contracts --label tenant:acme --label group:legal --exclude 'draft*'
      sparing index https://example.com/terms.html handbook.pdf --into kb.db
      sparing index --follow /var/log/app.log
    """
    from sparing.retrieve.ingest import Ingest, ingest
    from sparing.settings import load_settings

    wanted = [*sources, *(line for name in lists for line in _listed(name))]
    if not wanted:
        raise RequestError("nothing to index", hint="name files, folders or URLs")
    settings = load_settings(config_path).retrieval
    where = into or settings.store
    how = Ingest(
        _base(where),
        labels=_labels(labels),
        exclude=exclude,
        prune=prune,
        most_bytes=max_mb * 1_000_000,
        allow_private=allow_private,
        processes=jobs or os.cpu_count() or 1,
    )
    store, made_by = _opened(where, embedder or settings.embedder, settings)
    try:
        if follow:
            done = _follow(wanted, store, made_by, how)
        else:
            with bar("indexing") as report:
                done = ingest(wanted, store, made_by, how, report if embedder else _hinting(report, made_by))
        model = made_by.name if made_by else ""
    finally:
        store.close()
    if as_json:
        write_json(_as_dict(done, where, model))
    else:
        _print(done, where, model)
    if done.failed:
        context.exit(INCOMPLETE)


def _follow(paths: Sequence[str], store: Store, embedder: Embedder | None, how: Ingest) -> Ingested:
    """Until somebody presses Ctrl-C, or ends this process."""
    from sparing.retrieve.follow.follower import Follower, follow
    from sparing.retrieve.putting import total
    from sparing.retrieve.walk import Found, source_of

    for path in paths:
        if not Path(path).is_file():
            raise RequestError(f"{path} is no file", hint="--follow takes files that grow, such as logs")
    stop = Event()
    before = {number: signal(number, lambda *_: stop.set()) for number in (SIGINT, SIGTERM)}
    try:
        files = [Found(os.path.abspath(path), source_of(path, how.base), 0, named=True) for path in paths]  # noqa: PTH100
        followers = [Follower(file, store, embedder, how.labels) for file in files]
        follow(followers, stop, lambda follower, state: note(f"{follower.source}: {state}"))
    finally:
        for number, handler in before.items():
            signal(number, handler)
    return total(follower.done for follower in followers)


def _listed(name: str) -> list[str]:
    """Lines of a list; blank ones and those that begin with # say nothing."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _labels(labels: Sequence[str]) -> frozenset[str] | None:
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise RequestError(
                f"{label!r} is no label", hint="public, tenant:NAME, group:NAME or user:NAME, without blanks"
            )
    return frozenset(labels) or None


def _base(where: str) -> Path:
    """The folder that sources are named from: the one that the store belongs to, so that both can be moved."""
    if "://" in where:
        return Path.cwd()
    folder = Path(where).expanduser().absolute().parent
    return folder.parent if folder.name == ".sparing" else folder


def _opened(where: str, name: str, settings: RetrievalSettings) -> tuple[Store, Embedder | None]:
    """The store and what makes its vectors; by default a store stays with what made them, or without any."""
    from sparing.cli.stores import OWNER
    from sparing.retrieve.embed import embedder_for
    from sparing.retrieve.store import open_store

    store = open_store(where, write=True, key=settings.store_key)
    held = store.holdings(OWNER)
    if name == _AUTO and held.documents and not held.model:
        return store, None
    embedder = embedder_for(name, settings, held.model)
    if embedder is None:
        return store, None
    store.close()
    return open_store(where, write=True, embedder=embedder, key=settings.store_key), embedder


def _hinting(report: Report, made_by: Embedder | None) -> Report:
    """A report that says once what is quicker, where there is long to go."""
    from sparing.retrieve.embed.choose import MINILM, STATIC, name_of

    start_s = time.monotonic()
    said = made_by is None or name_of(made_by.name) != MINILM

    def told(done: int, total: int) -> None:
        nonlocal said
        gone_s = time.monotonic() - start_s
        if not said and done and gone_s > _PATIENCE_S and gone_s * (total - done) > _PATIENCE_S * done:
            said = True
            note(f"vectors of {MINILM} take long; --embedder {STATIC} --into ANOTHER is far quicker and finds less")
        report(done, total)

    return told


def _print(done: Ingested, where: str, model: str) -> None:
    parts = [f"{done.added:,} new", f"{done.changed:,} changed", f"{done.unchanged:,} unchanged"]
    parts += [f"{done.removed:,} removed"] if done.removed else []
    by = f"words and vectors of {model}" if model else "words only"
    write(f"{where}: {', '.join(parts)}; {counted(done.passages, 'passage')} in {done.seconds:.1f} s, found by {by}\n")
    reasons = Counter(left.why for left in done.left if not left.failed)
    if reasons:
        write("left out: " + ", ".join(f"{often:,} {why}" for why, often in reasons.most_common()) + "\n")
    for left in done.failed[:_SHOWN]:
        note(f"{left.source}: {left.why}")
    if len(done.failed) > _SHOWN:
        note(f"... and {len(done.failed) - _SHOWN:,} more that could not be indexed; --json has them all")


def _as_dict(done: Ingested, where: str, model: str) -> dict[str, Any]:
    return {
        "store": where,
        "model": model,
        "added": done.added,
        "changed": done.changed,
        "unchanged": done.unchanged,
        "removed": done.removed,
        "passages": done.passages,
        "seconds": round(done.seconds, 3),
        "left_out": [{"source": left.source, "why": left.why} for left in done.left if not left.failed],
        "failed": [{"source": left.source, "why": left.why} for left in done.failed],
    }
