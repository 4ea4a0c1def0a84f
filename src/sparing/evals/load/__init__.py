"""The gateway under load and under faults: real processes, a stub provider, callers that check every stream."""
