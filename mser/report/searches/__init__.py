"""Searches: what their trials scored, and what their winners carry."""
