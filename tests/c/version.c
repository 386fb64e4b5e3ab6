/* Version and status texts. */
#include "check.h"

#include <limits.h>

int main(void) {
    int status, other;
    CHECK(ossmpu_version_number() == OSSMPU_VERSION_NUMBER);
    CHECK(OSSMPU_VERSION_NUMBER == OSSMPU_VERSION_MAJOR * 1000000 +
                                       OSSMPU_VERSION_MINOR * 1000 +
                                       OSSMPU_VERSION_PATCH);
    CHECK(strchr(ossmpu_version_string(), '.') != NULL);
    for (status = OSSMPU_EINTERNAL; status <= OSSMPU_ABSENT; status++) {
        CHECK(ossmpu_strerror(status)[0] != '\0');
        for (other = OSSMPU_EINTERNAL; other < status; other++)
            CHECK(strcmp(ossmpu_strerror(status), ossmpu_strerror(other)) != 0);
    }
    CHECK_TEXT(ossmpu_strerror(INT_MIN), ossmpu_strerror(INT_MAX));
    return 0;
}
