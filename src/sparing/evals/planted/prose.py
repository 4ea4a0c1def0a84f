"""Running text: minutes, a policy with exceptions, a support chat, a handbook, a web page."""

from __future__ import annotations

import random

from sparing.evals.planted.nouns import Asked, ToolOutput
from sparing.evals.planted.words import FIRST, ITEMS, MODULES, SERVICES, WEEKDAYS, cycle, distinct_numbers


def minutes(rng: random.Random, n: int = 70) -> ToolOutput:
    """Minutes that repeat themselves, with three decisions said once."""
    people, services = cycle(FIRST, n, rng), cycle(SERVICES, n, rng)
    shapes = (
        "{p} reported that the {s} team is on track and that nothing has changed since the last meeting.",
        "{p} said the open points of {s} will be looked at again next week, as agreed before.",
        "There was a short discussion about {s}; {p} will send a note. No decision was taken.",
        "{p} thanked the {s} team for the quick help and asked everybody to keep the board up to date.",
    )
    said = [f"{shapes[i % 4].format(p=people[i], s=services[i])}" for i in range(n)]
    facts = {
        rng.randrange(
            5, 20
        ): "Hana proposed to freeze all migrations from 17 November until the audit is over, and it was "
        "accepted by everyone.",
        rng.randrange(
            25, 40
        ): "The board released 84,500 euros for the second data centre, of which a third is for cooling.",
        rng.randrange(
            45, 65
        ): "Ivo takes over the pager from Petra for the whole of December; Petra will be on parental leave.",
    }
    for at, sentence in facts.items():
        said[at] += " " + sentence
    text = "\n\n".join(" ".join(said[i : i + 3]) for i in range(0, n, 3)) + "\n"
    return ToolOutput(
        "minutes",
        text,
        (
            Asked("paraphrase", "From which day on may nobody migrate anything?", ("17 November",)),
            Asked("paraphrase", "How much money was approved for the new data centre?", ("84,500 euros",)),
            Asked("paraphrase", "Who is on call in December instead of Petra?", ("Ivo takes over the pager",)),
        ),
    )


def policy(rng: random.Random, n: int = 26) -> ToolOutput:
    """Return rules per kind of goods; the exception stands in the sentence after the rule."""
    goods = [f"{item}s" for item in rng.sample(ITEMS, len(ITEMS))]
    days = distinct_numbers(rng, len(goods), 8, 90)
    parts = []
    for i in range(n):
        item, limit = goods[i % len(goods)], days[i % len(goods)]
        if i < len(goods):
            parts.append(
                f"{i + 1}. A customer may return {item} within {limit} days of delivery. The goods have to be complete "
                f"and the receipt has to be shown. Refunds are paid to the card that was used for the purchase."
            )
        else:
            parts.append(
                f"{i + 1}. Our shops keep {item} on display for a season. Staff are asked to check the shelves every "
                f"{WEEKDAYS[i % 5]} and to report what is missing to the warehouse."
            )
    rule = (
        "Headphones may be sent back within 14 days of delivery. This does not hold for in-ear models whose seal is "
        "broken, which are never taken back. A replacement is possible when the defect was reported within 48 hours."
    )
    night = (
        "Orders above 2,000 euros need the approval of two managers. The only exception are spare parts for medical "
        "devices, which the night shift may release alone."
    )
    parts.insert(rng.randrange(4, 12), rule)
    parts.insert(rng.randrange(14, 24), night)
    return ToolOutput(
        "policy",
        "\n\n".join(parts) + "\n",
        (
            Asked(
                "exception",
                "Can I return opened in-ear headphones?",
                ("within 14 days", "in-ear models whose seal is broken", "never taken back"),
            ),
            Asked(
                "exception",
                "Who has to approve orders above 2,000 euros, and is there an exception?",
                ("two managers", "night shift may release alone"),
            ),
            Asked(
                "id", f"How many days do I have to return {goods[5]}?", (f"return {goods[5]} within {days[5]} days",)
            ),
        ),
    )


def support(rng: random.Random, n: int = 24) -> ToolOutput:
    """A support chat: orders, complaints and small talk; an address is changed in passing."""
    names, items = cycle(FIRST, n, rng), cycle(ITEMS, n, rng)
    orders, days = distinct_numbers(rng, n, 10_000, 99_999), cycle(WEEKDAYS, n, rng)
    parts = [
        f"Customer: Hello, this is {names[i]}. My {items[i]} from order {orders[i]} has not arrived yet.\n"
        f"Agent: I am sorry to hear that. Let me check. It should be with you on {days[i]}. Is that all right?\n"
        f"Customer: Hmm, okay, thank you. But I won't be at home before {1 + i % 6}:30 pm.\n"
        "Agent: I will tell the driver. Is there anything else I can do for you today?\n"
        for i in range(n)
    ]
    at = rng.randrange(6, 18)
    parts[at] += (
        "Customer: Yes, by the way, please send the next ones to my sister's place, 14 Quarry Lane.\n"
        f"Agent: Noted: from now on everything of order {orders[at]} goes to 14 Quarry Lane.\n"
    )
    return ToolOutput(
        "support",
        "".join(parts),
        (
            Asked("paraphrase", "To which address are later parcels delivered?", ("14 Quarry Lane",)),
            Asked("id", f"When will order {orders[3]} arrive?", (f"with you on {days[3]}",)),
        ),
    )


def handbook(rng: random.Random, n: int = 24) -> ToolOutput:
    """Markdown with a section per module: a paragraph, a table, a command."""
    modules = rng.sample(MODULES, n)
    ports = distinct_numbers(rng, n, 2_000, 9_900)
    retries = distinct_numbers(rng, n, 11, 99)
    parts = ["# Operator's handbook\n"]
    for i, module in enumerate(modules):
        parts.append(
            f"## {module.title()}\n\nThe {module} service starts with the node and writes to its own journal. "
            f"It is safe to restart it at any time.\n\n| setting | value |\n| --- | --- |\n"
            f"| listen port | {ports[i]} |\n| retries | {retries[i]} |\n| journal | /var/log/{module}.log |\n\n"
            f"```sh\nnodectl restart {module} --wait 30\n```\n"
        )
    at = rng.randrange(8, 18)
    parts[at] += (
        "\nNever restart it while a snapshot is being taken: the index would have to be rebuilt, about 6 hours.\n"
    )
    danger = modules[at - 1]
    return ToolOutput(
        "handbook",
        "\n".join(parts),
        (
            Asked("id", f"On which port does {modules[3]} listen?", (str(ports[3]),)),
            Asked(
                "exception",
                f"When must {danger} not be restarted?",
                ("while a snapshot is being taken", "about 6 hours"),
            ),
        ),
    )


def page(rng: random.Random, n: int = 60) -> ToolOutput:
    """An HTML shop page: navigation, script, a table of models, reviews, a footer."""
    names = [
        f"{a}-{b}"
        for a, b in zip(cycle(("AX", "BX", "CX", "DX"), n, rng), distinct_numbers(rng, n, 100, 999), strict=True)
    ]
    prices = distinct_numbers(rng, n, 120, 1_900)
    weights = distinct_numbers(rng, n, 300, 2_400)
    nav = "".join(f'<li class="nav-item"><a href="/c/{m}" data-track="nav-{m}">{m.title()}</a></li>' for m in MODULES)
    rows = "".join(
        f'<tr class="row"><td class="name">{names[i]}</td><td class="price">{prices[i]} EUR</td>'
        f'<td class="weight">{weights[i]} g</td></tr>\n'
        for i in range(n)
    )
    review = "<p class='review'>Works as described, would buy again.</p>\n"
    bad = f"<p class='review'>Careful: the {names[2]} catches fire when charged with the old adapter.</p>\n"
    text = (
        "<!doctype html><html><head><title>Lamps</title><style>.row{padding:4px}.nav-item{display:inline}</style>"
        f"<script>window.tags={MODULES!r};function track(e){{fetch('/t?e='+e)}}</script></head><body>"
        f"<nav><ul>{nav}</ul></nav>\n<main><h1>All lamps</h1>\n<table>\n{rows}</table>\n<h2>Reviews</h2>\n"
        f"{review * 11}{bad}{review * 13}</main><footer>{nav}<p>All prices with tax.</p></footer></body></html>\n"
    )
    return ToolOutput(
        "page",
        text,
        (
            Asked("id", f"What does the {names[17]} cost and weigh?", (f"{prices[17]} EUR", f"{weights[17]} g")),
            Asked(
                "paraphrase",
                "Does any reviewer warn of a fire hazard?",
                (f"the {names[2]} catches fire", "old adapter"),
            ),
        ),
    )
