/* Functions that glibc has had as symbols only since 2.33. zig would compile its
 * own, with debug information that contains paths of the machine. */
int __xstat64(int version, const char *path, void *status);
int __fxstat64(int version, int descriptor, void *status);
int __lxstat64(int version, const char *path, void *status);

#define HIDDEN __attribute__((visibility("hidden")))
/* _STAT_VER */
#ifdef __x86_64__
enum { VERSION = 1 };
#else
enum { VERSION = 0 };
#endif

HIDDEN int stat64(const char *path, void *status) {
    return __xstat64(VERSION, path, status);
}

HIDDEN int fstat64(int descriptor, void *status) {
    return __fxstat64(VERSION, descriptor, status);
}

HIDDEN int lstat64(const char *path, void *status) {
    return __lxstat64(VERSION, path, status);
}
