"""What trivial cues reach under the same folds: floors that a model has to beat."""
