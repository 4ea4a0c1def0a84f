"""Whose request this is: from a key to its tenant, its limits and the policies it may choose."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from sparing.errors import UnknownKey
from sparing.plan.quota.store import NUSD, Bounds, Scope
from sparing.settings.policies import NamedPolicy
from sparing.settings.tenants import KeySettings, Limits, TenantSettings

_REMEMBERED = 4096  # callers; the newest


@dataclass(frozen=True, slots=True)
class Caller:
    """Who holds a key.

    Attributes:
        name: ``acme/web/alice``; without a project ``acme/alice``.
        apart: Stands for those that it shares caches and kept texts with: the keys of its project, or those of its
            tenant that have none.
        scopes: What of its tenant, project and key has limits.
        policy: Of requests that say nothing else: the key's, else the project's, else the tenant's; "" if none.
        policies: Those that its requests may choose; None: any.
        labels: What it may read of stores: its tenant, its project as a group, itself, and what is configured.
        trust_labels: Whether its requests may name fewer.
    """

    name: str
    tenant: str
    apart: str
    scopes: tuple[Scope, ...]
    policy: str = ""
    policies: tuple[str, ...] | None = None
    labels: frozenset[str] = frozenset()
    trust_labels: bool = False


class KeyRing:
    """The keys that are known."""

    def __init__(self, tenants: Mapping[str, TenantSettings]) -> None:
        self._tenants = tenants
        self._owners = {
            bytes.fromhex(key.sha256): (tenant_name, project_name, key_name)
            for tenant_name, tenant in tenants.items()
            for project_name, keys in _key_tables(tenant)
            for key_name, key in keys.items()
        }
        self._caller = lru_cache(_REMEMBERED)(self._made)

    def caller(self, key: str) -> Caller:
        """Who holds this key.

        Raises:
            UnknownKey: Nobody does, or there is none.
        """
        if not key:
            raise UnknownKey(
                "the request has no key", hint="send it as your client does: authorization, x-api-key, ..."
            )
        owner = self._owners.get(sha256(key.encode("utf-8", "surrogateescape")).digest())
        if owner is None:
            raise UnknownKey("the key is not known here", hint="`sparing keys new` makes one")
        return self._caller(*owner)

    def named(self, name: str) -> Caller:
        """Who has this name: ``acme/web/alice``.

        Raises:
            UnknownKey: Nobody has.
        """
        for owner in self._owners.values():
            if "/".join(filter(None, owner)) == name:
                return self._caller(*owner)
        raise UnknownKey(f"no key is called {name!r}", hint="`sparing policies check` lists the tenants")

    def _made(self, tenant_name: str, project_name: str, key_name: str) -> Caller:
        tenant = self._tenants[tenant_name]
        project = tenant.projects[project_name] if project_name else None
        key = (project or tenant).keys[key_name]
        path = (tenant_name, project_name, key_name) if project_name else (tenant_name, key_name)
        levels: list[tuple[str, Limits]] = [(f"tenant {tenant_name}", tenant)]
        if project is not None:
            levels.append((f"project {tenant_name}/{project_name}", project))
        levels.append((f"key {'/'.join(path)}", key))
        nearest = [limits for _, limits in reversed(levels)]
        policy = next((limits.policy for limits in nearest if limits.policy), "")
        allowed = next((limits.policies for limits in nearest if limits.policies), (policy,) if policy else None)
        return Caller(
            name="/".join(path),
            tenant=tenant_name,
            apart=sha256(f"sparing project\0{tenant_name}\0{project_name}".encode()).hexdigest()[:32],
            scopes=tuple(scope for name, limits in levels for scope in _scope(name, limits)),
            policy=policy,
            policies=allowed,
            trust_labels=any(limits.trust_labels for _, limits in levels),
            labels=frozenset(_own_labels(path)).union(*(limits.labels for _, limits in levels)),
        )


def _own_labels(path: tuple[str, ...]) -> Iterator[str]:
    yield f"tenant:{path[0]}"
    yield f"user:{'/'.join(path)}"
    if len(path) == 3:
        yield f"group:{'/'.join(path[:2])}"


def policy_scopes(name: str, policy: NamedPolicy) -> tuple[Scope, ...]:
    """What of a policy has limits over time."""
    if policy.usd_per_day is None and policy.usd_per_month is None:
        return ()
    bounds = Bounds(nusd_per_day=_nusd(policy.usd_per_day), nusd_per_month=_nusd(policy.usd_per_month))
    return (Scope(f"policy {name}", bounds),)


def _scope(name: str, limits: Limits) -> tuple[Scope, ...]:
    bounds = Bounds(
        limits.tokens_per_minute,
        limits.requests_per_minute,
        limits.streams,
        _nusd(limits.usd_per_day),
        _nusd(limits.usd_per_month),
    )
    return () if bounds == Bounds() else (Scope(name, bounds),)


def _key_tables(tenant: TenantSettings) -> list[tuple[str, Mapping[str, KeySettings]]]:
    return [("", tenant.keys), *((name, project.keys) for name, project in tenant.projects.items())]


def _nusd(usd: float | None) -> int | None:
    return None if usd is None else math.floor(usd * NUSD)
