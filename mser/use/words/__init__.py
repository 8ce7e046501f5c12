"""What is read where no transcript was given, or one was."""
