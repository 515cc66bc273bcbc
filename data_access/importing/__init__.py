"""Bringing leads in from files: read, map, settle dates over whole columns, flag, reject with a reason, lose nothing."""
