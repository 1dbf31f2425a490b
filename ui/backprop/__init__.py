"""The Backprop page: the worked neuron, and one training step of any run, call by call."""
