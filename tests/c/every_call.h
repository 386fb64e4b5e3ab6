/* The arguments of the program that tests/c_abi generates from the header: for
 * each type a valid value and junk. */
#ifndef EVERY_CALL_H
#define EVERY_CALL_H

#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

/* Reading one character beyond the longest text would be an error. */
static char long_text[70000];
static const char *const texts[] = {NULL, "", "\xff\xfe", long_text,
                                    "a\r\nb: c", "/", "%zz?&=\\"};
static const size_t sizes[] = {0, SIZE_MAX, SIZE_MAX / 2 + 1};
static const int ints[] = {-1, 0, 99, INT_MIN, INT_MAX};
static const int32_t int32s[] = {-1, 0, 10001, INT32_MIN, INT32_MAX};
static const int64_t int64s[] = {-1, 0, 1000000, INT64_MIN, INT64_MAX};

static ossmpu_client *client;
static ossmpu_options *options;
static ossmpu_config *config;
static ossmpu_cancel *cancel;
static ossmpu_upload *upload;
static ossmpu_result *result;
static ossmpu_object *object;
static ossmpu_error *error;
static const char *path;
static int file;
static int calls;

/* Ends after a while, for all callers. */
static inline int64_t pour(void *user, void *buf, size_t len) {
    static int asked;
    (void)user;
    if (++asked % 50 == 0)
        return 0;
    memset(buf, 'x', len > 9 ? 9 : len);
    return len > 9 ? 9 : (int64_t)len;
}

static inline int see(void *user, const ossmpu_progress *progress) {
    (void)user;
    (void)progress;
    return 0;
}

static inline void hear(void *user, int level, const char *line) {
    (void)user;
    (void)level;
    (void)line;
}

static inline int ask(void *user, ossmpu_credentials *out) {
    (void)user;
    return ossmpu_credentials_set(out, "id", "secret", NULL, 0);
}

static inline void drop(void *user) { (void)user; }

/* Handles that a call changes or frees are created for each call. */
static inline ossmpu_client *new_ossmpu_client(void) { return new_client(); }

static inline ossmpu_config *new_ossmpu_config(void) {
    return ossmpu_config_new();
}

static inline ossmpu_options *new_ossmpu_options(void) {
    return ossmpu_options_new();
}

static inline ossmpu_cancel *new_ossmpu_cancel(void) {
    return ossmpu_cancel_new();
}

static inline ossmpu_error *new_ossmpu_error(void) {
    ossmpu_error *err = NULL;
    CHECK(ossmpu_client_new(NULL, NULL, &err) == OSSMPU_EINVAL);
    return err;
}

static inline ossmpu_upload *new_ossmpu_upload(void) {
    ossmpu_upload *out = NULL;
    CHECK(!ossmpu_upload_initiate(client, BUCKET, "every-call", NULL, NULL,
                                  &out, NULL));
    return out;
}

static inline ossmpu_writer *new_ossmpu_writer(void) {
    ossmpu_writer *out = NULL;
    CHECK(!ossmpu_writer_open(client, BUCKET, "every-call", NULL, NULL, &out,
                              NULL));
    return out;
}

static inline ossmpu_part_iter *new_ossmpu_part_iter(void) {
    ossmpu_part_iter *out = NULL;
    CHECK(!ossmpu_upload_sent_parts(upload, &out, NULL));
    return out;
}

static inline ossmpu_upload_iter *new_ossmpu_upload_iter(void) {
    ossmpu_upload_iter *out = NULL;
    CHECK(!ossmpu_list_uploads(client, BUCKET, NULL, NULL, NULL, NULL, &out,
                               NULL));
    return out;
}

static inline ossmpu_result *new_ossmpu_result(void) {
    ossmpu_result *out = NULL;
    CHECK(!ossmpu_presign(client, OSSMPU_PRESIGN_UPLOAD_PART, BUCKET,
                          "every-call", ossmpu_upload_id(upload), 1, 60, NULL,
                          NULL, &out, NULL));
    return out;
}

static inline ossmpu_object *new_ossmpu_object(void) {
    ossmpu_object *out = NULL;
    CHECK(!ossmpu_head_object(client, BUCKET, "source", NULL, NULL, NULL, &out,
                              NULL));
    return out;
}

/* Each status is known, and only a failure has an error. */
static inline void check_answer(int status, ossmpu_error **err,
                                const char *name) {
    calls++;
    if (status < OSSMPU_EINTERNAL || status > OSSMPU_ABSENT ||
        status == OSSMPU_EINTERNAL) {
        fprintf(stderr, "%s: %d\n", name, status);
        exit(1);
    }
    if (err == NULL)
        return;
    CHECK(ossmpu_error_code(*err) == (status < 0 ? status : 0));
    CHECK((*err != NULL) == (status < 0));
    ossmpu_error_free(*err);
}

static inline void begin(const char *data) {
    memset(long_text, 'a', sizeof long_text - 1);
    path = data;
    file = open(path, O_RDONLY);
    CHECK(file >= 0);
    client = new_client();
    options = ossmpu_options_new();
    config = ossmpu_config_new();
    cancel = ossmpu_cancel_new();
    error = new_ossmpu_error();
    CHECK(!ossmpu_put_data(client, BUCKET, "source", "x", 1, NULL, NULL, NULL,
                           NULL));
    object = new_ossmpu_object();
}

/* Each function has its own upload: some of them complete or abort it. */
static inline void begin_function(void) {
    upload = new_ossmpu_upload();
    result = new_ossmpu_result();
}

static inline void end_function(void) {
    ossmpu_upload_abort(upload, NULL);
    ossmpu_upload_free(upload);
    ossmpu_result_free(result);
}

/* Uploads that the calls have initiated. */
static inline void abort_all(void) {
    ossmpu_upload_iter *iter = new_ossmpu_upload_iter();
    const ossmpu_upload_info *entry = NULL;
    while (!ossmpu_upload_iter_next(iter, &entry, NULL)) {
        ossmpu_upload *left = NULL;
        CHECK(!ossmpu_upload_attach(client, BUCKET, entry->key,
                                    entry->upload_id, 0, NULL, NULL, &left,
                                    NULL));
        CHECK(!ossmpu_upload_abort(left, NULL));
        ossmpu_upload_free(left);
    }
    ossmpu_upload_iter_free(iter);
}

static inline void end(void) {
    abort_all();
    ossmpu_object_free(object);
    ossmpu_error_free(error);
    ossmpu_cancel_free(cancel);
    ossmpu_config_free(config);
    ossmpu_options_free(options);
    ossmpu_client_free(client);
    close(file);
}

#endif /* EVERY_CALL_H */
