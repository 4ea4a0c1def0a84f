"""Tickets and notices in other languages, asked about in the same language."""

from __future__ import annotations

import json
import random

from sparing.evals.planted.nouns import Asked, ToolOutput
from sparing.evals.planted.words import clock, cycle, distinct_numbers


def chinese_tickets(rng: random.Random, n: int = 70) -> ToolOutput:
    """JSON rows in Chinese."""
    plain = (
        "打印机无法连接网络",
        "密码已过期需要重置",
        "屏幕偶尔闪烁",
        "申请安装办公软件",
        "邮箱容量不足",
        "键盘有按键失灵",
    )
    texts, ids = cycle(plain, n, rng), distinct_numbers(rng, n, 10_000, 99_999)
    rooms = cycle(("三楼", "五楼", "七楼", "仓库"), n, rng)
    rows = [{"编号": f"T{ids[i]}", "地点": rooms[i], "问题": texts[i], "状态": "处理中"} for i in range(n)]
    leak, asked = rng.sample(range(n), 2)
    rows[leak]["问题"] = "机房空调漏水，服务器温度升到四十一度"
    rows[asked]["地点"] = "十二楼会议室"
    return ToolOutput(
        "chinese_tickets",
        json.dumps(rows, ensure_ascii=False),
        (
            Asked("language", "哪张工单提到机房漏水？温度多少？", (f"T{ids[leak]}", "四十一度")),
            Asked("language", f"工单T{ids[asked]}的地点在哪里？", ("十二楼会议室",)),
        ),
    )


def arabic_orders(rng: random.Random, n: int = 60) -> ToolOutput:
    """JSON rows in Arabic."""
    cities, goods = (
        cycle(("القاهرة", "الرباط", "عمّان", "تونس"), n, rng),
        cycle(("كتاب", "ساعة", "حقيبة", "مصباح"), n, rng),
    )
    ids, prices = distinct_numbers(rng, n, 1_000, 9_999), distinct_numbers(rng, n, 100, 990)
    rows = [{"رقم": f"ط-{ids[i]}", "المدينة": cities[i], "الصنف": goods[i], "السعر": prices[i]} for i in range(n)]
    late, asked = rng.sample(range(n), 2)
    rows[late]["الصنف"] = "ثلاجة وصلت مكسورة"
    return ToolOutput(
        "arabic_orders",
        json.dumps(rows, ensure_ascii=False),
        (
            Asked("language", "أي طلب وصل مكسورًا؟", (f"ط-{ids[late]}", "ثلاجة")),
            Asked("language", f"ما سعر الطلب ط-{ids[asked]}؟", (str(prices[asked]),)),
        ),
    )


def spanish_notice(rng: random.Random, n: int = 45) -> ToolOutput:
    """Spanish prose: a notice per neighbourhood, two facts."""
    streets = cycle(("del Olmo", "de la Luna", "Mayor", "del Pez", "de Atocha", "del Prado"), n, rng)
    days, hours = distinct_numbers(rng, n, 1, 400), cycle(("mañana", "tarde", "noche"), n, rng)
    said = [
        f"Los vecinos de la calle {streets[i]} podrán consultar el expediente {days[i]} en la oficina por la "
        f"{hours[i]}. El plazo es el habitual y no hace falta pedir cita."
        for i in range(n)
    ]
    said[rng.randrange(5, 20)] += (
        " El corte de agua previsto para el sábado se aplaza al 9 de octubre por la lluvia, salvo en los hospitales."
    )
    said[rng.randrange(22, 40)] += " Quedan exentos de la tasa los talleres con menos de tres empleados."
    return ToolOutput(
        "spanish_notice",
        "\n\n".join(" ".join(said[i : i + 3]) for i in range(0, n, 3)) + "\n",
        (
            Asked(
                "language",
                "¿Cuándo será el corte de agua y quién se libra?",
                ("9 de octubre", "salvo en los hospitales"),
            ),
            Asked("exception", "¿Quién no tiene que pagar la tasa?", ("menos de tres empleados",)),
        ),
    )


def german_log(rng: random.Random, n: int = 170) -> ToolOutput:
    """Zeilen einer Anlage auf Deutsch, one fault."""
    parts = cycle(("Pumpe", "Ventil", "Förderband", "Kessel", "Lüfter"), n, rng)
    values, numbers = distinct_numbers(rng, n, 200, 990), cycle(tuple(range(1, 30)), n, rng)
    lines = [
        f"2026-03-04 {clock(28_800, i)} MELDUNG {parts[i]} {numbers[i]}: Betrieb normal, Messwert {values[i]}"
        for i in range(n)
    ]
    fault, off = rng.sample(range(n), 2)
    lines[fault] = lines[fault].partition(" MELDUNG")[0] + f" STÖRUNG Kessel 31: Überdruck {values[fault]} bar, Notaus"
    lines[off] = lines[off].partition(" MELDUNG")[0] + " MELDUNG Lüfter 44: nicht eingeschaltet, Sicherung fehlt"
    return ToolOutput(
        "german_log",
        "\n".join(lines) + "\n",
        (
            Asked("negation", "Welches Gerät wurde nicht eingeschaltet und warum?", ("Lüfter 44", "Sicherung fehlt")),
            Asked("language", "Welche Störung gab es am Kessel?", (f"Überdruck {values[fault]} bar",)),
        ),
        ("STÖRUNG",),
    )


def hindi_list(rng: random.Random, n: int = 60) -> ToolOutput:
    """JSON rows in Hindi."""
    names = cycle(("अमित", "सुनीता", "राजेश", "प्रिया", "मोहन", "लक्ष्मी"), n, rng)
    villages = cycle(("रामपुर", "सीतापुर", "गोविंदगढ़", "शिवनगर"), n, rng)
    ids, sums = distinct_numbers(rng, n, 1_000, 9_999), distinct_numbers(rng, n, 100, 990)
    rows = [
        {"क्रमांक": f"क-{ids[i]}", "नाम": names[i], "गाँव": villages[i], "राशि": sums[i], "भुगतान": "हाँ"} for i in range(n)
    ]
    unpaid, asked = rng.sample(range(n), 2)
    rows[unpaid]["भुगतान"] = "नहीं"
    return ToolOutput(
        "hindi_list",
        json.dumps(rows, ensure_ascii=False),
        (
            Asked("negation", "किसका भुगतान नहीं हुआ?", (f"क-{ids[unpaid]}",)),
            Asked("language", f"क-{ids[asked]} की राशि कितनी है?", (str(sums[asked]),)),
        ),
    )
