"""What happens in one training step, as plain data: its calls, its numbers, its chain rule.

It knows the mathematics and the training; it knows no store and no screen.
"""
