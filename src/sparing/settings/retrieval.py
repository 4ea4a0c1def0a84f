"""Settings of stores of passages: where they are, who may ask them, and what makes their vectors."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct


class RetrievalSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Stores of passages, and what makes their vectors (docs/retrieval.md)."""

    store: Annotated[
        str,
        Meta(
            description="Where documents are indexed into and searched: a file, or qdrant+http://HOST:6333/COLLECTION."
        ),
    ] = ".sparing/store.db"
    store_key: Annotated[str, Meta(description="Key of a Qdrant server. Default: QDRANT_API_KEY.")] = ""
    embedder: Annotated[
        str,
        Meta(
            description="What makes the vectors of passages: minilm, the better one; static, the quicker one; none, "
            "for words only; the name of a model at embedder_url; or auto: what made those that a store holds, minilm "
            "for a new store, none where the extra `select` is not installed."
        ),
    ] = "auto"
    embedder_url: Annotated[
        str,
        Meta(
            description="Who runs that model by /v1/embeddings: a base URL without /v1, or a provider (openai, "
            "mistral, ...)."
        ),
    ] = ""
    embedder_key: Annotated[
        str,
        Meta(description="Its key. Default: the provider's own variable, at an unknown address OPENAI_API_KEY."),
    ] = ""
    embedder_texts: Annotated[int, Meta(ge=1, le=2048, description="Texts that it is sent at once.")] = 64
    cache_path: Annotated[
        str,
        Meta(
            description="SQLite file of vectors already made, so that no text is embedded twice; empty: "
            "embeddings.sqlite in the user's data folder (SPARING_HOME)."
        ),
    ] = ""
    cache_bytes: Annotated[
        int, Meta(ge=0, description="Most bytes of vectors in it; the oldest give way. 0: no such file.")
    ] = 256_000_000
    audit: Annotated[
        Literal["off", "on", "required"],
        Meta(
            description="Whether the gateway, `sparing ask` and `sparing search` write down who got what of which "
            "store, never text: required: a request that cannot be written down is refused; on: a failing disk costs "
            "lines, not requests."
        ),
    ] = "on"
    audit_path: Annotated[
        str, Meta(description="SQLite file of it; empty: retrievals.sqlite in the user's data folder (SPARING_HOME).")
    ] = ""
    audit_days: Annotated[
        int, Meta(ge=1, description="Older lines are deleted, and with them what hit rates are counted from.")
    ] = 90


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A store that requests to the gateway may name."""

    where: Annotated[
        str,
        Meta(
            min_length=1,
            description="A file made by `sparing index`, or qdrant+http://HOST:6333/COLLECTION.",
        ),
    ]
    tenants: Annotated[
        tuple[str, ...],
        Meta(
            description="Whose requests may use it: tenants (acme), projects (acme/web), keys (acme/web/site); empty: "
            "everybody's. What of it each may read, the labels of its documents say."
        ),
    ] = ()
    budget_tokens: Annotated[
        int, Meta(ge=1, description="Tokens of passages in a request that does not say how many.")
    ] = 2000
