"""Describes the machine."""

import os
import platform


def describe():
    """One line: CPU model and its vector units, cores, memory, kernel."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return (f"{cpu_model()} ({', '.join(vector_units()) or 'no known vector units'}), {cores} cores, {memory:.0f} GiB, "
            f"{platform.system()} {platform.release()}")


def kernels():
    """The MD5 kernels that this CPU supports, from the narrowest to the widest."""
    flags = cpu_line("flags").split()
    vectors = [name for name, flag in (("avx2", "avx2"), ("avx512", "avx512f")) if flag in flags]
    return ["scalar", *vectors]


def vector_units():
    """The units that the MD5 and CRC-64 kernels are chosen by."""
    flags = cpu_line("flags").split()
    known = {"pclmulqdq": "PCLMULQDQ", "avx2": "AVX2", "vpclmulqdq": "VPCLMULQDQ",
             "avx512f": "AVX-512"}
    return [name for flag, name in known.items() if flag in flags]


def has_avx512():
    """Whether the CPU has AVX-512."""
    return "avx512f" in cpu_line("flags").split()


def cpu_model():
    """The model name in /proc/cpuinfo."""
    return cpu_line("model name") or platform.machine()


def cpu_line(name):
    """The first value of a field of /proc/cpuinfo."""
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            found, _, value = line.partition(":")
            if found.strip() == name:
                return value.strip()
    return ""
