"""The tree. Every field has a default, a unit in its name and a sentence; `sparing config` prints them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from sparing.settings.cache import CacheSettings
from sparing.settings.policies import Draft, ModelAlias, NamedPolicy, Reasoning, Rule
from sparing.settings.policy import PolicySettings
from sparing.settings.retrieval import RetrievalSettings, StoreSettings
from sparing.settings.tenants import TenantSettings


class GatewaySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The HTTP server."""

    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8790
    max_body_bytes: Annotated[int, Meta(ge=1024, description="Larger request bodies are refused with 413.")] = (
        64_000_000
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Meta(description="Server log.")] = "warning"


class UpstreamSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where requests go. Nothing set: to the providers whose keys are known, else to the embedded model."""

    provider: Annotated[
        str,
        Meta(
            description="Who answers every wire format: a provider (deepseek, mistral, ..., see docs/providers.md), a "
            "server's base URL, or local for the embedded model. Short: SPARING_UPSTREAM."
        ),
    ] = ""
    openai_url: Annotated[
        str,
        Meta(
            description="Who answers OpenAI-shaped requests (Chat Completions, Responses), if not the provider above: "
            "a base URL without /v1, a provider, local, or none."
        ),
    ] = ""
    anthropic_url: Annotated[str, Meta(description="Likewise for Anthropic-shaped requests.")] = ""
    gemini_url: Annotated[
        str, Meta(description="Likewise for Gemini-shaped requests, which the embedded model does not speak.")
    ] = ""
    openai_key: Annotated[
        str,
        Meta(
            description="Used when the caller sends no key of its own. Default: the provider's own variable, at an "
            "unknown address OPENAI_API_KEY."
        ),
    ] = ""
    anthropic_key: Annotated[str, Meta(description="Likewise; at an unknown address ANTHROPIC_API_KEY.")] = ""
    gemini_key: Annotated[
        str, Meta(description="Likewise; at an unknown address GEMINI_API_KEY or GOOGLE_API_KEY.")
    ] = ""
    connect_timeout_s: Annotated[float, Meta(gt=0, le=3600, description="To open a connection.")] = 10.0
    idle_timeout_s: Annotated[
        float, Meta(gt=0, le=86_400, description="Longest silence of the upstream within an answer.")
    ] = 300.0


class TierSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """One model that can be asked."""

    name: Annotated[str, Meta(description="What callers, headers and receipts call it.")]
    provider: Annotated[
        str, Meta(description="Who answers: a provider (deepseek, ...), a base URL, or local for the embedded model.")
    ]
    model: Annotated[
        str, Meta(description="Asked for in place of the model that the caller names; empty leaves that.")
    ] = ""
    key: Annotated[str, Meta(description="Default: the provider's own variable (docs/providers.md).")] = ""
    wires: Annotated[
        tuple[str, ...],
        Meta(description="Wire formats that it speaks; default: the provider's, at an unknown address openai.chat."),
    ] = ()
    expected_loss: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Chance that its answer is worse than the largest tier's; decisions count with it "
            "(docs/decisions.md). `sparing stats` and your own evaluations tell.",
        ),
    ] = 0.0
    at_once: Annotated[
        int,
        Meta(ge=0, description="Requests that it is sent at once; others wait in line, the urgent first. 0: all."),
    ] = 0
    most_waiting: Annotated[
        int, Meta(ge=0, description="Requests that may wait in its line; beyond that the least urgent is refused.")
    ] = 1000
    depths: Annotated[
        tuple[Reasoning, ...],
        Meta(
            description="Levels of reasoning that its model takes, by the wire format's own field; default: what is "
            "known of the model (docs/decisions.md)."
        ),
    ] = ()
    fallback: Annotated[
        tuple[str, ...],
        Meta(description="Who is asked when it fails; default: the larger tiers, then the smaller ones; none: nobody."),
    ] = ()


class ResilienceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What is done when a tier fails or is slow, before anything of its answer has been passed on."""

    tries: Annotated[int, Meta(ge=1, le=10, description="How often one tier is asked, the first time included.")] = 3
    retry_wait_s: Annotated[
        float,
        Meta(ge=0, le=600, description="Most waiting between tries; a retry-after that is longer is not waited for."),
    ] = 10.0
    breaker_percent: Annotated[
        float,
        Meta(gt=0, le=100, description="Failures in 100 calls, within 30 s, at which a tier is not asked for a while."),
    ] = 50.0
    breaker_open_s: Annotated[float, Meta(gt=0, le=3600, description="How long it is not asked then.")] = 15.0
    hedge_percent: Annotated[
        float,
        Meta(
            ge=0,
            le=5,
            description="Of 100 requests, so many may be sent a second time when an answer is slower to begin than 95 "
            "in 100 are; the slower of both is cancelled. 0: none.",
        ),
    ] = 0.0


class RoutingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Which tier a request goes to that names none, by the header x-sparing-tier or as its model."""

    choose: Annotated[
        Literal["large", "small", "cascade", "router"],
        Meta(
            description="large, small: the last tier, the first; cascade: the first, and the last where its answer is "
            "not good enough; router: by the form of the question (docs/tiers.md)."
        ),
    ] = "large"
    large_percent: Annotated[
        float, Meta(ge=0, le=100, description="router: of 100 requests, so many go to the last tier.")
    ] = 50.0
    good_enough_percent: Annotated[
        float,
        Meta(
            gt=0,
            lt=100,
            description="cascade: of 100 answers of the first tier that are passed on, so many have to be what the "
            "last would say.",
        ),
    ] = 90.0
    small_wait_s: Annotated[
        float, Meta(gt=0, le=600, description="cascade: longest wait for an answer of the first tier.")
    ] = 10.0
    draft: Annotated[
        Draft,
        Meta(
            description="cascade: whether the last tier is shown an answer of the first that is not enough: auto, "
            "where that is expected to cost less; always, wherever it can be; never."
        ),
    ] = "never"
    samples: Annotated[
        int,
        Meta(
            ge=0,
            le=9,
            description="cascade: most answers of the first tier that are drawn beside one, to see whether they agree, "
            "where the chances of its tokens are not told and it is not good enough without.",
        ),
    ] = 0
    release_early: Annotated[
        bool,
        Meta(
            description="cascade: let a streamed answer of the first tier go as soon as its beginning is judged good "
            "enough."
        ),
    ] = True
    learned_path: Annotated[
        str,
        Meta(
            description="cascade: file of what it has learned (numbers only); empty: cascade.learned in the user's "
            "data folder."
        ),
    ] = ""


class RecordSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Receipts: counts, hashes and reasons; never text."""

    path: Annotated[
        str, Meta(description="SQLite file; empty: receipts.sqlite in the user's data folder (SPARING_HOME).")
    ] = ""
    enabled: Annotated[bool, Meta(description="Whether receipts are written.")] = True
    keep_days: Annotated[int, Meta(ge=1, description="Older receipts are deleted.")] = 90


class RecallSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What was left out, kept to be asked for: text, so nothing is kept unless you say so."""

    store: Annotated[
        bool, Meta(description="Keep what was left out, for `sparing recall` and for clients that cut their history.")
    ] = False
    path: Annotated[
        str, Meta(description="SQLite file; empty: recall.sqlite in the user's data folder (SPARING_HOME).")
    ] = ""
    keep_hours: Annotated[float, Meta(gt=0, description="How long a text can be asked for.")] = 72.0
    max_bytes: Annotated[int, Meta(ge=1, description="Most text to keep; the oldest goes first.")] = 256_000_000


class LocalSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The embedded model."""

    model: Annotated[
        str, Meta(description="Name of an embedded model (`sparing models list`) or path of a GGUF file.")
    ] = "smollm2-135m-instruct"
    context_tokens: Annotated[int, Meta(ge=512, description="Context window to allocate.")] = 8192
    threads: Annotated[int, Meta(ge=0, description="CPU threads; 0 takes all.")] = 0
    engine: Annotated[
        Literal["llama", "torch"],
        Meta(description="What runs it: llama.cpp, or PyTorch, which can drop from the KV cache (docs/inmodel.md)."),
    ] = "llama"
    kv_policy: Annotated[
        str,
        Meta(description="PyTorch: the score that decides what of a prompt stays in the KV cache (echo, ...), or off."),
    ] = "echo"
    kv_budget: Annotated[
        str,
        Meta(
            description="PyTorch: how much of a prompt stays: tokens (2048), a share of them (50%) or of their bytes "
            "(50% of bytes), or bytes (64MiB)."
        ),
    ] = "50%"
    kv_storage: Annotated[
        Literal["exact", "int8"],
        Meta(description="PyTorch: KV cache in the model's precision, or in eight bits: about a quarter of float32."),
    ] = "exact"
    kv_bytes: Annotated[
        int, Meta(ge=1, description="PyTorch: most bytes of KV cache of all running requests; others wait.")
    ] = 1 << 30


class QuotaSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What tenants, projects, keys and policies have used of their limits (docs/policies.md)."""

    path: Annotated[
        str,
        Meta(
            description="SQLite file, shared by every gateway of this machine; empty: quota.sqlite in the user's data "
            "folder (SPARING_HOME); memory: this process alone, forgotten when it ends."
        ),
    ] = ""
    lease_s: Annotated[
        float,
        Meta(
            ge=1, le=3600, description="After so long without a sign of life a gateway's open requests count as ended."
        ),
    ] = 15.0
    answer_tokens: Annotated[
        int,
        Meta(ge=0, description="Set aside for an answer where neither the request nor its policy has a ceiling."),
    ] = 1024


class Settings(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Everything that can be set.

    Attributes:
        tiers: Small to large, from the file alone (see `tiers`).
        policies: By name; likewise the other tables of tables. They come from the file alone (see `named`).
        models: By the name that callers write.
        rules: In the order of the file; the first that matches counts.
    """

    policy: PolicySettings = field(default_factory=PolicySettings)
    gateway: GatewaySettings = field(default_factory=GatewaySettings)
    upstream: UpstreamSettings = field(default_factory=UpstreamSettings)
    record: RecordSettings = field(default_factory=RecordSettings)
    recall: RecallSettings = field(default_factory=RecallSettings)
    cache: CacheSettings = field(default_factory=CacheSettings)
    local: LocalSettings = field(default_factory=LocalSettings)
    resilience: ResilienceSettings = field(default_factory=ResilienceSettings)
    routing: RoutingSettings = field(default_factory=RoutingSettings)
    tiers: tuple[TierSettings, ...] = ()
    quota: QuotaSettings = field(default_factory=QuotaSettings)
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    policies: Mapping[str, NamedPolicy] = field(default_factory=dict)
    models: Mapping[str, ModelAlias] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    tenants: Mapping[str, TenantSettings] = field(default_factory=dict)
    stores: Mapping[str, StoreSettings] = field(default_factory=dict)
