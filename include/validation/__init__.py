"""Tables against their contract: what is published, what is kept back and why."""
