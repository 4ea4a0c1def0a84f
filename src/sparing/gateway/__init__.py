"""The HTTP server: OpenAI-, Anthropic- and Gemini-shaped requests in, reduced requests out, answers streamed back."""
