"""One wire format per file: how an answer that calls our tools becomes part of one answer to the client."""
