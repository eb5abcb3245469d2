"""Scripts that print every number the README and the model card quote."""
