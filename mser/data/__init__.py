"""From utterances to batches of waveforms and transcripts."""
