"""The blocks of the pages: a sentence made from the numbers, a picture, a table, and the leads behind what was clicked."""
