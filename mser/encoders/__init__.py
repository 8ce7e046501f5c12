"""Pretrained encoders of speech and text behind one face."""
