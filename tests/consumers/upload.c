/* upload NAME - a program that is linked to the library in some way. */
#include "upload.h"

int main(int argc, char **argv) {
    /* A program that is older than the library runs with it. */
    if (argc != 2 || ossmpu_version_number() < OSSMPU_VERSION_NUMBER)
        return 2;
    if (upload(argv[1]))
        return 1;
    printf("%-28s uploads with %s\n", argv[1], ossmpu_version_string());
    return 0;
}
