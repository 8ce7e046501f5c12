"""What a fit is begun with: configuration files, a rehearsal, resuming, starting weights, trainers."""
