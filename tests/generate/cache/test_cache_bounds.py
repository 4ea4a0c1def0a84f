"""What the cache takes, however many callers there are."""

from __future__ import annotations

import time
import tracemalloc

from counting_upstream import call, chat_answer, chat_body, read, saying

from sparing.generate.cache.entry import Entry
from sparing.generate.cache.rules import Rules
from sparing.generate.cache.semantic.bound import Bound
from sparing.generate.cache.semantic.embed import Lexical
from sparing.generate.cache.semantic.index import Index
from sparing.generate.cache.semantic.similar import Similar
from sparing.generate.cache.store import MemoryStore
from sparing.generate.cache.upstream import Cached

TENANTS = 100_000


async def test_a_hundred_thousand_tenants_take_no_more_than_allowed() -> None:
    """The store's estimate is an upper bound of what Python takes for it, and nothing else grows."""

    def entry(number: int) -> Entry:
        key = number.to_bytes(32, "big")
        return Entry(key, f"tenant-{number}", 200, "application/json", chat_answer(f"Paris. {number}"), (9,), 1.0, 9e12)

    store = MemoryStore(max_entries=TENANTS, max_bytes=2_000_000)
    tracemalloc.start()
    try:
        for number in range(TENANTS):
            await store.put(entry(number))
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    stats = await store.stats()
    assert stats.num_bytes <= 2_000_000
    assert stats.num_entries > 1_500
    assert grown < 2_000_000


async def test_what_is_over_leaves_nothing_behind() -> None:
    """Of two thousand calls of as many tenants no flight is left, and no record beyond the index's bound."""
    similar = Similar(Lexical(), Bound(0.005), Index(50))
    store = MemoryStore(max_entries=50, max_bytes=1_000_000)
    cache = Cached(saying(), store, Rules(mode="semantic"), similar=similar)
    for number in range(2_000):
        await read(await cache.send(call(tenant=f"tenant-{number}")))
    assert not cache._flights
    assert similar._index.num_records == len(similar._index._groups) == 50
    assert (await store.stats()).num_entries == 50


async def test_a_lookup_takes_little_time() -> None:
    """CPU per request beside the upstream's own, of a hit and a miss, on a request of 4 kB: far below a millisecond."""
    similar = Similar(Lexical(), Bound(0.005), Index(10_000))
    for one in (None, similar):
        rules = Rules(mode="semantic" if one else "exact")
        cache = Cached(saying(), MemoryStore(max_entries=10_000, max_bytes=100_000_000), rules, similar=one)
        context = [{"role": "system", "content": "Be kind. " * 450}]
        bodies = [
            chat_body(messages=[*context, {"role": "user", "content": f"Where is parcel {i} of mine?"}])
            for i in range(100)
        ]
        calls = [call(body) for body in bodies]
        for known in (False, True):
            start_s = time.process_time()
            for ask in calls:
                await read(await cache.send(ask))
            each_s = (time.process_time() - start_s) / len(calls)
            assert each_s < 0.005, f"{each_s * 1e6:.0f} us, known: {known}, semantic: {one is not None}"
            print(f"semantic={one is not None} known={known}: {each_s * 1e6:.0f} us")
