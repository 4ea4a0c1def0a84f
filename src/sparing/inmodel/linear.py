"""Products of one token, or of a few, with the weights, on all threads of a CPU.

PyTorch hands a product of a matrix with so few rows to a routine that runs on one thread, and decoding is made of them:
half of the cores wait. The same weights as a batch of parts, a thread each, give the same numbers.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import Linear, Module

_FEW_TOKENS = 4  # above, the product is spread over the threads already
_LEAST_WEIGHTS = 1 << 16  # below, sharing out costs more than it saves


class SharedOutLinear(Linear):
    """A linear layer that gives each thread as many outputs as the others."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002, the name that callers of a linear layer know
        """[..., in_features] -> [..., out_features], as a linear layer does."""
        tokens = input.numel() // self.in_features
        parts = math.gcd(torch.get_num_threads(), self.out_features)
        weight = self.weight
        if parts == 1 or not 0 < tokens <= _FEW_TOKENS or not weight.is_contiguous() or weight.device.type != "cpu":
            return super().forward(input)
        each = weight.view(parts, -1, self.in_features).transpose(1, 2)
        output = torch.bmm(input.reshape(1, tokens, -1).expand(parts, -1, -1), each)
        output = output.transpose(0, 1).reshape(*input.shape[:-1], self.out_features)
        return output if self.bias is None else output + self.bias


def share_out(model: Module) -> None:
    """Let the model's plain float32 layers on a CPU work so."""
    for module in model.modules():
        if type(module) is Linear and _pays(module.weight):
            module.__class__ = SharedOutLinear


def undo_share_out(model: Module) -> None:
    """Make them plain again."""
    for module in model.modules():
        if type(module) is SharedOutLinear:
            module.__class__ = Linear  # type: ignore[assignment]


def _pays(weight: Tensor) -> bool:
    return weight.device.type == "cpu" and weight.dtype == torch.float32 and weight.numel() >= _LEAST_WEIGHTS
