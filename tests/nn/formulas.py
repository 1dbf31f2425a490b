"""What can be chosen, written once more in plain NumPy: what has no numbers of PyTorch must stand here.

An activation is a function of z, a loss one of outputs ``(n, outputs)`` and targets of that shape, a
normalization one of sums ``(n, units)``, a feature one of both coordinates. An optimizer is a function of
gradient, memory, step and its settings, and returns the step before the learning rate.
"""

import math

import numpy as np

RATE = 0.1


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def huber(a, y, delta=1.0):
    e = np.abs(a - y)
    return np.where(e < delta, e**2 / 2, delta * (e - delta / 2)).mean()


ACTIVATIONS = {
    "relu": lambda z: np.where(z > 0, z, 0),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "gelu": lambda z: z * np.vectorize(math.erfc)(-z / math.sqrt(2)) / 2,
    "elu": lambda z: np.where(z > 0, z, np.exp(z) - 1),
    "silu": lambda z: z * sigmoid(z),
    "selu": lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * (np.exp(z) - 1)),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "mish": lambda z: z * np.tanh(np.log(1 + np.exp(z))),
    "identity": lambda z: z,
    "celu": lambda z: np.where(z > 0, z, np.exp(z) - 1),
    "gelu_tanh": lambda z: z * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))) / 2,
    "relu6": lambda z: np.clip(z, 0, 6),
    "hard_swish": lambda z: z * np.clip(z + 3, 0, 6) / 6,
    "hard_tanh": lambda z: np.clip(z, -1, 1),
    "hard_sigmoid": lambda z: np.clip(z + 3, 0, 6) / 6,
    "log_sigmoid": lambda z: np.log(sigmoid(z)),
    "softsign": lambda z: z / (1 + np.abs(z)),
    "tanh_shrink": lambda z: z - np.tanh(z),
}
# The lines, slope and offset, that it follows far on the left and far on the right.
SELU_LINES = (0, -1.0507009873554805 * 1.6732632423543772), (1.0507009873554805, 0)
ACTIVATION_ENDS = {
    **dict.fromkeys(
        ("relu", "gelu", "silu", "softplus", "mish", "gelu_tanh", "hard_swish"), ((0, 0), (1, 0))
    ),
    **dict.fromkeys(("tanh", "softsign", "hard_tanh"), ((0, -1), (0, 1))),
    **dict.fromkeys(("sigmoid", "hard_sigmoid"), ((0, 0), (0, 1))),
    **dict.fromkeys(("elu", "celu"), ((0, -1), (1, 0))),
    **dict.fromkeys(("identity", "tanh_shrink"), ((1, 0), (1, 0))),
    "leaky_relu": ((0.01, 0), (1, 0)),
    "selu": SELU_LINES,
    "relu6": ((0, 0), (0, 6)),
    "log_sigmoid": ((1, 0), (0, 0)),
}
LOSSES = {
    "mse": lambda a, y: ((a - y) ** 2).mean(),
    "cross_entropy": lambda a, y: -(y * np.log(softmax(a))).sum(axis=1).mean(),
    "binary_cross_entropy": lambda a, y: -(y * np.log(sigmoid(a)) + (1 - y) * np.log(sigmoid(-a))).mean(),
    "mae": lambda a, y: np.abs(a - y).mean(),
    "huber": huber,
    "smooth_l1": huber,
}
NORMALIZATIONS = {
    "batch": lambda z: (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5),
    "layer": lambda z: (z - z.mean(axis=1, keepdims=True)) / np.sqrt(z.var(axis=1, keepdims=True) + 1e-5),
}
FEATURES = {
    "x1": lambda a, b: a,
    "x2": lambda a, b: b,
    "x1_squared": lambda a, b: a**2,
    "x2_squared": lambda a, b: b**2,
    "x1_times_x2": lambda a, b: a * b,
    "sin_x1": lambda a, b: np.sin(2 * np.pi * a),
    "sin_x2": lambda a, b: np.sin(2 * np.pi * b),
}
HALF = 0.5**0.5
# The factor at the first update of each of eight epochs, with these settings.
SCHEDULE_TABLES = {
    "constant": ({}, [1] * 8),
    "cosine": (
        {"min_learning_rate": 0.1},
        [0.2 + 0.8 * (1 + np.cos(np.pi * epoch / 8)) / 2 for epoch in range(8)],
    ),
    "step": ({"schedule_every": 3, "schedule_gamma": 0.5}, [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]),
    "multi_step": ({"schedule_milestones": [1, 6]}, [1, *[0.1] * 5, 0.01, 0.01]),
    "exponential": ({"schedule_gamma": 0.5}, [0.5**epoch for epoch in range(8)]),
    "polynomial": ({"schedule_power": 2.0}, [(1 - epoch / 8) ** 2 for epoch in range(8)]),
    "warm_restarts": (
        {"cycle_epochs": 2, "min_learning_rate": 0.05},
        [1, 0.55, 1, 0.1 + 0.9 * (1 + HALF) / 2, 0.55, 0.1 + 0.9 * (1 - HALF) / 2, 1, 0.1 + 0.9 * 0.9619397],
    ),
    "one_cycle": (
        {"pct_start": 9 / 16, "div_factor": 4.0, "final_div_factor": 5.0},
        [
            0.25,
            *(0.25 + 0.75 * (1 - np.cos(np.pi * done / 8)) / 2 for done in (2, 4, 6, 8)),
            *(0.05 + 0.95 * (1 + np.cos(np.pi * done / 7)) / 2 for done in (2, 4, 6)),
        ],
    ),
    "cyclic_triangular": ({"cycle_epochs": 4, "div_factor": 5.0}, [0.2, 0.6, 1, 0.6, 0.2, 0.6, 1, 0.6]),
    "cyclic_triangular2": ({"cycle_epochs": 4, "div_factor": 5.0}, [0.2, 0.6, 1, 0.6, 0.2, 0.4, 0.6, 0.4]),
    "cyclic_exp_range": (
        {"cycle_epochs": 4, "div_factor": 5.0, "schedule_gamma": 0.5},
        [0.2, 0.4, 0.4, 0.25, 0.2, 0.2 + 0.4 / 32, 0.2 + 0.8 / 64, 0.2 + 0.4 / 128],
    ),
    "plateau": ({}, [1] * 8),
}


def sgd(g, s, t):
    return g


def momentum(g, s, t, momentum=0.9, dampening=0.0):
    if momentum == 0:
        return g
    s["b"] = g if t == 1 else momentum * s["b"] + (1 - dampening) * g
    return s["b"]


def nesterov(g, s, t, momentum=0.9):
    s["b"] = g if t == 1 else momentum * s["b"] + g
    return g + momentum * s["b"]


def rmsprop(g, s, t, alpha=0.99, eps=1e-8, centered=False, momentum=0.0):
    s["v"] = alpha * s.get("v", 0) + (1 - alpha) * g**2
    s["a"] = alpha * s.get("a", 0) + (1 - alpha) * g
    u = g / (np.sqrt(s["v"] - s["a"] ** 2 if centered else s["v"]) + eps)
    s["b"] = momentum * s.get("b", 0) + u
    return s["b"]


def adam(g, s, t, beta1=0.9, beta2=0.999, eps=1e-8, amsgrad=False):
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g**2
    s["v_max"] = np.maximum(s.get("v_max", 0), s["v"])
    v = s["v_max"] if amsgrad else s["v"]
    return s["m"] / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)


def adagrad(g, s, t, lr_decay=0.0, initial_accumulator_value=0.0, eps=1e-10):
    s["s"] = s.get("s", initial_accumulator_value) + g**2
    return g / (np.sqrt(s["s"]) + eps) / (1 + (t - 1) * lr_decay)


def adadelta(g, s, t, rho=0.9, eps=1e-6):
    s["v"] = rho * s.get("v", 0) + (1 - rho) * g**2
    u = np.sqrt(s.get("d", 0) + eps) / np.sqrt(s["v"] + eps) * g
    s["d"] = rho * s.get("d", 0) + (1 - rho) * u**2
    return u


def adamax(g, s, t, beta1=0.9, beta2=0.999, eps=1e-8):
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["u"] = np.maximum(beta2 * s.get("u", 0), np.abs(g) + eps)
    return s["m"] / (1 - beta1**t) / s["u"]


def nadam(g, s, t, beta1=0.9, beta2=0.999, eps=1e-8, momentum_decay=0.004):
    mu = [beta1 * (1 - 0.5 * 0.96 ** (i * momentum_decay)) for i in range(1, t + 2)]
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g**2
    mix = (1 - mu[-2]) * g / (1 - np.prod(mu[:-1])) + mu[-1] * s["m"] / (1 - np.prod(mu))
    return mix / (np.sqrt(s["v"] / (1 - beta2**t)) + eps)


def radam(g, s, t, beta1=0.9, beta2=0.999, eps=1e-8):
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g**2
    m = s["m"] / (1 - beta1**t)
    rho = 2 / (1 - beta2) - 1
    now = rho - 2 * t * beta2**t / (1 - beta2**t)
    if now <= 5:
        return m
    r = np.sqrt((now - 4) * (now - 2) * rho / ((rho - 4) * (rho - 2) * now))
    return m * r * np.sqrt(1 - beta2**t) / (np.sqrt(s["v"]) + eps)


def rprop(g, s, t, eta_minus=0.5, eta_plus=1.2, step_size_min=1e-6, step_size_max=50.0):
    agree = np.sign(g) * np.sign(s.get("previous", np.zeros(6)))
    factor = np.where(agree > 0, eta_plus, np.where(agree < 0, eta_minus, 1))
    s["size"] = np.clip(s.get("size", np.full(6, RATE)) * factor, step_size_min, step_size_max)
    s["previous"] = np.where(agree < 0, 0, g)
    return np.sign(s["previous"]) * s["size"] / RATE


def lion(g, s, t, beta1=0.9, beta2=0.99):
    u = np.sign(beta1 * s.get("m", 0) + (1 - beta1) * g)
    s["m"] = beta2 * s.get("m", 0) + (1 - beta2) * g
    return u


# Each with its defaults, and with every option.
RULES = [
    (sgd, {}),
    (momentum, {}),
    (momentum, {"dampening": 0.4, "momentum": 0.6}),
    (momentum, {"dampening": 0.4, "momentum": 0.0}),
    (nesterov, {"momentum": 0.6}),
    (rmsprop, {}),
    (rmsprop, {"eps": 1e-3, "alpha": 0.8, "momentum": 0.5}),
    (rmsprop, {"eps": 1e-3, "alpha": 0.8, "centered": True}),
    (rmsprop, {"eps": 1e-3, "centered": True, "momentum": 0.5}),
    (adam, {}),
    (adam, {"beta1": 0.7, "beta2": 0.8, "eps": 1e-2}),
    (adam, {"beta2": 0.5, "eps": 1e-2, "amsgrad": True}),
    (adagrad, {}),
    (adagrad, {"lr_decay": 0.3, "initial_accumulator_value": 0.2, "eps": 1e-2}),
    (adadelta, {}),
    (adadelta, {"rho": 0.6, "eps": 1e-2}),
    (adamax, {}),
    (adamax, {"beta1": 0.7, "beta2": 0.8, "eps": 1e-2}),
    (nadam, {}),
    (nadam, {"beta1": 0.7, "beta2": 0.8, "eps": 1e-2, "momentum_decay": 2.0}),
    (radam, {}),
    (radam, {"beta1": 0.7, "beta2": 0.9, "eps": 1e-2}),
    (radam, {"beta2": 0.6}),
    (rprop, {}),
    (rprop, {"eta_minus": 0.3, "eta_plus": 1.7, "step_size_min": 0.02, "step_size_max": 0.25}),
    (lion, {}),
    (lion, {"beta1": 0.5, "beta2": 0.7}),
]
