/* Shared by the C tests: checks that report their line, and a client. */
#ifndef CHECK_H
#define CHECK_H

#include "ossmpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKET "ossmpu-test"

/* The emulator responds to requests for this key after a minute. */
#define SLOW_KEY "slow"
#define PART_SIZE 102400

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__,       \
                    #condition);                                               \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

/* Under valgrind, which is ten times slower. */
static inline int is_slow(void) { return getenv("TEST_SLOWLY") != NULL; }

/* The number of iterations; a tenth of them under valgrind. */
static inline int rounds(int count) {
    return is_slow() ? (count + 9) / 10 : count;
}

/* Checks a status and its error, and frees the error. */
#define CHECK_STATUS(want, call, err)                                          \
    check_status((want), (call), &(err), #call, __FILE__, __LINE__)

#define CHECK_TEXT(got, want) CHECK(strcmp((got), (want)) == 0)

static inline void check_status(int want, int got, ossmpu_error **err,
                                const char *call, const char *file, int line) {
    int code = ossmpu_error_code(*err);
    if (got != want || code != (got == OSSMPU_DONE ? OSSMPU_OK : got)) {
        fprintf(stderr, "%s:%d: %d and error %d (%s) instead of %d: %s\n", file,
                line, got, code, ossmpu_error_message(*err), want, call);
        exit(1);
    }
    ossmpu_error_free(*err);
    *err = NULL;
}

/* Endpoint, region and keys come from the environment. */
static inline ossmpu_client *new_client(void) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    CHECK(config != NULL);
    CHECK(ossmpu_config_set_env(config) == OSSMPU_OK);
    /* Also enough on a busy machine. */
    CHECK(ossmpu_config_set_int(config, OSSMPU_CONFIG_ABORT_TIMEOUT_MS,
                                60000) == OSSMPU_OK);
    CHECK_STATUS(OSSMPU_OK, ossmpu_client_new(config, &client, &err), err);
    CHECK(client != NULL);
    ossmpu_config_free(config);
    return client;
}

/* Options that split small data into parts. */
static inline ossmpu_options *in_parts(void) {
    ossmpu_options *options = ossmpu_options_new();
    CHECK(options != NULL);
    CHECK(ossmpu_options_set_int(options, OSSMPU_OPTION_PART_SIZE, PART_SIZE) ==
          OSSMPU_OK);
    CHECK(ossmpu_options_set_int(options, OSSMPU_OPTION_SINGLE_BELOW, 0) ==
          OSSMPU_OK);
    /* The number of requests does not depend on the speed of the machine. */
    CHECK(ossmpu_options_set_int(options, OSSMPU_OPTION_HEDGING, 0) ==
          OSSMPU_OK);
    return options;
}

/* Bytes without a pattern; free them. */
static inline unsigned char *some_bytes(size_t length) {
    unsigned char *bytes =
        (unsigned char *)malloc(length > 0 ? length : 1);
    size_t i;
    CHECK(bytes != NULL);
    for (i = 0; i < length; i++)
        bytes[i] = (unsigned char)(i * 31 + i / 251);
    return bytes;
}

/* The object exists, has that size, and the CRC-64 of the result. */
static inline void check_object(const ossmpu_client *client, const char *key,
                                int64_t size, const ossmpu_result *result) {
    ossmpu_object *object = NULL;
    ossmpu_error *err = NULL;
    uint64_t there = 1, sent = 2;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_head_object(client, BUCKET, key, NULL, NULL, NULL,
                                    &object, &err),
                 err);
    CHECK(ossmpu_object_int(object, OSSMPU_OBJECT_SIZE) == size);
    CHECK(ossmpu_object_u64(object, OSSMPU_OBJECT_CRC64, &there) == OSSMPU_OK);
    CHECK(ossmpu_result_u64(result, OSSMPU_RESULT_CRC64, &sent) == OSSMPU_OK);
    CHECK(there == sent);
    ossmpu_object_free(object);
}

#endif /* CHECK_H */
