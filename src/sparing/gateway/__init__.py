"""The HTTP server: OpenAI- and Anthropic-shaped requests in, reduced requests out, answers streamed back."""
