"""What a container does: one verb, end to end."""
