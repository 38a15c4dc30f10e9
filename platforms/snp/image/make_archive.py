#!/usr/bin/env python3
"""Writes the image's first files, a tar archive: a static busybox with a link for each of its applets, and folders to work in.
The same bytes for the same busybox. Usage: make_archive.py BUSYBOX OUT.tar [PROGRAM...]   (each PROGRAM goes to /bin as well)"""
import io
import pathlib
import struct
import subprocess
import sys
import tarfile

FOLDERS = {"bin": 0o755, "dev": 0o755, "etc": 0o755, "tmp": 0o1777}
PASSWD = b"root:x:0:0:root:/:/bin/sh\n"
PT_INTERP = 3


def is_static(program: bytes) -> bool:
    """Whether this x86-64 ELF file asks for no interpreter."""
    if program[:5] != b"\x7fELF\x02" or struct.unpack_from("<H", program, 18)[0] != 62:
        return False
    (offset,), (size, count) = struct.unpack_from("<Q", program, 32), struct.unpack_from("<HH", program, 54)
    return all(struct.unpack_from("<I", program, offset + index * size)[0] != PT_INTERP for index in range(count))


def add(archive: tarfile.TarFile, name: str, kind: bytes, mode: int, data: bytes = b"", link: str = "") -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size, info.linkname = kind, mode, len(data), link
    archive.addfile(info, io.BytesIO(data))


def write_archive(out: pathlib.Path, busybox: pathlib.Path, programs: list[pathlib.Path]) -> None:
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    with tarfile.open(out, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, mode in FOLDERS.items():
            add(archive, name, tarfile.DIRTYPE, mode)
        add(archive, "etc/passwd", tarfile.REGTYPE, 0o644, PASSWD)
        for program in [busybox, *programs]:
            add(archive, f"bin/{program.name}", tarfile.REGTYPE, 0o755, program.read_bytes())
        for applet in sorted(set(applets) - {"busybox"}):
            add(archive, f"bin/{applet}", tarfile.SYMTYPE, 0o777, link="busybox")


def main() -> int:
    busybox, out, *programs = map(pathlib.Path, sys.argv[1:])
    for program in [busybox, *programs]:
        if not is_static(program.read_bytes()):
            print(f"{program}: not a static x86-64 program; the package busybox-static has one", file=sys.stderr)
            return 1
    write_archive(out, busybox, programs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
