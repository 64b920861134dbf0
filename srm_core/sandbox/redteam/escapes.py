"""Programs that try to get out. Each defines ``attack(w)`` and returns something true if it believes it did.

``w`` names what lies outside: ``dir`` and ``secret`` (a file in it), ``tcp``, ``udp`` (ports), ``unix`` (a socket's
path), ``abstract`` (a socket's name) and ``victim`` (a pid).
"""

from __future__ import annotations

import textwrap

_LIBC = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"

_READING = {
    "read a file": "return open(w['secret']).read()",
    "read with FileIO": "import io\nreturn io.FileIO(w['secret']).read().decode()",
    "read with os.open": "import os\nreturn os.read(os.open(w['secret'], os.O_RDONLY), 99).decode()",
    "read with the C library": _LIBC + "b = ctypes.create_string_buffer(99)\n"
    "fd = libc.open(w['secret'].encode(), 0)\nreturn libc.read(fd, b, 99) > 0",
    "read with a raw call": _LIBC + "return libc.syscall(257, -100, w['secret'].encode(), 0, 0) >= 0",
    "read with openat2": _LIBC + "how = (ctypes.c_uint64 * 3)()\n"
    "return libc.syscall(437, -100, w['secret'].encode(), how, 24) >= 0",
    "read with a fresh posix": "import sys, importlib\nsys.modules.pop('posix', None)\n"
    "posix = importlib.import_module('posix')\nreturn posix.read(posix.open(w['secret'], 0), 99).decode()",
    "read the passwords": "return open('/etc/passwd').read()",
    "list a folder": "import os\nreturn os.listdir(w['dir'])",
    "walk the root": "import os\nreturn [name for _, folders, _ in os.walk('/') for name in folders][:3]",
    "ask for a file's size": "import os\nreturn os.stat(w['secret']).st_size",
    "ask whether a file exists": "import os\nreturn os.path.exists(w['secret'])",
    "read the environment": "import os\nreturn [v for v in os.environ.values() if 'srm-secret' in v]",
    "read the C environment": _LIBC + "libc.getenv.restype = ctypes.c_char_p\nreturn libc.getenv(b'SRM_SECRET')",
    "read a process's environment": "return open(f\"/proc/{w['victim']}/environ\", 'rb').read()",
    "read a process's memory": "return open(f\"/proc/{w['victim']}/mem\", 'rb')",
    "read with process_vm_readv": _LIBC + "return libc.syscall(310, w['victim'], (ctypes.c_uint64 * 2)(), 1, "
    "(ctypes.c_uint64 * 2)(), 1, 0) >= 0",
    "find inherited descriptors": "import os\nfound = []\nfor fd in range(3, 256):\n"
    "    try:\n        os.fstat(fd)\n        found.append(fd)\n    except OSError:\n        pass\n"
    "return found[1:]",
    "search memory for a secret": "import gc\nme = 'srm-' + 'secret'\n"
    "return [o for o in gc.get_objects() if type(o) is dict for v in list(o.values()) "
    "if type(v) is str and v.startswith(me)]",
    "load a library": "import ctypes\nreturn bool(ctypes.CDLL('libresolv.so.2'))",
    "watch a folder": _LIBC + "return libc.inotify_init() >= 0",
}  # fmt: skip

_WRITING = {
    "write a file": "open(w['dir'] + '/out', 'w').write('x')\nreturn True",
    "write with os.open": "import os\nfd = os.open(w['dir'] + '/out', os.O_CREAT | os.O_WRONLY)\nreturn True",
    "write with the C library": _LIBC + "return libc.creat((w['dir'] + '/out').encode(), 0o644) >= 0",
    "append to a file": "open(w['secret'], 'a').write('x')\nreturn True",
    "delete a file": "import os\nos.remove(w['secret'])\nreturn True",
    "rename a file": "import os\nos.rename(w['secret'], w['dir'] + '/other')\nreturn True",
    "make a folder": "import os\nos.mkdir(w['dir'] + '/new')\nreturn True",
    "make a link": "import os\nos.symlink('/', w['dir'] + '/link')\nreturn True",
    "make a hard link": "import os\nos.link(w['secret'], w['dir'] + '/hard')\nreturn True",
    "make a pipe with a name": "import os\nos.mkfifo(w['dir'] + '/fifo')\nreturn True",
    "change rights": "import os\nos.chmod(w['secret'], 0o777)\nreturn True",
    "cut a file": "import os\nos.truncate(w['secret'], 0)\nreturn True",
    "fill the disk": "f = open(w['dir'] + '/big', 'wb')\nfor _ in range(8):\n    f.write(bytes(1 << 20))\nreturn True",
    "write shared memory": "open('/dev/shm/srm-out', 'w').write('x')\nreturn True",
    "make System V memory": _LIBC + "return libc.shmget(7, 64, 0o1666) >= 0",
    "make memory that is a file": "import os\nreturn os.memfd_create('x') >= 0",
    "mount": _LIBC + "return libc.mount(b'none', w['dir'].encode(), b'tmpfs', 0, None) == 0",
    "change the root": "import os\nos.chroot(w['dir'])\nreturn True",
}  # fmt: skip

_NETWORK = {
    "connect by TCP": "import socket\nsocket.create_connection(('127.0.0.1', w['tcp']), 1).send(b'x')\nreturn True",
    "connect by raw calls": _LIBC + "return libc.socket(2, 1, 0) >= 0",
    "send by UDP": "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
    "s.sendto(b'x', ('127.0.0.1', w['udp']))\nreturn True",
    "connect to a socket's path": "import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect(w['unix'])\nreturn True",
    "connect to a socket's name": "import socket\ns = socket.socket(socket.AF_UNIX)\n"
    "s.connect('\\0' + w['abstract'])\nreturn True",
    "listen": "import socket\ns = socket.socket()\ns.bind(('127.0.0.1', 0))\ns.listen()\nreturn True",
    "make a pair of sockets": "import socket\nreturn bool(socket.socketpair())",
    "use netlink": "import socket\nreturn bool(socket.socket(16, 3, 0))",
    "use io_uring": _LIBC + "return libc.syscall(425, 4, (ctypes.c_uint32 * 40)()) >= 0",
}  # fmt: skip

_PROCESSES = {
    "run a shell": "import os\nreturn os.system('touch ' + w['dir'] + '/out') == 0",
    "run a command": "import subprocess\nsubprocess.run(['touch', w['dir'] + '/out'], check=True)\nreturn True",
    "open a command": "import os\nreturn os.popen('id').read()",
    "spawn": "import os\nreturn os.posix_spawn('/bin/true', ['true'], {}) > 0",
    "become another program": "import os\nos.execv('/bin/sh', ['sh', '-c', 'touch ' + w['dir'] + '/out'])",
    "fork": "import os\nif os.fork() == 0:\n    os._exit(0)\nreturn True",
    "fork by a raw call": _LIBC + "import os\npid = libc.syscall(57)\nif pid == 0:\n    os._exit(0)\nreturn pid > 0",
    "fork by clone3": _LIBC + "import os\na = (ctypes.c_uint64 * 8)()\na[4] = 17\npid = libc.syscall(435, a, 64)\n"
    "if pid == 0:\n    os._exit(0)\nreturn pid > 0",
    "leave a daemon": "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(0.3)\n"
    "    open(w['dir'] + '/late', 'w').close()\n    os._exit(0)\nreturn True",
    "start a thread": "import _thread, time\n_thread.start_new_thread(time.sleep, (0.01,))\nreturn True",
    "signal a process": "import os\nos.kill(w['victim'], 15)\nreturn True",
    "signal by a raw call": _LIBC + "return libc.syscall(234, w['victim'], w['victim'], 0) == 0",
    "hold a process": "import os\nreturn os.pidfd_open(w['victim']) >= 0",
    "trace a process": _LIBC + "return libc.ptrace(0x4206, w['victim'], 0, 0) == 0",
    "slow a process": "import os\nos.setpriority(os.PRIO_PROCESS, w['victim'], 19)\nreturn True",
    "raise a limit": "import resource\nm = resource.getrlimit(resource.RLIMIT_NPROC)\n"
    "resource.setrlimit(resource.RLIMIT_NPROC, m)\nreturn True",
    "make namespaces": _LIBC + "return libc.unshare(0x10000000) == 0",
    "own a descriptor's signals": _LIBC + "return libc.fcntl(0, 8, w['victim']) == 0",
    "become traceable": _LIBC + "return libc.prctl(4, 1, 0, 0, 0) == 0",
    "use memory for machine code": "import mmap\nreturn bool(mmap.mmap(-1, 4096, prot=7))",
    "turn memory into machine code": _LIBC + "libc.mmap.restype = ctypes.c_void_p\n"
    "p = libc.mmap(None, ctypes.c_size_t(4096), 3, 0x22, -1, ctypes.c_long(0))\n"
    "return libc.mprotect(ctypes.c_void_p(p), ctypes.c_size_t(4096), 5) == 0",
    "load a kernel program": _LIBC + "return libc.syscall(321, 0, (ctypes.c_uint64 * 16)(), 72) >= 0",
    "keep a key": _LIBC + "return libc.syscall(248, b'user', b'srm', b'x', 1, -4) >= 0",
}  # fmt: skip

# These have no success to return: the run must end in time, as wrong.
_RESOURCES = {
    "loop": "while True:\n    pass",
    "sleep": "import time\ntime.sleep(60)",
    "loop and ignore signals": "import signal\nfor s in range(1, 32):\n    try:\n"
    "        signal.signal(s, signal.SIG_IGN)\n"
    "    except (OSError, ValueError):\n        pass\nwhile True:\n    pass",
    "take memory": "return len(bytearray(2 << 30))",
    "take memory slowly": "a = []\nwhile True:\n    a.append(bytearray(1 << 20))",
    "a number too long": "return 9 ** 9 ** 8",
    "print without end": "while True:\n    print('x' * 100000)",
    "flood every descriptor": "import os\nwhile True:\n    for fd in range(8):\n        try:\n"
    "            os.write(fd, b'x' * 65536)\n        except OSError:\n            pass",
    "return a flood": "return 'x' * (40 << 20)",
    "recur": "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(n):\n    return str(f(n + 1))\n"
    "return sorted([1], key=f)",
    "close everything and loop": "import os\nos.closerange(0, 256)\nwhile True:\n    pass",
    "crash": "import ctypes\nreturn ctypes.string_at(0)",
    "a pattern without end": "import re\nreturn re.match('(a+)+$', 'a' * 40 + 'b').group()",
    "a call of another machine": _LIBC + "libc.syscall(0x40000002, w['secret'].encode(), 0)\nreturn 1 / 0",
}  # fmt: skip


def escapes() -> dict[str, str]:
    """Return the programs that try to reach something outside, by name."""
    return _programs(_READING | _WRITING | _NETWORK | _PROCESSES)


def exhaustions() -> dict[str, str]:
    """Return the programs that try to use more than their limits, by name."""
    return _programs(_RESOURCES)


def _programs(bodies: dict[str, str]) -> dict[str, str]:
    return {name: "def attack(w):\n" + textwrap.indent(body, "    ") + "\n" for name, body in bodies.items()}
