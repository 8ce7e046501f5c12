"""The report's pictures, as vector graphics."""
