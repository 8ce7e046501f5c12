"""Turns the released checkpoints of the paper into folders of safetensors, without fairseq."""
