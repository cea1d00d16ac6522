"""Has a language model write how columns are made: one request a table, whatever the rows."""
