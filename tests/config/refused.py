"""Configurations that are refused, each with its sentence; holds no test."""

from engine.nn.activations import ACTIVATIONS

NAMES = ", ".join(ACTIVATIONS)
REFUSED = [
    ({"learning_rate": -0.1}, "learning_rate must be > 0, got -0.1"),
    ({"learning_rate": float("nan")}, "learning_rate must be a finite number, got nan"),
    ({"learning_rate": float("inf")}, "learning_rate must be a finite number, got inf"),
    ({"learning_rate": 1e308}, "learning_rate must be <= 1000000, got 1e+308"),
    ({"hidden_sizes": [0]}, "hidden_sizes must be >= 1, got 0"),
    ({"hidden_sizes": [-1]}, "hidden_sizes must be >= 1, got -1"),
    ({"hidden_sizes": [1.5]}, "hidden_sizes must be a whole number, got 1.5"),
    ({"hidden_sizes": ["64"]}, "hidden_sizes must be a whole number, got '64'"),
    ({"hidden_sizes": [True]}, "hidden_sizes must be a whole number, got True"),
    ({"batch_size": 0}, "batch_size must be >= 1, got 0"),
    (
        {"last_batch": "skip"},
        "last_batch must be one of auto, keep, drop, spread, got 'skip' (did you mean 'keep'?)",
    ),
    (
        {"evaluation": "epochs"},
        "evaluation must be one of auto, epoch, spread, got 'epochs' (did you mean 'epoch'?)",
    ),
    ({"batch_size": "some"}, "batch_size must be a whole number or 'full', got 'some'"),
    ({"dropout": 1.0}, "dropout must be < 1, got 1.0"),
    ({"dropout": -0.1}, "dropout must be >= 0, got -0.1"),
    ({"dropout": [0.1, 1.0]}, "dropout must be < 1, got 1.0"),
    ({"dropout": [float("nan"), 0.1]}, "dropout must be a finite number, got nan"),
    ({"dropout": [True, 0.1]}, "dropout must be a number, got True"),
    ({"class_weights": [1, float("inf")]}, "class_weights must be a finite number, got inf"),
    ({"class_weights": []}, "class_weights must have at least 1 entry, got 0"),
    ({"schedule_milestones": [1.5]}, "schedule_milestones must be a whole number, got 1.5"),
    (
        {"features": ["x9"]},
        "features must be one of x1, x2, x1_squared, x2_squared, x1_times_x2, sin_x1, sin_x2, got 'x9' "
        "(did you mean 'x2'?)",
    ),
    ({"dtype": "\ud800"}, "dtype must be text, got '\\ud800'"),
    ({"dropout": [0.1]}, "dropout must be one number or one for each of the 2 hidden layers, got 1"),
    ({"dropout": []}, "dropout must be one number or one for each of the 2 hidden layers, got 0"),
    ({"dropout": [0.1], "depth": 0}, "dropout must be one number, got 1"),
    ({"activation": ["relu"]}, "activation must be one name or one for each of the 2 hidden layers, got 1"),
    ({"activation": []}, "activation must be one name or one for each of the 2 hidden layers, got 0"),
    ({"activation": ["relu"], "depth": 0}, "activation must be one name, got 1"),
    (
        {"activation": ["relu", "rleu"]},
        f"activation must be one of {NAMES}, got 'rleu' (did you mean 'relu'?)",
    ),
    ({"activation": ["relu", None]}, f"activation must be one of {NAMES}, got None"),
    ({"activation": 3}, f"activation must be one of {NAMES}, got 3"),
    (
        {"residual": True, "depth": 0},
        "hidden_sizes must have two equal widths side by side with residual, got []",
    ),
    (
        {"residual": True, "depth": 1},
        "hidden_sizes must have two equal widths side by side with residual, got [16]",
    ),
    (
        {"residual": True, "hidden_sizes": [8, 4, 8]},
        "hidden_sizes must have two equal widths side by side with residual, got [8, 4, 8]",
    ),
    ({"residual": 1}, "residual must be true or false, got 1"),
    ({"beta1": 1.0}, "beta1 must be < 1, got 1.0"),
    ({"clip_norm": 0}, "clip_norm must be > 0, got 0"),
    ({"clip_value": -1}, "clip_value must be > 0, got -1"),
    ({"epochs": 10**9}, "epochs must be <= 1000000, got 1000000000"),
    ({"seed": -1}, "seed must be >= 0, got -1"),
    ({"seed": 2**64}, "seed must be <= 4294967295, got 18446744073709551616"),
    (
        {"momentum": 0.9},
        "momentum applies only with optimizer momentum or nesterov or rmsprop, got optimizer adam",
    ),
    (
        {"optimizer": "nesterov", "dampening": 0.1},
        "dampening applies only with optimizer momentum, got optimizer nesterov",
    ),
    ({"optimizer": "momentum", "dampening": 1.0}, "dampening must be < 1, got 1.0"),
    ({"beta2": 1.0}, "beta2 must be < 1, got 1.0"),
    ({"eps": 0.0}, "eps must be > 0, got 0.0"),
    ({"optimizer": "adadelta", "rho": 1.0}, "rho must be < 1, got 1.0"),
    ({"optimizer": "adagrad", "lr_decay": -0.1}, "lr_decay must be >= 0, got -0.1"),
    ({"optimizer": "nadam", "momentum_decay": -1.0}, "momentum_decay must be >= 0, got -1.0"),
    ({"optimizer": "rprop", "eta_minus": 1.2}, "eta_minus must be < 1, got 1.2"),
    ({"optimizer": "rprop", "eta_plus": 0.5}, "eta_plus must be > 1, got 0.5"),
    ({"optimizer": "rprop", "step_size_min": 60.0}, "step_size_min must be <= step_size_max (50), got 60"),
    (
        {"step_size_min": 60.0},
        "step_size_min applies only with optimizer rprop, got optimizer adam",
    ),
    (
        {"optimizer": "rprop", "step_size_max": 1e-7},
        "step_size_min must be <= step_size_max (1e-07), got 1e-06",
    ),
    (
        {"optimizer": "sgd", "amsgrad": True},
        "amsgrad applies only with optimizer adam or adamw, got optimizer sgd",
    ),
    ({"centered": True}, "centered applies only with optimizer rmsprop, got optimizer adam"),
    ({"l1": -0.1}, "l1 must be >= 0, got -0.1"),
    ({"clip_layer_norm": 0}, "clip_layer_norm must be > 0, got 0"),
    (
        {"decay_kind": "decoupled", "l1": 0.1},
        "decay_kind applies only with weight_decay > 0, got weight_decay 0.0",
    ),
    (
        {"decay_biases": False},
        "decay_biases applies only with weight_decay > 0 or l1 > 0, got weight_decay 0.0 and l1 0.0",
    ),
    ({"decay_biases": None, "l1": 0.1}, "decay_biases must be true or false, got None"),
    (
        {"weight_decay": 0.1, "decay_kind": "l2"},
        "decay_kind must be one of auto, coupled, decoupled, got 'l2'",
    ),
    ({"schedule_every": 3}, "schedule_every applies only with schedule step, got schedule constant"),
    ({"warmup_epochs": 9, "epochs": 8}, "warmup_epochs must be <= epochs (8), got 9"),
    (
        {"schedule": "cosine", "plateau_patience": 3},
        "plateau_patience applies only with schedule plateau, got schedule cosine",
    ),
    (
        {"schedule": "multi_step", "schedule_milestones": [5, 3]},
        "schedule_milestones must ascend, got 5, 3",
    ),
    (
        {"schedule": "multi_step", "schedule_milestones": [3, 3]},
        "schedule_milestones must ascend, got 3, 3",
    ),
    (
        {"schedule": "multi_step", "schedule_milestones": []},
        "schedule_milestones must have at least 1 entry, got 0",
    ),
    ({"schedule": "multi_step", "schedule_milestones": [0]}, "schedule_milestones must be >= 1, got 0"),
    (
        {"schedule": "multi_step", "schedule_milestones": 5},
        "schedule_milestones must be a list, got 5",
    ),
    (
        {"schedule": "cosine", "min_learning_rate": 0.5},
        "min_learning_rate must be <= learning_rate (0.01), got 0.5",
    ),
    ({"schedule": "one_cycle", "pct_start": 1.0}, "pct_start must be < 1, got 1.0"),
    ({"schedule": "one_cycle", "pct_start": 0}, "pct_start must be > 0, got 0"),
    ({"schedule": "one_cycle", "div_factor": 0.5}, "div_factor must be >= 1, got 0.5"),
    ({"schedule": "plateau", "plateau_threshold": 1.0}, "plateau_threshold must be < 1, got 1.0"),
    ({"early_stopping": 0}, "early_stopping must be >= 1, got 0"),
    ({"early_stopping": 1.5}, "early_stopping must be a whole number, got 1.5"),
    (
        {"early_stopping_min_delta": 0.1},
        "early_stopping_min_delta applies only with early_stopping given, got early_stopping none",
    ),
    ({"restore_best": "yes"}, "restore_best must be true or false, got 'yes'"),
    ({"depth": 2, "hidden_sizes": [3]}, "depth is a shorthand for hidden_sizes: give one of them, got both"),
    ({"loss_delta": 2.0}, "loss_delta applies only with loss huber or smooth_l1, got loss auto"),
    ({"class_weights": [1.0, 0.0]}, "class_weights must be > 0, got 0.0"),
    ({"class_weights": "rare"}, "class_weights must be a list or 'balanced', got 'rare'"),
    ({"depth": -1}, "depth must be a whole number from 0 to 200, got -1"),
    ({"features": []}, "features must have at least 1 entry, got 0"),
    ({"features": ["x1", "x1"]}, "features must name each feature once, got x1, x1"),
    ({"features": "x1"}, "features must be a list, got 'x1'"),
    (
        {"features": ["x1", "x3"]},
        "features must be one of x1, x2, x1_squared, x2_squared, x1_times_x2, sin_x1, sin_x2, got 'x3' "
        "(did you mean 'x2'?)",
    ),
    (
        {"features": ["x1"], "dataset": "sine"},
        "features applies only with dataset moons or circles or xor or blobs or spiral or spiral3 or plane, "
        "got dataset sine",
    ),
    (
        {"standardize_inputs": "no"},
        "standardize_inputs must be one of on, off, got 'no' (did you mean 'on'?)",
    ),
]
