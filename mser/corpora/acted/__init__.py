"""Corpora of acted sentences, told by their file names: RAVDESS, CREMA-D, EmoDB."""
