"""What each modality contributes: a run's models asked again with a side taken away or made worse."""
