"""A record that was sent before is told by what differs, and can be put together again."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from read_json_notation import read_text

from sparing.core.ladder import Skip
from sparing.reducers.json_repeats import JsonReference, JsonSeen
from sparing.reducers.json_words import read_json
from sparing.tokens.models import counter_for

COUNTER = counter_for("gpt-4o")
ORDER = {
    "id": "W77120",
    "status": "pending",
    "address": {"street": "Sunset Drive 975", "city": "Austin", "zip": "78750"},
    "items": [{"sku": "x1", "price": 20.5}, {"sku": "y9", "price": 31}],
    "paid with": "credit_card_4421486",
}
_MARK = re.compile(r"\[(?:all|else) as in turn (?P<turn>\d+)(?:, without (?P<gone>[^\]]*))?\] ?")


def refer(document: object, *earlier: object) -> JsonReference | Skip:
    seen = JsonSeen()
    for number, one in enumerate(earlier):
        seen.add(f"turn {number}", json.dumps(one))
    return seen.refer(json.dumps(document), COUNTER)


def read_back(reference: JsonReference, *earlier: object) -> object:
    """The document put together: the earlier one, without what is gone, with what differs."""
    found = _MARK.search(reference.text)
    assert found
    assert reference.refers_to == f"turn {found['turn']}"
    document = read_json(json.dumps(earlier[int(found["turn"])]))
    for key in read_text(f"[{found['gone'] or ''}]"):
        del document[key]
    rest = reference.text[found.end() :]
    return document | read_text(rest) if rest else document


def test_an_updated_record_is_its_id_and_what_differs():
    """The update of an order gives all of it back; only what is new is sent."""
    changed = ORDER | {"status": "cancelled", "reason": "no longer needed"}
    reference = refer(changed, {"id": "W1"}, ORDER)
    assert isinstance(reference, JsonReference)
    assert reference.text == 'id:W77120 [else as in turn 1] status:cancelled reason:"no longer needed"'
    assert reference.tokens == COUNTER.count(reference.text)
    assert reference.num_same == 3
    assert read_back(reference, {"id": "W1"}, ORDER) == read_json(json.dumps(changed))


def test_a_field_that_is_gone_is_named():
    """What the record no longer has is said, or a reader would take it from the earlier text."""
    changed = {key: value for key, value in ORDER.items() if key != "paid with"}
    reference = refer(changed, ORDER)
    assert isinstance(reference, JsonReference)
    assert reference.text == 'id:W77120 [else as in turn 0, without "paid with"]'
    assert read_back(reference, ORDER) == read_json(json.dumps(changed))


def test_the_same_again_is_a_mere_reference():
    """A second look at the same record, or at the same list, points to the first."""
    rows = [{"no": f"HAT{i}", "price": 100 + i} for i in range(9)]
    assert refer(ORDER, rows, ORDER).text == "id:W77120 [all as in turn 1]"
    assert refer(rows, rows, ORDER).text == "[all as in turn 0]"


def test_the_nearest_state_of_a_record_is_taken():
    """Of several states of a record the one that differs least, the newest of equals."""
    second = ORDER | {"status": "cancelled"}
    assert refer(second | {"reason": "x"}, ORDER, second).refers_to == "turn 1"
    assert refer(ORDER | {"reason": "x"}, ORDER, ORDER).refers_to == "turn 1"


@pytest.mark.parametrize(
    ("document", "earlier"),
    [
        (ORDER | {"id": "W2"}, ORDER),  # another order, for all that is the same
        ({"a": 1, "b": 2}, {"a": 1, "b": 2}),  # too short to look elsewhere for
        ({"id": "W77120", "x": "y" * 200}, ORDER),
        (ORDER, "no record"),
        (7, 7),
    ],
)
def test_no_reference_where_it_would_not_help(document, earlier):
    """Other records, short ones, and those that have little in common are told whole."""
    assert isinstance(refer(document, earlier), Skip)


def test_numbers_are_compared_as_they_are_written():
    """1.0 is not 1, nor "1"; both have to be sent."""
    for value in (1.0, "1"):
        reference = refer(ORDER | {"n": value}, ORDER | {"n": 1})
        assert isinstance(reference, JsonReference)
        assert read_back(reference, ORDER | {"n": 1}) == read_json(json.dumps(ORDER | {"n": value}))


VALUES = st.one_of(st.integers(0, 3), st.sampled_from(["a", "b c", None, "1"]), st.lists(st.integers(0, 1), max_size=2))
CHANGES = st.dictionaries(st.sampled_from([*list(ORDER)[1:], "extra", "k v"]), VALUES, max_size=4)


@settings(max_examples=200, deadline=None)
@given(CHANGES, CHANGES, st.sets(st.sampled_from(list(ORDER)[1:]), max_size=2))
def test_a_reference_reads_back(before, after, gone):
    """Whatever changed, the earlier record and the reference together give the values of the new one."""
    earlier = ORDER | before
    document = {key: value for key, value in (ORDER | after).items() if key not in gone}
    reference = refer(document, earlier)
    if isinstance(reference, JsonReference):
        assert read_back(reference, earlier) == read_json(json.dumps(document))
