"""Names as published to legal entities of a register, and on to their parents and owners."""
