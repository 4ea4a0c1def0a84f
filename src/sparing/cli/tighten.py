"""`sparing tighten`: shorten an answer to a ceiling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sparing.cli.inputs import read_all
from sparing.cli.options import json_option, model_option, select_option
from sparing.cli.output import note, percent, write, write_json
from sparing.cli.progress import busy
from sparing.errors import RequestError

if TYPE_CHECKING:
    from sparing.finish.tighten import Tightened
    from sparing.settings.policy import Select


@click.command()
@click.argument("path", default="-", metavar="[FILE|-]")
@click.option("--ask", "question", metavar="QUESTION", default="", help="What was asked.")
@click.option(
    "--most",
    "most_tokens",
    type=click.IntRange(min=1),
    required=True,
    metavar="TOKENS",
    help="What the answer should have at most.",
)
@select_option
@model_option
@click.option("--encoding", default="utf-8", show_default=True, help="Encoding of the input.")
@json_option
@click.option("--quiet", "-q", is_flag=True, help="No receipt on stderr.")
def command(
    path: str,
    question: str,
    most_tokens: int,
    select: Select,
    model: str,
    encoding: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Shorten an answer that says more than was asked, by leaving out sentences, items and rows.

    What is kept is byte for byte the answer's own. Its opening, its conclusion and what it denies or
    stresses stay; code, JSON and steps are never cut. See docs/tighten.md.

    \b
    Examples:
      sparing tighten answer.md --ask "Can I return a hat?" --most 150
      sparing ask manual.pdf "How is it reset?" | sparing tighten --ask "How is it reset?" --most 100
    """
    answers = read_all((path,), encoding)
    if len(answers) > 1:
        raise RequestError(f"{path} matches {len(answers)} files", hint="name one: an answer has one question")
    from sparing.finish.tighten import tighten

    with busy("tightening"):
        result = tighten(answers[0].text, question=question, most_tokens=most_tokens, model=model, select=select)
    if as_json:
        write_json(_as_dict(result))
    else:
        write(result.text)
    if not quiet:
        note(_receipt(result))


def _receipt(result: Tightened) -> str:
    about = "" if result.exact else "~"
    counts = f"{about}{result.tokens_before:,} -> {about}{result.tokens_after:,} tokens"
    left_out = sum(elision.num_units for elision in result.elided) if result.how == "tightened" else 0
    parts = [
        f"{counts} (kept {percent(result.kept)})",
        result.how,
        f"{left_out:,} left out" if left_out else "",
        result.reason,
    ]
    return ", ".join(filter(None, parts))


def _as_dict(result: Tightened) -> dict[str, Any]:
    return {
        "text": result.text,
        "how": result.how,
        "reason": result.reason,
        "tokens_before": result.tokens_before,
        "tokens_after": result.tokens_after,
        "kept": round(result.kept, 4),
        "elided": [[elision.start, elision.end] for elision in result.elided],
        "exact": result.exact,
    }
