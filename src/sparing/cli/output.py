"""What is printed: text on stdout as bytes, notes on stderr as single lines."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from sparing.api import Reduced
    from sparing.cli.batch import Batch

_PIPE_COLUMNS = 140  # a pipe has no width; narrower would fold the cells of tables


def write(text: str) -> None:
    """Write to stdout as UTF-8, byte for byte: no newline translation, whatever the locale says."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()


def write_json(value: Any) -> None:
    """Write indented JSON and a newline."""
    write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def harmless(text: str) -> str:
    """On a terminal without control characters: a model must not drive the terminal."""
    if not sys.stdout.isatty():
        return text
    return "".join(c for c in text if c.isprintable() or c in "\n\t")


def note(line: str) -> None:
    """One line on stderr."""
    click.echo(f"sparing: {line}", err=True)


def console(*, stderr: bool = False) -> Console:
    """A rich console; importing rich costs more than most commands, so only those that draw come here."""
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = _PIPE_COLUMNS
    return made


def counted(number: int, what: str) -> str:
    """``1 passage``, ``2,400 passages``; of a noun whose plural ends in s."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def percent(share: float) -> str:
    """``18.7 %``."""
    return f"{share * 100:.1f} %" if share < 1 else "100 %"


def seconds(ms: float) -> str:
    """``34 ms`` or ``2.1 s``."""
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def receipt_line(batch: Batch) -> str:
    """``12,345 -> 2,310 tokens (kept 18.7 %), prose.v1, 34 ms``; counts that are estimates carry a ``~``."""
    about = "" if batch.exact else "~"
    shortened = [result for result in batch.results if result.tokens_after < result.tokens_before]
    why = _reasons(shortened or batch.results)
    what = f"kept {percent(batch.kept)}" if shortened else f"nothing reduced{why and ': '}{why}"
    parts = [f"{about}{batch.tokens_before:,} -> {about}{batch.tokens_after:,} tokens ({what})"]
    if len(batch.results) > 1:
        parts.insert(0, f"{len(batch.results)} texts")
    reducers = dict.fromkeys(result.reducer for result in shortened)
    parts += [" + ".join(reducers)] if reducers else []
    parts += dict.fromkeys(f"judged by {result.judged_by}" for result in shortened if result.judged_by)
    parts += _risk(batch)
    line = ", ".join([*parts, seconds(batch.ms)])
    return f"{line}; {why}" if shortened and why else line


def _risk(batch: Batch) -> list[str]:
    """What the reduction is expected to have lost, where a risk was asked for, and on how many texts that stands."""
    floors = [result.floor for result in batch.results if result.floor is not None]
    lossy = [floor for floor in floors if floor.above is not None]
    if not floors:
        return []
    told = [f"the budget of {batch.budget:,} gave way to the risk"] if batch.budget else []
    if lossy:
        least = min(floor.num_calibrated for floor in lossy)
        worth = " / ".join(dict.fromkeys(f"{floor.above:.4g}" for floor in lossy))
        told.append(f"expected loss {percent(batch.expected_loss)} (worth > {worth}, {least:,} calibrated)")
    return told


def batch_dict(batch: Batch) -> dict[str, Any]:
    """One result, or several with the text they make together."""
    if len(batch.results) == 1:
        return {**result_dict(batch.results[0]), "ms": batch.ms}
    return {
        "text": batch.text,
        "tokens_before": batch.tokens_before,
        "tokens_after": batch.tokens_after,
        "kept": round(batch.kept, 4),
        "exact": batch.exact,
        "ms": batch.ms,
        **_risk_dict(batch.expected_loss),
        "items": [result_dict(result) for result in batch.results],
    }


def result_dict(item: Reduced) -> dict[str, Any]:
    """One result as ``--json`` prints it. Elisions are character ranges of the source."""
    return {
        "name": item.name,
        "text": item.text,
        "kind": str(item.kind),
        "reducer": item.reducer,
        "tokens_before": item.tokens_before,
        "tokens_after": item.tokens_after,
        "kept": round(item.kept, 4),
        "exact": item.exact,
        "unit": item.unit,
        "elisions": [{"start": e.start, "end": e.end, "num_units": e.num_units} for e in item.elided],
        "reason": item.reason,
        "handle": item.handle,
        "judged_by": item.judged_by,
        **_risk_dict(item.expected_loss),
        "floor": None
        if item.floor is None
        else {"worth": item.floor.above, "num_calibrated": item.floor.num_calibrated, "scorer": item.floor.scorer},
    }


def _risk_dict(expected_loss: float) -> dict[str, Any]:
    return {"expected_loss": None if expected_loss < 0 else expected_loss}


def _reasons(results: Sequence[Reduced]) -> str:
    reasons = dict.fromkeys(result.reason for result in results if result.reason)
    return "; ".join(list(reasons)[:3])
