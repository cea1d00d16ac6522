"""How rows get into each kind of database, as fast as it takes them."""
