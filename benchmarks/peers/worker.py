"""Runs one peer in the interpreter it is installed in: JSON lines in, JSON lines out. Only the standard library here.

    python worker.py --check llmslim     # exit status 0 when it can be imported, else prints why
    python worker.py llmslim             # {"text", "question", "kept"} -> {"text", "cpu_s", "rss_mb"}
                                         # {"body"}, a chat request     -> {"body", "cpu_s", "rss_mb"}
                                         # either                       -> {"error", "cpu_s"}

Each peer is called the way its own documentation shows, with its defaults; what is set otherwise is said at the
adapter. The text is handed over as a tool result that answers the question, where the peer takes messages. `kept` is
the share of the tokens that may stay, null where the peer chooses. A whole request is handed over as it is, with all of
the peer's defaults and without any memory of earlier ones; a peer that takes single texts gets every tool result of it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Shorten = Callable[[str, str, "float | None"], str]
Body = dict[str, Any]
Convert = Callable[[Body], Body]


def headroom() -> Shorten:
    """headroom.compress with its defaults, but for the newest result being fair game too (protect_recent=0)."""
    from headroom import compress

    def shorten(text: str, question: str, _kept: float | None) -> str:
        result = compress(_messages(text, question), model="gpt-4o", protect_recent=0)
        return _tool_text(result.messages)

    return shorten


def headroom_text() -> Shorten:
    """Its text compressor called directly, told the question and the share to keep."""
    from headroom.transforms.text_crusher import TextCrusher

    def shorten(text: str, question: str, kept: float | None) -> str:
        return str(TextCrusher().compress(text, context=question, target_ratio=kept).compressed)

    return shorten


def llmtrim(preset: str) -> Shorten:
    import llmtrim as package

    def shorten(text: str, question: str, _kept: float | None) -> str:
        body = json.dumps({"model": "gpt-4o", "messages": _messages(text, question)})
        result = package.compress(body, package.Provider.OPEN_AI, preset)
        return _tool_text(json.loads(result.request_json)["messages"])

    return shorten


def leantokens(*, smart: bool) -> Shorten:
    import leantokens as package

    def shorten(text: str, question: str, _kept: float | None) -> str:
        body = {"model": "gpt-4o", "messages": _messages(text, question)}
        package.compress_request(body, smart=smart)
        return _tool_text(body["messages"])

    return shorten


def llmslim() -> Shorten:
    """Its one-call compressor with the question; 0.4 of the tokens where no budget is given."""
    from llmslim import compress

    def shorten(text: str, question: str, kept: float | None) -> str:
        ratio = 0.4 if kept is None else max(0.01, kept)
        return str(compress(text, target_ratio=ratio, query=question or None).compressed_text)

    return shorten


def contextpress(kind: str, level: str) -> Shorten:
    from contextpress import ContextManager

    def shorten(text: str, question: str, _kept: float | None) -> str:
        manager = ContextManager(type=kind, compression=level)
        return _tool_text(manager.compress(_messages(text, question)))

    return shorten


def distil() -> Shorten:
    from distil import compress_messages

    def shorten(text: str, question: str, _kept: float | None) -> str:
        return _tool_text(compress_messages(_messages(text, question)).messages)

    return shorten


def lingua(*, asks: bool) -> Shorten:
    """LLMLingua, or LongLLMLingua with the settings of its README, on the embedded small model in float32, one thread.

    The weights are the GGUF file that SPARING_PEERS_MODEL names, by default where `sparing models pull` puts them.
    Passages are what blank lines part, or lines where there are none. Where no budget is given half is kept, its own
    default.
    """
    import torch
    from llmlingua import PromptCompressor
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = Path(os.environ.get("SPARING_PEERS_MODEL") or _MODEL).expanduser()
    if not path.is_file():
        raise ImportError(f"there is no model {path}: sparing models pull")
    torch.set_num_threads(1)

    class FromGguf(PromptCompressor):
        """As its `load_model` does, but for the kind of file."""

        def load_model(self, model_name: str, device_map: str = "", model_config: Any = None) -> None:
            self.device, self.context_idxs = "cpu", []
            self.tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
            self.tokenizer.padding_side, self.tokenizer.pad_token_id = "left", self.tokenizer.eos_token_id
            self.model = AutoModelForCausalLM.from_pretrained(
                path.parent, gguf_file=path.name, torch_dtype=torch.float32
            )
            self.max_position_embeddings = self.model.config.max_position_embeddings

    compressor = FromGguf(str(path), device_map="cpu")

    def shorten(text: str, question: str, kept: float | None) -> str:
        blocks = [block for block in text.split("\n\n" if "\n\n" in text else "\n") if block.strip()]
        how: dict[str, Any] = {"rate": kept or 0.5}
        if asks and question:
            how |= {
                "question": question,
                "rank_method": "longllmlingua",
                "condition_in_question": "after_condition",
                "reorder_context": "sort",
                "dynamic_context_compression_ratio": 0.3,
                "condition_compare": True,
                "context_budget": "+100",
            }
        told = str(compressor.compress_prompt(blocks, **how)["compressed_prompt"])
        return told.removesuffix(question).rstrip() if asks else told

    return shorten


_MODEL = "~/.local/share/sparing/models/SmolLM2-135M-Instruct.Q4_1.gguf"

PEERS: dict[str, Callable[[], Shorten]] = {
    "headroom": headroom,
    "headroom_text": headroom_text,
    "llmtrim_safe": lambda: llmtrim("safe"),
    "llmtrim_agent": lambda: llmtrim("agent"),
    "llmtrim_aggressive": lambda: llmtrim("aggressive"),
    "leantokens": lambda: leantokens(smart=False),
    "leantokens_smart": lambda: leantokens(smart=True),
    "llmslim": llmslim,
    "contextpress_agent": lambda: contextpress("agent", "low"),
    "contextpress_rag": lambda: contextpress("rag_doc", "high"),
    "distil": distil,
    "llmlingua": lambda: lingua(asks=False),
    "longllmlingua": lambda: lingua(asks=True),
}


def headroom_request() -> Convert:
    from headroom import compress

    def convert(body: Body) -> Body:
        return {**body, "messages": compress(body["messages"], model=body["model"]).messages}

    return convert


def llmtrim_request(preset: str) -> Convert:
    import llmtrim as package

    def convert(body: Body) -> Body:
        provider = package.Provider.ANTHROPIC if _is_anthropic(body) else package.Provider.OPEN_AI
        return dict(json.loads(package.compress(json.dumps(body), provider, preset).request_json))

    return convert


def leantokens_request(*, smart: bool) -> Convert:
    import leantokens as package

    def convert(body: Body) -> Body:
        package.compress_request(body, smart=smart)
        return body

    return convert


def contextpress_request(kind: str, level: str) -> Convert:
    from contextpress import ContextManager

    def convert(body: Body) -> Body:
        manager = ContextManager(type=kind, compression=level)
        return {**body, "messages": manager.compress(body["messages"])}

    return convert


def distil_request() -> Convert:
    """Its function for either form; what it would keep for recovery stays in memory (persist=False)."""
    from distil import compress_messages
    from distil.adapters.anthropic import compress_messages as compress_blocks

    def convert(body: Body) -> Body:
        if _is_anthropic(body):
            return {**body, "messages": compress_blocks(body["messages"], persist=False)[0]}
        return {**body, "messages": compress_messages(body["messages"]).messages}

    return convert


# Peers that take whole requests. The others get the tool results one by one.
REQUESTS: dict[str, Callable[[], Convert]] = {
    "headroom": headroom_request,
    "llmtrim_safe": lambda: llmtrim_request("safe"),
    "llmtrim_agent": lambda: llmtrim_request("agent"),
    "llmtrim_aggressive": lambda: llmtrim_request("aggressive"),
    "leantokens": lambda: leantokens_request(smart=False),
    "leantokens_smart": lambda: leantokens_request(smart=True),
    "contextpress_agent": lambda: contextpress_request("agent", "low"),
    "contextpress_rag": lambda: contextpress_request("rag_doc", "high"),
    "distil": distil_request,
}


def each_result(shorten: Shorten) -> Convert:
    """Every tool result on its own, with what the user last said before it and the call that fetched it."""

    def convert(body: Body) -> Body:
        user, call = "", ""
        for message in body["messages"]:
            calls = [c.get("function") for c in message.get("tool_calls") or ()]
            for block in _blocks(message):
                if block["type"] == "tool_use":
                    calls.append({"name": block["name"], "arguments": block["input"]})
                elif block["type"] == "tool_result" and isinstance(block["content"], str) and block["content"].strip():
                    block["content"] = shorten(block["content"], f"{user}\n{call}", None)
                elif block["type"] == "text" and message["role"] == "user":
                    user = block["text"]
            if message["role"] == "tool" and isinstance(message.get("content"), str) and message["content"].strip():
                message["content"] = shorten(message["content"], f"{user}\n{call}", None)
            if calls:
                call = " ".join(map(json.dumps, calls))
        return body

    return convert


def _blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Content blocks of a message; a string of the user is one."""
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if message["role"] == "user" else []
    return content or []


def _is_anthropic(body: Body) -> bool:
    return "max_tokens" in body  # Anthropic's form requires it; the requests in OpenAI's form have none


def _messages(text: str, question: str) -> list[dict[str, Any]]:
    call = {"id": "call_1", "type": "function", "function": {"name": "fetch", "arguments": "{}"}}
    return [
        {"role": "user", "content": question or "Look at this."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": text},
    ]


def _tool_text(messages: list[dict[str, Any]]) -> str:
    """The text of the tool messages; "" when the peer dropped them."""
    texts = []
    for message in messages:
        if message.get("role") != "tool":
            continue
        content = message.get("content") or ""
        texts.append(content if isinstance(content, str) else "".join(part.get("text", "") for part in content))
    return "\n".join(texts)


def _offline_vocabularies() -> None:
    """Point tiktoken at the vocabularies that LiteLLM carries: it would otherwise try to download them."""
    spec = importlib.util.find_spec("litellm")
    if spec is not None and spec.submodule_search_locations:
        folder = Path(spec.submodule_search_locations[0]) / "litellm_core_utils" / "tokenizers"
        os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(folder))


def _answer(shorten: Shorten, convert: Convert, line: str) -> dict[str, Any]:
    request = json.loads(line)
    started = time.process_time()
    done: dict[str, Any]
    try:
        if "body" in request:
            done = {"body": convert(request["body"])}
        else:
            done = {"text": shorten(request["text"], request["question"], request["kept"])}
    except Exception as error:  # any failure of a peer is a result to report, not the end of the run
        return {"error": f"{type(error).__name__}: {error}", "cpu_s": time.process_time() - started}
    return {**done, "cpu_s": time.process_time() - started, "rss_mb": _rss_mb()}


def _rss_mb() -> float:
    """Most memory that this process has taken, where the kernel says so."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def main(arguments: list[str]) -> int:
    check = arguments[:1] == ["--check"]
    name = arguments[-1]
    _offline_vocabularies()
    try:
        shorten = PEERS[name]()
        convert = REQUESTS[name]() if name in REQUESTS else each_result(shorten)
    except ImportError as error:
        print(f"not installed ({error})")
        return 1
    if check:
        return 0
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with contextlib.redirect_stdout(sys.stderr):  # peers print; the protocol needs the real stdout for itself
        shorten("The first call loads what is loaded lazily. It is not timed.\n" * 40, "What is loaded?", 0.4)
        for line in sys.stdin:
            out.write(json.dumps(_answer(shorten, convert, line)) + "\n")
            out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
