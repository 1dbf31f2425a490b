"""The update of a step in PyTorch: its optimizer, what that remembers, clipping and penalties."""

import math
from dataclasses import dataclass, field

import numpy as np

from engine.explain.step import ExplainedStep
from engine.explain.torch_names import named_as_in_torch, refuse
from engine.nn.optimizers.registry import OPTIMIZERS
from engine.nn.optimizers.sign import SMALLEST_RATE
from engine.nn.parameter_names import decay_mask

WIDTH = 100


@dataclass(frozen=True)
class TorchOptimizer:
    """One of torch.optim's optimizers.

    Parameters
    ----------
    name : str
        Its class.
    options : tuple of str
        What is always written, with our settings between braces.
    extras : tuple of str
        Settings that torch calls as we do, and that are off there, too, unless they are given.
    slots : dict of str to str
        Torch's names of what it remembers, by ours. Which of these a run has depends on its options.
    counts : bool
        Whether it also remembers its updates, as ``step``.
    decoupled : str
        What makes its weight decay decoupled: another class, or an option; empty where nothing does.
    coupled : bool
        Whether it has coupled weight decay.
    """

    name: str
    options: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    slots: dict[str, str] = field(default_factory=dict)
    counts: bool = True
    decoupled: str = ""
    coupled: bool = True


BETAS, EPS = "betas=({beta1!r}, {beta2!r})", "eps={eps!r}"
MOMENTS = {"m": "exp_avg", "v": "exp_avg_sq"}
BUFFER = {"b": "momentum_buffer"}
APART = "decoupled_weight_decay=True"
ADAM = TorchOptimizer(
    "Adam", (BETAS, EPS), ("amsgrad",), {**MOMENTS, "v_max": "max_exp_avg_sq"}, decoupled="AdamW"
)
SGD = TorchOptimizer("SGD", counts=False)
TORCH_OPTIMIZERS = {
    "sgd": SGD,
    "momentum": TorchOptimizer("SGD", ("momentum={momentum!r}",), ("dampening",), BUFFER, counts=False),
    "nesterov": TorchOptimizer("SGD", ("momentum={momentum!r}", "nesterov=True"), slots=BUFFER, counts=False),
    "rmsprop": TorchOptimizer(
        "RMSprop",
        ("alpha={alpha!r}", EPS),
        ("momentum", "centered"),
        {"v": "square_avg", "a": "grad_avg", **BUFFER},
    ),
    "adam": ADAM,
    "adamw": ADAM,
    "adagrad": TorchOptimizer("Adagrad", (EPS,), ("lr_decay", "initial_accumulator_value"), {"s": "sum"}),
    "adadelta": TorchOptimizer("Adadelta", ("rho={rho!r}", EPS), slots={"v": "square_avg", "d": "acc_delta"}),
    "adamax": TorchOptimizer("Adamax", (BETAS, EPS), slots={"m": "exp_avg", "u": "exp_inf"}),
    "nadam": TorchOptimizer(
        "NAdam", (BETAS, EPS, "momentum_decay={momentum_decay!r}"), slots=MOMENTS, decoupled=APART
    ),
    "radam": TorchOptimizer("RAdam", (BETAS, EPS), slots=MOMENTS, decoupled=APART),
    "rprop": TorchOptimizer(
        "Rprop",
        ("etas=({eta_minus!r}, {eta_plus!r})", "step_sizes=({step_size_min!r}, {step_size_max!r})"),
        slots={"previous": "prev", "size": "step_size"},
        coupled=False,
    ),
}


class TorchUpdate:
    """Writes what a script says of the update.

    Parameters
    ----------
    step : ExplainedStep
        Whose optimizer torch has; its calls have not run yet.

    Raises
    ------
    ConfigError
        When torch's optimizer would do something else in this very step.
    """

    def __init__(self, step: ExplainedStep) -> None:
        self.step, self.config = step, step.config
        self.slots = {name: slot.copy() for name, slot in step.optimizer.slots.items()}
        config = self.config
        # Without momentum torch's SGD remembers nothing, and refuses Nesterov's.
        rests = config.optimizer in ("momentum", "nesterov") and not config.momentum
        self.rule = SGD if rests else TORCH_OPTIMIZERS[config.optimizer]
        by_default = OPTIMIZERS[config.optimizer].decoupled and config.decay_kind == "auto"
        self.is_decoupled = by_default or config.decay_kind == "decoupled"
        has_decay = bool(self.rule.decoupled) if self.is_decoupled else self.rule.coupled
        self.written_out = 0.0 if has_decay else config.weight_decay
        self.exempt = self._exempt() if config.weight_decay or config.l1 else ""
        if config.optimizer == "rprop" and step.learning_rate < SMALLEST_RATE:
            refuse(
                f"learning_rate {step.learning_rate:g} of rprop",
                "torch.optim.Rprop takes its steps without it",
            )

    def _exempt(self) -> str:
        """Return what holds, in Python, of the name of a parameter that does not decay; empty for none."""
        config = self.config
        biases, norms = config.decay_biases, config.decay_normalization
        if decay_mask(self.step.network, biases=biases, normalization=norms) is None:
            return ""
        if norms:
            of_dense = 'name.startswith("dense") and ' if config.normalization != "none" else ""
            return f'{of_dense}name.endswith(".bias")'
        return 'name.startswith("norm")' + ("" if biases else ' or name.endswith(".bias")')

    def optimizer(self) -> list[str]:
        """Return the lines that make the optimizer and give it back what it remembers."""
        has_decay = bool(self.config.weight_decay and not self.written_out)
        has_groups = bool(self.exempt and has_decay)
        name, options = self.rule.name, self._options()
        if self.is_decoupled and self.rule.decoupled == "AdamW":
            name, has_decay = "AdamW", True  # its own decay is not 0 unless it is told so
        elif self.is_decoupled and has_decay:
            options.append(self.rule.decoupled)
        if has_decay:
            options.append(f"weight_decay={self.config.weight_decay!r}")
        parameters = "network.parameters()"
        if has_groups:
            parameters = '[{"params": decaying}, {"params": others, "weight_decay": 0.0}]'
        lists = self._lists("decaying", "others") if has_groups else self._lists("decaying")
        made = _call(f"optimizer = torch.optim.{name}", [parameters, *options])
        return [*lists, *made, *(self._memory() if self._remembers else [])]

    def _options(self) -> list[str]:
        config, rule = self.config, self.rule
        return [
            f"lr={self.step.learning_rate!r}",
            *[each.format(**vars(config)) for each in rule.options],
            *[f"{each}={getattr(config, each)!r}" for each in rule.extras if getattr(config, each)],
        ]

    def _lists(self, *names: str) -> list[str]:
        """Return the lines that tell the parameters that decay from the others."""
        if not self.exempt:
            return []
        holds = f"({self.exempt})" if " or " in self.exempt or " and " in self.exempt else self.exempt
        conditions, lines = {"decaying": f"not {holds}", "others": self.exempt}, []
        for name in names:
            parts = "each for name, each in network.named_parameters()", f"if {conditions[name]}"
            line = f"{name} = [{' '.join(parts)}]"
            several = [f"{name} = [", *[f"    {each}" for each in parts], "]"]
            lines += [line] if len(line) <= WIDTH else several
        return lines

    def _memory(self) -> list[str]:
        kept = [f'"step": torch.tensor({float(self.step.step)!r})'] if self.rule.counts else []
        kept += [f'"mu_product": torch.tensor({self._mu_product()!r})'] if self.rule.name == "NAdam" else []
        memory = f"{{{', '.join([*kept, '**remembered[name]'])}}}" if kept else "remembered[name]"
        head = "for name, parameter in network.named_parameters():"
        return [head, f"    optimizer.state[parameter] = {memory}"]

    @property
    def _remembers(self) -> bool:
        return bool(self.step.step and self.rule.slots)

    def _mu_product(self) -> float:
        """Return what Nadam keeps beside its means: the product of the momenta of all updates so far."""
        beta, decay = vars(self.config)["beta1"], vars(self.config)["momentum_decay"]
        return math.prod(beta * (1 - 0.5 * 0.96 ** (each * decay)) for each in range(1, self.step.step + 1))

    def remembered(self) -> dict[str, dict[str, np.ndarray]]:
        """Return what the optimizer remembers of the updates before, by parameter, by torch's names."""
        if not self._remembers:
            return {}
        by_slot = {
            self.rule.slots[name]: named_as_in_torch(self.step.named(slot))
            for name, slot in self.slots.items()
        }
        names = next(iter(by_slot.values()))
        return {name: {slot: named[name] for slot, named in by_slot.items()} for name in names}

    def update(self) -> list[str]:
        """Return the lines that clip and penalise the gradient, and make the update."""
        return [*self._clipping(), *self._penalties(), "optimizer.step()"]

    def _clipping(self) -> list[str]:
        config, lines = self.config, []
        if config.clip_value is not None:
            lines.append(f"nn.utils.clip_grad_value_(network.parameters(), {config.clip_value!r})")
        if config.clip_layer_norm is not None:
            for number in range(1, self.step.network.depth + 1):
                layer = f"network.dense{number}.parameters()"
                if config.normalization != "none" and number < self.step.network.depth:
                    layer = f"[*{layer}, *network.norm{number}.parameters()]"
                lines.append(f"nn.utils.clip_grad_norm_({layer}, {config.clip_layer_norm!r})")
        if config.clip_norm is not None:
            lines.append(f"nn.utils.clip_grad_norm_(network.parameters(), {config.clip_norm!r})")
        return lines

    def _penalties(self) -> list[str]:
        config, lines = self.config, []
        if config.l1:
            lines.append(f"parameter.grad += {config.l1!r} * torch.sign(parameter)  # L1")
        if self.written_out and self.is_decoupled:
            lines.append(
                f"parameter *= 1 - {self.step.learning_rate!r} * {self.written_out!r}  # decoupled decay"
            )
        elif self.written_out:
            lines.append(f"parameter.grad += {self.written_out!r} * parameter  # weight decay")
        if not lines:
            return []
        which = "decaying" if self.exempt else "network.parameters()"
        head = ["with torch.no_grad():", f"    for parameter in {which}:"]
        return [*head, *[f"        {line}" for line in lines]]

    def check(self) -> None:
        """Refuse, once the step's calls have run, what torch would do otherwise because of rounding.

        Raises
        ------
        ConfigError
            When torch would take the root of a variance that rounding has brought below 0.
        """
        if self.config.optimizer != "rmsprop" or not self.config.centered:
            return
        slots = self.step.optimizer.slots
        with np.errstate(all="ignore"):  # gradients of a diverged run overflow
            variance = slots["v"] - np.square(slots["a"])
        if np.any((variance <= 1e-12 * slots["v"]) & (slots["v"] > 0)):
            refuse(
                "centered", "the variance of a gradient is 0 but for rounding, where torch goes on with NaN"
            )


def _call(function: str, arguments: list[str]) -> list[str]:
    """Return a call on one line, or, where that is long, an argument a line."""
    line = f"{function}({', '.join(arguments)})"
    return [line] if len(line) <= WIDTH else [f"{function}(", *[f"    {each}," for each in arguments], ")"]
