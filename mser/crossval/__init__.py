"""Cross-validation: every fold and seed in a process and a folder of its own, resumed by running again."""
