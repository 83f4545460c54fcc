# SPDX-License-Identifier: LGPL-2.1-or-later
"""Takes the ELF kernel out of a bzImage: python3 -m pctestbed.vmlinux VMLINUZ OUT.

A guest starts seconds earlier when the tool stack need not decompress.
"""
import lzma
import struct
import sys
import zlib
from pathlib import Path

from .outcome import TestbedError

_FORMATS = {
    b"\xfd7zXZ\0": lambda data: lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(data),
    b"\x5d\0\0": lambda data: lzma.LZMADecompressor(lzma.FORMAT_ALONE).decompress(data),
    b"\x1f\x8b": lambda data: zlib.decompressobj(31).decompress(data),
}


def extract(image):
    """Linux boot protocol 2.08: the payload's place stands in the header."""
    if image[0x202:0x206] != b"HdrS":
        raise TestbedError("not a bzImage")
    setup_sectors = image[0x1f1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    payload = image[start:start + length]
    for magic, decompress in _FORMATS.items():
        if payload.startswith(magic):
            elf = decompress(payload)
            if elf[:4] == b"\x7fELF":
                return elf
    raise TestbedError(f"kernel payload of an unknown format: {payload[:6].hex()}")


def main():
    source, out = sys.argv[1:]
    Path(out).write_bytes(extract(Path(source).read_bytes()))


if __name__ == "__main__":
    main()
