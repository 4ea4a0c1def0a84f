"""A realistic text of each content type, made on the spot."""

from __future__ import annotations

import json

from sparing.core.content import Content
from sparing.testing.sample_answer import answer
from sparing.testing.sample_json import CITIES, config, json_lines, orders, page_of_orders


def sample_texts() -> dict[Content, tuple[str, ...]]:
    """Content type -> texts of that type; BINARY, which nobody reduces, has none."""
    return {
        Content.PROSE: (prose(), prose_in_other_scripts()),
        Content.DIALOGUE: (support_chat(), meeting(), chat_in_other_scripts()),
        Content.MARKDOWN: (markdown(),),
        Content.HTML: (html(),),
        Content.JSON_ROWS: (json.dumps(orders(), indent=2), page_of_orders(), json_lines()),
        Content.JSON: (json.dumps(config(), indent=2), json.dumps(config())),
        Content.TABLE: (table(), table(";"), quoted_table()),
        Content.LOG: (log(), log_of_json()),
        Content.CODE: (python_code(), go_code(), typescript_code()),
        Content.DIFF: (git_diff(),),
        Content.GREP: (grep_hits(),),
        Content.TEST_OUTPUT: (pytest_run(), stack_trace()),
        Content.ANSWER: (answer(),),
    }


def prose() -> str:
    """Paragraphs of plain sentences, each with a fact of its own."""
    paragraphs = []
    for i in range(8):
        city, other = CITIES[i % 6], CITIES[(i + 2) % 6]
        paragraphs.append(
            f"The harbour of {city} was rebuilt in {1840 + 13 * i} after a storm had taken the old pier. "
            f"Dr. Almeida counted {120 + 7 * i} ships in the first year, most of them from {other}. "
            f"Trade did not recover at once, although the council lowered its fees to {2 + i / 10:.1f} per cent. "
            f"A lighthouse followed; it stands {20 + i} metres tall and is not open to visitors."
        )
    return "\n\n".join(paragraphs) + "\n"


def prose_in_other_scripts() -> str:
    """Sentences in several languages and scripts."""
    sentences = (
        "Der Vertrag wurde am 3. Mai 1998 in Köln unterzeichnet und gilt bis heute.",
        "Le pont mesure 482 mètres; il n'a jamais été fermé à la circulation.",
        "Река замерзает в ноябре, и паром больше не ходит.",
        "この図書館は一九七二年に建てられました。蔵書は約三万冊です。",
        "تأسست الشركة عام 1987 ويعمل فيها 340 موظفا.",
        "La cosecha fue de 95 toneladas, el doble que el año anterior.",
    )
    return "\n".join(" ".join(sentences[(i + k) % 6] for k in range(3)) for i in range(10)) + "\n"


def support_chat() -> str:
    """A user books trips with an assistant; values are asked for, given, changed and confirmed."""
    turns = []
    for i, city in enumerate(CITIES):
        other, day, hour = CITIES[(i + 3) % 6], 3 + 4 * i, 7 + i
        turns += [
            f"USER: Hi, I'd like to book a train to {city}, please.",
            "ASSISTANT: Sure, I can help you with that. Where do you want to leave from, and when?",
            f"USER: From {other}, on the {day}th of May. Not before {hour}:30 am, and no night trains.",
            f"ASSISTANT: There is a train to {city} at {hour}:45 am for ${20 + 7 * i}. How many tickets do you need?",
            f"USER: {i + 2} tickets. Actually, make it the {day + 1}th.",
            f"ASSISTANT: Please confirm: {i + 2} tickets from {other} to {city} on the {day + 1}th of May at"
            f" {hour}:45 am.",
            "USER: Yes, that sounds great. Thank you very much!",
            f"ASSISTANT: Done. Your reference is TR-{4410 + 31 * i}. Is there anything else I can do for you?",
        ]
    return "\n".join(turns) + "\n"


def meeting() -> str:
    """Three people talk over two days; long turns, dated sessions, times of day before the speakers."""
    parts = []
    for i, city in enumerate(CITIES):
        parts.append(
            f"[9:3{i} am on {i + 3} June, 2024]\n"
            f"[09:3{i}] Ana Sol: Good morning! Shall we talk about {city} first?\n"
            f"[09:3{i}] Dr. Low (chair): Yes. The audit of {city} found {12 + i} open points, and two of them have "
            f"been open since {2010 + i}. We never got an answer from the harbour, although Bo wrote to them twice; "
            f"the last letter went out on {i + 11} May and named a fine of {400 + 50 * i} euros.\n"
            f"[09:4{i}] Bo: I tried to call them but nobody picked up. We decided to wait until Friday.\n"
            f"[09:5{i}] Ana Sol: Okay.\n"
        )
    return "\n".join(parts)


def chat_in_other_scripts() -> str:
    """Short turns in several languages and scripts."""
    turns = (
        "Kunde: Ich brauche zwei Zimmer in Köln vom 3. bis 5. Mai, aber nicht am Bahnhof.",
        "Agentin: Gern. Das Hotel Krone hat zwei Zimmer für 95 Euro.",
        "Cliente: Quiero una mesa para cuatro el viernes a las 20:30 en Sevilla.",
        "Agente: De acuerdo, ¿a nombre de quién?",
        "客户：我想订五月三日去上海的车票，不要早上的。",
        "客服：好的，十点三十分有一班，票价二百元。",
        "Клиент: Мне нужен билет до Казани на 12 мая.",
        "Оператор: Хорошо. Поезд отправляется в 18:40.",
    )
    return "\n".join(turns * 3) + "\n"


def markdown() -> str:
    """A manual page with headings, lists, a table and a code block."""
    parts = ["# Gateway manual\n\nHow the gateway is set up and run.\n"]
    for i, city in enumerate(CITIES):
        parts.append(
            f"## Region {city}\n\nThe region has {i + 2} nodes. See [the map](https://example.org/{city.lower()}).\n\n"
            f"- **Port**: {8000 + i}\n- **Owner**: team {city}\n- Restart with `gatewayctl restart {city.lower()}`\n\n"
            f"| node | memory_gb |\n|------|-----------|\n| {city}-1 | {16 * (i + 1)} |\n| {city}-2 |"
            f" {8 * (i + 1)} |\n\n"
            f"```bash\ngatewayctl status --region {city.lower()}\n```\n"
        )
    return "\n".join(parts)


def html() -> str:
    """A page with scripts, styles, navigation, a table and text."""
    rows = "".join(f"<tr><td>{city}</td><td>{900 + 31 * i}</td></tr>" for i, city in enumerate(CITIES))
    sections = "".join(
        f'<section class="card"><h2 id="s{i}">{city} &amp; surroundings</h2><p class="lead">The tram to <b>{city}</b> '
        f"runs every {i + 4}&nbsp;minutes until {20 + i % 4}:30. Tickets cost {2 + i} &euro;.</p>"
        f'<ul><li>Zone {i}</li><li><a href="/stops/{city.lower()}?ref=nav&amp;x={i}">Stops in {city}</a>'
        f"</li></ul></section>"
        for i, city in enumerate(CITIES)
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>City trams</title>\n'
        "<style>.card{margin:0 auto;padding:4px 8px}</style>\n"
        '<script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push("<p>no text</p>")}</script>\n'
        '</head>\n<body>\n<nav><ul><li><a href="/">Home</a></li><li><a href="/login">Log in</a></li></ul></nav>\n'
        f"<main><h1>City trams</h1>{sections}<table><tr><th>City</th><th>Riders</th></tr>{rows}</table>"
        '<img src="map.png" alt="Map of all lines"><pre><code>GET /v1/trams</code></pre></main>\n'
        "<!-- generated --><footer>Contact us at trams@example.org</footer></body>\n</html>\n"
    )


def table(separator: str = ",", size: int = 60) -> str:
    """A ledger: one payment declined, one number used twice."""
    lines = [separator.join(("payment", "city", "booked_on", "amount", "state"))]
    for i in range(size):
        number = 88_213 + 977 * (i if i != 52 else 17)
        cells = (f"P{number}", CITIES[i % 6], f"2024-04-{1 + i % 28:02d}", f"{19 + i * 3.35:.2f}")
        lines.append(separator.join((*cells, "declined" if i == 23 else "booked")))
    return "\n".join(lines) + "\n"


def quoted_table(size: int = 30) -> str:
    """Cells with separators, quotes and line breaks in them; lines end as on Windows."""
    rows = (f'{i},"{CITIES[i % 6]}, harbour","said ""go"" at {i}\r\nand went",{i * 7}\r\n' for i in range(size))
    return "id,place,note,minutes\r\n" + "".join(rows)


def log(size: int = 150) -> str:
    """A service's log: few shapes, one error, a stack of warnings."""
    lines = []
    for i in range(size):
        stamp = f"2024-05-06 10:{i // 60:02d}:{i % 60:02d},{i * 7 % 1000:03d}"
        if i == 97:
            lines.append(f"{stamp} ERROR [pool-3] c.a.Billing: payment pay_88213 declined: insufficient funds")
        elif i % 29 == 3:
            lines.append(f"{stamp} WARN  [pool-1] c.a.Cache: slow read took {200 + i} ms for key user:{i}")
        else:
            lines.append(f"{stamp} INFO  [pool-{i % 4}] c.a.Http: GET /orders/{1000 + i} 200 in {i % 17 + 3} ms")
    return "\n".join(lines) + "\n"


def log_of_json(size: int = 60) -> str:
    """Lines that mix a time stamp with a JSON payload."""
    return "".join(
        f'2024-05-06T10:00:{i % 60:02d}Z info worker[{i % 3}]: {{"job": {i}, "queue": "mail", "ms": {i * 3}}}\n'
        for i in range(size)
    )


def python_code() -> str:
    """A module of functions and a class."""
    parts = ['"""Rates of parcels."""\n\nimport math\nfrom dataclasses import dataclass\n\nBASE = 4.5\n\n']
    for city in CITIES:
        name = city.lower()
        parts.append(
            f'def rate_{name}(weight_kg: float, express: bool = False) -> float:\n    """What a parcel to'
            f' {city} costs."""\n'
            f"    if weight_kg <= 0:\n        raise ValueError('weight')\n    cost = BASE + {len(name)} *"
            f" math.sqrt(weight_kg)\n"
            f"    for step in range({len(name)}):\n        cost += step * 0.1\n    return cost * 2 if express"
            f" else cost\n\n\n"
        )
    parts.append("@dataclass\nclass Parcel:\n    weight_kg: float\n    city: str\n\n    def heavy(self) -> bool:\n")
    parts.append("        return self.weight_kg > 20\n")
    return "".join(parts)


def go_code() -> str:
    """A small Go file."""
    functions = "".join(
        f"// Rate{city} is the rate of a parcel to {city}.\nfunc Rate{city}(kg float64, express bool)"
        f" (float64, error) {{\n"
        f'\tif kg <= 0 {{\n\t\treturn 0, errors.New("weight")\n\t}}\n\tcost := base + {i}.5*math.Sqrt(kg)\n'
        "\tif express {\n\t\tcost *= 2\n\t}\n\treturn cost, nil\n}\n\n"
        for i, city in enumerate(CITIES)
    )
    return f'package rates\n\nimport (\n\t"errors"\n\t"math"\n)\n\nconst base = 4.5\n\n{functions}'


def typescript_code() -> str:
    """A small TypeScript file."""
    functions = "".join(
        f"export async function fetch{city}(id: string, retries = {i}): Promise<Tram | null> {{\n"
        f"  const answer = await get(`/trams/{city.lower()}/${{id}}`);\n  if (!answer.ok) {{\n    return null;\n  }}\n"
        f"  const body = (await answer.json()) as Tram;\n  return {{ ...body, zone: {i} }};\n}}\n\n"
        for i, city in enumerate(CITIES)
    )
    head = 'import { get } from "./http";\n\nexport interface Tram {\n  id: string;\n  zone: number;\n}\n\n'
    return head + functions


def git_diff() -> str:
    """Several files changed, some context around each change."""
    parts = []
    for i, city in enumerate(CITIES):
        path = f"src/rates/{city.lower()}.py"
        context = "".join(f"     step_{k} = base + {k}\n" for k in range(8))
        parts.append(
            f"diff --git a/{path} b/{path}\nindex 3f2a1{i}c..9be07{i}d 100644\n--- a/{path}\n+++ b/{path}\n"
            f"@@ -{10 + i},19 +{10 + i},20 @@ def rate():\n{context}-    cost = {i} * kg\n+    cost = {i + 1} * kg\n"
            f"+    check(cost)\n{context}     return cost\n"
        )
    return "".join(parts)


def grep_hits() -> str:
    """Hits of a search, path:line:text, several to the file."""
    return "".join(
        f"src/{city.lower()}/rates.py:{12 + 9 * k}:    cost = rate_{city.lower()}(parcel, zone={k})  # see"
        f" ticket {i}{k}\n"
        for i, city in enumerate(CITIES)
        for k in range(9)
    )


def pytest_run() -> str:
    """A test run with one failure."""
    passed = "".join(
        f"tests/test_{city.lower()}.py::test_rate_{k} PASSED [ {i * 9 + k:2d}%]\n"
        for i, city in enumerate(CITIES)
        for k in range(9)
    )
    return (
        "============================= test session starts ==============================\n"
        "platform linux -- Python 3.11.4, pytest-8.3.2, pluggy-1.5.0\nrootdir: /srv/app\ncollected 55 items\n\n"
        f"{passed}tests/test_zone.py::test_zone FAILED [100%]\n\n"
        "=================================== FAILURES ===================================\n"
        "__________________________________ test_zone ___________________________________\n\n"
        "    def test_zone():\n        rate = rate_lisbon(3.0)\n>       assert rate == 11.25\n"
        "E       assert 10.4 == 11.25\n\ntests/test_zone.py:14: AssertionError\n"
        "=========================== short test summary info ============================\n"
        "FAILED tests/test_zone.py::test_zone - assert 10.4 == 11.25\n"
        "========================= 1 failed, 54 passed in 0.41s =========================\n"
    )


def stack_trace() -> str:
    """A traceback through many frames of a library."""
    frames = "".join(
        f'  File "/usr/lib/python3.11/site-packages/web/layer{i}.py", line {40 + i}, in call\n    return'
        f" self.next(request)\n"
        for i in range(30)
    )
    return (
        'Traceback (most recent call last):\n  File "/srv/app/main.py", line 88, in handle\n    rate = quote(parcel)\n'
        f"{frames}"
        '  File "/srv/app/rates.py", line 23, in quote\n    return table[parcel.city]\n           ~~~~~^^^^^^^^^^^^^\n'
        "KeyError: 'Atlantis'\n"
    )
