"""Who may ask, and how much: tenants, their projects, the keys of these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct, field

_MOST = 10**15  # beyond every quota, and within SQLite's and JSON's whole numbers
_MOST_USD = 1e9
HEX = "^[0-9a-f]{64}$"


class Limits(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may be used in a time; what is not written is not limited."""

    tokens_per_minute: (
        Annotated[int, Meta(ge=1, le=_MOST, description="Tokens in any minute, prompts and answers together.")] | None
    ) = None
    requests_per_minute: Annotated[int, Meta(ge=1, le=_MOST, description="Requests in any minute.")] | None = None
    streams: Annotated[int, Meta(ge=1, le=_MOST, description="Requests being answered at the same time.")] | None = None
    usd_per_day: Annotated[float, Meta(gt=0, le=_MOST_USD, description="Money in a day (UTC).")] | None = None
    usd_per_month: Annotated[float, Meta(gt=0, le=_MOST_USD, description="Money in a calendar month.")] | None = None
    policy: Annotated[str, Meta(description="The policy of requests that say nothing else.")] = ""
    policies: Annotated[
        tuple[str, ...], Meta(description="Policies that a request may choose; empty: that policy, else any.")
    ] = ()
    labels: Annotated[
        tuple[str, ...],
        Meta(
            description="What its requests may read of stores, beside what is its own: group:legal. A level's hold for "
            "all below it."
        ),
    ] = ()
    trust_labels: Annotated[
        bool,
        Meta(description="Whether its requests may narrow what they read to some of these, by x-sparing-labels."),
    ] = False


class KeySettings(Limits, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A key; only its hash is known here."""

    sha256: Annotated[str, Meta(pattern=HEX, description="SHA-256 of the key, in hex; `sparing keys new` makes both.")]


class ProjectSettings(Limits, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a tenant; its keys share its quota."""

    keys: Annotated[Mapping[str, KeySettings], Meta(description="Its keys.")] = field(default_factory=dict)


class TenantSettings(Limits, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whoever pays; its projects share its quota, and nobody else sees what it sent."""

    projects: Annotated[Mapping[str, ProjectSettings], Meta(description="Its projects.")] = field(default_factory=dict)
    keys: Annotated[Mapping[str, KeySettings], Meta(description="Keys of no project.")] = field(default_factory=dict)
