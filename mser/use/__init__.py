"""Trained models as folders: made by ``mser export``, opened by ``mser.load``, asked by ``mser predict``."""
