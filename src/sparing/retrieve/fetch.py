"""Pages from the web into files: bounded in size, time and redirects; a few at a time, two of a host at most."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from yarl import URL

from sparing.errors import SourceUnreadable
from sparing.reducers.language import extension
from sparing.retrieve.addresses import PublicResolver, check_url
from sparing.retrieve.reading import Job
from sparing.retrieve.walk import MOST_BYTES, Left

_AT_ONCE, _AT_ONCE_OF_A_HOST = 8, 2
_REDIRECTS = 5
_PIECE_BYTES = 1 << 16
_MOVED = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Limits:
    """What a page may take."""

    most_bytes: int = MOST_BYTES
    total_s: float = 60.0
    connect_s: float = 10.0
    allow_private: bool = False


def fetch(urls: Sequence[str], folder: Path, limits: Limits) -> list[Job | Left]:
    """Each page as a file in `folder`, or why it is not there; in the order of the addresses, each once."""
    return asyncio.run(_fetch_all(list(dict.fromkeys(urls)), folder, limits))


async def _fetch_all(urls: Sequence[str], folder: Path, limits: Limits) -> list[Job | Left]:
    connector = aiohttp.TCPConnector(
        limit_per_host=_AT_ONCE_OF_A_HOST, resolver=None if limits.allow_private else PublicResolver()
    )
    timeout = aiohttp.ClientTimeout(total=limits.total_s, sock_connect=limits.connect_s)
    turn = asyncio.Semaphore(_AT_ONCE)

    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), headers={"User-Agent": "sparing"}
    ) as session:

        async def one(number: int, url: str) -> Job | Left:
            async with turn:
                return await _fetch(session, url, folder / str(number), limits)

        return list(await asyncio.gather(*(one(number, url) for number, url in enumerate(urls))))


async def _fetch(session: aiohttp.ClientSession, url: str, file: Path, limits: Limits) -> Job | Left:
    try:
        name = await asyncio.wait_for(_download(session, URL(url), file, limits), limits.total_s)
    except SourceUnreadable as error:
        return Left(url, str(error), failed=True)
    except TimeoutError:
        return Left(url, f"no answer within {limits.total_s:g} s", failed=True)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        refused = _refusal(error)
        return Left(url, str(refused or f"cannot be fetched: {error or type(error).__name__}"), failed=True)
    return Job(url, name, str(file), size_bytes=file.stat().st_size, named=True)


async def _download(session: aiohttp.ClientSession, url: URL, file: Path, limits: Limits) -> str:
    """Write a page to a file; its name, with an extension that tells what it is."""
    for _ in range(_REDIRECTS + 1):
        check_url(url, allow_private=limits.allow_private)
        async with session.get(url, allow_redirects=False) as answer:
            if answer.status in _MOVED and "location" in answer.headers:
                url = url.join(URL(answer.headers["location"]))
                continue
            if answer.status != 200:
                raise SourceUnreadable(f"HTTP {answer.status} {answer.reason or ''}".rstrip())
            await _save(answer, file, limits.most_bytes)
            return _name(url, answer.content_type)
    raise SourceUnreadable(f"more than {_REDIRECTS} redirects")


async def _save(answer: aiohttp.ClientResponse, file: Path, most_bytes: int) -> None:
    size = 0
    with file.open("wb") as out:
        async for piece in answer.content.iter_chunked(_PIECE_BYTES):
            size += len(piece)
            if size > most_bytes:
                raise SourceUnreadable(f"too large: the limit is {most_bytes / 1e6:,.0f} MB (--max-mb)")
            out.write(piece)


def _name(url: URL, content_type: str) -> str:
    last = url.name or url.host or "page"
    if url.name and extension(last):
        return last
    return last + (mimetypes.guess_extension(content_type) or "")


def _refusal(error: BaseException) -> SourceUnreadable | None:
    """Our own word, where the library has wrapped it."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, SourceUnreadable):
            return at
        at = at.__cause__ or at.__context__
    return None
