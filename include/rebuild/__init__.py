"""A version made again from its archived sources, in a place of its own, and compared with its pin byte for byte."""
