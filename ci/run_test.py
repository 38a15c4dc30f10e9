#!/usr/bin/env python3
"""Runs unmodified programs under cupel-run and natively: output and exit status must be the same. Then what must be refused."""
import json
import subprocess
import sys

RUN = sys.argv[1]

SAME = [
    ["/usr/bin/busybox", "echo", "static"],
    ["/bin/true"],
    ["/bin/false"],
    ["/bin/echo", "dynamic", "two  words"],
    ["/bin/cat", "/etc/passwd"],
    ["/bin/sh", "-c", "echo hi | wc -c"],
    ["/bin/sh", "-c", "ls /etc | sort | head -n 5; exit 3"],
    ["/bin/sh", "-c", "cd /usr; pwd; echo gone > /dev/null; cat < /dev/null; echo $((6 * 7))"],
    ["/bin/sh", "-c", "echo one > /tmp/cupel-run-test; cat /tmp/cupel-run-test; rm /tmp/cupel-run-test; ls /tmp/cupel-run-test 2>/dev/null; echo $?"],
    ["/bin/bash", "-c", "for i in 1 2 3; do (exit $i) & done; wait; echo done; false || echo or"],
    ["/bin/sh", "-c", "seq 1 20000 | sort -rn | tail -n 2"],
    ["/usr/bin/perl", "-e", "print 6*7, qq(\\n)"],
    ["/usr/bin/python3", "-c", "print(sum(range(1000)))"],
    ["/usr/bin/python3", "-c", "import subprocess; print(subprocess.check_output(['echo', 'x']).decode().strip() * 3)"],
    ["/usr/bin/python3", "-c", "import threading\nr = []\nt = [threading.Thread(target=r.append, args=(i,)) for i in range(8)]\n[x.start() for x in t]\n[x.join() for x in t]\nprint(sorted(r))"],
]


def outcome(command, text=""):
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout


def main() -> int:
    wrong = 0

    def expect(holds, *what):
        nonlocal wrong
        if not holds:
            wrong += 1
            print("WRONG:", *what)

    for command in SAME:
        native, ours = outcome(command), outcome([RUN, "--", *command])
        expect(native == ours, command, "natively", native, "here", ours)
    text = "one\ntwo\n" * 5000
    expect(outcome([RUN, "--", "/usr/bin/wc"], text) == outcome(["/usr/bin/wc"], text), "standard input")
    # What is written stays in the machine.
    outcome([RUN, "--", "/bin/sh", "-c", "echo x > /tmp/cupel-run-test-stays"])
    expect(outcome(["/bin/ls", "/tmp/cupel-run-test-stays"])[0] != 0, "a file written by the guest is on the host")
    # A program that is killed by a fault of its own has a shell's status for it, and the next one is none the worse.
    expect(outcome([RUN, "--", "/usr/bin/python3", "-c", "import ctypes; ctypes.string_at(8)"])[0] == 128 + 11, "a fault is SIGSEGV")
    for command, status in ((["/no/such"], 127), (["no-such-name"], 127), (["/etc/passwd"], 126), (["/etc"], 126)):
        done = subprocess.run([RUN, "--", *command], capture_output=True, text=True, timeout=60)
        expect(done.returncode == status and len(done.stderr.splitlines()) == 1, command, done)
    for options in (["--root", "/no/such/root", "--", "/bin/true"], ["--require-isolation", "--", "/bin/true"], [], ["--nonsense"]):
        done = subprocess.run([RUN, *options], capture_output=True, text=True, timeout=60)
        expect(done.returncode == 125 and done.stderr.strip(), options, done)
    policy = json.loads(outcome([RUN, "--explain", "--json"])[1])
    expect(0 < len(policy["host_syscalls"]) <= 25 and policy["network"] == "none", policy)
    print(f"{len(SAME)} programs compared with the host, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
