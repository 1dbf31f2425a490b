"""A table of 50 000 rows and 35 columns with planted traps: what is named before Start, time, memory."""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil

ROWS, NUMBERS, TEXTS = 50_000, 27, 4
SEED = 0
FIRST_RECORD = """
import sys, time
started = time.perf_counter()
from engine.cli.tables import keep_table, load_dataset_with_findings
from engine.config import parse_config
from engine.config.resolve import resolve
from engine.store.store import open_store
from pathlib import Path
import os, psutil
store = open_store(sys.argv[1])
file_id, table = keep_table(store, Path(sys.argv[2]))
read = time.perf_counter()
config = parse_config({"dataset": "table", "table": file_id, "target": sys.argv[3], "test_fraction": 0.2})
dataset = load_dataset_with_findings(store, config, table)
told = time.perf_counter()
from engine.store.lease import claim, new_owner
from engine.store.submit import submit_one
from engine.workers.session import train_claimed
del table
run = submit_one(store, config.model_copy(update={"epochs": 1}), dataset, paused=True)
first = []
lease = claim(store, new_owner(), run, even_paused=True)
train_claimed(store, lease, lambda record: first.append(time.perf_counter()))
print(f"read {read - started:.2f} s, encoded and inspected {told - read:.2f} s, "
      f"first point {first[0] - started:.2f} s")
"""


def write_table(path: Path) -> None:
    """Write the table: 27 numbers, 4 texts, an id, a leak, a rare class and the target times 10^6."""
    generator = np.random.default_rng(SEED)
    x = generator.normal(size=(ROWS, NUMBERS))
    texts = generator.integers(0, 8, (ROWS, TEXTS))
    value = 1e6 * (x[:, :5].sum(axis=1) + np.sin(3 * x[:, 0]) + generator.normal(0, 0.5, ROWS))
    rare = (x[:, 1] + 0.5 * generator.normal(size=ROWS) > 2.6).astype(int)
    leak = rare + generator.normal(0, 0.05, ROWS)
    names = [*(f"x{i}" for i in range(NUMBERS)), *(f"kind{i}" for i in range(TEXTS))]
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(["customer_id", *names, "leak", "rare", "value"]) + "\n")
        for row in range(ROWS):
            cells = [f"{number:.6f}" for number in x[row]] + [f"k{code}" for code in texts[row]]
            facts = f"{leak[row]:.6f},{rare[row]},{value[row]:.1f}"
            file.write(f"{100_000 + row},{','.join(cells)},{facts}\n")


def watched(command: list[str]) -> tuple[str, float]:
    """Run a command; return what it said and the most memory that it held, in MB."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    seen = psutil.Process(process.pid)
    most = [0]

    def watch() -> None:
        while process.poll() is None:
            try:
                most[0] = max(most[0], seen.memory_info().rss)
            except psutil.NoSuchProcess:
                return
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    said, _ = process.communicate()
    watcher.join()
    return said, most[0] / 1e6


def main() -> None:
    """Print for both targets what is named, the times, and the memory; or write the table and stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="only write the table to this file")
    chosen = parser.parse_args()
    if chosen.write:
        write_table(chosen.write)
        return
    os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(path)
        print(f"{ROWS:,} rows, {NUMBERS + TEXTS + 4} columns, {path.stat().st_size / 1e6:.1f} MB")
        for target in ("rare", "value"):
            url = f"sqlite:///{folder}/{target}.db"
            said, megabytes = watched([sys.executable, "-c", FIRST_RECORD, url, str(path), target])
            print(f"\ntarget {target}\n{said}most memory {megabytes:.0f} MB")


if __name__ == "__main__":
    main()
