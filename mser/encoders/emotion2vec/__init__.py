"""emotion2vec (Ma et al. 2023, arXiv 2312.15185): a data2vec 2.0 over waveforms that was taught emotion."""
