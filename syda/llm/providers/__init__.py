"""The models that can be asked, one file a kind of endpoint."""
