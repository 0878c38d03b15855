"""Data Commons: data as code."""
