"""Which passages have a word: postings, written beside each document and merged into packs now and then.

A posting is 64 bits: the passage's row, how many words it has and how often this word is among them, so scoring reads
nothing else. Postings stand by the label set of their document: a search reads those of the sets that its caller may
read, and how many those are is how rare the word is for this caller.

A document's postings are first kept as one blob (`fresh`). Once the fresh ones are many they become a pack, keyed by
word; `FANOUT` packs of a tier become one of the next: a log-structured merge (O'Neil et al. 1996, "The log-structured
merge-tree"). So a document costs the same however large the store is, and a question looks into few packs.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import msgspec

ROW_BITS, LENGTH_BITS, TIMES_BITS = 40, 16, 8
MOST_TIMES, MOST_LENGTH = (1 << TIMES_BITS) - 1, (1 << LENGTH_BITS) - 1
BYTES = 8

FRESH_ROWS = 512  # a search reads all fresh postings: about a millisecond
FANOUT = 8
_TIERS = 2  # a pack of the last holds about 32,000 passages and is merged no more

SCHEMA = """
    create table fresh (
        document integer primary key, set_id integer not null, rows integer not null, words blob not null
    );
    create table packs (id integer primary key, tier integer not null);
    create table postings (
        pack integer not null, word text not null, set_id integer not null, rows blob not null,
        primary key (pack, word, set_id)
    ) without rowid;
"""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, bytes]).decode


def postings_of(first_row: int, passages: Iterable[Sequence[str]]) -> dict[str, array[int]]:
    """Word -> its postings in passages that have rows from `first_row` on.

    Args:
        passages: The words of each.
    """
    postings: dict[str, array[int]] = {}
    for row, words in enumerate(passages, first_row):
        key = row << (LENGTH_BITS + TIMES_BITS) | min(len(words), MOST_LENGTH) << TIMES_BITS
        for word, times in Counter(words).items():
            posting = key | min(times, MOST_TIMES)
            if word in postings:
                postings[word].append(posting)
            else:
                postings[word] = array("Q", (posting,))
    return postings


def add(connection: sqlite3.Connection, document: int, set_id: int, rows: int, postings: dict[str, array[int]]) -> None:
    """Write what a document's passages are found by, in the transaction that is open."""
    whole = _encode({word: rows.tobytes() for word, rows in postings.items()})
    connection.execute("insert into fresh values (?, ?, ?, ?)", (document, set_id, rows, whole))
    if connection.execute("select total(rows) from fresh").fetchone()[0] >= FRESH_ROWS:
        _pack_fresh(connection)


def erase(connection: sqlite3.Connection, document: int, rows: range, set_id: int, words: Iterable[str]) -> None:
    """Take a document's postings out.

    Args:
        words: All that its passages are found by.
    """
    if connection.execute("delete from fresh where document = ?", (document,)).rowcount:
        return
    first, last = (bound << (LENGTH_BITS + TIMES_BITS) for bound in (rows.start, rows.stop))
    found = connection.execute(
        "select p.pack, p.word, p.rows from packs cross join json_each(?) w cross join postings p"
        " on p.pack = packs.id and p.word = w.value and p.set_id = ?",
        (json.dumps(list(words)), set_id),
    ).fetchall()
    changed, emptied = [], []
    for pack, word, blob in found:
        postings = array("Q", blob)
        left = array("Q", (posting for posting in postings if not first <= posting < last))
        if not left:
            emptied.append((pack, word, set_id))
        elif len(left) < len(postings):
            changed.append((left.tobytes(), pack, word, set_id))
    connection.executemany("delete from postings where pack = ? and word = ? and set_id = ?", emptied)
    connection.executemany("update postings set rows = ? where pack = ? and word = ? and set_id = ?", changed)


def look_up(connection: sqlite3.Connection, words: Sequence[str], sets: Sequence[int]) -> list[bytes]:
    """The postings of each word in documents of these label sets, and of no others."""
    found: dict[str, list[bytes]] = {word: [] for word in words}
    allowed = json.dumps(list(sets))
    for (whole,) in connection.execute(
        "select words from fresh where set_id in (select value from json_each(?))", (allowed,)
    ):
        document = _decode(whole)
        for word in words:
            if word in document:
                found[word].append(document[word])
    for word, rows in connection.execute(
        "select p.word, p.rows from packs cross join json_each(?) w cross join postings p"
        " on p.pack = packs.id and p.word = w.value where p.set_id in (select value from json_each(?))",
        (json.dumps(list(words)), allowed),
    ):
        found[word].append(rows)
    return [b"".join(blobs) for blobs in found.values()]


def _pack_fresh(connection: sqlite3.Connection) -> None:
    gathered: dict[tuple[str, int], list[bytes]] = {}
    for set_id, whole in connection.execute("select set_id, words from fresh"):
        for word, rows in _decode(whole).items():
            gathered.setdefault((word, set_id), []).append(rows)
    connection.execute("delete from fresh")
    _write_pack(connection, 0, ((word, set_id, b"".join(gathered[word, set_id])) for word, set_id in sorted(gathered)))
    for tier in range(_TIERS):
        full = connection.execute("select id from packs where tier = ?", (tier,)).fetchall()
        if len(full) < FANOUT:
            return
        _merge(connection, tier)


def _merge(connection: sqlite3.Connection, tier: int) -> None:
    """All packs of a tier as one of the next."""
    rows = connection.execute(
        "select word, set_id, rows from packs join postings on pack = id where tier = ? order by word, set_id", (tier,)
    )
    _write_pack(connection, tier + 1, _joined(rows))
    connection.execute("delete from postings where pack in (select id from packs where tier = ?)", (tier,))
    connection.execute("delete from packs where tier = ?", (tier,))


def _joined(rows: Iterable[tuple[str, int, bytes]]) -> Iterator[tuple[str, int, bytes]]:
    for (word, set_id), same in groupby(rows, key=lambda row: row[:2]):
        yield word, set_id, b"".join(blob for _, _, blob in same)


def _write_pack(connection: sqlite3.Connection, tier: int, rows: Iterable[tuple[str, int, bytes]]) -> None:
    pack = connection.execute("insert into packs (tier) values (?)", (tier,)).lastrowid
    connection.executemany(f"insert into postings values ({pack}, ?, ?, ?)", rows)
