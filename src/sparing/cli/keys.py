"""`sparing keys`: keys for those who may use the gateway."""

from __future__ import annotations

import json
import secrets
from hashlib import sha256

import click

from sparing.cli.options import json_option
from sparing.cli.output import note, write, write_json
from sparing.errors import RequestError

_PREFIX = "sk-sparing-"
_KEY_BYTES = 32  # as many as its hash has


@click.group()
def command() -> None:
    """Make keys for those who may use the gateway; see docs/policies.md."""


@command.command()
@click.argument("owner", metavar="TENANT[/PROJECT]/NAME")
@json_option
def new(owner: str, as_json: bool) -> None:
    """Make a key and print it once, with the lines for the settings file, which hold only its hash.

    \b
    Example:
      sparing keys new acme/web/alice
    """
    from sparing.settings.render import toml_name

    names = owner.split("/")
    if len(names) not in (2, 3) or not all(name.strip() for name in names):
        raise RequestError(f"{owner!r} names no key", hint="write TENANT/NAME or TENANT/PROJECT/NAME")
    key = _PREFIX + secrets.token_urlsafe(_KEY_BYTES)
    tenant, *project, name = map(toml_name, names)
    table = ".".join(["tenants", tenant, *(["projects", *project] if project else []), "keys", name])
    hashed = sha256(key.encode()).hexdigest()
    if as_json:
        write_json({"key": key, "table": table, "sha256": hashed})
        return
    write(f"[{table}]\nsha256 = {json.dumps(hashed)}\n")
    note(f"the key of {owner}, shown this once: {key}")
