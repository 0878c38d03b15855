"""The only code that talks to the outside: one module a service."""
