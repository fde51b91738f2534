"""What tools/bench.py measures, a function for each row."""
