"""What if: compose scenarios, compare them, decide, and report."""
