"""A result of a reduction, made by hand."""

from __future__ import annotations

from sparing.api import Reduced
from sparing.cli.batch import Batch
from sparing.cli.inputs import Material
from sparing.core.ladder import Elision


def reduced(before: int = 1000, after: int = 250, **changes: object) -> Reduced:
    values: dict[str, object] = {
        "text": "short",
        "tokens_before": before,
        "tokens_after": after,
        "elided": (Elision(3, 9, 2),),
        "unit": "sentences",
        "kind": "prose",
        "reducer": "prose.v1",
        "reason": "",
        "exact": True,
        "ms": 34.2,
    }
    return Reduced(**{**values, **changes})  # type: ignore[arg-type]


def batch(*results: Reduced) -> Batch:
    """These results, as if of sources that are nothing but themselves."""
    material = tuple(Material(result.name, result.text) for result in results)
    before, after = (sum(getattr(r, name) for r in results) for name in ("tokens_before", "tokens_after"))
    return Batch(material, results, "".join(result.text for result in results), before, after, 34.2)


def first_line(name: str, text: str) -> Reduced:
    """A text cut to its first line."""
    head, rest = text.split("\n", 1) if "\n" in text else (text, "")
    gone = (Elision(len(head) + 1, len(text), rest.count("\n") + 1),) if rest else ()
    return reduced(
        len(text), len(head), name=name, text=head, elided=gone, unit="lines", reason="" if rest else "one line"
    )
