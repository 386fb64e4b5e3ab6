/* The CRC-64 of data in memory. */
#include "check.h"

#define CHECK_WORD UINT64_C(0x995dc9bbdf1939fa) /* of "123456789", CRC-64/XZ */

int main(void) {
    const char *digits = "123456789";
    uint64_t crc = 7;
    size_t first;
    CHECK(ossmpu_crc64(0, digits, 9, &crc) == OSSMPU_OK && crc == CHECK_WORD);
    for (first = 0; first <= 9; first++) {
        CHECK(ossmpu_crc64(0, digits, first, &crc) == OSSMPU_OK);
        CHECK(ossmpu_crc64(crc, digits + first, 9 - first, &crc) == OSSMPU_OK);
        CHECK(crc == CHECK_WORD);
    }
    CHECK(ossmpu_crc64(5, NULL, 0, &crc) == OSSMPU_OK && crc == 5);
    CHECK(ossmpu_crc64(0, NULL, 1, &crc) == OSSMPU_EINVAL && crc == 5);
    CHECK(ossmpu_crc64(0, digits, SIZE_MAX, &crc) == OSSMPU_EINVAL && crc == 5);
    CHECK(ossmpu_crc64(0, digits, 9, NULL) == OSSMPU_EINVAL);
    return 0;
}
