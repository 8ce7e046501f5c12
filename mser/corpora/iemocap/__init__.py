"""IEMOCAP: twelve hours of two actors at a time, in five sessions."""
