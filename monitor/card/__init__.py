"""The model card: what a model was made from, how good it is and where it fails, for people."""
