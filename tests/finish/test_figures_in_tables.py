"""Figures of a table belong to their row and their column."""

from __future__ import annotations

import pytest

from sparing.core.content import Content
from sparing.core.passage import Passage
from sparing.finish.citations import check_citations
from sparing.finish.grounded.extract import extract, told
from sparing.finish.grounded.support import borne_out
from sparing.finish.grounded.tables import ruled
from sparing.retrieval import Source

REPORT = """Net sales rose in 2019 (in millions of dollars):

| | 2019 | 2018 |
| --- | --- | --- |
| Fixed price | 1,452.4 | 1,146.2 |
| Other contracts | 44.1 | 56.7 |
| Total sales | 1,496.5 | 1,202.9 |

The backlog was not counted.
"""


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        ("Total sales in 2019 were $1,496.5 million.", ""),
        ("Total sales in 2018 were 1,202.9.", ""),
        ("Sales of other contracts in 2018 were $56.7 million.", ""),
        ("Total sales in 2019 were $1,202.9 million.", "1,202.9 stands under 2018"),
        ("Sales of other contracts in 2019 were $1,496.5 million.", "1,496.5 stands in another row"),
        ("Total sales in 2019 were $1,396.5 million.", "1,396.5 is not said there"),
        ("Total sales in 2017 were $1,496.5 million.", "2017 is not said there"),
    ],
)
def test_a_figure_of_another_row_or_column_bears_out_nothing(claim: str, why: str) -> None:
    """Though the report has every word and number of the claim."""
    assert borne_out(claim, REPORT).why == why


def test_a_joint_claim_is_borne_out_part_by_part() -> None:
    """Two sentences of a passage told as one; each part has to be true."""
    text = (
        "The ferry Solan was built in Glasgow in 1987. She sails every day. Her captain Ann Bell retired in May 2021."
    )
    true = "The ferry Solan was built in Glasgow in 1987, and her captain Ann Bell retired in May 2021."
    assert borne_out(true, text).why == ""
    assert (
        borne_out(true.replace("1987", "2021", 1), text).why == "2021 is not said there"
        or borne_out(true.replace("1987", "2021", 1), text).contradicts
    )
    assert borne_out(true.replace("Ann Bell", "Tom Bell"), text).contradicts


YEARS = """| year | fee |
| --- | --- |
| 2018 | 3.4 |
| 2019 | 4.5 |
"""


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        ("In 2019 the fee was 4.5.", ""),
        ("In 2019 the fee was 3.4.", "3.4 stands in another row"),
        ("In 2017 the fee was 3.4.", "2017 is not said there"),
    ],
)
def test_a_row_may_begin_with_a_number(claim: str, why: str) -> None:
    """A year, a size: it belongs to the figures of its row."""
    assert borne_out(claim, YEARS).why == why


STOCK = """name,price,stock
Red kettle,24.50,13
"Kettle, blue",26.00,2
Teapot,31.20,40
"""


def rows(text: str, heads: str) -> Source:
    passage = Passage(1, "stock.csv", 0, text, "digest", heads, "lines 1-4", content=Content.TABLE)
    return Source(1, passage, text, 0, 0.9, (passage,))


ALL_ROWS = rows(STOCK, "stock.csv")
LATER_ROWS = rows(STOCK.partition("\n")[2], "stock.csv\nname,price,stock")
BY_SEMICOLON = rows(STOCK.replace(",", ";").replace("Kettle;", "Kettle,"), "stock.csv")


@pytest.mark.parametrize("source", [ALL_ROWS, LATER_ROWS, BY_SEMICOLON])
@pytest.mark.parametrize(
    ("claim", "why"),
    [
        ("The red kettle costs 24.50 euros.", ""),
        ("The stock of the blue kettle is 2.", ""),
        ("The price of the blue kettle is 24.50.", "24.50 stands in another row"),
        ("The stock of the red kettle is 24.50.", "24.50 stands under price"),
        ("The price of the red kettle is 24.", "24 is not said there"),
    ],
)
def test_commas_may_part_the_cells(source: Source, claim: str, why: str) -> None:
    """Whether the header row is in the passage or stands above it; and it is quoted as it was written."""
    (judged,) = check_citations(f"{claim} [1]", [source]).claims
    assert judged.why.removeprefix("[1]: ") == why
    assert all(citation.quote in source.text for citation in judged.citations)


@pytest.mark.parametrize("source", [ALL_ROWS, LATER_ROWS, BY_SEMICOLON])
def test_the_row_that_answers_is_given_and_borne_out(source: Source) -> None:
    """Letter for letter, a line of its own, below the header row if that is in the passage."""
    rows = [line for line in source.text.splitlines() if line.startswith(("Red", "name"))]
    answer = told(extract("What does the red kettle cost?", [source]))
    assert answer.splitlines() == [f"{row} [1]" for row in rows]
    claims = check_citations(answer, [source]).claims
    assert [citation.quote for claim in claims for citation in claim.citations] == rows


def test_a_ruled_table_is_as_long_as_before() -> None:
    """So that what is found in it is where it was; commas within quotation marks stay."""
    assert ruled('a,"b, ""c""",,d\n', ",") == 'a\t"b, ""c"""\t\td\n'
