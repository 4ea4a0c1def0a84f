"""Arrays of records become columns without loss, then lose the rows that matter least."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from read_columns import records_of

from sparing.core.deadline import Deadline
from sparing.core.ladder import Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.errors import DeadlineExceeded
from sparing.reducers.json_rows import JsonRows
from sparing.testing.sample_json import json_lines, orders, page_of_orders
from sparing.tokens.estimate import CharCounter
from sparing.tokens.models import counter_for

ROWS = JsonRows()


def ladder(text: str, question: str = "", pins: tuple[str, ...] = ()):
    ask = Ask(CharCounter(), Question(question) if question else None, pins)
    offer = ROWS.propose(text, ask)
    assert not isinstance(offer, Skip), offer
    return offer


def whole(text: str) -> str:
    offer = ladder(text)
    return offer.render(len(offer.tokens) - 1).text


def rung_with(offer, num_rows: int) -> str:
    return offer.render(num_rows - offer.base.first).text


def test_columns_name_each_key_once():
    """The lossless rung writes every key once and keeps every record."""
    rows = orders(60)
    text = whole(json.dumps(rows, indent=2))
    assert text.count('"status"') == 1
    assert records_of(json.loads(text)) == rows


def test_columnar_rung_saves_half_of_pretty_json():
    """On a listing of an interface the lossless rung alone saves more than half of the tokens."""
    text = json.dumps(orders(200), indent=2)
    counter = counter_for("gpt-4o")
    assert counter.count(whole(text)) < 0.5 * counter.count(text)


def test_what_is_the_same_in_all_rows_is_said_once():
    """A constant column moves in front of the rows."""
    text = whole(json.dumps([{"id": i, "currency": "EUR"} for i in range(20)]))
    assert json.loads(text)["same_in_all_rows"] == {"currency": "EUR"}
    assert text.count("EUR") == 1


@pytest.mark.parametrize("number", ["1.0", "1e5", "-0.0", "1.10", "123456789012345678901234567890", "1E+2", "0.1000"])
def test_numbers_keep_their_spelling(number):
    """No number is parsed and printed again."""
    source = "[" + ",".join(f'{{"n": {number}, "i": {i}}}' for i in range(8)) + "]"
    assert re.search(rf"[\[:,]{re.escape(number)}[,\]}}]", whole(source))


def test_strings_keep_their_escapes():
    """Escapes and plain non-ASCII letters stay as they were written."""
    source = "[" + ",".join(f'{{"s": "\\u00e9 é \\/ \\n", "i": {i}}}' for i in range(8)) + "]"
    assert r'"\u00e9 é \/ \n"' in whole(source)


def test_missing_is_not_null():
    """A row without a key, a row with null, and a row with a further key come back as they were."""
    rows = [{"id": i, "note": None if i % 2 else "x", "state": "ok"} for i in range(12)]
    del rows[3]["note"]
    rows[7]["extra"] = 1
    assert records_of(json.loads(whole(json.dumps(rows)))) == rows


def test_repeated_keys_are_kept():
    """A record that names a key twice stays as it is, both values included."""
    source = "[" + ",".join(['{"a":1,"b":2}'] * 6 + ['{"a":1,"a":3,"b":2}'] + ['{"a":4,"b":2}'] * 6) + "]"
    assert '{"a":1,"a":3,"b":2}' in whole(source)


def test_keys_with_dots_are_not_taken_for_paths():
    """A nested object is not flattened next to a key that contains a dot."""
    rows = [{"user.name": f"u{i}", "user": {"name": f"v{i}"}} for i in range(10)]
    table = json.loads(whole(json.dumps(rows)))
    assert table["columns"] == ["user.name", "user"]
    assert table["rows"][4] == ["u4", {"name": "v4"}]


def test_nested_records_become_columns_too():
    """Objects become dotted columns, optional objects and lists of records keep one bracket per record."""
    rows = [
        {
            "id": i,
            "user": {"name": f"u{i}", "age": i},
            "boss": None if i % 2 else {"name": f"b{i}", "age": 1},
            "items": [{"sku": f"s{k}", "n": k} for k in range(i % 3)],
        }
        for i in range(20)
    ]
    table = json.loads(whole(json.dumps(rows)))
    assert table["columns"] == ["id", "user.name", "user.age", {"boss": ["name", "age"]}, {"items": [["sku", "n"]]}]
    assert records_of(table) == rows


def test_rest_of_the_object_stays():
    """Records inside an object are reduced in place; paging and the like stay beside them."""
    offer = ladder(page_of_orders())
    smallest = json.loads(offer.render(offer.num_lower).text)
    assert smallest["object"] == "list"
    assert smallest["has_more"] is True
    assert smallest["data"]["rows"] == ["… 40 rows"]


def test_below_the_first_row_the_rest_of_the_object_goes_too():
    """A budget too small for what stands around the rows still gets valid JSON that counts what is missing."""
    offer = ladder(page_of_orders())
    assert json.loads(offer.render(0).text) == {"…": "4 fields"}
    assert offer.tokens[0] < offer.tokens[offer.num_lower]
    assert list(offer.worth) == sorted(offer.worth)


def test_json_lines_stay_json():
    """JSON lines become one table, or stay lines where columns do not pay."""
    source = json_lines()
    assert records_of(json.loads(whole(source))) == [json.loads(line) for line in source.splitlines()]
    mixed = "\n".join(json.dumps({f"k{i}": i, f"j{i}": "some text " * 3}) for i in range(10))
    assert [json.loads(line) for line in whole(mixed).splitlines()] == [json.loads(line) for line in mixed.splitlines()]


def test_every_rung_of_mixed_json_lines_parses_line_by_line():
    """Without columns a gap is a line of its own."""
    mixed = "\n".join(json.dumps({f"k{i}": i, f"j{i}": "some text " * 3}) for i in range(10))
    offer = ladder(mixed)
    assert any("rows" in json.loads(line) for line in offer.render(2).text.splitlines() if line.startswith('"'))


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("What about order ord_1017?", "ord_1017"),
        ("Which order did not go through?", "ord_1041"),
        ("gate code 4437", "ord_1027"),
    ],
)
def test_rows_that_are_asked_for_come_first(question, row):
    """A row that is named, unusual or matching is among the first six of sixty."""
    offer = ladder(json.dumps(orders(60)), question)
    assert row in rung_with(offer, 6)


def test_unusual_rows_come_first_without_a_question():
    """A rare status, a far-off number, a word of failure and an odd set of keys are kept before ordinary rows."""
    rows = [{"id": i, "state": "up", "ms": 20 + i % 7, "text": f"request {i} done"} for i in range(100)]
    rows[31]["state"] = "drained"
    rows[52]["ms"] = 9000
    rows[73]["text"] = "request 73 timed out"
    rows[84]["owner"] = "ops"
    shown = rung_with(ladder(json.dumps(rows)), 8)
    for kept in ("drained", "9000", "timed out", "ops"):
        assert kept in shown


def test_extremes_of_numbers_and_dates_are_kept_early():
    """The latest date and the largest number can be asked about in any words."""
    rows = [
        {"id": f"x{i}", "paid": (i * 37) % 101, "on": f"2024-{1 + i % 12:02d}-{1 + (i * 7) % 28:02d}"}
        for i in range(80)
    ]
    rows[33]["on"] = "2025-06-01"
    shown = rung_with(ladder(json.dumps(rows), "what was the most recent one?"), 10)
    assert "2025-06-01" in shown
    assert ",100," in shown


def test_what_is_left_out_is_counted():
    """Gaps say how many rows, and categories are counted over all that is left out."""
    rows = [{"id": i, "status": "open" if i % 5 == 0 else "done", "name": f"row number {i}"} for i in range(50)]
    table = json.loads(ladder(json.dumps(rows)).render(10).text)
    gaps = [int(re.search(r"\d+", row)[0]) for row in table["rows"] if isinstance(row, str)]
    kept = [row for row in table["rows"] if not isinstance(row, str)]
    left_out = table["rows_left_out"]
    assert len(kept) + sum(gaps) == 50
    assert left_out["count"] == sum(gaps) == sum(left_out["status"].values())


def test_elisions_point_at_the_rows_in_the_source():
    """Each elision covers exactly the records that are missing."""
    rows = orders(30)
    source = json.dumps(rows, indent=1, ensure_ascii=False)
    rendition = ladder(source).render(6)
    for elision in rendition.elisions:
        cut = source[elision.start : elision.end].rstrip().rstrip(",")
        assert len(json.loads(f"[{cut}]")) == elision.num_units


def test_pinned_values_keep_their_rows_and_pinned_keys_their_places():
    """A pinned value keeps every row that has it; a pinned key switches columns off so that it stays in every row."""
    rows = [{"id": i, "city": "Oslo" if i % 10 == 3 else f"c{i}"} for i in range(40)]
    offer = ladder(json.dumps(rows), pins=("Oslo",))
    assert all(offer.render(rung).text.count("Oslo") == 4 for rung in (0, 5, 20))
    assert ladder(json.dumps(rows), pins=("city",)).render(0).text.count("city") == 40


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a JSON"),
        ("plain words", "not a JSON"),
        ("[1, 2", "not valid JSON"),
        ('[{"a": NaN}, {"a": 1}, {"a": 2}]', "not valid JSON"),
        ('{"a": 1}', "no array of records"),
        ('[{"a": 1}]', "fewer than 3 rows"),
        ("[" * 5000, "not valid JSON|nested too deep"),
        ('[{"a": "\ud800"}]', "not valid JSON"),
    ],
)
def test_no_table_is_skipped_with_a_reason(text, why):
    """Whatever is no table of records is left alone, and the reason is said."""
    offer = ROWS.propose(text, Ask(CharCounter()))
    assert isinstance(offer, Skip)
    assert re.search(why, offer.reason)


def test_deadline():
    """An expired deadline ends the work."""
    with pytest.raises(DeadlineExceeded):
        ROWS.propose(json.dumps(orders(30)), Ask(CharCounter(), deadline=Deadline(0.0)))


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=6,
)
records = st.lists(
    st.fixed_dictionaries(
        {"id": scalars, "é": values},
        optional={"user": st.fixed_dictionaries({"x": scalars, "y": values}), "more": values, "q": scalars},
    ),
    min_size=3,
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(records, st.sampled_from([None, 1]), st.booleans(), st.booleans())
def test_lossless_and_valid_on_any_records(rows, indent, ascii_only, inside):
    """Whatever the records: the last rung gives them back, and every rung parses."""
    document = {"data": rows, "n": 1} if inside else rows
    source = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "replace").decode()
    offer = ROWS.propose(source, Ask(CharCounter()))
    if isinstance(offer, Skip):
        return
    for rung in range(len(offer.tokens)):
        json.loads(offer.render(rung).text)
    assert records_of(json.loads(offer.render(len(offer.tokens) - 1).text)) == json.loads(source)
