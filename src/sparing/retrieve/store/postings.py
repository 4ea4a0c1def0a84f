"""Which passages have a word: postings, written beside each document and merged into packs now and then.

A posting tells the passage's row, its label set, how many words it has and how often this word is among them, so
scoring reads nothing else. Of what a search looks up only the postings of label sets that its caller may read go any
further: how many those are is how rare the word is for this caller.

A document's postings are first kept as one blob (`fresh`). Once the fresh ones are many they become a pack, keyed by
word; `FANOUT` packs become one large one: a log-structured merge (O'Neil et al. 1996, "The log-structured merge-tree").
So a document costs the same however large the store is, and a question looks into few packs. Documents are packed in
the order of their rows: each is in one pack, at one place of each word's postings.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

import msgspec

from sparing.retrieve.store.posting import BYTES, MOST_TIMES, ROW_SHIFT, of_sets, posting_key

FRESH_ROWS = 512  # a search reads all fresh postings: about a millisecond
FANOUT = 16  # small packs become one large, of about 8,000 passages, which is merged no more

SCHEMA = """
    create table fresh (
        document integer primary key, set_id integer not null, rows integer not null, words blob not null
    );
    create table packs (
        id integer primary key, large integer not null, first integer not null, last integer not null
    );
    create table postings (
        pack integer not null, word text not null, rows blob not null, primary key (pack, word)
    ) without rowid;
"""
_LOOK_UP = """
    p.word, p.rows from packs cross join json_each(?) w cross join postings p on p.pack = packs.id and p.word = w.value
"""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, bytes]).decode


def postings_of(first_row: int, set_id: int, passages: Iterable[Sequence[str]]) -> dict[str, array[int]]:
    """Word -> its postings in passages that have rows from `first_row` on.

    Args:
        passages: The words of each.
    """
    postings: dict[str, array[int]] = {}
    for row, words in enumerate(passages, first_row):
        key = posting_key(row, set_id, len(words))
        for word, times in Counter(words).items():
            posting = key | min(times, MOST_TIMES)
            if word in postings:
                postings[word].append(posting)
            else:
                postings[word] = array("Q", (posting,))
    return postings


def add(connection: sqlite3.Connection, document: int, set_id: int, rows: int, postings: dict[str, array[int]]) -> None:
    """Write what a document's passages are found by, in the transaction that is open."""
    whole = _encode({word: posting.tobytes() for word, posting in postings.items()})
    connection.execute("insert into fresh values (?, ?, ?, ?)", (document, set_id, rows, whole))
    num = connection.execute("select total(rows) from fresh").fetchone()[0]
    if num >= FRESH_ROWS:
        _pack_fresh(connection, large=num >= FANOUT * FRESH_ROWS)
        if connection.execute("select count(*) from packs where not large").fetchone()[0] >= FANOUT:
            _merge_small(connection)


def erase(connection: sqlite3.Connection, document: int, rows: range, words: Iterable[str]) -> None:
    """Take a document's postings out.

    Args:
        words: All that its passages are found by.
    """
    if connection.execute("delete from fresh where document = ?", (document,)).rowcount:
        return
    first, last = rows.start << ROW_SHIFT, rows.stop << ROW_SHIFT
    changed, emptied = [], []
    look_up = f"select p.pack, {_LOOK_UP} where ? between packs.first and packs.last"
    for pack, word, blob in connection.execute(look_up, (json.dumps(list(words)), document)).fetchall():
        postings = memoryview(blob).cast("Q")
        start, end = bisect_left(postings, first), bisect_left(postings, last)
        if end - start == len(postings):
            emptied.append((pack, word))
        elif end > start:
            changed.append((blob[: start * BYTES] + blob[end * BYTES :], pack, word))
    connection.executemany("delete from postings where pack = ? and word = ?", emptied)
    connection.executemany("update postings set rows = ? where pack = ? and word = ?", changed)
    if emptied:
        connection.execute("delete from packs where not exists (select 1 from postings where pack = packs.id)")


def look_up(connection: sqlite3.Connection, words: Sequence[str], sets: Collection[int]) -> list[bytes]:
    """The postings of each word in documents of these label sets, and of no others."""
    found: dict[str, list[bytes]] = {word: [] for word in words}
    allowed = frozenset(sets)
    for set_id, whole in connection.execute("select set_id, words from fresh"):
        if set_id in allowed:
            document = _decode(whole)
            for word in words:
                if word in document:
                    found[word].append(document[word])
    packed: dict[str, list[bytes]] = {word: [] for word in words}
    for word, rows in connection.execute(f"select {_LOOK_UP}", (json.dumps(list(words)),)):
        packed[word].append(rows)
    return [b"".join((*found[word], of_sets(b"".join(packed[word]), allowed))) for word in words]


def _pack_fresh(connection: sqlite3.Connection, *, large: bool) -> None:
    gathered: defaultdict[str, list[bytes]] = defaultdict(list)
    first, last = connection.execute("select min(document), max(document) from fresh").fetchone()
    for (whole,) in connection.execute("select words from fresh order by document"):
        for word, rows in _decode(whole).items():
            gathered[word].append(rows)
    connection.execute("delete from fresh")
    _write_pack(connection, (large, first, last), ((word, b"".join(gathered[word])) for word in sorted(gathered)))


def _merge_small(connection: sqlite3.Connection) -> None:
    first, last = connection.execute("select min(first), max(last) from packs where not large").fetchone()
    rows = connection.execute(
        "select word, rows from packs join postings on pack = id where not large order by word, first"
    ).fetchall()
    connection.execute("delete from postings where pack in (select id from packs where not large)")
    connection.execute("delete from packs where not large")
    _write_pack(connection, (True, first, last), _joined(rows))


def _joined(rows: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    for word, same in groupby(rows, key=itemgetter(0)):
        yield word, b"".join([blob for _, blob in same])


def _write_pack(connection: sqlite3.Connection, pack: tuple[bool, int, int], rows: Iterable[tuple[str, bytes]]) -> None:
    """Write postings, each word's by row.

    Args:
        pack: Whether it is large, its first and its last document.
    """
    number = connection.execute("insert into packs (large, first, last) values (?, ?, ?)", pack).lastrowid
    connection.executemany(f"insert into postings values ({number}, ?, ?)", rows)
