"""How much thought a request asks for, set: one file per kind of field that providers have for it."""
