"""The commands, one module for each kind of person who types them."""
