"""Which hosts may be asked for pages: those of the public internet, unless private ones are allowed.

An address that somebody else wrote must not reach what only this machine can reach (server-side request forgery): names
are judged by what they resolve to, when the connection is made and after every redirect.
"""

from __future__ import annotations

import ipaddress
import socket

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from sparing.errors import SourceUnreadable

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PublicResolver(AbstractResolver):
    """Looks names up, and refuses those that lead to addresses that are not public."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name.

        Raises:
            SourceUnreadable: One of them is private.
        """
        found = await self._inner.resolve(host, port, family)
        for one in found:
            check_public(one["host"])
        return found

    async def close(self) -> None:
        await self._inner.close()


def check_url(url: URL, *, allow_private: bool) -> None:
    """Whether an address may be asked for.

    Raises:
        SourceUnreadable: It is not of the web, has a password in it, or names a private address.
    """
    if url.scheme not in ("http", "https") or not url.host:
        raise SourceUnreadable("no address of the web", hint="http:// or https://")
    if url.user or url.password:
        raise SourceUnreadable("an address with a password in it is not kept in a store")
    if not allow_private and _is_address(url.host):  # names are judged by `PublicResolver`
        check_public(url.host)


def check_public(address: str) -> None:
    """Raise `SourceUnreadable` for an address that is not of the public internet."""
    found: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        found = inner or found
    if not found.is_global or found.is_multicast:
        raise SourceUnreadable(f"{address} is a private address", hint="--allow-private")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
