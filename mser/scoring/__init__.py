"""Scores of predictions, and how sure they are. Knows no torch and no page."""
