"""``mser sweep``: a search for the best settings, judged on validation."""
