"""What `commons catalogue` does, one module a command."""
