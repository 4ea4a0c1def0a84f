"""JSON as text says the same in fewer tokens: what a reader of the notation reads back are the source's values."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from read_json_notation import read_text

from sparing.reducers.json_notation import json_as_text
from sparing.reducers.json_words import read_json

WORDS = st.one_of(
    st.sampled_from(
        ["", "-", "=", "…", "null", "true", "1", "-0.5", "1e5", "007", "a b", "x:y", "06:00:00", "key", '"']
    ),
    st.sampled_from(["JFK", "SEA", "visa", "a;b", "[x]", "{", "é", "\u2028", "\\", "line\nbreak", "id", "a=b", "?"]),
    st.text(max_size=8),
)
SCALARS = st.one_of(
    WORDS, st.none(), st.booleans(), st.integers(-999, 10**12), st.floats(allow_nan=False, allow_infinity=False)
)
KEYS = st.one_of(
    st.sampled_from(["id", "name", "key", "a b", "x.y", "", "=", "-", "n?", "a:b", "{"]), st.text(max_size=4)
)


def records(values: st.SearchStrategy) -> st.SearchStrategy:
    """Lists of records that mostly have the same keys, and values that recur."""
    return st.lists(KEYS, min_size=1, max_size=4, unique=True).flatmap(
        lambda keys: st.lists(
            st.fixed_dictionaries({keys[0]: values}, optional=dict.fromkeys(keys[1:], values)), min_size=1, max_size=5
        )
    )


def containers(inner: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(KEYS, inner, max_size=4),
        records(inner),
        st.lists(records(inner), min_size=1, max_size=3),
        records(inner).map(lambda rows: [*rows, *rows]),
        st.tuples(st.lists(KEYS, min_size=5, max_size=5, unique=True), records(inner)).map(
            lambda pair: dict(zip(*pair, strict=False))
        ),
    )


DOCUMENTS = containers(st.recursive(st.one_of(SCALARS, st.sampled_from(["JFK", 1, None])), containers, max_leaves=20))


@settings(max_examples=100, deadline=None)
@given(DOCUMENTS)
@example(["", "null"])
def test_reads_back_as_the_same_values(document):
    """Whatever the document, a reader of the notation gets all its values back, of the same types."""
    source = json.dumps(document)
    text = json_as_text(source)
    if text is not None:
        assert read_text(text) == read_json(source)


def text_of(document: object) -> str:
    source = json.dumps(document)
    text = json_as_text(source)
    assert text is not None
    assert read_text(text) == read_json(source)
    return text


def test_keys_of_records_are_written_once():
    """A list of records is a table; what is the same in all rows stands in the header."""
    flights = [{"no": f"HAT{i}", "from": "JFK", "seats": {"eco": i, "biz": 9 - i}, "ok": True} for i in range(3)]
    assert text_of(flights) == "[no from:JFK seats{eco biz} ok:true\nHAT0 0 9\nHAT1 1 8\nHAT2 2 7]"


def test_only_what_would_be_misread_is_quoted():
    """Numbers, literals, blanks and brackets in strings need quotes; times, dates, addresses and names do not."""
    document = {
        "zip": "1100",
        "ok": "true",
        "at": "06:00:00+1",
        "mail": "a.b@c.org",
        "city": "New York",
        "n": 1.50,
        "x": None,
    }
    assert text_of(document) == 'zip:"1100" ok:"true" at:06:00:00+1 mail:a.b@c.org city:"New York" n:1.5 x:null'


def test_a_column_of_strings_says_so_once():
    """Where strings look like numbers their column is marked, so that none of them needs quotes."""
    assert text_of([{"zip": "1100", "n": 1}, {"zip": "A5", "n": 2}]) == '[zip"" n\n1100 1\nA5 2]'


def test_a_list_of_strings_says_so_once():
    """The same in a list: one mark instead of quotes around every id."""
    assert text_of({"ids": ["357", "A5", ""], "one": ["7"]}) == 'ids:""[357 A5 ""] one:["7"]'
    assert text_of([{"n": "a", "ids": ["1", "2"]}, {"n": "b", "ids": []}]) == '[n ids\na ""[1 2]\nb []]'


def test_records_under_keys_name_a_repeated_key_once():
    """Records that repeat their own key, as APIs like to, do it in the header."""
    cards = {f"card_{i}": {"kind": "card", "id": f"card_{i}", "last": 7000 + i} for i in range(3)}
    assert text_of({"cards": cards}) == "cards:{key=id kind:card last\ncard_0 7000\ncard_1 7001\ncard_2 7002}"
    assert text_of({"a": {"n": 1}, "b": {"n": 2}}) == "{key n\na 1\nb 2}"
    assert text_of({"a": {"n": 1}, "b": {"n": 1, "x": 3}, "c": {"n": 1}}) == "{key n:1\na\nb {x:3}\nc}"


def test_an_equal_record_refers_to_the_first():
    """A connection that comes again in another offer is named, not repeated."""
    hop = {"no": "HAT1", "from": "ATL", "to": "SEA", "price": 103}
    ways = [[{"no": f"HAT{i}", "from": "JFK", "to": "ATL", "price": i}, hop] for i in (7, 8)]
    assert text_of(ways) == "[[no from to price\nHAT7 JFK ATL 7\nHAT1 ATL SEA 103\n\nHAT8 JFK ATL 8\nHAT1 =]]"


def test_nested_records_that_recur_refer_too():
    """The same user in several issues is written out once."""
    users = [{"login": "ann", "id": 1, "site": "x.org"}, {"login": "bob", "id": 2, "site": "y.org"}]
    issues = [{"no": f"#{i}", "user": users[i % 2]} for i in range(4)]
    assert text_of(issues) == "[no user{login id site}\n#0 ann 1 x.org\n#1 bob 2 y.org\n#2 ann =\n#3 bob =]"


def test_lists_and_optional_records_in_cells():
    """Cells hold lists of records, or records that some rows lack, without repeating their keys."""
    orders = [
        {"no": "A1", "items": [{"sku": "x", "n": 1}, {"sku": "y", "n": 2}], "sent": {"by": "dhl", "day": 3}},
        {"no": "A2", "items": [], "sent": None},
        {"no": "A3", "items": [{"sku": "z", "n": 1}], "sent": {"by": "ups", "day": 4}, "note": "late one"},
    ]
    assert text_of(orders) == (
        '[no items[sku n] sent{by day}?\nA1 [x 1; y 2] {dhl 3}\nA2 [] null\nA3 [z 1] {ups 4} {note:"late one"}]'
    )


def test_further_keys_are_those_of_the_outer_record():
    """Braces behind a record within a row are the next cell, not keys of that record."""
    rows = [{"a": {"x": i, "y": 0}, "b": {f"k{i}": 1, f"m{i}": 2}} for i in range(2)]
    assert text_of(rows) == "[a{x y:0} b\n0 {k0:1 m0:2}\n1 {k1:1 m1:2}]"


def test_records_in_cells_have_no_further_keys():
    """A key that is rare among them has a column or they are told one by one, on the line of their row."""
    a, b, c = {"x": 1}, {"x": 2, "n": 0}, {"y": 3}
    assert text_of([{"l": [a, a]}, {"l": [a, b]}]) == "[l[x n]\n[1 -; 1 -]\n[1 -; 2 0]]"
    assert text_of([{"l": [b, a]}, {"l": [c]}]) == "[l\n[{x:2 n:0} {x:1}]\n[{y:3}]]"


def test_a_key_that_few_records_lack_is_a_dash():
    """An absent key is not the same as null."""
    rows = [{"a": "x", "b": 1}, {"a": "y", "b": None}, {"a": "z"}]
    assert text_of(rows) == "[a b\nx 1\ny null\nz -]"


def test_rows_of_a_database_are_lines():
    """Lists of scalars in a list, mostly rows of a query, need no brackets of their own."""
    assert text_of({"rows": [[1, "Ann B", None], [2, "Bob", 2.5]]}) == 'rows:[1 "Ann B" null;\n2 Bob 2.5]'
    assert text_of([[1], []]) == "[[1] []]"


def test_json_lines_are_a_list():
    """Records to the line become a table like records in a list."""
    assert json_as_text('{"id":"a","n":1}\n{"id":"b","n":2}\n') == "[id n\na 1\nb 2]"


def test_equal_columns_are_written_once():
    """A column that has the strings of another points to it."""
    rows = [{"url": f"h/{i}", "html_url": f"h/{i}", "n": i} for i in range(2)]
    assert text_of(rows) == "[url html_url=url n\nh/0 0\nh/1 1]"


def test_records_with_nothing_in_common_stay_apart():
    """No table is forced on what is not alike, nor a header of thirty keys on a single record."""
    assert text_of({"name": {"first": "Mia"}, "address": {"zip": "78750"}}) == 'name:{first:Mia} address:{zip:"78750"}'
    assert text_of([{"a": 1}, {"b": 2}]) == "[{a:1} {b:2}]"
    assert text_of([{f"k{i}": i for i in range(9)}]).startswith("[{k0:0 k1:1 ")


@pytest.mark.parametrize(
    "source", ["", "7", '"x"', "{}", "[]", '{"a":1,"a":2}', "{", "[NaN]", '["\\ud800"', "[" * 10_000]
)
def test_what_cannot_be_said_in_the_notation(source):
    """Scalars, empty documents, repeated keys and what is no JSON have no text form."""
    assert json_as_text(source) is None


def test_literals_of_numbers_stay():
    """1.0 is not 1, and an exponent stays one."""
    assert json_as_text('{"a":1.0,"b":1e5,"c":-0,"d":123456789012345678901234567890}') == (
        "a:1.0 b:1e5 c:-0 d:123456789012345678901234567890"
    )
