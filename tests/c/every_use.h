/* Shared by the tests of calls in unusual places: every way to upload with a
 * client. */
#ifndef EVERY_USE_H
#define EVERY_USE_H

#include "check.h"

#define USE_SIZE 400000

struct every_use_source {
    const unsigned char *bytes;
    size_t done;
};

static inline int64_t every_use_read(void *user, void *buffer, size_t size) {
    struct every_use_source *source = (struct every_use_source *)user;
    size_t left = USE_SIZE - source->done;
    size_t count = size < left ? size : left;
    memcpy(buffer, source->bytes + source->done, count);
    source->done += count;
    return (int64_t)count;
}

static inline ossmpu_writer *open_writer(const ossmpu_client *client,
                                         const char *key,
                                         const unsigned char *bytes) {
    ossmpu_options *options = in_parts();
    ossmpu_writer *writer = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_writer_open(client, BUCKET, key, options, NULL, &writer,
                                    &err),
                 err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_write(writer, bytes, USE_SIZE, &err),
                 err);
    ossmpu_options_free(options);
    return writer;
}

/* Finishes a writer that open_writer opened, and frees it. */
static inline void finish_writer(const ossmpu_client *client,
                                 ossmpu_writer *writer, const char *key) {
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_finish(writer, &result, &err), err);
    check_object(client, key, USE_SIZE, result);
    ossmpu_result_free(result);
    ossmpu_writer_free(writer);
}

/* Uploads in one request, in parts, from a callback and with writers, one of
 * which is aborted. The names of the objects start with place. */
static inline void use_every_way(const ossmpu_client *client,
                                 const char *place) {
    unsigned char *bytes = some_bytes(USE_SIZE);
    struct every_use_source source = {NULL, 0};
    ossmpu_options *options = in_parts();
    ossmpu_writer *writer = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    char key[64];
    snprintf(key, sizeof key, "%s-small", place);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, key, bytes, 10, NULL, NULL,
                                 &result, &err),
                 err);
    check_object(client, key, 10, result);
    ossmpu_result_free(result);
    snprintf(key, sizeof key, "%s-parts", place);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, key, bytes, USE_SIZE, options,
                                 NULL, &result, &err),
                 err);
    check_object(client, key, USE_SIZE, result);
    ossmpu_result_free(result);
    snprintf(key, sizeof key, "%s-stream", place);
    source.bytes = bytes;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_stream(client, BUCKET, key, every_use_read, &source,
                                   -1, options, NULL, &result, &err),
                 err);
    check_object(client, key, USE_SIZE, result);
    ossmpu_result_free(result);
    snprintf(key, sizeof key, "%s-writer", place);
    finish_writer(client, open_writer(client, key, bytes), key);
    snprintf(key, sizeof key, "%s-aborted", place);
    writer = open_writer(client, key, bytes);
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_abort(writer, &err), err);
    ossmpu_writer_free(writer);
    ossmpu_options_free(options);
    free(bytes);
}

#endif /* EVERY_USE_H */
