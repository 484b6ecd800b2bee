"""The measures of a grid's cells, taken once."""
