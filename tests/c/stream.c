/* Uploads from a callback, a descriptor and a range of a file. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

/* A source of that many bytes, which then returns `end`. */
typedef struct {
    int64_t left;
    int64_t end;
    int calls;
} Tap;

static int64_t pour(void *user, void *buf, size_t len) {
    Tap *tap = user;
    int64_t count = tap->left < 70001 ? tap->left : 70001;
    tap->calls++;
    CHECK(len > 0);
    if (count == 0)
        return tap->end;
    if ((size_t)count > len)
        count = (int64_t)len;
    memset(buf, 'a' + tap->calls % 26, (size_t)count);
    tap->left -= count;
    return count;
}

static int64_t overflow(void *user, void *buf, size_t len) {
    (void)user;
    (void)buf;
    return (int64_t)len + 1;
}

static void check_stream(const ossmpu_client *client, int64_t size,
                         int64_t length, const ossmpu_options *options) {
    Tap tap = {0, 0, 0};
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    tap.left = size;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_stream(client, BUCKET, "stream", pour, &tap, length,
                                   options, NULL, &result, &err),
                 err);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_SIZE) == size);
    check_object(client, "stream", size, result);
    ossmpu_result_free(result);
}

static void check_stops(const ossmpu_client *client,
                        const ossmpu_options *options) {
    Tap tap = {250000, -42, 0};
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    CHECK(ossmpu_put_stream(client, BUCKET, "stopped", pour, &tap, -1, options,
                            NULL, &result, &err) == OSSMPU_ECALLBACK);
    CHECK(ossmpu_error_code(err) == OSSMPU_ECALLBACK);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_CALLBACK_VALUE) == -42);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_PARTS_LEFT) == 0);
    CHECK(result == NULL);
    ossmpu_error_free(err);
    /* The source ends too early. */
    tap.left = 10;
    tap.end = 0;
    CHECK_STATUS(OSSMPU_EFILE,
                 ossmpu_put_stream(client, BUCKET, "stopped", pour, &tap, 11,
                                   options, NULL, &result, &err),
                 err);
    CHECK(ossmpu_put_stream(client, BUCKET, "stopped", overflow, NULL, -1,
                            options, NULL, &result, &err) == OSSMPU_EINVAL);
    CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_ARGUMENT), "callback");
    ossmpu_error_free(err);
}

static void check_parts_from(const ossmpu_client *client) {
    Tap tap = {102400 + 5, 0, 0};
    ossmpu_upload *upload = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "poured", NULL, NULL,
                                        &upload, &err),
                 err);
    CHECK_STATUS(
        OSSMPU_OK,
        ossmpu_upload_part_from(upload, 1, pour, &tap, 102400, NULL, &err),
        err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part_from(upload, 2, pour, &tap, 5, NULL, &err),
                 err);
    CHECK(tap.left == 0);
    CHECK_STATUS(OSSMPU_EFILE,
                 ossmpu_upload_part_from(upload, 3, pour, &tap, 1, NULL, &err),
                 err);
    tap.end = -7;
    CHECK(ossmpu_upload_part_from(upload, 3, pour, &tap, 1, NULL, &err) ==
          OSSMPU_ECALLBACK);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_CALLBACK_VALUE) == -7);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_PART_NUMBER) == 3);
    ossmpu_error_free(err);
    CHECK_STATUS(OSSMPU_EINVAL,
                 ossmpu_upload_part_from(upload, 3, overflow, NULL, 9, NULL,
                                         &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_complete(upload, NULL, NULL, &result, &err),
                 err);
    check_object(client, "poured", 102405, result);
    ossmpu_result_free(result);
    ossmpu_upload_free(upload);
}

/* A part counts against the memory limit of the client. */
static void check_memory(void) {
    Tap tap = {300000, 0, 0};
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *client = NULL;
    ossmpu_upload *upload = NULL;
    ossmpu_error *err = NULL;
    CHECK(!ossmpu_config_set_env(config));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_MEMORY_LIMIT, 204800));
    CHECK_STATUS(OSSMPU_OK, ossmpu_client_new(config, &client, &err), err);
    ossmpu_config_free(config);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "large", NULL, NULL,
                                        &upload, &err),
                 err);
    CHECK_STATUS(
        OSSMPU_ENOMEM,
        ossmpu_upload_part_from(upload, 1, pour, &tap, 204801, NULL, &err),
        err);
    CHECK(tap.calls == 0);
    CHECK_STATUS(
        OSSMPU_OK,
        ossmpu_upload_part_from(upload, 1, pour, &tap, 204800, NULL, &err),
        err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_upload_abort(upload, &err), err);
    ossmpu_upload_free(upload);
    ossmpu_client_free(client);
}

static void check_ranges(const ossmpu_client *client, const char *path,
                         int64_t size, const ossmpu_options *options) {
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    int fd = open(path, O_RDONLY);
    CHECK(fd >= 0);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_range(client, BUCKET, "range", path, 3, 200000,
                                  options, NULL, &result, &err),
                 err);
    check_object(client, "range", 200000, result);
    ossmpu_result_free(result);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_range(client, BUCKET, "range", path, size - 7, -1,
                                  NULL, NULL, &result, &err),
                 err);
    check_object(client, "range", 7, result);
    ossmpu_result_free(result);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_fd(client, BUCKET, "range", fd, 1, -1, options,
                               NULL, &result, &err),
                 err);
    check_object(client, "range", size - 1, result);
    ossmpu_result_free(result);
    CHECK(lseek(fd, 0, SEEK_CUR) == 0);
    CHECK_STATUS(OSSMPU_EINVAL,
                 ossmpu_put_fd(client, BUCKET, "range", fd, 0, size + 1,
                               options, NULL, &result, &err),
                 err);
    CHECK(close(fd) == 0);
    CHECK_STATUS(OSSMPU_EFILE,
                 ossmpu_put_fd(client, BUCKET, "range", fd, 0, -1, options,
                               NULL, &result, &err),
                 err);
    CHECK(result == NULL);
}

static void check_pipe(const ossmpu_client *client) {
    ossmpu_cancel *cancel = ossmpu_cancel_new();
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK_STATUS(OSSMPU_EINVAL,
                 ossmpu_put_fd(client, BUCKET, "pipe", ends[0], 1, -1, NULL,
                               NULL, &result, &err),
                 err);
    /* Nothing is written: the token ends the wait. */
    CHECK(!ossmpu_cancel_after_ms(cancel, 50));
    CHECK_STATUS(OSSMPU_ECANCELED,
                 ossmpu_put_fd(client, BUCKET, "pipe", ends[0], 0, -1, NULL,
                               cancel, &result, &err),
                 err);
    CHECK(write(ends[1], "hello", 5) == 5);
    CHECK(close(ends[1]) == 0);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_fd(client, BUCKET, "pipe", ends[0], 0, -1, NULL,
                               NULL, &result, &err),
                 err);
    check_object(client, "pipe", 5, result);
    ossmpu_result_free(result);
    CHECK(close(ends[0]) == 0);
    ossmpu_cancel_free(cancel);
}

int main(int argc, char **argv) {
    ossmpu_client *client = new_client();
    ossmpu_options *options = in_parts();
    CHECK(argc == 3);
    check_stream(client, 0, -1, NULL);
    check_stream(client, 1234, 1234, NULL);
    check_stream(client, 512345, -1, options);
    check_stream(client, 512345, 512345, options);
    check_stops(client, options);
    check_parts_from(client);
    check_memory();
    check_ranges(client, argv[1], atoll(argv[2]), options);
    check_pipe(client);
    ossmpu_options_free(options);
    ossmpu_client_free(client);
    return 0;
}
