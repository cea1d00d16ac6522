"""What a model is told of a schema, for whatever it is asked."""
