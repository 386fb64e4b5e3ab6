/* With OSSMPU_CONFIG_CALLBACKS_ON_CALLER all callbacks of a program with one
 * thread run on that thread. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>
#include <time.h>

#define SIZE 1600000

static pthread_t caller;
static int lines, fetches, reports, reads;

static void see_line(void *user, int level, const char *line) {
    (void)user;
    (void)level;
    (void)line;
    CHECK(pthread_equal(pthread_self(), caller));
    lines++;
}

/* They expire while a limited upload sends its parts. */
static int give_keys(void *user, ossmpu_credentials *out) {
    (void)user;
    CHECK(pthread_equal(pthread_self(), caller));
    fetches++;
    return ossmpu_credentials_set(out, getenv("OSS_ACCESS_KEY_ID"),
                                  getenv("OSS_ACCESS_KEY_SECRET"), NULL,
                                  (int64_t)time(NULL) + 2);
}

static int see_progress(void *user, const ossmpu_progress *progress) {
    (void)user;
    (void)progress;
    CHECK(pthread_equal(pthread_self(), caller));
    reports++;
    return 0;
}

static int64_t read_some(void *user, void *buffer, size_t size) {
    size_t *left = user;
    size_t length = size < *left ? size : *left;
    CHECK(pthread_equal(pthread_self(), caller));
    reads++;
    memset(buffer, 'r', length);
    *left -= length;
    return (int64_t)length;
}

int main(void) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_options *options = in_parts();
    ossmpu_client *client = NULL;
    ossmpu_writer *writer = NULL;
    ossmpu_upload *upload = NULL;
    ossmpu_error *err = NULL;
    unsigned char *data = some_bytes(SIZE);
    size_t left = SIZE;
    caller = pthread_self();
    CHECK(!ossmpu_config_set_env(config));
    CHECK(!ossmpu_config_set_int(config, OSSMPU_CONFIG_CALLBACKS_ON_CALLER, 1));
    CHECK(!ossmpu_config_set_credentials_fn(config, give_keys, NULL, NULL));
    CHECK(!ossmpu_config_set_log_fn(config, OSSMPU_LOG_DEBUG, see_line, NULL,
                                    NULL));
    CHECK(!ossmpu_options_set_progress(options, see_progress, NULL));
    CHECK(!ossmpu_client_new(config, &client, NULL));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, "object", "x", 1, options,
                                 NULL, NULL, &err),
                 err);
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_BYTES_PER_SEC,
                                  SIZE / 4));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, "parts", data, SIZE, options,
                                 NULL, NULL, &err),
                 err);
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_BYTES_PER_SEC, 0));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_stream(client, BUCKET, "stream", read_some, &left, -1,
                                   options, NULL, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_writer_open(client, BUCKET, "written", options, NULL,
                                    &writer, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_write(writer, data, SIZE, &err), err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_finish(writer, NULL, &err), err);
    ossmpu_writer_free(writer);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "steps", options, NULL,
                                        &upload, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part(upload, 1, data, SIZE, NULL, &err), err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_complete(upload, NULL, NULL, NULL, &err), err);
    ossmpu_upload_free(upload);
    CHECK(lines > 0 && fetches > 0 && reports > 0 && reads > 0);
    ossmpu_config_free(config);
    ossmpu_options_free(options);
    ossmpu_client_free(client);
    free(data);
    return 0;
}
