"""No activation."""

from engine.nn.activations.registry import activation
from engine.nn.tape import Block, Tape


@activation
class Identity:
    """No activation: layers in a row then stay one linear map."""

    name, formula, derivative = "identity", "z", "1"
    meaning = "No bend: however deep, the network stays linear."
    saturated, dies, kinks, start = None, False, (), "xavier_uniform"

    def forward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``a = z``."""
        tape.positive(z.values, a.values)

    def backward(self, tape: Tape, z: Block, a: Block) -> None:
        """Record ``dz = da``."""
        tape.positive(a.error, z.error)
