"""A first draft of a dataset by looking at its file: how it is written, what its columns hold, what its key is."""
