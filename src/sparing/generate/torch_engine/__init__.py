"""The embedded model served by PyTorch, with dropping inside the model (extra ``torch``): one running batch."""
