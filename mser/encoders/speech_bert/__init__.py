"""The paper's speech encoder: vq-wav2vec's codes, read by Speech-BERT."""
