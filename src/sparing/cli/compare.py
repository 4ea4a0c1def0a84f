"""Two answers to one question, side by side: from all of the material, and from what was left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sparing.cli.chat import Reply
from sparing.cli.output import console, harmless, seconds
from sparing.errors import UpstreamError

if TYPE_CHECKING:
    from sparing.cli.batch import Batch

Tried = Reply | UpstreamError
"""An answer, or why there is none: most often the whole does not fit the model's context."""


def print_both(batch: Batch, whole: Tried, reduced: Reply) -> None:
    """A table on stdout: the answers, what was sent for each, and how long each took."""
    from rich import box
    from rich.table import Table

    about = "" if batch.exact else "~"
    table = Table(box=box.SIMPLE_HEAD, expand=True)
    table.add_column("", no_wrap=True)
    table.add_column("all of it", ratio=1)
    table.add_column("reduced", ratio=1)
    table.add_row("answer", _text(whole), _text(reduced), end_section=True)
    table.add_row("material", f"{about}{batch.tokens_before:,} tokens", f"{about}{batch.tokens_after:,} tokens")
    for label, left, right in zip(("prompt", "first word", "all"), _costs(whole), _costs(reduced), strict=True):
        table.add_row(label, left, right)
    console().print(table)


def reply_dict(reply: Tried) -> dict[str, Any]:
    """An answer as ``--json`` prints it."""
    if isinstance(reply, UpstreamError):
        return {"answer": None, "error": str(reply)}
    return {
        "answer": reply.text,
        "prompt_tokens": reply.prompt_tokens,
        "answer_tokens": reply.answer_tokens,
        "first_s": round(reply.first_s, 3),
        "total_s": round(reply.total_s, 3),
    }


def _text(reply: Tried) -> str:
    return str(reply) if isinstance(reply, UpstreamError) else harmless(reply.text.strip())


def _costs(reply: Tried) -> tuple[str, str, str]:
    """Prompt tokens, time to the first word, time in all."""
    if isinstance(reply, UpstreamError):
        return "-", "-", "-"
    prompt = f"{reply.prompt_tokens:,} tokens, as the server counts" if reply.prompt_tokens >= 0 else "-"
    return prompt, seconds(reply.first_s * 1000), seconds(reply.total_s * 1000)
