"""Changes bundles for tests; holds no test."""

import io
import zipfile


def repacked(content, change, compression=zipfile.ZIP_STORED):
    """Return a bundle with other members: ``change(name, bytes)`` gives the new bytes, None drops one."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", compression) as new:
        for info in old.infolist():
            changed = change(info.filename, old.read(info))
            if changed is not None:
                new.writestr(info.filename, changed)
    return out.getvalue()
