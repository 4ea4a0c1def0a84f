"""A support desk: questions of customers answered from the handbooks, in their words, with the place.

sparing index policies
python desk.py                          # the questions beside this file
python desk.py --data DIR               # customers' real questions: BANKING77's train.csv in DIR/banking77
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sparing.core.passage import Rights
from sparing.finish.citations import Citation
from sparing.finish.grounded.extract import extracted
from sparing.retrieval import Retrieved, retrieve
from sparing.retrieve.embed import embedder_for
from sparing.retrieve.store import open_store
from sparing.settings import PolicySettings, load_settings

HERE = Path(__file__).parent
# Intents of BANKING77 that the handbooks speak of, and where.
SECTIONS = {
    "card_arrival": "Ordering and delivery",
    "card_delivery_estimate": "Ordering and delivery",
    "activate_my_card": "Activation",
    "change_pin": "PIN",
    "pin_blocked": "PIN",
    "lost_or_stolen_card": "Lost and stolen cards",
    "cash_withdrawal_charge": "Cash withdrawals",
    "getting_virtual_card": "Virtual cards",
    "card_about_to_expire": "Expiry",
    "cancel_transfer": "Transfers",
    "transfer_timing": "Transfers",
    "failed_transfer": "Failed transfers",
    "top_up_by_cash_or_cheque": "Top-ups",
    "top_up_by_card_charge": "Top-ups",
    "Refund_not_showing_up": "Refunds",
    "card_payment_not_recognised": "Disputed card payments",
    "transaction_charged_twice": "Duplicate charges",
    "age_limit": "Opening",
    "verify_my_identity": "Proving who you are",
    "edit_personal_details": "Changing personal details",
    "terminate_account": "Closing",
    "passcode_forgotten": "Forgotten passcode",
}


@dataclass(frozen=True)
class Asked:
    """A customer's question; `section` is where the handbooks answer, "" where they do not."""

    text: str
    section: str


def own_questions() -> Iterator[Asked]:
    """Those beside this file."""
    with (HERE / "questions.csv").open(encoding="utf-8", newline="") as rows:
        yield from (Asked(row["text"], row["section"]) for row in csv.DictReader(rows))


def real_questions(data: Path, n: int) -> Iterator[Asked]:
    """A sample of those in BANKING77 whose intent the handbooks speak of."""
    with (data / "banking77" / "train.csv").open(encoding="utf-8", newline="") as rows:
        known = [
            Asked(row["text"], SECTIONS[row["category"]]) for row in csv.DictReader(rows) if row["category"] in SECTIONS
        ]
    yield from random.Random(0).sample(known, min(n, len(known)))


def main() -> None:
    """Answer the questions, and say how many were answered from the right section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder that holds banking77/train.csv")
    parser.add_argument("--store", default=".sparing/store.db")
    parser.add_argument("-n", type=int, default=200, help="most of the real questions")
    options = parser.parse_args()
    settings = load_settings()
    asked = list(real_questions(options.data, options.n) if options.data else own_questions())
    store = open_store(options.store)
    owner = Rights(everything=True)
    embedder = embedder_for(settings.retrieval.embedder, settings.retrieval, store.holdings(owner).model)
    policy = PolicySettings(select="auto", deadline_ms=4000)
    right = answered = refused = 0
    for one in asked:
        found = retrieve(store, embedder, one.text, owner, budget_tokens=400, policy=policy)
        answer = extracted(one.text, found)
        cited = [section_of(found, cited) for cited in answer.checked.citations] if answer.checked else []
        answered += bool(one.section) and not answer.abstained
        right += bool(one.section) and one.section in cited
        refused += not one.section and bool(answer.abstained)
        if not options.data:
            print(f"? {one.text}\n{answer.answer}\n")
    known = sum(bool(one.section) for one in asked)
    print(f"Of {known} questions that the handbooks answer {answered} are answered, {right} from the right section.")
    if len(asked) > known:
        print(f"Of {len(asked) - known} that they do not answer {refused} are refused.")
    store.close()


def section_of(found: Retrieved, citation: Citation) -> str:
    """The heading over the words that a citation gives."""
    passage = next(source.passage for source in found.sources if source.number == citation.number)
    above = f"{passage.heads}\n{passage.text[: passage.text.find(citation.quote)]}"
    return next((line.lstrip("# ") for line in reversed(above.splitlines()) if line.startswith("## ")), "")


if __name__ == "__main__":
    main()
