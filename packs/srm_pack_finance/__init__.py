"""The finance pack: time value, bonds, options, statements, settlement, identifiers and currencies."""
