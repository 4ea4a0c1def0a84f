"""What turns texts into vectors."""

from sparing.retrieve.embed.choose import embedder_for

__all__ = ["embedder_for"]
