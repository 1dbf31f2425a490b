"""One training step as a script that needs NumPy alone: its labels, translated, on its own numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.config import ConfigError
from engine.explain.step import LOSS, ExplainedStep
from engine.explain.translation import is_scalar_in, translated
from engine.nn.adapters import draw_uniform
from engine.nn.normalization import GREEK
from engine.nn.notation import number_text
from engine.nn.tape import Instruction

TITLES = {
    "forward": "Forward pass: predict.",
    LOSS: "Loss: compare.",
    "backward": "Backward pass: trace the error back, layer by layer.",
    "update": "Update: adjust all weights, which stand in one row.",
}
NUMBERS = (int, float, np.ndarray, np.number)
REFUSED = "the step cannot be written as a script"
HELPER = '''

def normal_chance(x):
    """The chance that a standard normal number is below x."""
    return np.vectorize(lambda each: math.erfc(-each / math.sqrt(2)) / 2)(x)

'''
ENVIRONMENT = {
    "np": np,
    "normal_chance": np.vectorize(lambda each: math.erfc(-each / math.sqrt(2)) / 2, otypes=[float]),
}


@dataclass(frozen=True)
class Script:
    """A script, and for each call of the step the lines of it that say the same."""

    text: str
    lines: tuple[tuple[str, ...], ...]


def numpy_script(step: ExplainedStep, title: str) -> str:
    """Return the text of :func:`written_in_numpy`."""
    return written_in_numpy(step, title).text


def written_in_numpy(step: ExplainedStep, title: str, labels: Sequence[str] = ()) -> Script:
    """Return a step as a script that computes it again, line by line as its labels say.

    It holds weights, batch and what the optimizer remembers, and ends by printing one JSON line: ``loss`` and
    ``grad_norm`` of the batch, and ``loss_after``, the loss of the same batch with the new weights. It has
    been run when it is returned, and its new weights are those of the step.

    Parameters
    ----------
    step : ExplainedStep
        Whose calls have not run yet, in float64.
    title : str
        What the script says of itself, in one line.
    labels : sequence of str, optional
        Of the same calls in another precision, whose bounds are others: :attr:`Script.lines` says these.

    Raises
    ------
    ConfigError
        When a plugin writes labels that are not in the notation, or do not say what it does.
    """
    writer, played = _Writer(step), list(_kept(step))
    lines: list[tuple[str, ...]] = []
    try:
        phase = ""
        for call, drawn in played:
            if step.phase(call) != phase:
                phase = step.phase(call)
                writer.lines += ["", f"# {TITLES[phase]}"]
                if phase == "update":
                    writer.flatten()
            said = labels[len(lines)] if labels else call.label
            lines.append(tuple(writer.translate(call, drawn, said)))
            writer.write(call, drawn)
        writer.lines += ["", "# The same batch with the new weights."]
        writer.unflatten()
        for call, drawn in played:
            if call.phase in ("forward", "measure"):
                writer.write(call, drawn)
    except (NameError, TypeError, ValueError) as error:
        raise ConfigError(f"{REFUSED}: {error}") from None
    if not np.allclose(writer.variables["θ"], step.network.parameters.theta, 1e-9, 1e-12, equal_nan=True):
        raise ConfigError(f"{REFUSED}: what its labels say is not what its calls do")
    return Script(writer.text(title), tuple(lines))


def _kept(step: ExplainedStep) -> list[tuple[Instruction, np.ndarray | None]]:
    """Run a step; return its calls, those that draw with a copy of what they drew."""
    return [(each, each.output.copy() if each.function is draw_uniform else None) for each in step.play()]


class _Writer:
    """Writes the script while it runs it, and so knows what is a number and what is there already."""

    def __init__(self, step: ExplainedStep) -> None:
        self.step = step
        self.given: list[str] = []
        self.lines: list[str] = []
        sizes = step.network.parameters.sizes
        self.variables: dict[str, Any] = {
            "layer_starts": step.network.parameters.starts,
            "layer_of": np.repeat(np.arange(len(sizes)), sizes),
        }
        tapes = (False, step.recording.tape), (False, step.recording.loss_tape), (True, step.optimizer.update)
        self._at_start = {
            (is_update, name): array.copy()
            for is_update, tape in tapes
            for name, array in tape.names.arrays.items()
        }
        self._owner: dict[str, bool] = {}

    def write(self, call: Instruction, drawn: np.ndarray | None) -> None:
        """Translate a call and run it."""
        for line in self.translate(call, drawn, call.label):
            self._run(line)

    def translate(self, call: Instruction, drawn: np.ndarray | None, label: str) -> list[str]:
        """Return a call in Python as a label of it says; what was drawn is given as it fell."""
        is_update = call.phase == "update"

        def written(name: str) -> str:
            return self._variable(name, is_update)

        def read(name: str) -> str:
            variable = self._variable(name, is_update)
            if variable not in self.variables and (is_update, name) in self._at_start:
                self._give(variable, self._at_start[is_update, name])
            return variable

        if drawn is not None:
            target = written(label.split(" = ")[0])
            if f"drawn_{target}" not in self.variables:
                self._give(f"drawn_{target}", drawn)
            return [f"{target} = drawn_{target}"]
        return translated(label, written, read, is_scalar_in(self.variables, ENVIRONMENT), _exact(call))

    def flatten(self) -> None:
        """Put gradients and weights into one row each, in the order of the program."""
        for name, prefix in (("g", "d"), ("θ", "")):
            parts = ", ".join(self._parts(prefix))
            self._run(f"{name} = np.concatenate([{parts}])")
        self._run("loss, grad_norm = float(L), float(np.sqrt(np.sum(g ** 2)))")

    def _parts(self, prefix: str) -> list[str]:
        found = []
        for layer in self.step.network.dense:
            names = [f"{prefix}W{layer.number}", *([f"{prefix}b{layer.number}"] if layer.has_bias else [])]
            found.append(f"np.column_stack([{', '.join(names)}]).ravel()")
            found += [f"np.ravel({prefix}{name})" for name in self._norm_names(layer.number)]
        return found

    def _norm_names(self, number: int) -> list[str]:
        normalization = self.step.network.normalization
        if normalization is None or number == self.step.network.depth:
            return []
        return [f"{GREEK.get(name, name)}{number}" for name in normalization.parameter_starts]

    def unflatten(self) -> None:
        """Take the new weights out of the row again."""
        start = 0
        for layer in self.step.network.dense:
            number, (rows, columns) = layer.number, layer.weight.shape
            end = start + rows * columns
            self._run(f"W{number} = θ[{start}:{end}].reshape({rows}, {columns})")
            if layer.has_bias:
                self._run(f"W{number}, b{number} = W{number}[:, :-1], W{number}[:, -1:]")
            start = end
            for name in self._norm_names(number):
                self._run(f"{name} = θ[{start}:{start + rows}, np.newaxis]")
                start += rows

    def _variable(self, name: str, is_update: bool) -> str:
        """Return the Python name of a name; what the update calls as something else is called is marked."""
        plain = name.replace("'", "_").replace("[", "_").replace("]", "")
        while self._owner.setdefault(plain, is_update) != is_update:
            plain += "_"
        return plain

    def _give(self, name: str, value: np.ndarray) -> None:
        self.given.append(f"{name} = {_literal(value)}")
        self.variables[name] = np.array(value, np.float64)

    def _run(self, line: str) -> None:
        self.lines.append(line)
        with np.errstate(all="ignore"):  # weights of a diverged run overflow
            exec(line, ENVIRONMENT, self.variables)  # noqa: S102 - translated from our own tape

    def text(self, title: str) -> str:
        """Return the whole script."""
        body = "\n".join(self.lines)
        for name in ("layer_starts", "layer_of"):
            if name in body:
                self.given.append(f"{name} = np.array({self.variables[name].tolist()})")
        given = "\n".join(self.given)
        helped = "normal_chance" in body
        imports = "import json\n" + ("import math\n" if helped else "") + "\nimport numpy as np\n"
        special = "\nnan, inf = np.nan, np.inf\n" if "nan" in given or "inf" in given else ""
        start = "# What the step starts from: matrices have a row a unit, and a column a row of the batch."
        end = 'print(json.dumps({"loss": loss, "grad_norm": grad_norm, "loss_after": float(L)}))'
        head = f'"""{title}"""\n\n{imports}{HELPER if helped else ""}{special}'
        return f"{head}\n{start}\n{given}\n{body}\n{end}\n"


def _exact(call: Instruction) -> dict[str, str]:
    """Return the constants of a call with all their digits, by what its label has of them."""
    constants = [each for each in call.arguments if isinstance(each, NUMBERS) and np.ndim(each) == 0]
    written = {number_text(size): size for size in (abs(float(each)) for each in constants)}
    return {text: repr(size) for text, size in written.items() if float(text) != size}


def _literal(value: np.ndarray) -> str:
    return f"np.array({value.tolist()})" if value.ndim else repr(float(value))
