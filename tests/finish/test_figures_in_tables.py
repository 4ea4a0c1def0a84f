"""Figures of a table belong to their row and their column."""

from __future__ import annotations

import pytest

from sparing.finish.grounded.support import borne_out

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
