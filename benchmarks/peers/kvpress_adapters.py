"""kvpress's own tests on our scorers: a pytest plugin that puts thin adapters in the place of its presses.

Runs in an environment of its own, offline, in the unpacked source distribution (its tests are in there):

    python -m venv kvpress && kvpress/bin/pip install "kvpress==0.5.5" "transformers==5.2.0" pytest
    kvpress/bin/pip download --no-deps --no-binary kvpress kvpress==0.5.5 && tar xzf kvpress-0.5.5.tar.gz
    cd kvpress-0.5.5 && PYTHONPATH=CHECKOUT/benchmarks/peers ../kvpress/bin/python -m pytest -p kvpress_adapters tests

The model that its fixtures fetch is replaced by one of the same shape with random weights, the tokenizer by bytes.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import kvpress
import torch
import transformers
from kvpress.utils import get_prerope_query_states
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers.models.llama.modeling_llama import rotate_half

# Scorers need PyTorch alone; the package around them checks for the Transformers that its cache needs.
for _name in ("sparing", "sparing.inmodel", "sparing.inmodel.scorers"):
    sys.modules[_name] = ModuleType(_name)
    sys.modules[_name].__path__ = [str(Path(__file__).parents[2] / "src" / _name.replace(".", "/"))]

from sparing.inmodel.scorers.expected import ExpectedAttention  # noqa: E402
from sparing.inmodel.scorers.h2o import H2O  # noqa: E402
from sparing.inmodel.scorers.keydiff import KeyDiff  # noqa: E402
from sparing.inmodel.scorers.knorm import Knorm  # noqa: E402
from sparing.inmodel.scorers.random import Random  # noqa: E402
from sparing.inmodel.scorers.snapkv import SnapKV  # noqa: E402
from sparing.inmodel.scorers.tova import Tova  # noqa: E402
from sparing.inmodel.scorers.window import Window  # noqa: E402
from sparing.inmodel.view import LayerView  # noqa: E402

SINKS = 4
VOCABULARY = 4096


@dataclass
class OurPress(kvpress.ScorerPress):
    """Scores each sequence of the batch with one of our scorers; what is dropped with the scores is kvpress's."""

    scorer: ClassVar = None

    def score(self, module, hidden_states, keys, values, attentions, kwargs):
        return torch.stack(
            [self.scorer.score(view) for view in self._views(module, hidden_states, keys, values, kwargs)]
        )

    def _views(self, module, hidden_states, keys, values, kwargs):
        batch, kv_heads, stored, head_dim = keys.shape
        queries = keys.new_zeros(batch, kv_heads, 1, 0, head_dim)
        if self.scorer.window:
            cos, sin = kwargs["position_embeddings"]
            asked = min(cos.shape[1], hidden_states.shape[1], stored)
            turned = get_prerope_query_states(module, hidden_states[:, -asked:])
            cos, sin = cos[:, None, -asked:], sin[:, None, -asked:]
            queries = (turned * cos + rotate_half(turned) * sin).view(batch, kv_heads, -1, asked, head_dim)

        def rotary(positions):
            cos, sin = module.rotary_emb(keys.float(), positions[None])
            return cos[0], sin[0]

        for index in range(batch):
            yield LayerView(
                keys=keys[index],
                values=values[index],
                positions=torch.arange(stored).expand(kv_heads, -1),
                queries=queries[index],
                query_positions=torch.arange(stored - queries.shape[3], stored),
                scaling=module.scaling,
                rotary=rotary,
                layer=module.layer_idx,
            ).last_queries(self.scorer.window if self.scorer.window > 0 else queries.shape[3])


@dataclass
class OurSnapKV(OurPress):
    window_size: int = 64
    kernel_size: int = 5

    @property
    def scorer(self):
        return SnapKV(window=self.window_size, smooth_tokens=self.kernel_size)


@dataclass
class OurWindow(OurPress):
    """The first tokens, which our budgets protect, are protected here by their score."""

    scorer: ClassVar = Window()

    def score(self, *given):
        return super().score(*given).index_fill(-1, torch.arange(SINKS), float("inf"))


def _press(scorer):
    return dataclass(type(f"Our{type(scorer).__name__}", (OurPress,), {"scorer": scorer}))


PRESSES = {
    "KnormPress": _press(Knorm()),
    "KeyDiffPress": _press(KeyDiff()),
    "TOVAPress": _press(Tova()),
    "RandomPress": _press(Random()),
    "ExpectedAttentionPress": _press(ExpectedAttention()),
    "ObservedAttentionPress": _press(H2O()),
    "StreamingLLMPress": OurWindow,
    "SnapKVPress": OurSnapKV,
}
for _name, _class in PRESSES.items():
    setattr(kvpress, _name, _class)


def _model(name, *args, **kwargs):
    if "unit-test" not in name:
        raise OSError(f"{name} would have to be downloaded")
    torch.manual_seed(0)
    shape = {
        "vocab_size": VOCABULARY,
        "hidden_size": 24,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "head_dim": 6,
    }
    config = transformers.LlamaConfig(**shape, num_attention_heads=4, num_key_value_heads=2, initializer_range=0.2)
    config._attn_implementation = kwargs.get("attn_implementation", "sdpa")
    return transformers.LlamaForCausalLM(config).eval()


def _tokenizer(*args, **kwargs):
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    alphabet += [f"word{number}" for number in range(VOCABULARY - 2 - len(alphabet))]  # what the model may answer
    tokenizer = Tokenizer(models.BPE({letter: index for index, letter in enumerate(["<s>", "</s>", *alphabet])}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


_pipeline = transformers.pipeline


def _offline(task, model, **kwargs):
    kwargs.pop("device_map", None)
    return _pipeline(task, model=_model(model), tokenizer=_tokenizer(), **kwargs)


transformers.AutoModelForCausalLM.from_pretrained = _model
transformers.AutoTokenizer.from_pretrained = _tokenizer
transformers.pipeline = _offline
