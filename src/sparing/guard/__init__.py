"""May this go out? Guards object; they never edit and know nothing of how reducers work."""
