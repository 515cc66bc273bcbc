"""The weekly review: built once from the tallies, then shown, kept, compared and exported."""
