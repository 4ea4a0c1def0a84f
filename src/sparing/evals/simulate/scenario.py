"""What is simulated: upstreams, classes of traffic, efforts, a burst; read from TOML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from sparing.errors import SettingsError
from sparing.evals.simulate.cascade import CascadeModel
from sparing.evals.simulate.server import ServerModel, Thinking
from sparing.evals.simulate.strategies import Effort, FirstComeFirstServed, Traffic
from sparing.plan.candidates import Goals
from sparing.prices.lookup import prices_for
from sparing.settings.policies import PRIORITIES, Goal, PriorityClass, Reasoning

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]


class Upstream(Struct, frozen=True, forbid_unknown_fields=True):
    """See `server.ServerModel`."""

    name: str
    slots: Annotated[int, Meta(ge=1)]
    first_s: Positive
    prefill_tokens_s: Positive
    decode_tokens_s: Positive
    model: str = ""
    expected_loss: Share = 0.0
    depths: tuple[str, ...] = ()


class Class(Struct, frozen=True, forbid_unknown_fields=True):
    """Traffic of one class, and its goals as a policy has them."""

    share: Share
    priority: PriorityClass = "standard"
    first_token_s: Positive | None = None
    answer_s: Positive | None = None
    probability: Share = 0.95
    usd_per_request: Positive | None = None
    loss: Share | None = None
    gives_way: tuple[Goal, ...] = ("usd", "loss", "latency")


class Kept(Struct, frozen=True, forbid_unknown_fields=True):
    kept: Share
    loss: Share


class Thought(Struct, frozen=True, forbid_unknown_fields=True):
    """See `server.Thinking`."""

    tokens: Annotated[float, Meta(ge=0)]
    loss: Share


class Baseline(Struct, frozen=True, forbid_unknown_fields=True):
    upstream: str
    effort: str
    depth: str = ""


class Burst(Struct, frozen=True, forbid_unknown_fields=True):
    """For a while so many times as many requests; `start` and `length` are shares of the trace."""

    factor: Annotated[int, Meta(ge=1)]
    start: Share
    length: Share


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    upstreams: Annotated[tuple[Upstream, ...], Meta(min_length=1)]
    traffic: Annotated[Mapping[str, Class], Meta(min_length=1)]
    efforts: Annotated[Mapping[str, Kept], Meta(min_length=1)]
    baseline: Baseline
    burst: Burst | None = field(default=None)
    depths: Mapping[Reasoning, Thought] = field(default_factory=dict)
    cascade: CascadeModel | None = field(default=None)

    def models(self) -> list[ServerModel]:
        return [
            ServerModel(
                one.name,
                prices_for(one.model) if one.model else None,
                one.slots,
                one.first_s,
                one.prefill_tokens_s,
                one.decode_tokens_s,
                one.expected_loss,
                depths=tuple(depth for name, depth in self.thinking().items() if name in one.depths),
            )
            for one in self.upstreams
        ]

    def kinds(self) -> dict[str, Traffic]:
        return {
            name: Traffic(
                name,
                PRIORITIES[one.priority],
                Goals(
                    one.first_token_s,
                    one.answer_s,
                    one.probability,
                    one.usd_per_request,
                    one.loss,
                    one.gives_way,
                ),
            )
            for name, one in self.traffic.items()
        }

    def thinking(self) -> dict[str, Thinking]:
        """Depths by name, what is preferred first."""
        return {name: Thinking(name, one.tokens, one.loss) for name, one in self.depths.items()}

    def ways(self) -> list[Effort]:
        return [Effort(name, one.kept, one.loss) for name, one in self.efforts.items()]

    def fixed(self) -> FirstComeFirstServed:
        effort = self.efforts[self.baseline.effort]
        way = Effort(self.baseline.effort, effort.kept, effort.loss)
        return FirstComeFirstServed(self.baseline.upstream, way, self.thinking().get(self.baseline.depth))


def read_scenario(path: Path) -> Scenario:
    """Read and check a scenario.

    Raises:
        SettingsError: It cannot be read, or says what cannot be.
    """
    try:
        scenario = msgspec.toml.decode(path.read_bytes(), type=Scenario)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}", hint="examples/simulation.toml shows every key") from error
    named: tuple[tuple[str, str, Sequence[str]], ...] = (
        *(("depths", name, tuple(scenario.depths)) for one in scenario.upstreams for name in one.depths),
        ("baseline.upstream", scenario.baseline.upstream, [one.name for one in scenario.upstreams]),
        ("baseline.effort", scenario.baseline.effort, list(scenario.efforts)),
        ("baseline.depth", scenario.baseline.depth, _baseline_depths(scenario)),
    )
    for what, name, known in named:
        if name not in known:
            raise SettingsError(f"{path}: {what} is {name!r}", hint=f"there are {', '.join(known)}")
    priced = [one.name for one in scenario.upstreams if one.model and prices_for(one.model) is not None]
    cascade = scenario.cascade
    if unknown := [name for name in (cascade.small, cascade.large) if name not in priced] if cascade else []:
        raise SettingsError(f"{path}: the cascade names {unknown[0]!r}", hint=f"with a price are {', '.join(priced)}")
    if any(sorted(one.gives_way) != ["latency", "loss", "usd"] for one in scenario.traffic.values()):
        raise SettingsError(f"{path}: gives_way names usd, loss and latency, each once")
    return scenario


def _baseline_depths(scenario: Scenario) -> list[str]:
    """What the baseline's upstream can be told: nothing, if it does not think."""
    return next((list(one.depths) for one in scenario.upstreams if one.name == scenario.baseline.upstream), []) or [""]
