"""What takes something from a section elsewhere in its document."""

from __future__ import annotations

import pytest

from sparing.core.passage import Passage
from sparing.retrieve.exceptions import exceptions_from, section_of


def passage(text: str, heads: str = "") -> Passage:
    """A passage of some statute."""
    return Passage(1, "law.md", 0, text, "d", heads)


@pytest.mark.parametrize(
    ("heads", "text", "section"),
    [
        ("Act\nSection 12. Fees", "A fee is due.", "12"),
        ("", "### Section 3. Fees\n\nA fee is due.", "3"),
        ("", "## 3.2 Fees\n\nA fee is due.", "3.2"),
        ("Article 5a", "A fee is due.", "5a"),
        ("Section 1. Pets", "Section 5 does not apply here. A fee is due.", "1"),
        ("Act", "A fee is due.", ""),
    ],
)
def test_a_sentence_belongs_to_the_section_above_it(heads: str, text: str, section: str) -> None:
    """In its passage or over it; a sentence that begins with a section's name is no heading."""
    assert section_of(passage(text, heads), text.index("A fee")) == section


@pytest.mark.parametrize(
    ("sentence", "excepts"),
    [
        ("Section 5 does not apply to crews.", True),
        ("Notwithstanding section 5, crews may sleep on board.", True),
        ("By way of exception from sections 2, 5 and 9 a permit may be given.", True),
        ("Sections 4 to 6 do not apply to the police.", True),
        ("§ 5 gilt nicht für Beamte.", True),
        ("This act does not apply to nurseries.", True),
        ("Section 15 does not apply to crews.", False),
        ("Whoever breaks section 5 pays a fine.", False),
        ("Crews are exempt.", False),
    ],
)
def test_exceptions_are_known_by_the_number_and_by_how_they_read(sentence: str, excepts: bool) -> None:
    """Both, unless all of the document is excepted from."""
    text = f"Fines are due. {sentence} Appeals are free."
    found = [text[a:b].strip() for a, b in exceptions_from("5", passage(text, "Section 20. Other"))]
    assert found == ([sentence] if excepts else [])


def test_a_section_takes_nothing_from_itself() -> None:
    """Its own limits stand beside its sentences anyway."""
    assert list(exceptions_from("5", passage("Section 5 does not apply to crews.", "Section 5. Crews"))) == []
