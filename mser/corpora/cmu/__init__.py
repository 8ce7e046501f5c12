"""CMU-MOSI and CMU-MOSEI: opinions in videos, with sentiment and emotions."""
