"""The call: a provider over HTTP, or the embedded model."""
