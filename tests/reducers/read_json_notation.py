"""Read the text notation of JSON back, by the grammar of `docs/json-text.md` and nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_BARE = re.compile(r'[^\s"\[\]{};]+')
_NAME = re.compile(r'[^\s"\[\]{};:=?]+')
_ABSENT = object()
_LITERALS = {"true": True, "false": False, "null": None, "-": _ABSENT}


def read_text(text: str) -> Any:
    """The document; numbers as bytes, as `read_json` gives them."""
    reader = _Reader(text)
    value = reader.item() if text.startswith(("[", "{", '""[')) else reader.fields()
    assert reader.at == len(text), text[reader.at :]
    return value


@dataclass
class _Spec:
    name: str
    kind: str = "word"  # word, string, const, alias, group, optional, list
    value: Any = None  # of a constant; the other name of an alias
    inner: _Header | None = None


@dataclass
class _Header:
    specs: list[_Spec]
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def live(self) -> list[_Spec]:
        """Those that have a cell in every row."""
        return [spec for spec in self.specs if spec.kind not in ("const", "alias")]


class _Groups(list):
    """Lists of records that share a header."""


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, literal: str) -> bool:
        found = self.text.startswith(literal, self.at)
        self.at += len(literal) * found
        return found

    def match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        assert found, self.text[self.at : self.at + 40]
        self.at = found.end()
        return found.group()

    def name(self) -> str:
        return json.loads(self.match(_STRING)) if self.peek() == '"' else self.match(_NAME)

    def string(self) -> str:
        return json.loads(self.match(_STRING)) if self.peek() == '"' else self.match(_BARE)

    def word(self) -> Any:
        if self.peek() == '"':
            return self.string()
        bare = self.match(_BARE)
        if bare in _LITERALS:
            return _LITERALS[bare]
        return bare.encode() if _NUMBER.fullmatch(bare) else bare

    def item(self) -> Any:
        if self.take('""['):
            strings = []
            while not self.take("]"):
                strings.append(self.string())
                self.take(" ")
            return strings
        if self.take("["):
            return self.list()
        if self.take("{"):
            return self.object()
        return self.word()

    def fields(self) -> dict[str, Any]:
        record: dict[str, Any] = {}
        while self.at < len(self.text) and self.peek() != "}":
            name = self.name()
            assert self.take(":")
            record[name] = self.item()
            self.take(" ")
        return record

    def list(self) -> Any:
        if self.is_table():
            header = self.header()
            groups: list[list[Any]] = [[]]
            while not self.take("]"):
                if self.take("\n\n"):
                    groups.append([])
                self.take("\n")
                groups[-1].append(self.outer_row(header))
            return _Groups(groups) if len(groups) > 1 else groups[0]
        items: list[Any] = []
        lists: list[list[Any]] = []
        while not self.take("]"):
            items.append(self.item())
            self.take(" ")
            if self.take(";\n"):
                lists.append(items)
                items = []
        if lists:
            return [*lists, items]
        return list(items[0]) if len(items) == 1 and isinstance(items[0], _Groups) else items

    def object(self) -> dict[str, Any]:
        if not self.is_table():
            record = self.fields()
            assert self.take("}")
            return record
        assert self.take("key")
        same = self.column() if self.take("=") else None
        self.take(" ")
        header = self.header()
        records = {}
        while not self.take("}"):
            assert self.take("\n")
            key = self.string()
            assert not header.live or self.take(" ")
            records[key] = self.outer_row(header) | ({same.name: key} if same else {})
        return records

    def is_table(self) -> bool:
        """Whether a line ends before the bracket that is open does."""
        at, depth = self.at, 0
        while True:
            if self.text[at] == '"':
                at = _STRING.match(self.text, at).end()
                continue
            if self.text[at] == "\n" and depth == 0:
                return self.text[at - 1] != ";"
            depth += (self.text[at] in "[{") - (self.text[at] in "]}")
            if depth < 0:
                return False
            at += 1

    def header(self) -> _Header:
        specs = []
        while self.peek() not in "\n]}":
            specs.append(self.column())
            self.take(" ")
        return _Header(specs)

    def column(self) -> _Spec:
        name = self.name()
        if self.take(":"):
            return _Spec(name, "const", self.item())
        if self.take("="):
            return _Spec(name, "alias", self.name())
        if self.take('""'):
            return _Spec(name, "string")
        for opens, closes, kind in (("{", "}", "group"), ("[", "]", "list")):
            if self.take(opens):
                inner = self.header()
                assert self.take(closes)
                return _Spec(name, "optional" if self.take("?") else kind, inner=inner)
        return _Spec(name)

    def outer_row(self, header: _Header) -> dict[str, Any]:
        """A row of a table of its own, which may have further keys behind its cells."""
        record = self.row(header)
        if self.take(" {"):
            record.update(self.fields())
            assert self.take("}")
        return record

    def row(self, header: _Header) -> dict[str, Any]:
        record: dict[str, Any] = {}
        first = None
        for number, spec in enumerate(header.live):
            if number == 1 and re.compile(r" =(?=[\s\]};]|\Z)").match(self.text, self.at):
                self.at += 2
                return header.seen[str(first)]
            if number:
                assert self.take(" "), self.text[self.at : self.at + 40]
            value = self.cell(spec)
            first = value if number == 0 else first
            if value is not _ABSENT:
                record[spec.name] = value
        for spec in header.specs:
            if spec.kind == "const":
                record[spec.name] = spec.value
            elif spec.kind == "alias":
                record[spec.name] = record[spec.value]
        header.seen[str(first)] = record
        return record

    def cell(self, spec: _Spec) -> Any:
        if spec.kind == "string":
            return self.string()
        if spec.kind == "group":
            return self.row(spec.inner)
        if spec.kind == "optional" and self.take("{"):
            value = self.row(spec.inner)
            assert self.take("}")
            return value
        if spec.kind == "list" and self.take("["):
            rows = []
            while not self.take("]"):
                rows.append(self.row(spec.inner))
                self.take("; ")
            return rows
        return self.item()
