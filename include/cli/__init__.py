"""`commons`: what people type."""
