"""The command line: train, list, show, predict, scores, resume, worker, doctor and others."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from engine.cli import explain as explain_commands
from engine.cli import lessons as lesson_commands
from engine.cli import manage as manage_commands
from engine.cli import queue as queue_commands
from engine.cli import stores as store_commands
from engine.cli.asking import Yes, confirm_long
from engine.cli.listing import list_command
from engine.cli.options import AsJson, BadInput, Run, StoreUrl
from engine.cli.plugins import take_plugins
from engine.cli.settings import describe_again, with_settings
from engine.codec import CodecError
from engine.config import ConfigError, RunConfig, parse_config
from engine.config.errors import nearest
from engine.config.presets import PRESETS, with_preset
from engine.config.text import config_values
from engine.store.runs import NoSuchRun
from engine.store.store import StoreError

app = typer.Typer(
    name="engine",
    help="Train, watch and compare multilayer perceptrons.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

BAD_INPUT, FAILED = 2, 1


def main() -> None:
    """Run the command line; bad input ends with status 2 and one sentence on stderr."""
    try:
        arguments = take_plugins(sys.argv[1:])
        describe_again()
        sys.exit(app(arguments, standalone_mode=False) or 0)
    except typer.Exit as leaving:
        sys.exit(leaving.exit_code)
    except (BadInput, ConfigError, StoreError, NoSuchRun, CodecError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except TyperException as error:
        print(f"error: {_usage_sentence(error)}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)


@app.callback()
def options(
    plugin: Annotated[
        list[Path] | None,
        typer.Option("--plugin", help="Python file that adds activations, losses, ..."),
    ] = None,
) -> None:
    """Keep a place for ``--plugin`` in the help: main takes it off the line before any command is known."""


def _usage_sentence(error: Any) -> str:
    name = getattr(error, "option_name", None)
    if name is None:
        return error.format_message()
    if not hasattr(error, "possibilities"):
        return f"option {name} must be followed by a value, got none"
    options = {
        option.lstrip("-").replace("-", "_"): option
        for each in error.ctx.command.params
        for option in each.opts
        if option.startswith("--")
    }
    like = nearest(str(name).lstrip("-").replace("-", "_"), options)
    guess = f"did you mean {options[like]}? " if like else ""
    return f"unknown option {name}: {guess}known are {', '.join(options.values())}"


def read_config(path: Path | None, settings: dict[str, Any], preset: str | None = None) -> RunConfig:
    """Return the configuration of a preset, of a JSON file on top, of the command line on top of both."""
    if path is not None:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"config must be a readable JSON file: {error}") from None
        settings = {**config_values(text), **settings}
    return parse_config(settings if preset is None else with_preset(preset, settings))


@app.command()
@with_settings
def train(
    settings: dict[str, Any],
    config: Annotated[Path | None, typer.Option(help="JSON file of settings; options override it")] = None,
    preset: Annotated[
        str | None, typer.Option(help="named settings; the file and options override them")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="CSV file to train on; --target names a column")] = None,
    name: Annotated[str, typer.Option(help="name of the run")] = "",
    seeds: Annotated[int, typer.Option(help="number of runs, with consecutive seeds from --seed on")] = 1,
    yes: Yes = False,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Train a run in this process, with a progress bar; with --seeds, several together."""
    from engine.cli.runs import follow
    from engine.cli.seeds import follow_seeds
    from engine.cli.tables import keep_table, load_dataset_with_findings
    from engine.store.store import open_store
    from engine.store.submit import prepare, submit, with_seeds

    opened, table = open_store(store), None
    if csv is not None:
        file_id, table = keep_table(opened, csv)
        settings = {"dataset": "table", **settings, "table": file_id}
    chosen = read_config(config, settings, preset)
    dataset = load_dataset_with_findings(opened, chosen, table)
    batch = prepare(opened, with_seeds(chosen, seeds, dataset=dataset, name=name, paused=True))
    confirm_long(batch.seconds, yes)
    run_ids = submit(opened, batch)
    if seeds > 1:
        follow_seeds(opened, run_ids, as_json)
    else:
        follow(opened, run_ids[0], as_json)


@app.command()
def presets(as_json: AsJson = False) -> None:
    """List the presets: what each one shows, and its settings."""
    for preset in PRESETS.values():
        if as_json:
            print(json.dumps({"name": preset.name, "watch": preset.watch, "settings": preset.settings}))
        else:
            settings = ", ".join(f"{name} = {value}" for name, value in preset.settings.items())
            print(f"{preset.name}: {preset.title}\n  {preset.watch}\n  {settings or 'the defaults'}")


@app.command()
def resume(
    run: Run,
    yes: Annotated[bool, typer.Option("--yes", help="continue even on another machine")] = False,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Resume a stopped, interrupted or paused run from its last checkpoint.

    On the same machine the result is bit for bit that of an uninterrupted run; elsewhere it asks first.
    """
    from engine.cli.runs import follow, other_machine
    from engine.store.runs import reopen
    from engine.store.store import open_store

    opened = open_store(store)
    sentence = other_machine(opened, run)
    if sentence and not yes:
        if not sys.stdin.isatty():
            raise BadInput(f"{sentence}; use --yes to continue anyway")
        typer.confirm(f"{sentence}. Continue anyway?", abort=True)
    reopen(opened, run)
    follow(opened, run, as_json)


app.command("list")(list_command)


@app.command()
def show(run: Run, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show a run: status, step, losses, configuration."""
    from engine.cli.runs import print_run
    from engine.store.store import open_store

    print_run(open_store(store), run, as_json)


@app.command()
def weights(
    run: Run,
    output: Annotated[Path, typer.Option(help=".npz file to write")],
    store: StoreUrl = None,
) -> None:
    """Write the newest parameters of a run by layer name: dense1.weight (out, in), dense1.bias, ..."""
    from engine.cli.runs import write_weights
    from engine.store.store import open_store

    write_weights(open_store(store), run, output)


@app.command()
def predict(
    run: Run,
    csv: Annotated[Path, typer.Option(help="CSV file with the columns that the run was trained on")],
    output: Annotated[Path, typer.Option(help="file to write; - for standard output")] = Path("-"),
    store: StoreUrl = None,
) -> None:
    """Write the predictions of a trained run for the rows of a CSV file."""
    from engine.cli.tables import write_predictions
    from engine.store.store import open_store

    write_predictions(open_store(store), run, csv, output)


@app.command()
def baselines(run: Run, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Compare a run with simple baselines on the same data and split."""
    from engine.cli.tables import print_baselines
    from engine.store.store import open_store

    print_baselines(open_store(store), run, as_json)


@app.command()
def scores(run: Run, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Score a run on its held-out rows: balanced accuracy, F1, ROC AUC, confusion, MAE, and by class."""
    from engine.cli.scores import print_scores
    from engine.store.store import open_store

    print_scores(open_store(store), run, as_json)


@app.command()
def worker(store: StoreUrl = None) -> None:
    """Train the queued runs of a store; the dashboard starts workers by itself."""
    from engine.store.store import default_url
    from engine.workers.worker import work

    work(store or default_url())


@app.command("check-gradients")
@with_settings
def check_gradients(
    settings: dict[str, Any],
    config: Annotated[Path | None, typer.Option(help="JSON file of settings; options override it")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare backpropagation with finite differences on a configuration, layer by layer."""
    from engine.analysis.gradient_check import check_config

    checks, passed = check_config(read_config(config, settings))
    if as_json:
        print(json.dumps({"passed": passed, "largest_error": {c.layer: c.largest_error for c in checks}}))
    else:
        for check in checks:
            tried = f"{check.parameters_tried} parameters"
            print(f"layer {check.layer}: largest relative error {check.largest_error:.1e} over {tried}")
        print("backpropagation and finite differences agree" if passed else "they do NOT agree")
    if not passed:
        raise SystemExit(FAILED)


@app.command()
def plugins(as_json: AsJson = False) -> None:
    """List what plugins add, with the checks that it passed, and the files that were refused."""
    from engine.cli.plugins import print_plugins

    print_plugins(as_json)


store_commands.register(app)
manage_commands.register(app)
queue_commands.register(app)
explain_commands.register(app)
lesson_commands.register(app)
