"""``python -m sparing.plan.anticipate.training DATA``: fit on what is not held out, write the file that is shipped.

DATA has the folders of `examples`. Seeds are fixed; some two minutes. How good it is says ``sparing eval
anticipation``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from sparing.plan.anticipate.training.examples import read_examples
from sparing.plan.anticipate.training.fit import fit

FILE = Path(__file__).parents[1] / "fitted" / "anticipate.json"
_LICENCES = (
    "BANKING77, TAT-QA: CC BY 4.0; SGD, XQuAD: CC BY-SA 4.0; tau-bench, GSM8K, QMSum, NQ-open oracle: MIT; outcomes of "
    "RouteLLM: Apache-2.0; SROIE: as published for ICDAR 2019; code: docstrings of Python, PSF licence; talk: ours"
)


def main(data: Path) -> None:
    """Fit and write."""
    examples = [one for one in read_examples(data) if not one.held_out]
    sources = sorted({one.source for one in examples})
    provenance = {
        "data": f"the train part of {', '.join(sources)}: {len(examples):,} turns",
        "licences": _LICENCES,
        "command": "python -m sparing.plan.anticipate.training DATA",
        "measured": "sparing eval anticipation",
    }
    FILE.write_bytes(msgspec.json.encode(fit(examples, provenance)) + b"\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
