"""Ways to lessen what an audit found. Each is to be audited again, with what it cost; none of them is a solution."""
