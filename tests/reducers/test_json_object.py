"""JSON documents lose whitespace first, then the parts that nobody asked about; every rung is valid JSON."""

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
from sparing.reducers.json_object import JsonObject
from sparing.testing.sample_json import config
from sparing.tokens.estimate import CharCounter

OBJECT = JsonObject()


def ladder(text: str, question: str = "", pins: tuple[str, ...] = ()):
    offer = OBJECT.propose(text, Ask(CharCounter(), Question(question) if question else None, pins))
    assert not isinstance(offer, Skip), offer
    return offer


def whole(text: str) -> str:
    offer = ladder(text)
    return offer.render(len(offer.tokens) - 1).text


def test_whitespace_goes_and_nothing_else():
    """The last rung has the literals of the source and no blanks between them."""
    source = '{ "a" : 1.0 , "b" : [ 1e5 , -0.0, 1 ],\n "c": "x  y \\u00e9 é", "d": { "e": null } }'
    assert whole(source) == '{"a":1.0,"b":[1e5,-0.0,1],"c":"x  y \\u00e9 é","d":{"e":null}}'


def test_lists_of_records_become_columns():
    """Records inside a document are laid out in columns; records under keys keep their keys."""
    cards = {f"card_{i}": {"brand": "visa", "last_four": f"00{i}"} for i in range(4)}
    flights = [{"number": f"HAT{i}", "from": "JFK", "price": 100 + i} for i in range(5)]
    document = {"name": "Mia", "cards": cards, "flights": flights}
    text = whole(json.dumps(document))
    assert records_of(json.loads(text)) == document
    assert text.count("last_four") == text.count("price") == 1


def test_lists_of_lists_of_records_share_their_columns():
    """Connections of several flights each, and days with several flights each, name every key once."""
    flight = [{"number": f"HAT{i}", "from": "JFK", "seats": {"eco": i, "biz": 2}} for i in range(12)]
    for document in (
        [flight[i : i + 2] for i in range(0, 12, 2)],
        {f"2024-05-{i + 10}": flight[i : i + 3] for i in range(9)},
    ):
        text = whole(json.dumps(document))
        assert records_of(json.loads(text)) == document
        assert text.count("number") == 1


def test_rungs_of_grouped_records_parse_and_count():
    """A group, or some rows of one, can be left out."""
    document = [[{"number": f"HAT{i}{k}", "from": f"town{i}", "note": "x" * 30} for k in range(3)] for i in range(8)]
    offer = ladder(json.dumps(document), "HAT52")
    table = json.loads(offer.render(1).text)
    assert table["row_groups"] == ["… 5 groups", ["… 2 rows", ["HAT52", "town5"]], "… 2 groups"]
    assert table["same_in_all_rows"] == {"note": "x" * 30}


def rungs(text: str, question: str = "") -> list[str]:
    offer = ladder(text, question)
    return [offer.render(rung).text for rung in range(len(offer.tokens))]


def test_first_rungs_that_name_the_top_level_keys_have_all_short_values():
    """Above the lowest rungs all top-level keys and short values are there; long ones say what they were."""
    named = next(found for rung in rungs(json.dumps(config())) if list(found := json.loads(rung)) == list(config()))
    assert named["seeds"] == "… 90 items"
    assert named["database"] == "… 3 fields"
    assert re.fullmatch(r"… \d+ characters", named["notice"])
    assert named["owner"] is None


def result() -> dict[str, object]:
    """What a tool of an airline answers with."""
    return {
        "reservation_id": "ZX81QT",
        "user_id": "mia_9",
        "origin": "LIS",
        "destination": "OSL",
        "cabin": "economy",
        "error": "seat map failed",
        "flights": [
            {"number": f"KQ{i}70", "date": f"2031-05-{i + 10}", "from": "LIS", "price": 90 + i} for i in range(4)
        ],
        "passengers": [{"first": f"P{i}", "last": "Li", "born": f"19{60 + i}-02-0{i + 1}"} for i in range(3)],
        "created_at": "2031-04-30T15:00:00",
        "total_baggages": 2,
        "insurance": "no",
    }


def test_a_small_result_goes_down_to_almost_nothing():
    """The lowest rung counts the fields; a fifth of the tokens is enough for valid JSON with some of them."""
    source = json.dumps(result())
    offer = ladder(source)
    assert json.loads(offer.render(0).text) == {"…": f"{len(result())} fields"}
    fifth = next(text for text in reversed(rungs(source)) if len(text) <= len(source) / 5)
    assert len(json.loads(fifth)) > 2


def test_what_the_question_names_goes_last():
    """A named value deep inside is in every rung but the lowest, without the rows beside it."""
    texts = rungs(json.dumps(result()), "What does KQ270 cost?")
    assert all("KQ270" in text for text in texts[1:])
    assert "KQ170" not in texts[1]


def test_errors_and_identities_outlast_other_values():
    """Of the short values those that speak of failure and those that say which record it is go last."""
    kept = [set(json.loads(text)) for text in rungs(json.dumps(result()))]
    arrived = {key: next(i for i, keys in enumerate(kept) if key in keys) for key in result()}
    assert arrived["error"] < arrived["cabin"]
    assert arrived["reservation_id"] < arrived["origin"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the timeout of the database pool?", '"timeout_s":2.5'),
        ("Which image does the service run?", "checkout:4.18.2"),
        ("For how many years are records kept by clause 17?", "Clause 17: the operator keeps records for 18 years."),
        ("How many retries has the route /v3/hanoi?", '"/v3/hanoi"'),
    ],
)
def test_what_is_asked_for_comes_first(question, answer):
    """A value is found by the keys above it, a sentence of a long string by its words."""
    offer = ladder(json.dumps(config(), indent=2), question)
    assert answer in offer.render(6).text


def test_gaps_are_counted_where_they_are():
    """Items, fields and characters that are left out are counted in place."""
    document = {
        "deep": {
            "list": [f"entry number {i} of the list of entries" for i in range(40)],
            "rest": {f"k{i}": "v" * 50 for i in range(9)},
        }
    }
    offer = ladder(json.dumps(document), "entry number 17")
    text = offer.render(1).text
    kept = json.loads(text)["deep"]["list"]
    gaps = [int(re.search(r"\d+", item)[0]) for item in kept if item.startswith("…")]
    assert sum(gaps) + len(kept) - len(gaps) == 40
    assert json.loads(text)["deep"]["…"] == "1 field"


def test_a_gap_inside_a_string_counts_characters():
    """Kept sentences and the count of what is missing add up to the string."""
    story = " ".join(f"Sentence {i} tells of town{i}." for i in range(60))
    offer = ladder(json.dumps({"story": story}), "town31")
    text = json.loads(offer.render(1).text)["story"]
    gaps = re.findall(r"\[… (\d+) characters\]", text)
    assert "Sentence 31 tells of town31." in text
    assert sum(map(int, gaps)) + len(re.sub(r"\[… \d+ characters\]", "", text)) == len(story)


def test_a_cut_string_never_breaks_an_escape():
    """Pieces of a string end at blanks and line breaks, so every rung still parses."""
    story = "".join(f'He said "no". \\ \t{i}\nünd \u2028 so.\n' for i in range(40))
    offer = ladder(json.dumps({"story": story}))
    for rung in range(len(offer.tokens)):
        json.loads(offer.render(rung).text)


def test_elisions_point_at_what_is_missing():
    """What an elision covers in the source is not in the rendition."""
    document = {"a": {f"key_{i}": f"value number {i} " * 4 for i in range(30)}}
    source = json.dumps(document, indent=2)
    rendition = ladder(source, "value number 11").render(2)
    for elision in rendition.elisions:
        for key in re.findall(r'"key_\d+"', source[elision.start : elision.end]):
            assert key not in rendition.text
    assert sum(elision.num_units for elision in rendition.elisions) == 28


def test_many_top_level_keys_are_a_collection():
    """An object keyed by id does not have to name every key."""
    document = {f"user_{i}": {"name": f"n{i}", "bio": f"likes town{i} " * 12, f"x{i}": i} for i in range(200)}
    offer = ladder(json.dumps(document), "who likes town123?")
    assert len(offer.render(1).text) < 1000
    assert "town123" in offer.render(1).text


def test_pins_stay_at_every_rung():
    """A pinned value, and a pinned key deep inside, are in every rung."""
    for pin in ("registry.local/checkout:4.18.2", "/v4/perth", "timeout_s", "Clause 9:"):
        offer = ladder(json.dumps(config(), indent=2), pins=(pin,))
        assert all(pin in offer.render(rung).text for rung in range(len(offer.tokens)))


@pytest.mark.parametrize(
    "text", ["", "words", "{", '{"a": 1}', '{"a": NaN}', "[" * 3000 + "]" * 3000, '"\ud800"', "[  ]"]
)
def test_nothing_to_do_is_said(text):
    """What is no JSON, or too small to lose anything, is skipped with a reason."""
    offer = OBJECT.propose(text, Ask(CharCounter()))
    assert isinstance(offer, Skip) or offer.render(0).text in ("[]", '{"a":1}')
    assert not isinstance(offer, Skip) or offer.reason


@pytest.mark.parametrize("empty", ["{" + " " * 300 + "}", "[" + " " * 300 + "]", '{"a": {' + " " * 300 + "}}"])
def test_empty_containers_full_of_blanks(empty):
    """A container that is long only by its whitespace is still valid afterwards."""
    assert json.loads(whole(empty)) == json.loads(empty)


def test_repeated_keys_are_kept():
    """An object that names a key twice keeps both values."""
    source = '{"a": {"k": "' + "x" * 150 + '", "k": "second"}, "b": 1}'
    assert '"k":"second"' in whole(source)
    assert "x" * 150 in whole(source)


def test_deadline():
    """An expired deadline ends the work."""
    with pytest.raises(DeadlineExceeded):
        OBJECT.propose(json.dumps(config()), Ask(CharCounter(), deadline=Deadline(0.0)))


texts = st.text(max_size=30) | st.sampled_from(["A long sentence of words. " * 15, "one line\n" * 40, "x" * 400])
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=12)
        | st.dictionaries(st.sampled_from(["a", "b", "c d", "é", '"', "1"]), inner, max_size=6)
        | st.lists(st.fixed_dictionaries({"p": inner, "q": scalars}), max_size=6)
    ),
    max_leaves=40,
)


@settings(max_examples=100, deadline=None)
@given(documents, st.sampled_from([None, 2]), st.booleans())
def test_lossless_and_valid_on_any_document(document, indent, ascii_only):
    """Whatever the document: the last rung gives it back, every rung parses, elisions are ordered."""
    source = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "replace").decode()
    offer = OBJECT.propose(source, Ask(CharCounter(), Question("which long sentence?")))
    if isinstance(offer, Skip):
        return
    for rung in range(len(offer.tokens)):
        rendition = offer.render(rung)
        json.loads(rendition.text)
        ends = [0, *(elision.end for elision in rendition.elisions)]
        assert all(end <= e.start < e.end <= len(source) for end, e in zip(ends, rendition.elisions, strict=False))
    assert records_of(json.loads(offer.render(len(offer.tokens) - 1).text)) == json.loads(source)
