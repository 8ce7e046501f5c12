"""How far people agree, and how near a model comes to what they said."""
