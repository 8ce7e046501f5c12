"""``mser predict MODEL``: answers for files and tables, row by row, on one device or many."""
