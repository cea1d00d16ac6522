"""Has a language model write rows: what it knows of a domain, in columns that no key and no rule depends on."""
