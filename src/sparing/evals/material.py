"""Text of a content type in any size, another one for every seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence

from sparing.core.content import Content
from sparing.evals.planted import code, logs, prose, rows
from sparing.evals.planted.nouns import ToolOutput

Maker = Callable[[random.Random], ToolOutput]

_MAKERS: dict[Content, tuple[Maker, ...]] = {
    Content.PROSE: (prose.minutes, prose.policy),
    Content.DIALOGUE: (prose.support,),
    Content.MARKDOWN: (prose.handbook,),
    Content.HTML: (prose.page,),
    Content.ANSWER: (prose.handbook,),
    Content.TABLE: (rows.invoices,),
    Content.LOG: (logs.build, logs.maintenance),
    Content.CODE: (code.source_file,),
    Content.DIFF: (logs.diff,),
    Content.GREP: (logs.grep_hits,),
    Content.TEST_OUTPUT: (logs.pytest_run,),
}


def material(content: Content, chars: int, seed: int) -> str:
    """About `chars` characters of this content type; "" for types nobody makes."""
    rng = random.Random(f"{content} {seed}")
    if content is Content.JSON_ROWS:
        return json.dumps(rows.order_rows(rng, max(2, chars // 270)))
    if content is Content.JSON:
        return _json_object(rng, chars)
    return _joined(_MAKERS.get(content, ()), rng, chars)


def _joined(makers: Sequence[Maker], rng: random.Random, chars: int) -> str:
    parts: list[str] = []
    size = 0
    while makers and size < chars:
        part = makers[len(parts) % len(makers)](rng).text
        parts.append(part)
        size += len(part)
    return "".join(parts)


def _json_object(rng: random.Random, chars: int) -> str:
    regions: dict[str, object] = {}
    size = 0
    while size < chars:
        text = code.config(rng).text
        regions[f"region-{len(regions):03d}"] = json.loads(text)
        size += len(text)
    return json.dumps(regions, indent=2)
