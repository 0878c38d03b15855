"""Typed tables and their canonical bytes: pure functions that every room may use."""
