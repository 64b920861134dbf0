"""The table of formulas of general and physical chemistry."""
