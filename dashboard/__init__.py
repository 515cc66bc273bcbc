"""Handoff's dashboard: pages and a command line over the lead database."""
