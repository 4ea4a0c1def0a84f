"""Whether a question depends on when it is asked, in any of the languages that most people write."""

from __future__ import annotations

import re

_WORDS = """
    today tonight now currently current latest newest recent recently nowadays yesterday tomorrow
    heute jetzt aktuell aktuelle aktuellen gerade derzeit gestern morgen neueste neuesten
    aujourd'hui maintenant actuellement actuel actuelle hier demain dernier dernière
    hoy ahora actualmente actual ayer mañana último última
    oggi adesso ora attuale attualmente ieri domani ultimo ultima
    hoje agora atualmente atual ontem amanhã
    vandaag nu momenteel huidige gisteren
    сегодня сейчас теперь вчера завтра текущий текущая последний последние
    dziś dzisiaj teraz obecnie wczoraj jutro
    bugün şimdi dün yarın
    σήμερα τώρα χθες αύριο
    اليوم الآن امس أمس غدا
    आज अभी अब कल
    hôm nay bây giờ
"""
_UNSPACED = "今天|现在|目前|昨天|明天|最新|今日|今は|いま|現在|昨日|明日|วันนี้|ตอนนี้|오늘|지금|현재|어제|내일"
_SPACED_PHRASES = (
    r"th[ie]s (?:week|month|year|morning|evening)|last (?:week|month|year)|right away|so far|hôm nay|bây giờ"
)
_SINGLE = [word for word in _WORDS.split() if word not in ("hôm", "nay", "bây", "giờ")]
_NOW = re.compile(
    rf"(?<!\w)(?:{'|'.join(map(re.escape, _SINGLE))}|{_SPACED_PHRASES})(?!\w)|{_UNSPACED}"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d|(?<!\d)\d{1,2}:\d\d:\d\d(?!\d)",
    re.IGNORECASE,
)


def speaks_of_now(text: str) -> bool:
    """Whether `text` has a word for the present ("today", "heute", "今天", "latest") or a time of day with its date or
    seconds. A dictionary, so it misses what is only meant: a question about the weather needs no such word."""
    return _NOW.search(text) is not None
