"""MSP-Podcast: turns of published podcasts, rated by many."""
