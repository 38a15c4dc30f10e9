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

# Signals: sent, handled, waited for, and what they end. Vector registers survive a handler.
SAME += [
    ["/bin/bash", "-c", "trap 'echo got' USR1; kill -USR1 $$; trap 'echo child' CHLD; sleep 0.1; true; echo end"],
    ["/bin/bash", "-c", "sleep 9 & kill $!; wait $!; echo $?; timeout 0.2 sleep 9; echo $?; timeout -s KILL 0.2 sleep 9; echo $?"],
    ["/bin/bash", "-c", "yes | head -n 1; echo ${PIPESTATUS[@]}"],
    ["/usr/bin/perl", "-e", "$SIG{ALRM} = sub { print qq(alarm\n) }; alarm 1; sleep 9; my $c = fork // die; exit 7 unless $c; waitpid $c, 0; print $? >> 8"],
    ["/usr/bin/perl", "-e", "my $p = $$; $SIG{USR1} = sub { exit 3 }; if (!fork) { select undef, undef, undef, 0.2; kill 'USR1', $p; exit } sleep 9"],
    ["/usr/bin/python3", "-c", "import signal\nn = []\nsignal.signal(signal.SIGALRM, lambda *a: n.append(2.0 ** 0.5))\nsignal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\ns = 0.0\nfor i in range(2000000): s += i * 0.5\nsignal.setitimer(signal.ITIMER_REAL, 0)\nprint(s, len(n) > 3)"],
    ["/usr/bin/python3", "-c", "import os, signal, threading, time\nthreading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\ntry: time.sleep(9)\nexcept KeyboardInterrupt: print('interrupted')"],
    ["/usr/bin/python3", "-c", "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [10])\nsignal.raise_signal(10)\nprint(signal.sigpending(), signal.sigwait([10]), signal.sigpending(), signal.sigtimedwait([10], 0.01))"],
    ["/bin/sh", "-c", "kill -TERM $$; echo not here"],
]


def outcome(command, text=""):
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    return (done.returncode if done.returncode >= 0 else 128 - done.returncode), done.stdout  # a signal's end as a shell says it


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
    # Input that comes late, and a signal that the command itself is sent.
    late = subprocess.run(["/bin/sh", "-c", f"(sleep 0.3; echo late) | {RUN} -- /bin/cat"], capture_output=True, text=True, timeout=60)
    expect((late.returncode, late.stdout) == (0, "late\n"), "late input", late)
    sent = subprocess.Popen([RUN, "--", "/bin/sh", "-c", "trap 'echo asked to end; exit 4' TERM; echo ready; while :; do sleep 0.05; done"], stdout=subprocess.PIPE, text=True)
    expect(sent.stdout.readline() == "ready\n", "the program with a trap does not start")
    sent.terminate()
    expect(sent.communicate(timeout=60)[0] == "asked to end\n" and sent.returncode == 4, "SIGTERM is for the program", sent.returncode)
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
