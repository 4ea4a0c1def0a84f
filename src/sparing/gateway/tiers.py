"""From settings to tiers: each retried, watched and hedged, with its fallback behind it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from msgspec.structs import replace

from sparing.core.prices import Prices
from sparing.core.upstream import Upstream
from sparing.core.usage import Usage
from sparing.gateway.clients import embedded, remote, seller
from sparing.gateway.rewrite import REWRITE
from sparing.gateway.set_model import set_model
from sparing.gateway.set_thought import thought_setter
from sparing.gateway.usage import UsageReader
from sparing.generate.breaker import Breaker, Guarded, Limits
from sparing.generate.cascade import Cascade, Terms
from sparing.generate.fallback import Fallback
from sparing.generate.hedge import Hedged
from sparing.generate.line import Line
from sparing.generate.lined import CallLine, Lined
from sparing.generate.retry import Patience, Retrying
from sparing.generate.router import Routed, Router
from sparing.generate.signals import NAMES
from sparing.generate.tier import Tier
from sparing.generate.tiers import Tiers
from sparing.generate.traffic import Classes
from sparing.prices.lookup import prices_for
from sparing.settings import Settings
from sparing.settings.policies import NamedPolicy
from sparing.settings.providers import SHAPES
from sparing.settings.tiers import order_of, url_of, wires_of
from sparing.settings.tree import ResilienceSettings, TierSettings


def make_tiers(
    settings: Settings, models_folder: Path, embedded_wires: tuple[str, ...], learned_file: Path | None = None
) -> dict[str, Upstream]:
    """The upstream of every wire format that some tier speaks.

    Args:
        embedded_wires: Those that the embedded model speaks.
        learned_file: Where what the cascade learns is kept; None for nowhere.
    """
    classes = Classes(learned_file, NAMES)
    spoken = wires_of(settings.tiers, embedded_wires)
    lines: dict[str, CallLine] = {}
    local: dict[str, Upstream] = {}  # by model: an embedded one is loaded once, whatever it is asked in
    made: dict[str, Upstream] = {}
    for shape, wires in SHAPES.items():
        for group in _alike(settings.tiers, wires, spoken):
            tiers = [tier for tier in settings.tiers if group[0] in spoken[tier.name]]
            upstream = _make(settings, shape, tiers, local, lines, models_folder, classes)
            made |= dict.fromkeys(group, upstream)
    return made


def _alike(
    tiers: tuple[TierSettings, ...], wires: tuple[str, ...], spoken: dict[str, tuple[str, ...]]
) -> list[list[str]]:
    """Wire formats of one shape, together where the same tiers speak them; those that none speaks are left out."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for wire in wires:
        groups.setdefault(tuple(tier.name for tier in tiers if wire in spoken[tier.name]), []).append(wire)
    return [group for names, group in groups.items() if names]


def _make(
    settings: Settings,
    shape: str,
    tiers: list[TierSettings],
    local: dict[str, Upstream],
    lines: dict[str, CallLine],
    models_folder: Path,
    classes: Classes,
) -> Upstream:
    urls = {tier.name: url_of(tier, shape) for tier in tiers}
    one_address = len({url for url in urls.values() if url}) == 1
    made: dict[str, Tier] = {}
    for tier in tiers:
        url = urls[tier.name]
        if url:
            upstream = remote(settings.upstream, shape, url, tier.key)
        else:
            chosen = replace(settings.local, model=tier.model) if tier.model else settings.local
            upstream = local.setdefault(chosen.model, embedded(chosen, models_folder))
        made[tier.name] = Tier(
            tier.name,
            _lined(_resilient(upstream, tier.name, settings.resilience), tier, lines),
            set_model,
            tier.model if url else tier.model or settings.local.model,
            seller(shape, url),
            callers_keys=one_address and bool(url),
            set_thought=thought_setter(tier, seller(shape, url)),
        )
    ways: dict[str, Upstream] = {
        tier.name: Fallback([made[name] for name in order_of(tier, tiers) if name in made]) for tier in tiers
    }
    small, large = tiers[0], tiers[-1]
    if small is not large:
        terms = _terms(settings, made[small.name], made[large.name])
        own = {name: _own_terms(terms, policy) for name, policy in settings.policies.items()}
        ways["cascade"] = Cascade(
            made[small.name],
            ways[large.name],
            terms,
            _read_usage,
            own_terms={name: one for name, one in own.items() if one != terms},
            rewrite=REWRITE,
            classes=classes,
        )
        ways["router"] = Routed(ways[small.name], ways[large.name], Router(settings.routing.large_percent / 100))
    named = {"large": large.name, "small": small.name}
    default = named.get(settings.routing.choose, settings.routing.choose)
    return Tiers(ways, default=default if default in ways else large.name, last=large.name)


def _lined(upstream: Upstream, tier: TierSettings, lines: dict[str, CallLine]) -> Upstream:
    """Behind the tier's line, one for all wire formats, if it has any."""
    if not tier.at_once:
        return upstream
    return Lined(upstream, tier.name, lines.setdefault(tier.name, Line(tier.at_once, tier.most_waiting)))


def _terms(settings: Settings, small: Tier, large: Tier) -> Terms:
    """What is asked of a cascade, with what its first tier costs beside its last at the price table."""
    weak, strong = (
        prices_for(tier.model, tier.provider, file=settings.policy.prices_file) if tier.model else None
        for tier in (small, large)
    )
    routing = settings.routing
    terms = Terms(
        routing.good_enough_percent / 100,
        routing.small_wait_s,
        draft=routing.draft,
        samples=routing.samples,
        early=routing.release_early,
    )
    if strong is not None and strong.input_usd:
        terms = dataclasses.replace(terms, output_price=strong.output_usd / strong.input_usd)
    if weak is None or strong is None or not _usd(strong):
        return terms
    return dataclasses.replace(terms, price=_usd(weak) / _usd(strong))


def _usd(prices: Prices) -> float:
    """What an answer costs a model, beside another's: of three parts read and one said."""
    return 3 * prices.input_usd + prices.output_usd


def _own_terms(terms: Terms, policy: NamedPolicy) -> Terms:
    """What a policy asks of the cascade in place of the settings."""
    percent = policy.good_enough_percent
    return dataclasses.replace(
        terms,
        good_enough=terms.good_enough if percent is None else percent / 100,
        draft=policy.draft or terms.draft,
        samples=terms.samples if policy.samples is None else policy.samples,
    )


def _read_usage(body: bytes) -> Usage:
    reader = UsageReader()
    reader.see(body)
    return reader.usage()


def _resilient(upstream: Upstream, name: str, options: ResilienceSettings) -> Upstream:
    retrying = Retrying(upstream, Patience(options.tries, wait_s=options.retry_wait_s))
    limits = Limits(failures=options.breaker_percent / 100, open_s=options.breaker_open_s)
    guarded = Guarded(retrying, Breaker(limits), name)
    return Hedged(guarded, options.hedge_percent / 100) if options.hedge_percent else guarded
