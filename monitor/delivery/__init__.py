"""Sends one letter, and knows what follows from the answer. Knows nothing of digests or articles."""
