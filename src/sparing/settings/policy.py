"""How hard to try, and what to leave alone: the keys of ``[policy]``."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Effort = Literal["off", "safe", "balanced", "max"]
Select = Literal["auto", "rules", "static", "encoder"]
# A promise that holds with 95 % holds in 95 of 100 splits of the data only as often as not; one with 98 % in 98 of 100
# sets of splits.
RISK_CONFIDENCE = 0.98


class PolicySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How hard to try, and what to leave alone."""

    mode: Annotated[
        Literal["off", "audit", "on"],
        Meta(description="off: pass through; audit: measure, send the original; on: reduce."),
    ] = "on"
    effort: Annotated[
        Effort, Meta(description="safe: lossless only; balanced: keep what the question needs; max: keep little.")
    ] = "balanced"
    min_tokens: Annotated[
        int, Meta(ge=0, description="A turn with fewer reducible tokens loses nothing: lossless forms only.")
    ] = 256
    deadline_ms: Annotated[int, Meta(ge=1, description="Time allowed for one reduction.")] = 500
    pins: Annotated[
        tuple[str, ...],
        Meta(description="Literal strings; a sentence, row or line that contains one is never dropped."),
    ] = ()
    exempt_tools: Annotated[
        tuple[str, ...],
        Meta(
            description="Of results of these tools nothing is left out (file readers before an edit); what an earlier "
            "turn sent becomes a reference to it."
        ),
    ] = ("Read", "read_file", "view", "str_replace_editor", "Edit", "open_file")
    exempt_texts: Annotated[
        tuple[str, ...],
        Meta(
            description="Literal strings; a message, or a tool's result or the call that fetched it, that contains one "
            "is sent as it came: a file by its path, a message by a mark of yours."
        ),
    ] = ()
    cache_marks: Annotated[
        bool, Meta(description="Set Anthropic cache breakpoints in requests whose caller set none (docs/money.md).")
    ] = True
    compaction: Annotated[
        Literal["off", "mask", "summary"],
        Meta(
            description="mask: old tool results become one line each, at the few points where what that saves in the "
            "turns to come is worth breaking the provider's cached prefix; off: never; summary: as mask, and the line "
            "says what a model found in the result (the gateway asks it, docs/conversations.md)."
        ),
    ] = "mask"
    summary_model: Annotated[
        str, Meta(description="Who writes summaries of old results, by the same provider; empty: the request's model.")
    ] = ""
    summary_s: Annotated[
        float, Meta(gt=0, le=600, description="Time allowed for the summaries of one request, all together.")
    ] = 20.0
    keep_turns: Annotated[
        int, Meta(ge=1, description="So many of the newest turns (calls of the model) are never compacted.")
    ] = 24
    prices_file: Annotated[
        str, Meta(description="TOML file of your own prices; its rows win over those that are shipped (docs/money.md).")
    ] = ""
    recall: Annotated[
        bool,
        Meta(description="Offer the model a tool, sparing_recall, that gives back what was left out."),
    ] = False
    json_form: Annotated[
        Literal["text", "json"],
        Meta(
            description="How tools' JSON is sent. text: lossless, for a model to read (docs/json-text.md), in fewer "
            "tokens; json: stays JSON, for upstreams that parse it."
        ),
    ] = "text"
    select: Annotated[
        Select,
        Meta(
            description="Who judges what a question needs (docs/select.md). static: rules and static embeddings; auto: "
            "also the encoder, as far as a quarter of the deadline lets it read; encoder: all it takes; rules. "
            "All but rules need the extra `select`."
        ),
    ] = "static"
    risk: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Most of the needed evidence that may be lost, as a share: every text is sent as short as "
            "keeps it (docs/risk.md). 0: not asked; the effort decides.",
        ),
    ] = 0.0
    risk_confidence: Annotated[
        float,
        Meta(
            ge=0,
            lt=1,
            description="How sure one wants to be that the loss measured stays below the risk; 0: on average only.",
        ),
    ] = RISK_CONFIDENCE
    risk_conflict: Annotated[
        Literal["grow", "tier", "refuse"],
        Meta(
            description="A budget too small for the risk. grow: the budget gives way; tier: the larger tiers of select "
            "judge, which keep the same risk with fewer tokens, and if that does not do as refuse; refuse: an error "
            "says how much it takes."
        ),
    ] = "refuse"
    risk_distrust: Annotated[
        tuple[str, ...],
        Meta(description="Content types whose calibration no longer counts: with a risk they lose nothing."),
    ] = ()
    risk_drift: Annotated[
        Literal["distrust", "alarm"],
        Meta(
            description="When scores drift from what was calibrated. distrust: the type joins risk_distrust in this "
            "process, which breaks cached prefixes once; alarm: metrics and receipts say so, nothing else."
        ),
    ] = "distrust"
    calibration_file: Annotated[
        str, Meta(description="What `sparing calibrate` wrote; empty: the calibration that is shipped.")
    ] = ""
    most_tools: Annotated[
        int,
        Meta(
            ge=0,
            description="Most tools that the gateway sends in full, those that the first user turn is about; the model "
            "finds the rest with sparing_find_tools (docs/tools.md). 0: all.",
        ),
    ] = 0
    store: Annotated[
        str,
        Meta(
            description="Store ([stores.NAME]) that the user's newest question is searched in; the passages are sent "
            "beside it (docs/retrieval.md). Empty: none."
        ),
    ] = ""
    store_tokens: Annotated[
        int, Meta(ge=0, description="Most tokens of its passages in a request; 0: what the store says.")
    ] = 0
    store_check: Annotated[
        Literal["off", "mark", "remove"],
        Meta(
            description="mark: sentences of the answer that no passage bears out are marked; remove: taken out. A "
            "stream is passed on as it comes, checked at its end and recorded."
        ),
    ] = "off"
    store_required: Annotated[
        bool, Meta(description="Refuse a request whose store cannot be searched in time, or holds nothing for it.")
    ] = False
    store_wider: Annotated[
        float,
        Meta(
            ge=1,
            le=10,
            description="Where store_check finds nothing of an answer borne out: ask once more with so many times the "
            "tokens of passages. 1: no. Streams are not asked again.",
        ),
    ] = 1.0
    store_feedback: Annotated[
        bool, Meta(description="Rank passages that answers cite a little higher, per tenant, and less so with time.")
    ] = True
