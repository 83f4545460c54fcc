# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes initramfs archives (cpio, newc format): sorted, without owners or times."""
import os
import stat
from pathlib import Path


class Archive:
    """Collects entries by their path in the image; the last one added wins."""

    def __init__(self):
        self._entries = {}

    def add_bytes(self, name, data, mode=0o644):
        self._entries[_clean(name)] = (stat.S_IFREG | mode, data, 0)

    def add_link(self, name, target):
        self._entries[_clean(name)] = (stat.S_IFLNK | 0o777, os.fsencode(target), 0)

    def add_dir(self, name):
        self._entries.setdefault(_clean(name), (stat.S_IFDIR | 0o755, b"", 0))

    def add_device(self, name, major, minor, mode=0o600):
        self._entries[_clean(name)] = (stat.S_IFCHR | mode, b"", (major, minor))

    def add_file(self, name, path):
        """A file, a symbolic link or a whole directory of the host."""
        path = Path(path)
        if path.is_symlink():
            self.add_link(name, os.readlink(path))
        elif path.is_dir():
            self.add_dir(name)
            for child in path.iterdir():
                self.add_file(f"{name}/{child.name}", child)
        else:
            mode = 0o755 if os.access(path, os.X_OK) else 0o644
            self._entries[_clean(name)] = (stat.S_IFREG | mode, path, 0)

    def has(self, name):
        return _clean(name) in self._entries

    def write(self, out):
        """Writes to a binary file object; missing parent directories are added."""
        for name in list(self._entries):
            while "/" in name:
                name = name.rpartition("/")[0]
                self.add_dir(name)
        for number, name in enumerate(sorted(self._entries), 1):
            mode, content, device = self._entries[name]
            if isinstance(content, Path):
                content = content.read_bytes()
            _entry(out, number, name, mode, content, device or (0, 0))
        _entry(out, 0, "TRAILER!!!", 0, b"", (0, 0))
        # The kernel skips zeros between archives; QEMU's and Xen's alignment.
        out.write(b"\0" * (-out.tell() % 512))


_MERGED = ("bin", "sbin", "lib", "lib64")


def _clean(name):
    """The images have a merged /usr: a directory "lib" would replace the link."""
    name = os.path.normpath(str(name).lstrip("/"))
    return "usr/" + name if "/" in name and name.split("/")[0] in _MERGED else name


def _entry(out, inode, name, mode, content, device):
    encoded = os.fsencode(name) + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, 0, 0, links, 0, len(content), 0, 0, *device, len(encoded), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    out.write(header + encoded + b"\0" * (-(len(header) + len(encoded)) % 4))
    out.write(content + b"\0" * (-len(content) % 4))
