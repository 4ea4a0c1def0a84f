"""A source file and a configuration object."""

from __future__ import annotations

import json
import random
from typing import Any

from sparing.evals.planted.nouns import Asked, ToolOutput
from sparing.evals.planted.words import MODULES, SERVICES, cycle, distinct_numbers


def source_file(rng: random.Random, n: int = 34) -> ToolOutput:
    """A Python module of n similar functions and two that are not."""
    names = [
        f"{verb}_{noun}"
        for verb, noun in zip(cycle(("load", "check", "merge", "store"), n, rng), rng.sample(MODULES, n), strict=True)
    ]
    limits = distinct_numbers(rng, n, 100, 999)
    functions = [_plain(names[i], limits[i]) for i in range(n)]
    asked = rng.randrange(n)
    functions.insert(
        rng.randrange(5, 15),
        "def apply_late_fee(invoice: Invoice, today: date) -> Money:\n"
        '    """Add the fee for an overdue invoice."""\n'
        "    age_days = (today - invoice.due).days\n"
        "    if age_days <= 0:\n        return invoice.total\n"
        "    if invoice.customer.is_charity:\n        return invoice.total  # charities never pay a fee\n"
        "    if age_days > 365:\n        return invoice.total * Decimal('1.185')\n"
        "    return invoice.total * Decimal('1.035')\n",
    )
    functions.insert(
        rng.randrange(20, 30),
        "def quantize_amount(amount: Decimal) -> Decimal:\n"
        '    """Round an amount of money to the nearest cent."""\n'
        "    return amount.quantize(Decimal('0.01'), rounding=ROUND_HALF_EVEN)\n",
    )
    head = '"""Ledger operations."""\n\nfrom datetime import date\nfrom decimal import ROUND_HALF_EVEN, Decimal\n'
    return ToolOutput(
        "source_file",
        "\n\n".join([head, *functions]),
        (
            Asked(
                "id",
                "What does apply_late_fee return for invoices more than a year overdue?",
                ("Decimal('1.185')", "charities never pay a fee"),
            ),
            Asked("paraphrase", "How is money rounded to cents?", ("rounding=ROUND_HALF_EVEN",)),
            Asked("id", f"What is the limit in {names[asked]}?", (f"limit = {limits[asked]}",)),
        ),
    )


def config(rng: random.Random) -> ToolOutput:
    """A nested object: a block per service, one of which does not verify certificates."""
    ports, pools, timeouts = (
        distinct_numbers(rng, len(SERVICES) * 2, low, high) for low, high in ((2_000, 9_999), (5, 99), (101, 9_999))
    )
    names = [f"{service}-{side}" for service in SERVICES for side in ("primary", "replica")]
    blocks: dict[str, Any] = {
        name: {
            "database": {
                "host": f"{name}.db.internal",
                "port": ports[i],
                "pool": {"min": 2, "max": pools[i], "idle_timeout_ms": 30_000},
                "read_timeout_ms": timeouts[i],
                "tls": {"enabled": True, "verify": True, "ca_file": "/etc/ssl/internal.pem"},
            },
            "cache": {"backend": "redis", "ttl_s": 600, "namespace": name},
            "logging": {"level": "info", "format": "json", "sample_rate": 0.1},
        }
        for i, name in enumerate(names)
    }
    asked, unsafe = rng.sample(range(len(names)), 2)
    blocks[names[unsafe]]["database"]["tls"] = {"enabled": True, "verify": False, "ca_file": "/etc/ssl/self-signed.pem"}
    return ToolOutput(
        "config",
        json.dumps({"version": 14, "services": blocks}, indent=2) + "\n",
        (
            Asked("id", f"What is the read timeout of {names[asked]}?", (str(timeouts[asked]),)),
            Asked("negation", "Which service does not verify TLS?", (names[unsafe], "self-signed.pem")),
        ),
    )


def _plain(name: str, limit: int) -> str:
    return (
        f"def {name}(rows: Sequence[Row], *, strict: bool = True) -> list[Row]:\n"
        f'    """{name.replace("_", " ").capitalize()} rows in order."""\n'
        f"    limit = {limit}\n    kept: list[Row] = []\n"
        "    for row in rows:\n        if strict and not row.valid:\n            raise ValueError(row.id)\n"
        "        if len(kept) >= limit:\n            break\n        kept.append(row)\n    return kept\n"
    )
