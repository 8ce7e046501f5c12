"""Recordings on disk: what a file holds, whether it can be used, its samples. Knows no torch."""
