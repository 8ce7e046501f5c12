"""Backbones over waveforms and spectrograms, a module for each family."""
