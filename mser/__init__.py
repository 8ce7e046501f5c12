"""Multimodal speech emotion recognition: what was said and how, judged honestly."""

__version__ = "0.1.0"
