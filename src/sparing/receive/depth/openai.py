"""OpenAI-shaped requests: an effort by name, DeepSeek's switch beside it, and what templates of open models read.

Sources: developers.openai.com/api/docs/guides/reasoning; api-docs.deepseek.com/guides/thinking_mode;
openrouter.ai/docs, "Reasoning tokens"; docs.vllm.ai, "Reasoning outputs". Looked up on 2026-11-26.
"""

from __future__ import annotations

from sparing.receive.depth.body import Body
from sparing.settings.policies import Reasoning
from sparing.settings.reasoners import Dial


def set_effort(form: Body, wire: str, dial: Dial, level: Reasoning) -> None:
    """Put a level where the model looks for it."""
    if dial == "template":
        form.put("false" if level == "none" else "true", "chat_template_kwargs", "enable_thinking")
    elif dial == "toggle" and level == "none":
        form.put('{"type":"disabled"}', "thinking")
    elif dial == "reasoning" or wire == "openai.responses":
        if form.get("reasoning", "max_tokens") is None:  # OpenRouter takes tokens or a level, not both
            form.put(f'"{level}"', "reasoning", "effort")
    else:
        if form.word("thinking", "type") == "disabled":
            form.put('{"type":"enabled"}', "thinking")
        form.put(f'"{level}"', "reasoning_effort")
