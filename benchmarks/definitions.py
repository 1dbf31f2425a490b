"""What PyTorch's definitions might have been mistaken for, one place each; runs no test.

Unlike the changes of :mod:`benchmarks.mutations`, which come by rule, these are the mistakes that one makes
with the formulas at hand: eps on the other side of a root, the other variance, the other end of a kink.
"""

import ast
from functools import partial
from pathlib import Path

from benchmarks.mutations import Mutant

ROOM = Path(__file__).resolve().parents[1] / "engine" / "nn"
SIGN_OF_A = 'tape.call(np.sign, a.values, slope, label=f"s = sign({a.name})")'
ROOT_THEN_EPS = """            tape.call(np.sqrt, v, t, label="t = sqrt(v)")
        tape.call(np.add, t, tape.constant(self.eps), t, label="t = t + eps")"""
S_ROOT_THEN_EPS = """tape.call(np.sqrt, s, t, label="t = sqrt(s)")
        tape.call(np.add, t, tape.constant(self.eps), t, label="t = t + eps")"""
CORRECTION = 'tape.call(np.multiply, t, cells["root_correction"], t, label="t = t / sqrt(1 - b2^t)")'
EPS_BEHIND = 'tape.call(np.add, t, tape.constant(self.eps), t, label="t = t + eps")'
INVERSE_ROOT = """tape.call(np.add, variance, tape.constant(EPS), root, label=f"r{i} = v{i} + {EPS:g}")
    tape.call(np.sqrt, root, root, label=f"r{i} = sqrt(r{i})")"""
ADAMS = f"""{CORRECTION}
        {EPS_BEHIND}
        tape.call(np.divide, m, t, u"""
NADAMS = f"""{CORRECTION}
        {EPS_BEHIND}
        tape.call(np.multiply, g, cells["gradient_share"], u"""
RADAMS = f"""{EPS_BEHIND}
        tape.call(np.divide, m, t, t, label="t = m / t")"""
EPS_OF_V = """tape.call(np.add, v, eps, t, label="t = v + eps")
        tape.call(np.sqrt, t, t, label="t = sqrt(t)")"""
EPS_OF_D = """tape.call(np.add, d, eps, u, label="u = d + eps")
        tape.call(np.sqrt, u, u, label="u = sqrt(u)")"""
AHEAD = """tape.call(np.add, g, u, u, label="u = g + u")
        return u"""
SIGN_OF_SLOPE = 'tape.call(np.sign, slope, slope, label="s = sign(s)")'

# File, what is changed, the place, and what stands there instead.
DEFINITIONS: tuple[tuple[str, str, str, str], ...] = (
    ("optimizers/adam", "adam: eps before the correction of the root",
     ADAMS, ADAMS.replace(CORRECTION, "pass")
     .replace(EPS_BEHIND, f"{EPS_BEHIND}\n        {CORRECTION}")),
    ("optimizers/adam", "nadam: eps before the correction of the root",
     NADAMS, NADAMS.replace(CORRECTION, "pass")
     .replace(EPS_BEHIND, f"{EPS_BEHIND}\n        {CORRECTION}")),
    ("optimizers/adam", "radam: no eps", RADAMS, RADAMS.replace(EPS_BEHIND, "pass")),
    ("optimizers/adam", "radam: rectified from rho_t > 4, as in the paper", "if now <= 5:", "if now <= 4:"),
    ("optimizers/adam", "adamax: no eps beside |g|", f"{EPS_BEHIND}\n        tape.call(maximum, u",
     "tape.call(maximum, u"),
    ("optimizers/adam", "adam: amsgrad takes v instead of the largest v",
     'tape.call(np.sqrt, largest, t', 'tape.call(np.sqrt, v, t'),
    ("optimizers/adam", "nadam: 0.95 in place of 0.96", "0.96 **", "0.95 **"),
    ("optimizers/adaptive", "rmsprop: eps inside the root", ROOT_THEN_EPS,
     "            tape.call(np.add, v, tape.constant(self.eps), t, label='')\n"
     "            tape.call(np.sqrt, t, t, label='')"),
    ("optimizers/adaptive", "adagrad: eps inside the root", S_ROOT_THEN_EPS,
     "tape.call(np.add, s, tape.constant(self.eps), t, label='')\n"
     "        tape.call(np.sqrt, t, t, label='')"),
    ("optimizers/adaptive", "adadelta: eps behind the root of v",
     EPS_OF_V, "tape.call(np.sqrt, v, t, label='')\n        tape.call(np.add, t, eps, t, label='')"),
    ("optimizers/adaptive", "adadelta: eps behind the root of d",
     EPS_OF_D, "tape.call(np.sqrt, d, u, label='')\n        tape.call(np.add, u, eps, u, label='')"),
    ("optimizers/momentum", "momentum: dampening from the first step on", "step == 1 or self.momentum == 0",
     "self.momentum == 0"),
    ("optimizers/momentum", "momentum: dampening where there is no momentum",
     "step == 1 or self.momentum == 0",
     "step == 1"),
    ("optimizers/momentum", "nesterov: the step is b", AHEAD, "return b"),
    ("optimizers/sign", "rprop: a weight whose sign has changed does not rest",
     "tape.call(np.multiply, g, s, previous,", "tape.call(np.positive, g, previous,"),
    ("optimizers/sign", "lion: the sign of the mean gradient alone", "tape.call(np.add, u, t, u,",
     "tape.call(np.positive, u, u,"),
    ("normalization", "eps of batch and layer norm outside the root", INVERSE_ROOT,
     "tape.call(np.sqrt, variance, root, label='')\n"
     "    tape.call(np.add, root, tape.constant(EPS), root, label='')"),
    ("normalization", "eps of batch and layer norm 1e-6", "EPS = 1e-5", "EPS = 1e-6"),
    ("normalization", "running values keep 0.99", "KEPT = 0.9", "KEPT = 0.99"),
    ("normalization", "running variance biased", "[batch / (batch - 1)]", "[1.0]"),
    ("normalization", "batch norm by the unbiased variance",
     "tape.call(np.multiply, variance, share, variance,",
     "tape.call(np.multiply, variance, tape.constant(1 / (batch - 1)), variance,"),
    ("normalization", "layer norm by the unbiased variance", "tape.call(product, shares, part, root,",
     "tape.call(product, shares * features / max(features - 1, 1), part, root,"),
    ("activations/rectifiers", "relu'(0) = 1", f"{SIGN_OF_A}\n        tape.call(np.multiply",
     "tape.call(np.greater_equal, z.values, 0.0, slope, label='')\n        tape.call(np.multiply"),
    ("activations/rectifiers", "leaky_relu'(0) = 1", f"{SIGN_OF_A}\n        tape.call(maximum",
     "tape.call(np.greater_equal, z.values, 0.0, slope, label='')\n        tape.call(maximum"),
    ("activations/rectifiers", "relu6'(0) = 1", SIGN_OF_SLOPE,
     "tape.call(lambda z, s: np.copyto(s, (z >= 0) & (z < 6)), z.values, slope, label='')"),
    ("activations/rectifiers", "relu6'(6) = 1", SIGN_OF_SLOPE,
     "tape.call(lambda z, s: np.copyto(s, (z > 0) & (z <= 6)), z.values, slope, label='')"),
    ("activations/squashing", "hard_tanh'(±1) = 1", SIGN_OF_SLOPE,
     "tape.call(lambda z, s: np.copyto(s, np.abs(z) <= 1), z.values, slope, label='')"),
    ("activations/squashing", "hard_sigmoid'(±3) = 1/6",
     'tape.call(np.sign, inside, inside, label="s = sign(s)")',
     "tape.call(lambda z, s: np.copyto(s, np.abs(z) <= bound), z, inside, label='')"),
    ("activations/rectifiers", "slope of leaky_relu 0.02", "slope = 0.01", "slope = 0.02"),
    ("activations/rectifiers", "softplus a line from 19 on", "threshold = 20", "threshold = 19"),
    ("activations/rectifiers", "softplus a line from 21 on", "threshold = 20", "threshold = 21"),
    ("activations/rectifiers", "selu's scale to four digits", "1.0507009873554805", "1.0507"),
    ("activations/rectifiers", "selu's alpha to four digits", "1.6732632423543772", "1.6733"),
    ("activations/rectifiers", "elu by exp(z) - 1, which loses the digits of a small z",
     'tape.call(np.expm1, left, left, label=f"{a.name} = exp({a.name}) - 1")',
     "tape.call(lambda z, a: np.subtract(np.exp(z), 1, out=a), left, left, label='')"),
    ("activations/gates", "gelu_tanh's 0.0447", "CUBE = 0.044715", "CUBE = 0.0447"),
    ("activations/squashing", "sigmoid overflows far on the left",
     "tape.call(minimum, a, tape.constant(largest), a,",
     "tape.call(np.positive, a, a,"),
    ("losses/classification", "the gradient of the softmax without the shift by the maximum",
     'tape.call(np.subtract, z, row, error, label=f"p = {name} - m")',
     "tape.call(np.positive, z, error, label='')"),
    ("losses/classification", "the loss of the softmax without the shift by the maximum",
     'tape.call(np.subtract, z, row, shifted, label="t = z - m")',
     "tape.call(np.positive, z, shifted, label='')"),
    ("losses/classification", "label smoothing spreads over the other classes alone", "share / classes)",
     "share / (classes - 1))"),
    ("losses/classification", "class weights: the gradient divided by rows",
     "np.divide, error, mass, error, label=f\"d{name}",
     "np.divide, error, np.float64(rows), error, label=f\"d{name}"),
    ("losses/classification", "class weights: the loss divided by rows",
     "record_mean(tape, terms, 1, value)", "return record_mean(tape, terms, count, value)"),
    ("losses/regression", "mse with a factor 1/2 in the gradient", "tape.constant(2 / count)",
     "tape.constant(1 / count)"),
    ("losses/regression", "mean over rows, summed over outputs", "return target.shape[-2] * target.shape[-1]",
     "return target.shape[-1]"),
    ("losses/regression", "smooth_l1 as Huber's loss", "return 1 / self.delta", "return 1.0"),
    ("optimizers/clipping", "1e-8 beside the norm", "np.array(1e-6)", "np.array(1e-8)"),
    ("optimizers/clipping", "a gradient below the limit scaled up to it",
     "tape.call(minimum, squares, one, squares,",
     "tape.call(np.positive, squares, squares,"),
    ("optimizers/penalties", "the L2 penalty without 1/2", "+ decay / 2 *", "+ decay *"),
    ("layers", "dropout not inverted", "tape.constant(1 / keep)", "tape.constant(1.0)"),
    ("initializers", "orthogonal without the signs of R's diagonal", "q *= np.sign(np.diag(r))", "pass"),
    ("schedules", "one_cycle's peak an update later", "peak = pct_start * total - 1",
     "peak = pct_start * total"),
    ("schedules", "plateau waits one update less", "<= self.patience", "< self.patience"),
    ("schedules", "plateau reduces by less than 1e-8 too", "SMALLEST_REDUCTION = 1e-8",
     "SMALLEST_REDUCTION = 1e-9"),
    ("schedules", "warm-up from 0", "(done + 1) / first", "done / first"),
)  # fmt: skip


def mistaken() -> list[Mutant]:
    """Return every mistaken definition as a changed module.

    Raises
    ------
    ValueError
        When a place is not found exactly once in its file.
    """
    found = []
    for name, what, before, after in DEFINITIONS:
        path = ROOM / f"{name}.py"
        source = path.read_text("utf-8")
        if source.count(before) != 1:
            raise ValueError(f"{what}: must stand once in {path.name}, found {source.count(before)} times")
        line = source[: source.index(before)].count("\n") + 1
        found.append(Mutant(path, line, what, "", partial(ast.parse, source.replace(before, after))))
    return found
