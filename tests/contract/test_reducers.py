"""Every registered reducer keeps the contract on texts of the kinds that it takes."""

from __future__ import annotations

import pytest

from sparing import registry
from sparing.core.content import Content
from sparing.testing import check_reducer, sample_texts

# Reducers that also re-format what they keep: columns for rows and log lines, one path for many hits, text for HTML.
# Everyone else cuts out of the source. An answer's prose has gaps without marks: its reader is no model.
REFORMATTING = {"json_rows", "json_object", "html", "log_lines", "grep_hits", "answer"}


@pytest.mark.parametrize("name", registry.names("reducers"))
def test_reducer_keeps_the_contract(name):
    """Deterministic, never larger, lossless at the top, marked gaps, pins, deadline, hostile input."""
    reducer = registry.load("reducers", name)
    samples = [text for content, texts in sample_texts().items() if content in reducer.content for text in texts]
    check_reducer(reducer, samples, "Which payment was declined in Lisbon?", verbatim=name not in REFORMATTING)


def test_every_reducible_content_type_has_a_reducer():
    """Whatever the sniffer says, someone takes it; binary is left alone."""
    taken = frozenset().union(*(registry.load("reducers", name).content for name in registry.names("reducers")))
    assert taken == set(Content) - {Content.BINARY}
