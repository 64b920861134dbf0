"""What the sandbox is tried with: escapes, reward hacks, and honest programs that must not suffer."""
