"""What the events of a streamed answer say, for holding it back: one file per wire format."""
