"""What a score owes to who speaks: of each speaker by itself, and beside folds of unheard speakers."""
