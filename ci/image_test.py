#!/usr/bin/env python3
"""Boots the SEV-SNP images in QEMU without SEV. The release image must refuse; the one for testing must run a static busybox as
Linux does, hold guest code in its ring, and end with the program's status. Skips, saying why, where QEMU or busybox is missing.
Usage: image_test.py [PATH_OF_CUPEL_RUN]"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
IMAGES = ROOT / "build/freestanding/platforms/snp/image"
QEMU, BUSYBOX = shutil.which("qemu-system-x86_64"), shutil.which("busybox")
RUN = sys.argv.pop() if len(sys.argv) > 1 else ""
GAVE_UP, REFUSED = 125, "reason 12:"  # snp::Reason::sev_status

# Each is run natively as well, by the same busybox among the same files: output and status must be equal. None has a reader that
# leaves early: without SIGPIPE its writer says so.
SCRIPTS = [
    "echo hi",
    "exit 3",
    "exit 200",
    "ls; ls -l bin | wc -l; cat etc/passwd",
    "cat no-such-file; echo $?",
    "seq 1 2000 | sort -rn | sed -n 1,3p",
    "seq 1 50 | sed 's/1/x/' | grep x | wc -lc; false",
    "for i in 1 2 3; do (echo $i; exit $i) || echo failed $?; done",
    "cd tmp && echo one >a && echo two >>a && cat a a | tr a-z A-Z | tee b && cp b c && mv c d && cmp b d && rm a b d && ls | wc -l",
    "mkdir -p tmp/x/y && ln -s y tmp/x/z && echo $(cd tmp/x/z && pwd -P | wc -c) >tmp/x/n; find tmp | wc -l; rm -r tmp/x",
    "awk 'BEGIN { for (i = 0; i < 4; ++i) s += i * 1.5; print s }'; echo $((6 * 7)); expr 17 % 5; printf '%s|%5d\\n' a 42",
    "seq 1 20000 | md5sum; seq 1 3000 | gzip | gunzip | sha256sum; dd if=bin/busybox bs=4096 count=20 2>tmp/e | sha1sum; rm tmp/e",
    "f() { [ $1 -le 1 ] && echo 1 || echo $(($1 * $(f $(($1 - 1))))); }; f 5",
    "sh -c 'exec sh -c \"exit 9\"'; echo $?; no-such-command; echo $?",
    "echo a >tmp/t; tar -cf tmp/t.tar -C tmp t && rm tmp/t && tar -xf tmp/t.tar -C tmp && cat tmp/t; rm tmp/t tmp/t.tar",
    "echo lost >/dev/null; head -c 5 /dev/zero | wc -c; echo x >/dev/full || echo full; wc -c </dev/null; head -c 9 /dev/urandom | wc -c",
    "xargs -n 2 echo <<E\n1 2 3\n4 5\nE",
]
# What image_guest.c attempts, and 128 + the signal it dies of; 0 where it must succeed.
ATTEMPTS = {
    "read-image": 139, "read-memory": 139, "read-low": 139, "write-code": 139, "execute-data": 139, "halt": 139, "port": 139, "interrupts-off": 139,
    "status-register": 139, "undefined": 132, "divide": 136, "breakpoint": 133, "far-return": 139, "far-stack": 139, "single-step": 133,
    "vectors": 0, "timer": 0, "no-stack": 0,
}


def encoded(words: list[str]) -> str:
    return " ".join(urllib.parse.quote(word, safe="/") or "%" for word in words)


def boot(image: str, archive: pathlib.Path | None = None, command: list[str] = [], processor: str = "max") -> tuple[int | None, str]:
    """The status that the machine ended with, None where it ended without one, and its console."""
    with tempfile.NamedTemporaryFile(prefix="cupel-status-") as status:
        qemu = [QEMU, "-machine", "q35,accel=tcg", "-cpu", processor, "-m", "256M", "-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot",
                "-serial", "stdio", "-chardev", f"file,id=status,path={status.name}", "-device", "isa-debugcon,iobase=0xe9,chardev=status",
                "-device", "isa-debug-exit,iobase=0xf4,iosize=1", "-kernel", str(IMAGES / image), "-append", encoded(command)]
        if archive is not None:
            qemu += ["-initrd", str(archive)]
        done = subprocess.run(qemu, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
        said = status.read()
    return said[0] if len(said) == 1 else None, done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")


@unittest.skipUnless(QEMU, "there is no qemu-system-x86_64: install qemu-system-x86")
class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for command in (["cmake", "--preset", "freestanding"], ["ninja", "-C", "build/freestanding"]):
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            if done.returncode != 0:
                raise AssertionError(done.stdout[-4000:] + done.stderr[-4000:])

    def test_a_release_image_refuses_to_run_outside_snp_with_its_reason(self):
        archive = IMAGES / "programs.tar"
        for files in (None, archive) if archive.exists() else (None,):
            status, console = boot("snp.elf", files, ["echo", "I run"])
            self.assertEqual(status, GAVE_UP, console)
            self.assertIn(REFUSED, console)
            self.assertNotIn("I run", console.replace("\n", " "))

    def test_without_programs_the_machine_says_what_is_missing(self):
        status, console = boot("snp-testing.elf", None, ["sh"])
        self.assertEqual((status, console), (127, "cupel: sh: no such program in the archive\n"))


@unittest.skipUnless(QEMU, "there is no qemu-system-x86_64: install qemu-system-x86")
@unittest.skipUnless(BUSYBOX, "there is no static busybox: install busybox-static")
class Programs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Image.setUpClass()
        cls.folder = tempfile.TemporaryDirectory(prefix="cupel-image-")
        folder = pathlib.Path(cls.folder.name)
        subprocess.run(["clang-19", "-O1", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector", "-fno-pic", "-mno-red-zone", "-o", folder / "attempt",
                        ROOT / "ci/image_guest.c"], check=True)
        cls.archive = folder / "programs.tar"
        maker = [sys.executable, str(ROOT / "platforms/snp/image/make_archive.py")]
        subprocess.run([*maker, BUSYBOX, cls.archive, folder / "attempt"], check=True)
        cls.natively = folder / "root"
        cls.natively.mkdir()
        subprocess.run(["tar", "-xf", cls.archive, "-C", cls.natively], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_scripts_say_what_they_say_natively(self):
        for script in SCRIPTS:
            with self.subTest(script):
                native = subprocess.run(["sh", "-c", script], executable=self.natively / "bin/sh", cwd=self.natively, env={"PATH": str(self.natively / "bin"), "HOME": "/", "USER": "root"},
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
                self.assertEqual(boot("snp-testing.elf", self.archive, ["sh", "-c", script]), (native.returncode, native.stdout))

    def test_a_program_that_is_missing_or_no_program_has_a_shells_status(self):
        self.assertEqual(boot("snp-testing.elf", self.archive, ["no-such"])[0], 127)
        self.assertEqual(boot("snp-testing.elf", self.archive, ["/etc/passwd"])[0], 126)
        self.assertEqual(boot("snp-testing.elf", self.archive, ["/bin/echo", "a", "", "b  c"]), (0, "a  b  c\n"))

    def test_guest_code_stays_in_its_ring(self):
        for attempt, status in ATTEMPTS.items():
            with self.subTest(attempt):
                self.assertEqual(boot("snp-testing.elf", self.archive, ["attempt", attempt]), (status, ""))

    def test_a_job_in_the_background_that_never_ends_lets_others_run(self):
        self.assertEqual(boot("snp-testing.elf", self.archive, ["sh", "-c", "yes >/dev/null & seq 1 3 | sort -rn; exit 5"]), (5, "3\n2\n1\n"))

    def test_a_processor_without_smap_and_random_numbers_will_do_for_testing(self):
        self.assertEqual(boot("snp-testing.elf", self.archive, ["sh", "-c", "seq 3 | wc -l; exit 4"], "qemu64"), (4, "3\n"))

    def run_command(self, *arguments, **how):
        done = subprocess.run([RUN, "--platform", "snp-qemu", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, **how)
        return done.returncode, done.stdout, done.stderr

    @unittest.skipUnless(RUN, "this build has no cupel run")
    def test_cupel_run_boots_it_and_ends_with_the_programs_status(self):
        self.assertEqual(self.run_command("--", "sh", "-c", "seq 1 20 | sort -rn | sed -n 1p; echo '100%  a,b' ''; exit 42"), (42, "20\n100%  a,b \n", ""))
        self.assertEqual(self.run_command("--archive", self.archive, "--", "attempt", "undefined"), (132, "", ""))
        self.assertEqual(self.run_command("--", "no-such")[0], 127)

    @unittest.skipUnless(RUN, "this build has no cupel run")
    def test_cupel_run_says_what_it_cannot_do(self):
        for arguments in (["--root", "/usr", "--", "sh"], ["--explain", "--", "sh"], ["--archive", "/no/such", "--", "sh"], ["--"]):
            with self.subTest(arguments):
                status, out, error = self.run_command(*arguments)
                self.assertEqual((status, out, error.count("\n")), (GAVE_UP, "", 1), error)
        status, _, error = self.run_command("--", "sh", env={"PATH": "/no/such"})
        self.assertEqual(status, GAVE_UP)
        self.assertIn("qemu-system-x86", error)


if __name__ == "__main__":
    unittest.main(verbosity=2)
