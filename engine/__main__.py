"""``python -m engine``: one BLAS thread is set here, before numpy loads; two are slower on small networks."""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from engine.cli.main import main  # noqa: E402

if __name__ == "__main__":
    main()
