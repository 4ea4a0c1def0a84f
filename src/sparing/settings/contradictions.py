"""Policies that nobody could keep, and names that mean nothing: refused when they are read, with their line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final, get_args

from sparing.settings.named import Named, Source, Where
from sparing.settings.policies import Depth, Goal, NamedPolicy, Reasoning, Rule
from sparing.settings.policy import Effort
from sparing.settings.tenants import KeySettings, Limits

_EFFORTS: Final[tuple[Effort, ...]] = get_args(Effort)
_REASONING: Final[tuple[Reasoning, ...]] = get_args(Reasoning)


def refuse_contradictions(named: Named, source: Source, tiers: Collection[str] = ()) -> None:
    """Raise `SettingsError` for the first thing that contradicts itself or names what is not there.

    Args:
        tiers: The tiers that are configured; none: any name may be one.
    """
    for name, policy in named.policies.items():
        _policy(("policies", name), policy, source, tiers, named.stores)
    for where, policy_name in _policies_named(named):
        if policy_name not in named.policies:
            known = ", ".join(named.policies) or "none"
            raise source.error(where, f"names the policy {policy_name!r}, which is not there", f"policies: {known}")
    for name, alias in named.models.items():
        if alias.model in named.models:
            hint = "write the model that is really asked"
            raise source.error(("models", name, "model"), f"stands for another alias, {alias.model}", hint)
    for name, store in named.stores.items():
        for entry in store.tenants:
            tenant = entry.partition("/")[0]
            if tenant not in named.tenants:
                known = ", ".join(named.tenants) or "none"
                where = ("stores", name, "tenants")
                raise source.error(where, f"names the tenant {tenant!r}, who is not there", f"tenants: {known}")
    _rules(named.rules, source)
    _keys(named, source)
    _labels(named, source)


def _policy(where: Where, policy: NamedPolicy, source: Source, tiers: Collection[str], stores: Collection[str]) -> None:
    first, whole = policy.first_token_s, policy.answer_s
    if first is not None and whole is not None and whole < first:
        message = f"is {whole:g} s, but the first token alone may take first_token_s = {first:g} s"
        raise source.error((*where, "answer_s"), message, "an answer ends after it begins")
    if sorted(policy.gives_way) != sorted(get_args(Goal)):
        hint = f"put {', '.join(get_args(Goal))} in the order in which they give way"
        raise source.error((*where, "gives_way"), "does not name every goal once", hint)
    _store(where, policy, source, stores)
    _spans(where, policy, source)
    _budget(where, policy, source)
    _ceiling(where, policy, source)
    _depths(where, policy, source)
    _pressure((*where, "under_pressure"), policy, source)
    for place, names in ((where, policy.tiers), ((*where, "under_pressure"), policy.under_pressure.tiers)):
        for tier in names:
            if tiers and tier not in tiers:
                raise source.error((*place, "tiers"), f"names the tier {tier!r}", f"tiers: {', '.join(tiers)}")


def _store(where: Where, policy: NamedPolicy, source: Source, stores: Collection[str]) -> None:
    settings = policy.settings
    if settings.store and settings.store not in stores:
        known = ", ".join(stores) or "none"
        raise source.error(
            (*where, "store"), f"names the store {settings.store!r}, which is not there", f"stores: {known}"
        )
    if settings.store_wider > 1 and settings.store_check == "off":
        hint = "set store_check: whether passages bear an answer out is what is asked"
        raise source.error((*where, "store_wider"), "is for answers that are checked", hint)


def _spans(where: Where, policy: NamedPolicy, source: Source) -> None:
    """A shorter time cannot allow more money than a longer one."""
    spans = [("usd_per_request", policy.usd_per_request), ("usd_per_day", policy.usd_per_day)]
    spans.append(("usd_per_month", policy.usd_per_month))
    given = [(name, usd) for name, usd in spans if usd is not None]
    for (shorter, less), (longer, more) in zip(given, given[1:], strict=False):
        if less > more:
            raise source.error((*where, shorter), f"is more than {longer} allows ({less:g} > {more:g})")


def _budget(where: Where, policy: NamedPolicy, source: Source) -> None:
    if policy.budget_tokens is None:
        if policy.budget == "hard":
            raise source.error((*where, "budget"), "is hard, but there is none", "set budget_tokens")
        return
    for name in ("mode", "effort"):
        value = getattr(policy.settings, name)
        if value in ("off", "audit"):
            message = f"cannot be kept with {name} = {value}: the original goes out"
            raise source.error((*where, "budget_tokens"), message)


def _ceiling(where: Where, policy: NamedPolicy, source: Source) -> None:
    """A limit of the provider's that comes first would cut the sentence."""
    ceiling, most = policy.ceiling_tokens, policy.answer_tokens
    if ceiling is not None and most is not None and ceiling >= most:
        hint = f"leave room for a sentence or a block of code between it and answer_tokens = {most}"
        raise source.error((*where, "ceiling_tokens"), f"is not less than the most, {most}", hint)
    if ceiling is None and policy.overrun != "stop":
        raise source.error(
            (*where, "overrun"), "is for answers past a ceiling, and there is none", "set ceiling_tokens"
        )
    if policy.tighten_with and policy.overrun != "tighten":
        raise source.error((*where, "tighten_with"), "is for answers that are tightened", 'set overrun = "tighten"')


def _depths(where: Where, policy: NamedPolicy, source: Source) -> None:
    """Depths are decided for a goal, each once, and within the policy's own cap."""
    known = ", ".join(get_args(Depth))
    for name, loss in policy.depth_loss.items():
        if name not in get_args(Depth) or not 0 <= loss < 1:
            hint = f"write one of {known}, and a share of answers"
            raise source.error((*where, "depth_loss"), f"says {name} = {loss:g}", hint)
    if policy.deepen and not policy.depths:
        raise source.error((*where, "deepen"), "has nothing to choose from", "set depths")
    if not policy.depths:
        return
    if len(set(policy.depths)) < len(policy.depths):
        raise source.error((*where, "depths"), "names one twice")
    if all(goal is None for goal in (policy.first_token_s, policy.answer_s, policy.usd_per_request, policy.loss)):
        hint = "set first_token_s, answer_s, usd_per_request or loss; for a cap alone there is reasoning"
        raise source.error((*where, "depths"), "are chosen for a goal, and there is none", hint)
    own = policy.reasoning
    if own is not None:
        more = [one for one in policy.depths if one in _REASONING and _REASONING.index(one) > _REASONING.index(own)]
        if more:
            raise source.error((*where, "depths"), f"allows {more[0]}, but reasoning is at most {own}")


def _pressure(where: Where, policy: NamedPolicy, source: Source) -> None:
    """What gives way must be less than what was there."""
    then = policy.under_pressure
    if (
        then.answer_tokens is not None
        and policy.answer_tokens is not None
        and then.answer_tokens > policy.answer_tokens
    ):
        raise source.error((*where, "answer_tokens"), f"is more than the policy's own {policy.answer_tokens}")
    own = policy.reasoning
    if then.reasoning and own and _REASONING.index(then.reasoning) > _REASONING.index(own):
        raise source.error((*where, "reasoning"), f"is more than the policy's own {own}")
    outside = set(then.tiers) - set(policy.tiers) if policy.tiers else set()
    if outside:
        raise source.error((*where, "tiers"), f"allows {min(outside)}, which the policy does not")


def _rules(rules: Mapping[str, Rule], source: Source) -> None:
    """A rule that stands behind one that takes all it could take never matches."""
    before: list[tuple[str, Rule]] = []
    for name, rule in rules.items():
        if rule.complexity_from > rule.complexity_to:
            message = f"is more than complexity_to = {rule.complexity_to:g}, so that it never matches"
            raise source.error(("rules", name, "complexity_from"), message)
        for earlier_name, earlier in before:
            if (
                _covers(earlier.wire, rule.wire)
                and _covers(earlier.path, rule.path)
                and _covers(earlier.model, rule.model)
                and _covers_kinds(earlier, rule)
            ):
                message = f"can never match: {earlier_name} stands before it and takes all that it would"
                raise source.error(("rules", name), message, "put it first, or remove it")
        before.append((name, rule))


def _covers_kinds(wide: Rule, narrow: Rule) -> bool:
    """Whether a rule takes whatever another takes, by what requests are about."""
    intents = not wide.intents or (bool(narrow.intents) and set(narrow.intents) <= set(wide.intents))
    return intents and wide.complexity_from <= narrow.complexity_from and wide.complexity_to >= narrow.complexity_to


def _covers(wide: str, narrow: str) -> bool:
    """Whether a glob takes whatever another takes; only what is plain to see: the same, or a prefix and a star."""
    if wide == narrow or wide == "*":
        return True
    head = wide.removesuffix("*")
    return wide.endswith("*") and not set(head) & set("*?[") and narrow.startswith(head)


def _keys(named: Named, source: Source) -> None:
    owners: dict[str, Where] = {}
    for where, settings in limits_of(named):
        if isinstance(settings, KeySettings):
            if settings.sha256 in owners:
                message = f"is the key of {'.'.join(owners[settings.sha256])} as well"
                raise source.error((*where, "sha256"), message, "`sparing keys new` makes another")
            owners[settings.sha256] = where


def _labels(named: Named, source: Source) -> None:
    """Whose a key is, the key itself says: what is configured adds groups, and makes nobody another."""
    for where, limits in limits_of(named):
        for label in limits.labels:
            if not label.startswith("group:") or not label.removeprefix("group:").strip():
                hint = "write group:NAME; tenant:NAME and user:NAME follow from the key"
                raise source.error((*where, "labels"), f"has {label!r}, which is no group", hint)


def limits_of(named: Named) -> Iterator[tuple[Where, Limits]]:
    """Every tenant, project and key, with its place in the file."""
    for tenant_name, tenant in named.tenants.items():
        where: Where = ("tenants", tenant_name)
        yield where, tenant
        yield from (((*where, "keys", name), key) for name, key in tenant.keys.items())
        for project_name, project in tenant.projects.items():
            place = (*where, "projects", project_name)
            yield place, project
            yield from (((*place, "keys", name), key) for name, key in project.keys.items())


def _policies_named(named: Named) -> Iterator[tuple[Where, str]]:
    """Every place where a policy is named, and the name."""
    for name, alias in named.models.items():
        if alias.policy:
            yield ("models", name, "policy"), alias.policy
    for name, rule in named.rules.items():
        yield ("rules", name, "policy"), rule.policy
    for where, limits in limits_of(named):
        if limits.policy:
            yield (*where, "policy"), limits.policy
        yield from (((*where, "policies"), policy) for policy in limits.policies)
