"""Records and documents as an interface answers with them."""

from __future__ import annotations

import json

CITIES = ("Lisbon", "Oslo", "Quito", "Hanoi", "Perth", "Turin")


def orders(size: int = 60) -> list[dict[str, object]]:
    """Records as a shop's interface lists them; one failed, one has a note."""
    rows: list[dict[str, object]] = []
    for i in range(size):
        row: dict[str, object] = {
            "id": f"ord_{1000 + i}",
            "status": "failed" if i == 41 % size else ("open" if i % 7 == 0 else "shipped"),
            "total": round(19.9 + i * 3.35, 2),
            "currency": "EUR",
            "customer": {"id": 7000 + i % 9, "city": CITIES[i % len(CITIES)], "vip": i % 9 == 0},
            "items": [{"sku": f"SKU-{i % 5}{k}", "quantity": k + 1} for k in range(1 + i % 3)],
            "created_at": f"2024-03-{1 + i % 28:02d}T{i % 24:02d}:{i % 60:02d}:00Z",
        }
        if i % 11 == 5:
            row["note"] = f"customer asked for delivery before {8 + i % 10}:00; gate code {4410 + i}"
        rows.append(row)
    return rows


def page_of_orders() -> str:
    """The same records inside an object, with paging beside them."""
    return json.dumps({"object": "list", "data": orders(40), "has_more": True, "next": "/v1/orders?after=ord_1039"})


def json_lines(size: int = 50) -> str:
    """One record to the line."""
    return "".join(
        json.dumps({"event": "login" if i % 6 else "logout", "user": f"user{i:03d}", "ip": f"10.0.{i % 4}.{i}"}) + "\n"
        for i in range(size)
    )


def config() -> dict[str, object]:
    """A nested document that is no table."""
    return {
        "service": {
            "name": "checkout",
            "replicas": 3,
            "image": "registry.local/checkout:4.18.2",
            "ports": [8080, 9090],
        },
        "database": {"host": "db-7.internal", "pool": {"min": 2, "max": 40, "timeout_s": 2.5}, "tls": True},
        "features": {f"flag_{name}": i % 3 == 0 for i, name in enumerate(CITIES)},
        "routes": {f"/v{i}/{city.lower()}": {"timeout_ms": 100 * i, "retries": i % 4} for i, city in enumerate(CITIES)},
        "notice": " ".join(f"Clause {i}: the operator keeps records for {i + 1} years." for i in range(30)),
        "seeds": list(range(3000, 3090)),
        "owner": None,
    }
