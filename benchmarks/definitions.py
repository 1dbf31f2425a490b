"""What the engine's definitions might have been mistaken for, one place each.

Unlike the changes of :mod:`benchmarks.mutations`, which come by rule, these are the mistakes that one makes
with the formulas at hand: eps on the other side of a root, the other variance, the other end of a kink. Those
of what is recorded and decided stand in :mod:`benchmarks.decisions`.
"""

import ast
from functools import partial

from benchmarks.decisions import DECISIONS
from benchmarks.mutations import Mutant
from benchmarks.rooms import ENGINE

SIGN_OF_A = "tape.sign(a.values, slope)"
EPS_BEHIND = 'tape.add(t, tape.constant(self.eps, "ε"), t)'
ROOT_THEN_EPS = f"""            tape.sqrt(v, t)
        {EPS_BEHIND}"""
S_ROOT_THEN_EPS = f"""tape.sqrt(s, t)
        {EPS_BEHIND}"""
CORRECTION = 'tape.multiply(t, cells["root_correction"], t)'
INVERSE_ROOT = """tape.add(variance, EPS, root)
    tape.sqrt(root, root)"""
ADAMS = f"""{CORRECTION}
        {EPS_BEHIND}
        tape.divide(m, t, u"""
NADAMS = f"""{CORRECTION}
        {EPS_BEHIND}
        tape.multiply(g, cells["gradient_share"], u"""
RADAMS = f"""{EPS_BEHIND}
        tape.divide(m, t, t)"""
EPS_OF_V = """tape.add(v, eps, t)
        tape.sqrt(t, t)"""
EPS_OF_D = """tape.add(d, eps, u)
        tape.sqrt(u, u)"""
AHEAD = """tape.add(g, u, u)
        return u"""
WEIGHTED_OR_NOT = """tape.divide(error, mass, error)
            return
        tape.multiply(error, tape.constant(1 / rows"""
SIGN_OF_SLOPE = "tape.sign(slope, slope)"

# File in engine/, what is changed, the place, and what stands there instead.
DEFINITIONS: tuple[tuple[str, str, str, str], ...] = (
    ("nn/optimizers/adam", "adam: eps before the correction of the root",
     ADAMS, ADAMS.replace(CORRECTION, "pass")
     .replace(EPS_BEHIND, f"{EPS_BEHIND}\n        {CORRECTION}")),
    ("nn/optimizers/adam", "nadam: eps before the correction of the root",
     NADAMS, NADAMS.replace(CORRECTION, "pass")
     .replace(EPS_BEHIND, f"{EPS_BEHIND}\n        {CORRECTION}")),
    ("nn/optimizers/adam", "radam: no eps", RADAMS, RADAMS.replace(EPS_BEHIND, "pass")),
    ("nn/optimizers/adam", "radam: rectified from rho_t > 4, as in the paper",
     "if now <= 5:", "if now <= 4:"),
    ("nn/optimizers/adam", "adamax: no eps beside |g|", f"{EPS_BEHIND}\n        tape.maximum(u",
     "tape.maximum(u"),
    ("nn/optimizers/adam", "adam: amsgrad takes v instead of the largest v",
     'tape.sqrt(largest, t', 'tape.sqrt(v, t'),
    ("nn/optimizers/adam", "nadam: 0.95 in place of 0.96", "0.96 **", "0.95 **"),
    ("nn/optimizers/adaptive", "rmsprop: eps inside the root", ROOT_THEN_EPS,
     "            tape.add(v, self.eps, t)\n            tape.sqrt(t, t)"),
    ("nn/optimizers/adaptive", "adagrad: eps inside the root", S_ROOT_THEN_EPS,
     "tape.add(s, self.eps, t)\n        tape.sqrt(t, t)"),
    ("nn/optimizers/adaptive", "adadelta: eps behind the root of v",
     EPS_OF_V, "tape.sqrt(v, t)\n        tape.add(t, eps, t)"),
    ("nn/optimizers/adaptive", "adadelta: eps behind the root of d",
     EPS_OF_D, "tape.sqrt(d, u)\n        tape.add(u, eps, u)"),
    ("nn/optimizers/momentum", "momentum: dampening from the first step on",
     "step == 1 or self.momentum == 0",
     "self.momentum == 0"),
    ("nn/optimizers/momentum", "momentum: dampening where there is no momentum",
     "step == 1 or self.momentum == 0",
     "step == 1"),
    ("nn/optimizers/momentum", "nesterov: the step is b", AHEAD, "return b"),
    ("nn/optimizers/sign", "rprop: a weight whose sign has changed does not rest",
     "tape.multiply(g, s, previous", "tape.positive(g, previous"),
    ("nn/optimizers/sign", "lion: the sign of the mean gradient alone", "tape.add(u, t, u",
     "tape.positive(u, u"),
    ("nn/normalization", "eps of batch and layer norm outside the root", INVERSE_ROOT,
     "tape.sqrt(variance, root)\n    tape.add(root, EPS, root)"),
    ("nn/normalization", "eps of batch and layer norm 1e-6", "EPS = 1e-5", "EPS = 1e-6"),
    ("nn/normalization", "running values keep 0.99", "KEPT = 0.9", "KEPT = 0.99"),
    ("nn/normalization", "running variance biased", "[batch / (batch - 1)]", "[1.0]"),
    ("nn/normalization", "batch norm by the unbiased variance",
     "tape.multiply(variance, share, variance", "tape.multiply(variance, 1 / (batch - 1), variance"),
    ("nn/normalization", "layer norm by the unbiased variance", "tape.matmul(shares, part, root",
     "tape.matmul(shares * features / max(features - 1, 1), part, root"),
    ("nn/activations/rectifiers", "relu'(0) = 1", f"{SIGN_OF_A}\n        tape.multiply",
     "tape.call(np.greater_equal, z.values, 0.0, slope)\n        tape.multiply"),
    ("nn/activations/rectifiers", "leaky_relu'(0) = 1", f"{SIGN_OF_A}\n        tape.maximum",
     "tape.call(np.greater_equal, z.values, 0.0, slope)\n        tape.maximum"),
    ("nn/activations/rectifiers", "relu6'(0) = 1", SIGN_OF_SLOPE,
     "tape.call(lambda z, s: np.copyto(s, (z >= 0) & (z < 6)), z.values, slope)"),
    ("nn/activations/rectifiers", "relu6'(6) = 1", SIGN_OF_SLOPE,
     "tape.call(lambda z, s: np.copyto(s, (z > 0) & (z <= 6)), z.values, slope)"),
    ("nn/activations/squashing", "hard_tanh'(±1) = 1", SIGN_OF_SLOPE,
     "tape.call(lambda z, s: np.copyto(s, np.abs(z) <= 1), z.values, slope)"),
    ("nn/activations/squashing", "hard_sigmoid'(±3) = 1/6",
     "tape.sign(inside, inside)",
     "tape.call(lambda z, s: np.copyto(s, np.abs(z) <= bound), z, inside)"),
    ("nn/activations/rectifiers", "slope of leaky_relu 0.02", "slope = 0.01", "slope = 0.02"),
    ("nn/activations/rectifiers", "softplus a line from 19 on", "threshold = 20", "threshold = 19"),
    ("nn/activations/rectifiers", "softplus a line from 21 on", "threshold = 20", "threshold = 21"),
    ("nn/activations/rectifiers", "selu's scale to four digits", "1.0507009873554805", "1.0507"),
    ("nn/activations/rectifiers", "selu's alpha to four digits", "1.6732632423543772", "1.6733"),
    ("nn/activations/rectifiers", "elu by exp(z) - 1, which loses the digits of a small z",
     "left = a.values\n        tape.minimum(z.values, 0, left)\n        tape.expm1(left, left)",
     "left = a.values\n        tape.minimum(z.values, 0, left)\n"
     "        tape.call(lambda z, a: np.subtract(np.exp(z), 1, out=a), left, left)"),
    ("nn/activations/gates", "gelu_tanh's 0.0447", "CUBE = 0.044715", "CUBE = 0.0447"),
    ("nn/activations/squashing", "sigmoid overflows far on the left",
     "tape.minimum(a, largest_exponent(tape), a", "tape.positive(a, a"),
    ("nn/losses/classification", "the gradient of the softmax without the shift by the maximum",
     "tape.subtract(z, row, error)", "tape.positive(z, error)"),
    ("nn/losses/classification", "the loss of the softmax without the shift by the maximum",
     "tape.subtract(z, row, shifted)", "tape.positive(z, shifted)"),
    ("nn/losses/classification", "label smoothing spreads over the other classes alone", "share / classes,",
     "share / (classes - 1),"),
    ("nn/losses/classification", "class weights: the gradient divided by rows",
     WEIGHTED_OR_NOT, WEIGHTED_OR_NOT.replace("mass", "rows")),
    ("nn/losses/classification", "class weights: the loss divided by rows",
     "record_mean(tape, terms, 1, value)", "return record_mean(tape, terms, count, value)"),
    ("nn/losses/regression", "mse with a factor 1/2 in the gradient", "tape.constant(2 / count,",
     "tape.constant(1 / count,"),
    ("nn/losses/means", "mean over rows, summed over outputs", "return target.shape[-2] * target.shape[-1]",
     "return target.shape[-1]"),
    ("nn/losses/regression", "smooth_l1 as Huber's loss", "return 1 / self.delta", "return 1.0"),
    ("nn/optimizers/clipping", "1e-8 beside the norm", "squares, 1e-6", "squares, 1e-8"),
    ("nn/optimizers/clipping", "a gradient below the limit scaled up to it",
     "tape.minimum(squares, 1, squares", "tape.positive(squares, squares"),
    ("nn/optimizers/penalties", "the L2 penalty without 1/2", "+ decay / 2 *", "+ decay *"),
    ("nn/layers", "dropout not inverted", "tape.constant(1 / keep,", "tape.constant(1.0,"),
    ("nn/initializers", "orthogonal without the signs of R's diagonal", "q *= np.sign(np.diag(r))", "pass"),
    ("nn/schedules/curves", "one_cycle's peak an update later", "peak = pct_start * total - 1",
     "peak = pct_start * total"),
    ("nn/schedules/curves", "plateau waits one update less", "<= self.patience", "< self.patience"),
    ("nn/schedules/curves", "plateau reduces by less than 1e-8 too", "SMALLEST_REDUCTION = 1e-8",
     "SMALLEST_REDUCTION = 1e-9"),
    ("nn/schedules/curves", "warm-up from 0", "(done + 1) / first", "done / first"),
    *DECISIONS,
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
        path = ENGINE / f"{name}.py"
        source = path.read_text("utf-8")
        if source.count(before) != 1:
            raise ValueError(f"{what}: must stand once in {path.name}, found {source.count(before)} times")
        line = source[: source.index(before)].count("\n") + 1
        found.append(Mutant(path, line, what, "", partial(ast.parse, source.replace(before, after))))
    return found
