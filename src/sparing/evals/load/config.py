"""The settings a gateway is loaded with: tiers, a policy with goals, tenants with limits. Nothing that is in reach."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

KEY = "sk-sparing-load-{}"

_POLICY = """
[policies.desk]
priority = "interactive"
first_token_s = 30.0
loss = 0.2
answer_tokens = 4000
usd_per_day = 1e6

"""
_TENANT = """
[tenants.t{number}]
tokens_per_minute = 1_000_000_000
usd_per_month = 1e6
policy = "desk"
projects.web.keys.all.sha256 = "{digest}"
projects.web.requests_per_minute = 1_000_000_000
"""
_TIER = """
[[tiers]]
name = "{name}"
provider = "{url}"
model = "{model}"
expected_loss = {loss}
"""


def config(urls: Sequence[str], *, num_tenants: int = 1, quota: str = "memory", more: str = "") -> str:
    """TOML for a gateway before two tiers.

    Args:
        urls: Where the small and the large tier answer.
        quota: ``memory`` or a file.
        more: Further tables.
    """
    models = ("small", urls[0], "gpt-4o-mini", 0.1), ("large", urls[-1], "gpt-4o", 0.0)
    tiers = "".join(_TIER.format(name=name, url=url, model=model, loss=loss) for name, url, model, loss in models)
    tenants = "".join(
        _TENANT.format(number=n, digest=sha256(KEY.format(n).encode()).hexdigest()) for n in range(num_tenants)
    )
    return f'{more}\n[quota]\npath = "{quota}"\n{tiers}{_POLICY}{tenants}'


def key_header(tenant: int) -> dict[str, str]:
    """What a caller of a tenant says it is."""
    return {"authorization": f"Bearer {KEY.format(tenant)}"}
