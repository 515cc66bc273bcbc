"""The pure core: counts in, honest rates out. Nothing here reads a database, a clock or a setting."""
