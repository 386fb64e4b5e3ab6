/* version EXPECTED - fails unless the library has this version and works. Needs no server. */
#include <ossmpu.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    const char *version = ossmpu_version_string();
    uint64_t crc = 0;
    if (argc != 2 || ossmpu_version_number() != OSSMPU_VERSION_NUMBER)
        return 2;
    if (strncmp(version, argv[1], strlen(argv[1])) != 0 ||
        version[strlen(argv[1])] != ' ') {
        fprintf(stderr, "%s instead of %s\n", version, argv[1]);
        return 1;
    }
    /* The check value of CRC-64/XZ. */
    if (ossmpu_crc64(0, "123456789", 9, &crc) != OSSMPU_OK ||
        crc != UINT64_C(0x995dc9bbdf1939fa)) {
        fprintf(stderr, "CRC-64 %llx\n", (unsigned long long)crc);
        return 1;
    }
    printf("C program with %s\n", version);
    return 0;
}
