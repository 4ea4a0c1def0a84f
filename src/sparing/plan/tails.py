"""Exact and exponential tails of counts and of bounded means. Pure Python, in logarithms."""

from __future__ import annotations

import math


def binomial_at_most(k: int, n: int, p: float) -> float:
    """P(X <= k) for X of n trials that succeed with chance p each."""
    if k < 0:
        return 0.0
    if k >= n or p <= 0:
        return 1.0
    if p >= 1:
        return 0.0
    log_p, log_q = math.log(p), math.log1p(-p)
    terms = (_log_choose(n, i) + i * log_p + (n - i) * log_q for i in range(k + 1))
    return min(1.0, math.fsum(map(math.exp, terms)))


def hypergeometric_at_most(k: int, marked: int, drawn: int, size: int) -> float:
    """P(X <= k) for X marked ones among `drawn` of `size`, of which `marked` are marked."""
    first = max(0, drawn - (size - marked))
    if k < first:
        return 0.0
    if k >= min(marked, drawn):
        return 1.0
    whole = _log_choose(size, drawn)
    terms = (_log_choose(marked, i) + _log_choose(size - marked, drawn - i) - whole for i in range(first, k + 1))
    return min(1.0, math.fsum(map(math.exp, terms)))


def mean_at_most(total: float, n: int, mean: float) -> float:
    """A bound on P(sum <= total) of n independent values in 0..1 with this mean.

    Hoeffding's and Bentkus' inequalities, whichever is less (Bates et al. 2021, "Distribution-free, risk-controlling
    prediction sets", section 3.1.2).
    """
    observed = total / n
    if observed >= mean:
        return 1.0
    bentkus = math.e * binomial_at_most(math.ceil(total - 1e-9), n, mean)
    return min(1.0, math.exp(-n * _divergence(observed, mean)), bentkus)


def _divergence(a: float, b: float) -> float:
    """Of a coin of chance a from one of chance b (Kullback & Leibler), in nats."""
    if b >= 1:
        return math.inf
    heads = a * math.log(a / b) if a > 0 else 0.0
    return heads + ((1 - a) * math.log((1 - a) / (1 - b)) if a < 1 else 0.0)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
