"""Settings of the cache of answers."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

WORDS = "words"


class CacheSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Answers given again. An answer is text that is kept, so nothing is kept unless you say so (docs/cache.md)."""

    mode: Annotated[
        Literal["off", "exact", "semantic"],
        Meta(
            description="exact: an answer is given again to the same request of the same key, and the same requests in "
            "flight share one call; semantic: also to a question that means the same. A request can ask for less: "
            "x-sparing-cache."
        ),
    ] = "off"
    store: Annotated[
        Literal["memory", "sqlite"],
        Meta(description="memory: gone when the gateway stops; sqlite: a file that processes of one machine share."),
    ] = "memory"
    path: Annotated[
        str, Meta(description="SQLite file; empty: answers.sqlite in the user's data folder (SPARING_HOME).")
    ] = ""
    ttl_s: Annotated[float, Meta(gt=0, description="How long an answer is given again.")] = 3600.0
    dated_ttl_s: Annotated[
        float, Meta(ge=0, description="The same for a question that says today, now, latest; 0: such are not kept.")
    ] = 60.0
    max_entries: Annotated[int, Meta(ge=1, description="Most answers; the ones used longest ago give way.")] = 50_000
    max_bytes: Annotated[int, Meta(ge=1, description="Most bytes of answers, likewise.")] = 256_000_000
    max_answer_bytes: Annotated[int, Meta(ge=1, description="A longer answer is not kept.")] = 4_000_000
    sampled: Annotated[
        bool,
        Meta(description="Also answers that are drawn at random (temperature not 0): all then get the same draw."),
    ] = False
    tool_calls: Annotated[bool, Meta(description="Also answers that call tools.")] = False
    max_wrong_percent: Annotated[
        float,
        Meta(
            gt=0,
            lt=100,
            description="semantic: most lookups that may get a wrong answer; no answer is given before this is "
            "certified from your own traffic.",
        ),
    ] = 0.5
    encoder: Annotated[
        str,
        Meta(
            description="semantic: folder of a sentence encoder (model.onnx, tokenizer.json); empty: the one of the "
            "extra `select`, where that is installed; words: words are compared, which needs nothing and finds less."
        ),
    ] = ""
