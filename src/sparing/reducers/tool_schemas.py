"""A tool definition with fewer tokens that admits exactly the same calls.

Only what explains is shortened (descriptions, titles and the like); names, types, enums, required, nesting, formats,
patterns and bounds stay to the letter. The result depends on nothing but the definition and the effort, so a tool reads
the same in every turn and the provider's cached prefix holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from sparing.core.ladder import Skip
from sparing.reducers.json_write import Number, read, write
from sparing.reducers.tool_forms import Form, at, forms
from sparing.reducers.tool_text import Care, shorten, unindent
from sparing.reducers.tool_words import (
    FORM,
    OF_DEFAULT,
    OF_ENUM,
    RULE,
    is_known,
    is_telling,
    opens_with,
    split_name,
    words_of,
)
from sparing.settings.policy import Effort

NAME: Final = "tool_schemas.v1"

# Keywords whose value holds schemas: one (or a list of them), a list, a map by name. JSON Schema 2020-12 and earlier.
_ONE = frozenset(
    {"items", "additionalItems", "additionalProperties", "unevaluatedItems", "unevaluatedProperties", "contains"}
    | {"propertyNames", "not", "if", "then", "else", "contentSchema"}
)
_LIST = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAP = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_OF_A_DRAFT = frozenset({"additionalItems", "dependencies", "$recursiveRef", "$recursiveAnchor"})
_BESIDE_REF = frozenset(
    {"$ref", "$schema", "$defs", "$comment", "definitions", "title", "description", "default", "examples"}
)


class _Place(NamedTuple):
    """Where a schema stands.

    Attributes:
        names: Stems of the words in the names of the property and of those around it.
        required: Whether a call has to have it.
        telling: Whether its name tells by itself what it is.
    """

    names: frozenset[str] = frozenset()
    required: bool = True
    telling: bool = True


class _Notes(NamedTuple):
    """What stays of descriptions at one effort; None: all."""

    tool: Care | None = None
    required: Care | None = None
    optional: Care | None = None

    def of(self, place: _Place) -> Care | None:
        """Of the description of a parameter; where the name does not tell, its first clause stays."""
        care = self.required if place.required else self.optional
        return care if care is None or place.telling else replace(care, plain=max(1, care.plain), gloss=True)


_CUES = (RULE, FORM)
_CUED_CLAUSES = Care(False, 0, _CUES, gloss=False, clauses=False)
_EFFORTS: Final[Mapping[Effort, _Notes]] = {
    "safe": _Notes(),
    "balanced": _Notes(Care(True, 2, _CUES, whole=True), Care(False, 2, _CUES), Care(False, 0, _CUES)),
    "max": _Notes(Care(True, 1, (RULE,), clauses=False, whole=True), _CUED_CLAUSES, _CUED_CLAUSES),
}


def shorten_tool(text: str, effort: Effort, pins: Sequence[str] = ()) -> str | Skip:
    """A shorter JSON definition of the same tool.

    Args:
        text: JSON of a definition as it stands in a request: OpenAI's chat and responses forms, Anthropic's, Gemini's.
        effort: ``safe`` takes out what says nothing, ``balanced`` shortens descriptions, ``max`` leaves first clauses.
        pins: A description that contains one of these stays as it is.
    """
    if effort == "off":
        return Skip("effort off")
    try:
        definition = read(text)
        found = forms(definition)
        if not found:
            return Skip("no function with a schema")
        for form in found:
            _shorten_form(at(definition, form.path), form, _Shortener(_EFFORTS[effort], pins))
        short = write(definition)
    except ValueError as error:
        return Skip(f"not read: {error}")
    except RecursionError:
        return Skip("nested too deep")
    return short if len(short) < len(text) else Skip("nothing shorter was found")


def _shorten_form(holder: dict[str, Any], form: Form, shortener: _Shortener) -> None:
    """Shorten one function of a definition, in place."""
    shortener.tool_words = words_of(form.name)
    schema = holder[form.schema]
    if isinstance(description := holder.get("description"), str):
        holder["description"] = shortener.tool_description(description, schema.get("properties"))
    shortener.keep_dialect = _has_own_dialect(schema)
    holder[form.schema] = shortener.schema(schema, _Place())


class _Shortener:
    def __init__(self, notes: _Notes, pins: Sequence[str]) -> None:
        self._notes = notes
        self._pins = pins
        self.tool_words: frozenset[str] = frozenset()
        self.keep_dialect = False

    def tool_description(self, text: str, properties: Any) -> str:
        """A tool's description; its lines about parameters ("city: where it is") stay."""
        care = self._notes.tool
        if care and isinstance(properties, dict) and properties:
            care = replace(care, cues=(*care.cues, opens_with(properties)))
        return self._text(text, care, frozenset())

    def schema(self, node: Any, place: _Place) -> Any:
        """The same schema with shorter notes."""
        if not isinstance(node, dict):
            return node
        short: dict[str, Any] = {}
        for key, value in node.items():
            if key in _MAP and isinstance(value, dict):
                short[key] = {
                    name: self.schema(inner, _inside(place, node, key, name)) for name, inner in value.items()
                }
            elif (key in _LIST or key in _ONE) and isinstance(value, list):
                short[key] = [self.schema(inner, place) for inner in value]
            elif key in _ONE:
                short[key] = self.schema(value, place)
            elif (kept := self._note(key, value, node, place)) is not _GONE:
                short[key] = kept
        return short

    def _note(self, key: str, value: Any, node: dict[str, Any], place: _Place) -> Any:
        match key, value:
            case ("default", None) | ("$comment", str()) | ("description" | "title", ""):
                return _GONE
            case ("$schema", str()):
                return value if self.keep_dialect else _GONE
            case ("optional", True):
                return value if place.required else _GONE
            case ("title", str()):
                return _GONE if is_known(split_name(value), place.names | self.tool_words) else value
            case ("description", str()):
                return self._text(value, self._notes.of(place), place.names | _values(node)) or _GONE
        return value

    def _text(self, text: str, care: Care | None, known: frozenset[str]) -> str:
        if any(pin in text for pin in self._pins):
            return text
        if care is None:
            return unindent(text)
        return shorten(text, care, known, self.tool_words)


_GONE: Final = object()


def _inside(place: _Place, node: dict[str, Any], key: str, name: str) -> _Place:
    """The place of one of the schemas that `node` names under `key`."""
    needed = node.get("required")
    required = key != "properties" or (isinstance(needed, list) and name in needed)
    return _Place(place.names | words_of(name), required, is_telling(name))


def _values(node: dict[str, Any]) -> frozenset[str]:
    """Stems of the words that a schema's own values say."""
    known: frozenset[str] = frozenset()
    if isinstance(enum := node.get("enum"), list):
        known |= OF_ENUM | words_of(*(value for value in enum if isinstance(value, str)))
    default = node.get("default")
    if isinstance(default, str | bool | Number):
        known |= OF_DEFAULT | words_of(str(default))
    return known


def _has_own_dialect(node: Any) -> bool:
    """Whether a schema uses what drafts of JSON Schema read in different ways, so that it has to name its draft."""
    if isinstance(node, list):
        return any(map(_has_own_dialect, node))
    if not isinstance(node, dict):
        return False
    return (
        not _OF_A_DRAFT.isdisjoint(node)
        or isinstance(node.get("items"), list)
        or isinstance(node.get("exclusiveMinimum"), bool)
        or isinstance(node.get("exclusiveMaximum"), bool)
        or ("$ref" in node and not node.keys() <= _BESIDE_REF)
        or any(_has_own_dialect(node[key]) for key in node.keys() & (_ONE | _LIST))
        or any(_has_own_dialect(list(node[key].values())) for key in node.keys() & _MAP if isinstance(node[key], dict))
    )
