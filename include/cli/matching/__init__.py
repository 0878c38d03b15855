"""Names matched, explained and reviewed by the people who type `commons match` and `commons review`."""
