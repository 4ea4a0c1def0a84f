"""Gateways with a tenant that has a project with a key."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from raw_client import CHAT, Reply, chat, request
from running_gateway import RunningGateway

KEY = "sk-sparing-alice"
GEMINI = "/v1beta/models/gemini-2.5-flash:generateContent"
PRICED = """
[upstream]
openai_url = "http://127.0.0.1:9" # tells no seller, so prices go by the name of the model
"""


def tenant(limits: str, *, project: str = "", key: str = "") -> str:
    return f"""
[tenants.acme]
{limits}
[tenants.acme.projects.web]
{project}
[tenants.acme.projects.web.keys.alice]
sha256 = "{sha256(KEY.encode()).hexdigest()}"
{key}
"""


def ask(gateway: RunningGateway, path: str = CHAT, body: Any = None, **headers: str) -> Reply:
    """A request with a key, in the way that any client may send it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(gateway.url, path, body or chat(), {"authorization": f"Bearer {KEY}", **named})
