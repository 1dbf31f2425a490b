"""The commands that take one training step apart: its calls, the chain rule of a weight, a script."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli.options import AsJson, BadInput, Run, StoreUrl

Step = Annotated[int, typer.Option(help="step from 0: the update that follows so many others")]
Row = Annotated[int | None, typer.Option(help="a training row, from 0, to be the whole batch")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the command line."""
    app.command("step")(step_command)
    app.command("chain")(chain_command)
    app.command("code")(code_command)


def step_command(
    run: Run, step: Step, row: Row = None, store: StoreUrl = None, as_json: AsJson = False
) -> None:
    """Show one training step call by call: forward pass, loss, backward pass, update.

    The weights are those of the run at that step, the numbers in float64.
    """
    from engine.explain.step import step_data

    explained = _explained(store, run, step, row).finish()
    data = {"run": run, **step_data(explained)}
    print(json.dumps(data) if as_json else _step_text(data))


def chain_command(
    run: Run,
    step: Step,
    layer: Annotated[int, typer.Option(help="layer of the weight, 1 next to the input")],
    unit: Annotated[int, typer.Option(help="unit of that layer, from 1")],
    source: Annotated[int, typer.Option("--input", help="what the weight multiplies, from 1; 0 is the bias")],
    row: Row = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the chain rule for one weight: the factors of its gradient, beside a finite difference.

    Without --row the row is the first one of the step's batch. Where batch norm needs several rows, it is the
    whole batch, and the gradient a sum over its rows.
    """
    from engine.explain.chain import chain_data
    from engine.explain.step import ExplainedStep

    moment = _moment(store, run, step)
    explained = ExplainedStep(moment.config, moment.dataset, moment.state, row)
    if row is None and not explained.needs_rows:
        explained = ExplainedStep(moment.config, moment.dataset, moment.state, int(explained.rows[0]))
    data = {"run": run, "step": step, **chain_data(explained, layer, unit, source)}
    print(json.dumps(data) if as_json else _chain_text(data))


def code_command(
    run: Run,
    output: Annotated[Path, typer.Option(help="file to write; - for standard output")] = Path("-"),
    framework: Annotated[str, typer.Option(help="what the script needs: numpy or pytorch")] = "numpy",
    step: Annotated[int | None, typer.Option(help="step from 0; the last one without it")] = None,
    row: Row = None,
    store: StoreUrl = None,
) -> None:
    """Write one training step as a script: NumPy line by line as the textbook has it, or PyTorch.

    It holds weights and batch of that step, and prints loss, norm of the gradient and the loss afterwards.
    It needs nothing but NumPy, or with --framework pytorch nothing but PyTorch.
    """
    from engine.explain.frameworks import FRAMEWORKS
    from engine.store.runs import get_run
    from engine.store.store import open_store

    if framework not in FRAMEWORKS:
        raise BadInput(f"framework must be {' or '.join(FRAMEWORKS)}, got {framework!r}")
    chosen = max(get_run(open_store(store), run).step - 1, 0) if step is None else step
    text = FRAMEWORKS[framework].write(_explained(store, run, chosen, row), f" of run {run}")
    if str(output) == "-":
        print(text, end="")
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"output must be a file that can be written: {error}") from None


def _explained(store: str | None, run_id: int, step: int, row: int | None) -> Any:
    from engine.explain.step import ExplainedStep

    moment = _moment(store, run_id, step)
    return ExplainedStep(moment.config, moment.dataset, moment.state, row)


def _moment(store: str | None, run_id: int, step: int) -> Any:
    from engine.store.moments import moment_of
    from engine.store.store import open_store

    return moment_of(open_store(store), run_id, step)


def _step_text(data: dict[str, Any]) -> str:
    rows, phase = len(data["rows"]), ""
    lines = [
        f"run {data['run']}, step {data['step']}: {rows} {'row' if rows == 1 else 'rows'}, "
        f"learning rate {data['learning_rate']:g}"
    ]
    for each in data["instructions"]:
        if each["phase"] != phase:
            phase = each["phase"]
            lines.append(phase)
        shape = " x ".join(map(str, each["shape"])) or "a number"
        lines.append(f"  {each['label']}    ({shape})")
    lines.append(f"loss {data['loss']:.6g}, norm of the gradient {data['grad_norm']:.6g}")
    return "\n".join(lines)


def _chain_text(data: dict[str, Any]) -> str:
    lines = [f"{each['name']} = {each['value']:z.6g}    {each['meaning']}" for each in data["factors"]]
    lines += [
        f"product            {data['product']:z.9g}",
        f"finite difference  {data['finite_difference']:z.9g}",
        f"relative distance  {data['relative_distance']:.1e}",
    ]
    return "\n".join(lines)
