"""The page on which a person decides: pairs in, decisions out."""
