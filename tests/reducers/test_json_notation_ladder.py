"""Where nobody parses it, every rung of a JSON reducer is in text notation."""

from __future__ import annotations

import json

import pytest
from read_json_notation import read_text

from sparing.core.ladder import Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.reducers.json_object import JsonObject
from sparing.reducers.json_rows import JsonRows
from sparing.reducers.json_words import read_json
from sparing.testing.sample_json import config
from sparing.tokens.models import counter_for

COUNTER = counter_for("gpt-4o")
ROWS = json.dumps([{"id": f"A-{i:04d}", "city": ["Porto", "Lisbon"][i % 2], "note": f"box {i}"} for i in range(60)])


def ladder(text: str, *, form: bool = True, question: str = "", pins: tuple[str, ...] = ()):
    reducer = JsonRows() if text is ROWS else JsonObject()
    ask = Ask(COUNTER, Question(question) if question else None, pins, text_form=form)
    offer = reducer.propose(text, ask)
    assert not isinstance(offer, Skip), offer
    return offer


@pytest.mark.parametrize("source", [ROWS, json.dumps(config())])
def test_rungs_get_longer_up_to_the_whole(source):
    """The last rung is the whole document in fewer tokens than its JSON; those below say what they leave out."""
    offer = ladder(source)
    assert list(offer.tokens) == sorted(offer.tokens)
    whole = offer.render(len(offer.tokens) - 1)
    assert read_text(whole.text) == read_json(source)
    assert COUNTER.count(whole.text) == offer.tokens[-1] < ladder(source, form=False).tokens[-1]
    middle = offer.render(len(offer.tokens) // 2)
    assert middle.elisions
    assert "…" in middle.text
    assert read_text(middle.text)
    assert COUNTER.count(middle.text) < offer.tokens[-1]


def test_what_is_asked_stays():
    """The row that the question names is in the lowest rungs."""
    assert "A-0042" in ladder(ROWS, question="Where is A-0042?").render(2).text


def test_a_pinned_string_keeps_json():
    """A pin that the notation would write otherwise leaves the JSON as it is."""
    pinned = '"note": "box 7"'
    offer = JsonRows().propose(ROWS, Ask(COUNTER, pins=(pinned,), text_form=True))
    assert isinstance(offer, Skip)
    kept = ladder(ROWS, pins=("A-0007",)).render(0).text
    assert "A-0007" in kept


def test_short_json_that_has_nothing_to_drop():
    """A document of one part has no rungs in JSON, but may be shorter as text."""
    source = '{"name":"Mia Li","zip":"78750","cards":["visa","gift"]}'
    assert isinstance(JsonObject().propose(source, Ask(COUNTER)), Skip)
    offer = JsonObject().propose(source, Ask(COUNTER, text_form=True))
    assert not isinstance(offer, Skip)
    assert [offer.render(0).text] == ['name:"Mia Li" zip:"78750" cards:[visa gift]']
