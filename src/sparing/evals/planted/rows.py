"""Arrays of records: orders, users, events, hosts, invoices."""

from __future__ import annotations

import json
import random
from typing import Any

from sparing.evals.planted.nouns import Asked, ToolOutput
from sparing.evals.planted.words import (
    CITIES,
    FIRST,
    ITEMS,
    LAST,
    SERVICES,
    STREETS,
    amounts,
    clock,
    cycle,
    distinct_numbers,
    hexes,
)

Row = dict[str, Any]
_NOTES = ("leave at the door", "call on arrival", "gift wrap", "no note", "deliver after five")


def order_rows(rng: random.Random, n: int) -> list[Row]:
    """Plain orders: unique ids, e-mails, totals and addresses; everything else repeats."""
    numbers = distinct_numbers(rng, n, 10_000, 99_999)
    totals, houses = amounts(rng, n), distinct_numbers(rng, n, 1, 10 * n)
    first, last = cycle(FIRST, n, rng), cycle(LAST, n, rng)
    streets, cities, items, notes = (cycle(words, n, rng) for words in (STREETS, CITIES, ITEMS, _NOTES))
    return [
        {
            "order_id": f"ORD-{numbers[i]}",
            "customer": f"{first[i]} {last[i]}",
            "email": f"{first[i]}.{last[i]}{i}@example.org".lower(),
            "item": items[i],
            "quantity": 1 + i % 3,
            "total": float(totals[i]),
            "address": f"{houses[i]} {streets[i]} Street, {cities[i]}",
            "placed_at": f"2026-0{1 + i % 6}-{1 + i % 28:02d}T{clock(28_800, 61 * i)}Z",
            "status": "shipped" if i % 4 else "packed",
            "note": notes[i],
        }
        for i in range(n)
    ]


def orders(rng: random.Random, n: int = 150) -> ToolOutput:
    """Compact JSON; one row failed for good, two share an address, one has a complaint."""
    rows = order_rows(rng, n)
    fatal, asked, broken, one, two, dear = rng.sample(range(n), 6)
    rows[fatal] |= {"status": "FATAL: captured twice, refund blocked"}
    rows[broken] |= {"note": "arrived damaged, glass cracked on delivery"}
    rows[two]["address"] = rows[one]["address"]
    rows[dear]["total"] = 4812.35
    return ToolOutput(
        "orders",
        json.dumps(rows, separators=(",", ":")),
        (
            Asked(
                "id",
                f"Who placed {rows[asked]['order_id']} and what did it cost?",
                _strings(rows[asked], "email total"),
            ),
            Asked(
                "paraphrase",
                "Which customer complained that the parcel was delivered with damage? Give the order.",
                (rows[broken]["order_id"], "glass cracked"),
            ),
            Asked(
                "cross_row", "Which two orders go to the same address?", (rows[one]["order_id"], rows[two]["order_id"])
            ),
            Asked("extreme", "What is the highest total and who paid it?", (rows[dear]["email"], "4812.35")),
        ),
        (rows[fatal]["order_id"], "captured twice"),
    )


def users(rng: random.Random, n: int = 90) -> ToolOutput:
    """Indented JSON with \\u escapes, as many servers write it; one user lacks the second factor."""
    first, last, ids = cycle(FIRST, n, rng), cycle(LAST, n, rng), hexes(rng, n, 8)
    cities = cycle(("Tübingen", "Málaga", "Zürich", "São Paulo", "Ærø", "Łódź"), n, rng)
    rows: list[Row] = [
        {
            "user_id": f"usr_{ids[i]}",
            "login": f"{first[i]}{last[i]}{i}".lower(),
            "display_name": f"{first[i]} {last[i]}",
            "city": cities[i],
            "two_factor": True,
            "plan": ("free", "team", "team", "business")[i % 4],
            "last_login": f"2026-05-{1 + i % 28:02d}T{clock(0, 577 * i)}Z",
            "locked_reason": None,
        }
        for i in range(n)
    ]
    plain, without, locked = rng.sample(range(n), 3)
    rows[without]["two_factor"] = False
    rows[locked] |= {"locked_reason": "Rechnung über 60 Tage unbezahlt", "city": "Göttingen"}
    return ToolOutput(
        "users",
        json.dumps(rows, indent=2),
        (
            Asked("id", f"When did {rows[plain]['login']} last log in?", (rows[plain]["last_login"],)),
            Asked("negation", "Which user has not enabled two-factor authentication?", (rows[without]["login"],)),
            Asked(
                "language",
                "Welches Konto aus Göttingen ist gesperrt, und weshalb?",
                (rows[locked]["login"], "über 60 Tage unbezahlt"),
            ),
        ),
    )


def events(rng: random.Random, n: int = 220) -> ToolOutput:
    """JSON lines; one fatal event among information, one request much slower than the rest."""
    traces, services = hexes(rng, n), cycle(SERVICES, n, rng)
    latency = distinct_numbers(rng, n, 12, 900)
    rows: list[Row] = [
        {
            "ts": f"2026-06-02T{clock(36_000, 3 * i)}Z",
            "level": "info" if i % 9 else "warn",
            "service": services[i],
            "trace": traces[i],
            "msg": "request done" if i % 9 else "retrying upstream call",
            "latency_ms": latency[i],
        }
        for i in range(n)
    ]
    fatal, asked, slow = rng.sample(range(n), 3)
    rows[fatal] |= {"level": "fatal", "msg": "write-ahead log corrupt at segment 0x7f31"}
    rows[slow] |= {"latency_ms": 48_217, "service": "checkout", "msg": "request done", "level": "info"}
    return ToolOutput(
        "events",
        "\n".join(json.dumps(row) for row in rows) + "\n",
        (
            Asked("id", f"How long did the call with trace {traces[asked]} take?", (str(latency[asked]),)),
            Asked("extreme", "Which checkout request was slowest?", (traces[slow], "48217")),
        ),
        (traces[fatal], "segment 0x7f31"),
    )


def hosts(rng: random.Random, n: int = 110) -> ToolOutput:
    """Compact JSON; all hosts were restarted but one, all run the same kernel but one."""
    names = [f"{role}-{number:03d}" for role, number in zip(cycle(("web", "db", "job"), n, rng), range(n), strict=True)]
    uptime = distinct_numbers(rng, n, 1_000, 90_000)
    rows: list[Row] = [
        {
            "host": names[i],
            "region": ("eu-west", "eu-north", "us-east")[i % 3],
            "kernel": "6.8.0-41",
            "restarted": True,
            "uptime_s": uptime[i],
            "owner": f"team-{SERVICES[i % len(SERVICES)]}",
        }
        for i in range(n)
    ]
    left, old, asked = rng.sample(range(n), 3)
    rows[left]["restarted"] = False
    rows[old]["kernel"] = "5.15.0-97"
    return ToolOutput(
        "hosts",
        json.dumps(rows),
        (
            Asked(
                "negation",
                "Which host was NOT restarted, and how long is it up?",
                _strings(rows[left], "host uptime_s"),
            ),
            Asked("cross_row", "Is there a host whose kernel differs from all the others?", (names[old], "5.15.0-97")),
            Asked("id", f"For how many seconds has {names[asked]} been up?", (str(uptime[asked]),)),
        ),
    )


def invoices(rng: random.Random, n: int = 160) -> ToolOutput:
    """CSV; one invoice number was used twice."""
    numbers, sums = distinct_numbers(rng, n, 100_000, 999_999), amounts(rng, n)
    names, cities = cycle(LAST, n, rng), cycle(CITIES, n, rng)
    one, two, asked = rng.sample(range(n), 3)
    numbers[two] = numbers[one]
    lines = ["invoice,company,city,net,paid"]
    lines += [f"{numbers[i]},{names[i]} Ltd,{cities[i]},{sums[i]},{'yes' if i % 5 else 'no'}" for i in range(n)]
    return ToolOutput(
        "invoices",
        "\n".join(lines) + "\n",
        (
            Asked("id", f"What is the net amount of invoice {numbers[asked]}?", (sums[asked],)),
            Asked("cross_row", "Which invoice number was used twice, and for what amounts?", (sums[one], sums[two])),
        ),
    )


def _strings(row: Row, keys: str) -> tuple[str, ...]:
    return tuple(str(row[key]) for key in keys.split())
