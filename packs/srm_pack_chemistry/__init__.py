"""The chemistry pack: names, structures, formulas, balancing, stoichiometry, energies, elements and calculations."""
