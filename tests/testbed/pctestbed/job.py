# SPDX-License-Identifier: LGPL-2.1-or-later
"""A job: files laid over the image, and the script /job/run."""
import io
from pathlib import Path

from .cpio import Archive


class Job:
    """script: text of /job/run (a shell script unless it starts with "#!").

    files: {path in the machine: path on this machine, or bytes}. Bytes that
    start with "#!" become executable; files of this machine keep their mode.
    """

    def __init__(self, script=None, files=None):
        self.script = script
        self.files = dict(files or {})

    @classmethod
    def from_dir(cls, directory):
        """A directory that holds `run`; everything in it lands in /job."""
        return cls(files={"/job": Path(directory)})

    def add(self, name, content):
        self.files[name] = content
        return self

    def archive(self):
        archive = Archive()
        for name, content in self.files.items():
            if isinstance(content, (bytes, str)) and not isinstance(content, Path):
                data = content.encode() if isinstance(content, str) else content
                archive.add_bytes(name, data, 0o755 if data[:2] == b"#!" else 0o644)
            else:
                archive.add_file(name, content)
        if self.script is not None:
            script = self.script if self.script.startswith("#!") else "#!/bin/sh\n" + self.script
            archive.add_bytes("job/run", script.encode(), 0o755)
        return archive

    def cpio(self):
        out = io.BytesIO()
        self.archive().write(out)
        return out.getvalue()
