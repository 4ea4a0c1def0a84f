"""What a class of requests may cost and how fast it has to be: named policies, and how a request comes to one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from sparing.settings.policy import Effort, PolicySettings

Reasoning = Literal["none", "minimal", "low", "medium", "high"]
Depth = Literal["none", "minimal", "low", "medium", "high", "brief"]
Intent = Literal["chat", "lookup", "extract", "summarise", "code", "reason", "support"]
Goal = Literal["latency", "usd", "loss"]
PriorityClass = Literal["interactive", "standard", "batch"]
Overrun = Literal["stop", "tighten", "leave"]
Draft = Literal["auto", "always", "never"]
Stopping = Literal["off", "careful", "eager"]

# Smaller is sooner, as in vLLM's scheduler; there is room for numbers between and beside the words.
PRIORITIES: Final[Mapping[PriorityClass, int]] = {"interactive": 0, "standard": 100, "batch": 200}

_MOST_USD = 1e9


class UnderPressure(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What gives way as a quota comes near, before anything is refused."""

    begins: Annotated[
        float, Meta(gt=0, le=1, description="Share of a quota from which on requests are made smaller; 1: never.")
    ] = 0.8
    effort: (
        Annotated[
            Effort,
            Meta(
                description="Effort for the first turn of a conversation; later turns keep theirs, and the cached "
                "prefix. Default: max where the policy's own is balanced; what is lossless stays so."
            ),
        ]
        | None
    ) = None
    answer_tokens: Annotated[int, Meta(ge=1, description="Most tokens of an answer then.")] | None = None
    reasoning: Annotated[Reasoning, Meta(description="Most reasoning then, of requests that ask for some.")] | None = (
        None
    )
    tiers: Annotated[tuple[str, ...], Meta(description="Tiers that may be asked then; empty: as before.")] = ()

    def effort_after(self, effort: Effort) -> Effort:
        """The effort under pressure of what has this one without."""
        return self.effort or ("max" if effort == "balanced" else effort)


class NamedPolicy(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One class of requests.

    Attributes:
        settings: The keys of ``[policy]``, those that this policy sets in place of the file's own.
    """

    settings: PolicySettings = field(default_factory=PolicySettings)
    priority: Annotated[
        PriorityClass | int, Meta(description="Who goes first: a class, or a number, smaller is sooner.")
    ] = "standard"
    first_token_s: (
        Annotated[float, Meta(gt=0, le=86_400, description="Time to the first token of an answer.")] | None
    ) = None
    answer_s: Annotated[float, Meta(gt=0, le=86_400, description="Time to the end of an answer.")] | None = None
    probability: Annotated[float, Meta(gt=0, lt=1, description="Share of requests that have to meet these times.")] = (
        0.95
    )
    usd_per_request: Annotated[float, Meta(gt=0, le=_MOST_USD, description="Most money for one request.")] | None = None
    usd_per_day: (
        Annotated[float, Meta(gt=0, le=_MOST_USD, description="Most money in a day (UTC), all callers together.")]
        | None
    ) = None
    usd_per_month: Annotated[float, Meta(gt=0, le=_MOST_USD, description="Likewise in a calendar month.")] | None = None
    loss: (
        Annotated[
            float,
            Meta(
                gt=0,
                lt=1,
                description="Most expected loss, all together: what is left out, a smaller tier, an answer cut short; "
                "what costs least within it is chosen (docs/decisions.md).",
            ),
        ]
        | None
    ) = None
    tiers: Annotated[tuple[str, ...], Meta(description="Tiers of models that may be asked; empty: all.")] = ()
    budget_tokens: Annotated[int, Meta(ge=1, description="Most tokens of a prompt.")] | None = None
    budget: Annotated[
        Literal["soft", "hard"],
        Meta(description="hard: a prompt that cannot fit is refused; soft: it is sent as small as it gets."),
    ] = "soft"
    reasoning: Annotated[Reasoning, Meta(description="Most reasoning, of requests that ask for some.")] | None = None
    depths: Annotated[
        tuple[Depth, ...],
        Meta(
            description="How much may be thought, what is preferred first: levels, and brief for models that take "
            "none. Empty: as requests say (docs/decisions.md)."
        ),
    ] = ()
    deepen: Annotated[bool, Meta(description="Whether that may be more than a request asks for.")] = False
    depth_loss: Annotated[
        Mapping[str, float],
        Meta(
            description="Chance that an answer is worse for a depth, by its name; those that are shipped are guesses."
        ),
    ] = field(default_factory=dict)
    answer_tokens: Annotated[int, Meta(ge=1, description="Most tokens of an answer.")] | None = None
    ceiling_tokens: (
        Annotated[
            int,
            Meta(
                ge=1,
                description="An answer longer than this is ended with its sentence, its item of a list or its block of "
                "code; JSON, markup and calls of tools are not.",
            ),
        ]
        | None
    ) = None
    overrun: Annotated[
        Overrun,
        Meta(
            description="What becomes of an answer past ceiling_tokens. stop: it is ended as said there; tighten: it "
            "is made shorter, of its own sentences, items and rows (docs/tighten.md); leave: only its receipt tells."
        ),
    ] = "stop"
    tighten_with: Annotated[
        str,
        Meta(
            description="Model or tier that is asked to say a tightened answer in fewer words; what it says is checked "
            "against the answer. Empty: no model is asked."
        ),
    ] = ""
    stop: Annotated[
        Stopping,
        Meta(
            description="When a stream is ended that already answers: careful, behind the JSON value or the one "
            "label that was asked for; eager, also where it repeats itself or a closing courtesy begins; off. Never "
            "in code."
        ),
    ] = "careful"
    good_enough_percent: (
        Annotated[float, Meta(gt=0, lt=100, description="In place of routing.good_enough_percent.")] | None
    ) = None
    draft: Annotated[Draft, Meta(description="In place of routing.draft.")] | None = None
    samples: Annotated[int, Meta(ge=0, le=9, description="In place of routing.samples.")] | None = None
    gives_way: Annotated[
        tuple[Goal, ...],
        Meta(description="What gives way first where not everything can be had: usd (of a request), loss, latency."),
    ] = ("usd", "loss", "latency")
    under_pressure: UnderPressure = field(default_factory=UnderPressure)

    @property
    def rank(self) -> int:
        """The priority as a number; smaller is sooner."""
        return PRIORITIES[self.priority] if isinstance(self.priority, str) else self.priority


class ModelAlias(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A name that callers write as the model, and what it stands for."""

    model: Annotated[str, Meta(min_length=1, description="The model that is really asked.")]
    policy: Annotated[str, Meta(description="The policy of such requests.")] = ""


class Rule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The policy of requests that look like this; patterns are globs, what is not written matches everything."""

    policy: Annotated[str, Meta(min_length=1, description="The policy of what matches.")]
    wire: Annotated[str, Meta(description="Wire format: openai.chat, anthropic.*.")] = "*"
    path: Annotated[str, Meta(description="Path: /v1/messages.")] = "*"
    model: Annotated[str, Meta(description="Model, as the caller names it: claude-opus-*.")] = "*"
    intents: Annotated[
        tuple[Intent, ...],
        Meta(description="What the newest turn is taken for (docs/decisions.md); empty: anything."),
    ] = ()
    complexity_from: Annotated[float, Meta(ge=0, le=1, description="How hard it is taken to be, at least.")] = 0.0
    complexity_to: Annotated[float, Meta(ge=0, le=1, description="And at most.")] = 1.0

    @property
    def looks_closer(self) -> bool:
        """Whether it asks what a request is about."""
        return bool(self.intents) or self.complexity_from > 0 or self.complexity_to < 1

    def takes(self, intent: str, complexity: float) -> bool:
        """Whether a request of this kind may come under it."""
        return (not self.intents or intent in self.intents) and (
            self.complexity_from <= complexity <= self.complexity_to
        )
