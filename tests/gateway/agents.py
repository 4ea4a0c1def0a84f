"""An agent on each provider's own client: a history, tools, one turn at a time, streamed or not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import anthropic
import openai
from google import genai
from google.genai import types


@dataclass
class Turn:
    """What the client got: the text, and the calls (name, arguments) of its own tools."""

    text: str
    calls: list[tuple[str, dict[str, Any]]]
    raw: Any


@dataclass
class Agent:
    """Keeps the history as the provider's documentation says, and sends all of it with every turn.

    Attributes:
        tools: Definitions as (name, description, JSON schema).
    """

    url: str
    tools: Sequence[tuple[str, str, dict[str, Any]]] = ()
    stream: bool = False
    history: list[Any] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)

    def ask(self, question: str) -> Turn:
        self.history.append(self.user(question))
        return self._turn()

    def give(self, turn: Turn, *results: str) -> Turn:
        """Send the results of the calls of the last turn."""
        self.history += self.results(turn, results)
        return self._turn()

    def _turn(self) -> Turn:
        turn = self.send()
        self.history += self.said(turn.raw)
        return turn

    def user(self, question: str) -> Any:
        return {"role": "user", "content": question}

    def send(self) -> Turn:
        raise NotImplementedError

    def said(self, raw: Any) -> list[Any]:
        raise NotImplementedError

    def results(self, turn: Turn, results: Sequence[str]) -> list[Any]:
        raise NotImplementedError


class Chat(Agent):
    def send(self) -> Turn:
        tools: Any = [
            {"type": "function", "function": {"name": name, "description": note, "parameters": schema}}
            for name, note, schema in self.tools
        ]
        asked: Any = {
            "model": "gpt-4o",
            "messages": self.history,
            **({"tools": tools} if tools else {}),
            **self.options,
        }
        with openai.OpenAI(base_url=f"{self.url}/v1", api_key="k", max_retries=0, timeout=30) as client:
            if self.stream:
                with client.chat.completions.stream(**asked) as stream:
                    message: Any = stream.get_final_completion().choices[0].message
            else:
                message = client.chat.completions.create(**asked).choices[0].message
        calls = [(one.function.name, json.loads(one.function.arguments)) for one in message.tool_calls or []]
        return Turn(message.content or "", calls, message)

    def said(self, raw: Any) -> list[Any]:
        calls = [
            {"id": one.id, "type": "function", "function": {"name": function.name, "arguments": function.arguments}}
            for one in raw.tool_calls or []
            for function in (one.function,)
        ]
        return [{"role": "assistant", "content": raw.content, **({"tool_calls": calls} if calls else {})}]

    def results(self, turn: Turn, results: Sequence[str]) -> list[Any]:
        given = zip(turn.raw.tool_calls, results, strict=True)
        return [{"role": "tool", "tool_call_id": call.id, "content": text} for call, text in given]


class Messages(Agent):
    def send(self) -> Turn:
        tools: Any = [{"name": name, "description": note, "input_schema": schema} for name, note, schema in self.tools]
        asked: Any = {"model": "claude-sonnet", "max_tokens": 100, "messages": self.history, "tools": tools}
        asked |= self.options
        with anthropic.Anthropic(base_url=self.url, api_key="k", max_retries=0, timeout=30) as client:
            if self.stream:
                with client.messages.stream(**asked) as stream:
                    message: Any = stream.get_final_message()
            else:
                message = client.messages.create(**asked)
        text = "".join(block.text for block in message.content if block.type == "text")
        return Turn(text, [(b.name, b.input) for b in message.content if b.type == "tool_use"], message)

    def said(self, raw: Any) -> list[Any]:
        return [{"role": "assistant", "content": [block.model_dump(exclude_unset=True) for block in raw.content]}]

    def results(self, turn: Turn, results: Sequence[str]) -> list[Any]:
        calls = [block for block in turn.raw.content if block.type == "tool_use"]
        given = zip(calls, results, strict=True)
        content = [{"type": "tool_result", "tool_use_id": call.id, "content": text} for call, text in given]
        return [{"role": "user", "content": content}]


class Responses(Agent):
    def send(self) -> Turn:
        tools: Any = [
            {"type": "function", "name": name, "description": note, "parameters": schema, "strict": False}
            for name, note, schema in self.tools
        ]
        asked: Any = {"model": "gpt-5", "input": self.history, **({"tools": tools} if tools else {}), **self.options}
        with openai.OpenAI(base_url=f"{self.url}/v1", api_key="k", max_retries=0, timeout=30) as client:
            if self.stream:
                with client.responses.stream(**asked) as stream:
                    response: Any = stream.get_final_response()
            else:
                response = client.responses.create(**asked)
        calls = [(one.name, json.loads(one.arguments)) for one in response.output if one.type == "function_call"]
        return Turn(response.output_text, calls, response)

    def said(self, raw: Any) -> list[Any]:
        return [item.to_dict() for item in raw.output]

    def results(self, turn: Turn, results: Sequence[str]) -> list[Any]:
        calls = [item for item in turn.raw.output if item.type == "function_call"]
        given = zip(calls, results, strict=True)
        return [{"type": "function_call_output", "call_id": call.call_id, "output": text} for call, text in given]


class Gemini(Agent):
    def user(self, question: str) -> Any:
        return types.Content(role="user", parts=[types.Part(text=question)])

    def send(self) -> Turn:
        declared = [
            types.FunctionDeclaration(name=name, description=note, parameters_json_schema=schema)
            for name, note, schema in self.tools
        ]
        tools: Any = [types.Tool(function_declarations=declared)] if declared else None
        off = types.AutomaticFunctionCallingConfig(disable=True)
        config = types.GenerateContentConfig(tools=tools, automatic_function_calling=off, **self.options)
        asked: Any = {"model": "gemini-2.5-flash", "contents": list(self.history), "config": config}
        options = types.HttpOptions(base_url=self.url, timeout=30_000)
        with genai.Client(api_key="k", http_options=options) as client:
            if self.stream:
                chunks = list(client.models.generate_content_stream(**asked))
            else:
                chunks = [client.models.generate_content(**asked)]
        parts = [
            part for chunk in chunks for c in chunk.candidates or () if c.content for part in c.content.parts or ()
        ]
        text = "".join(part.text for part in parts if part.text and not part.thought)
        calls = [(str(p.function_call.name), dict(p.function_call.args or {})) for p in parts if p.function_call]
        return Turn(text, calls, (parts, chunks))

    def said(self, raw: Any) -> list[Any]:
        return [types.Content(role="model", parts=raw[0])]

    def results(self, turn: Turn, results: Sequence[str]) -> list[Any]:
        parts = [
            types.Part.from_function_response(name=name, response={"result": text})
            for (name, _), text in zip(turn.calls, results, strict=True)
        ]
        return [types.Content(role="user", parts=parts)]


AGENTS: dict[str, type[Agent]] = {
    "openai.chat": Chat,
    "anthropic.messages": Messages,
    "openai.responses": Responses,
    "gemini": Gemini,
}
