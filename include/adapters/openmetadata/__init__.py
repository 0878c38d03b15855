"""OpenMetadata: made to agree with Git, and told how tasks ended; the only code that loads its client."""
