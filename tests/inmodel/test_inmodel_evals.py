"""Contexts hold what they ask for, and the protocol gives full marks to what kept everything and none to what lost it."""

from __future__ import annotations

from random import Random

import pytest
import torch
from tiny_models import ids, llama, next_logits, small

from sparing import inmodel as im
from sparing.inmodel.evals.ask import answered, ask, begins_right, compressed, read
from sparing.inmodel.evals.contexts import TASKS, Context, Question
from sparing.inmodel.evals.divergence import divergence, log_probs
from sparing.inmodel.evals.prose import sentence
from sparing.inmodel.evals.reading import Paragraph, reading


def words(text: str) -> int:
    return len(text.split())


class Letters:
    """A tokenizer of characters for a vocabulary of 97."""

    eos_token_id = None

    def __call__(self, text: str, return_tensors: str, add_special_tokens: bool) -> dict[str, torch.Tensor]:
        return {"input_ids": torch.tensor([[2 + ord(letter) % 95 for letter in text]])}

    def decode(self, tokens: list[int]) -> str:
        return " ".join(str(token) for token in tokens)


@pytest.mark.parametrize("hay", ["noise", "prose"])
@pytest.mark.parametrize("task", TASKS)
def test_contexts_hold_their_answers_and_fit(task: str, hay: str) -> None:
    """About the length asked for, every answer in the text, the same for the same seed."""
    context = TASKS[task](Random(5), 400, words, hay)
    assert 300 < words(context.text) < 480
    assert context.questions
    for question in context.questions:
        assert all(answer in context.text for answer in question.answers)
    assert context == TASKS[task](Random(5), 400, words, hay)


def test_prose_hardly_repeats() -> None:
    """A thousand sentences are a thousand."""
    random = Random(1)
    assert len({sentence(random) for _ in range(1000)}) > 995


def test_one_reading_serves_every_policy() -> None:
    """A cache made from the recording is the cache that a prefill with the policy makes."""
    model = llama()
    context = read(model, Letters(), Context("t", "a text of some length to be kept in part", ()))
    policy = small(score="snapkv", allocate="ada")
    made = compressed(model, context, [policy])
    direct = im.DropCache(model, policy)
    next_logits(model, direct, context.ids)
    for layer in range(3):
        for (k1, v1, c1), (k2, v2, c2) in zip(
            made.layers[layer].store.rows(), direct.layers[layer].store.rows(), strict=True
        ):
            assert torch.equal(c1, c2)
            torch.testing.assert_close((k1, v1), (k2, v2))


def test_an_answer_counts_when_it_is_what_the_model_says() -> None:
    """Each cache's own greedy words are found again, others are not; the cache is as it was."""
    model = llama()
    context = read(model, Letters(), Context("t", "some text", ()))
    cache = compressed(model, context, [im.FULL, im.FULL])
    before = cache.get_seq_length()
    prompt = Letters()("what?<|im_end|>\n<|im_start|>assistant\nit is", "pt", False)["input_ids"]
    with cache.hold():
        said = next_logits(model, cache, prompt.expand(2, -1))[0, -1].argmax().item()
        cache.crop(before - cache.get_seq_length())
    assert answered(model, Letters(), cache, Question("what?", "it is", (str(said), "unsayable"))) == [0.5, 0.5]
    assert cache.get_seq_length() == before


def test_policies_are_asked_side_by_side() -> None:
    """Each with its own bytes and divergence; the first is the reference."""
    model = llama()
    context = Context("t", "a text of some length to be kept in part", (Question("what?", "it is", ("unsayable",)),))
    full, less = ask(model, Letters(), read(model, Letters(), context), [im.FULL, small(score="random")], "and then")
    assert full.right == less.right == (0.0,)
    assert full.kl == pytest.approx(0.0, abs=1e-6)
    assert less.kl > 0.0
    assert less.live_bytes < full.live_bytes


def test_divergence_is_zero_without_dropping_and_positive_with() -> None:
    """And the loss of the full prefix is that of the full prefix."""
    model = llama()
    full, same, less = (im.DropCache(model, policy) for policy in (im.FULL, im.FULL, small(score="random")))
    for cache in (full, same, less):
        next_logits(model, cache, ids(60))
    later = ids(20, seed=4)
    reference, *others = (log_probs(model, cache, later)[0] for cache in (full, same, less))
    nothing, something = (divergence(other, reference, later) for other in others)
    assert nothing.kl == pytest.approx(0.0, abs=1e-6)
    assert nothing.loss == nothing.full_loss == something.full_loss
    assert something.kl > 0.01


def test_reading_takes_paragraphs_until_the_context_is_full() -> None:
    """And asks about those only."""
    article = [Paragraph(f"paragraph {n} " * 20, ((f"q{n}?", str(n)),)) for n in range(5)]
    (context,) = reading([article], Random(0), 90, words)
    assert "paragraph 1" in context.text
    assert "paragraph 2" not in context.text
    assert {question.answers for question in context.questions} == {("0",), ("1",)}


def test_one_forward_tells_how_a_greedy_answer_begins() -> None:
    """Each cache's own greedy tokens are right, all of them; with another last one they are not."""

    class Told(Letters):
        answers: dict[str, list[int]] = {}  # noqa: RUF012

        def __call__(self, text: str, return_tensors: str, add_special_tokens: bool) -> dict[str, torch.Tensor]:
            if text in self.answers:
                return {"input_ids": torch.tensor([self.answers[text]])}
            return super().__call__(text, return_tensors, add_special_tokens)

    model, tokenizer = llama(), Told()
    context = read(model, tokenizer, Context("t", "a text of some length to be kept in part", ()))
    policies = [im.FULL, small(budget=im.Budget(tokens=8, sinks=2, recent=4))]
    cache = compressed(model, context, policies)
    before = cache.get_seq_length()
    prompt = tokenizer("what?<|im_end|>\n<|im_start|>assistant\nit is", "pt", False)["input_ids"]
    greedy = []
    for policy in policies:
        alone = compressed(model, context, [policy])
        with alone.hold():
            told, ids_ = [], prompt
            for _ in range(4):
                ids_ = next_logits(model, alone, ids_)[:, -1:].argmax(-1)
                told.append(int(ids_))
        greedy.append(told)
    assert greedy[0] != greedy[1]
    for index, told in enumerate(greedy):
        tokenizer.answers = {" own": told, " other": [*told[:-1], 1 + told[-1] % 90]}
        right = begins_right(model, tokenizer, cache, Question("what?", "it is", ("own",)))
        assert right[index] == 1
        assert right[1 - index] == 0
        assert begins_right(model, tokenizer, cache, Question("what?", "it is", ("other",)))[index] == 0
    assert cache.get_seq_length() == before
