/* The rules of the header: every function with each pointer NULL. */
#include "check.h"

#include <limits.h>

/* The call fails, and the error names the argument. */
#define REFUSES(name, call)                                                    \
    do {                                                                       \
        err = (ossmpu_error *)(uintptr_t)1;                                    \
        CHECK((call) == OSSMPU_EINVAL);                                        \
        CHECK(ossmpu_error_code(err) == OSSMPU_EINVAL);                        \
        CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_ARGUMENT), name);      \
        ossmpu_error_free(err);                                                \
        err = NULL;                                                            \
    } while (0)

static ossmpu_client *client;
static ossmpu_upload *upload;
static ossmpu_error *err;

static void check_frees(void) {
    ossmpu_error_free(NULL);
    ossmpu_config_free(NULL);
    ossmpu_client_free(NULL);
    ossmpu_cancel_free(NULL);
    ossmpu_options_free(NULL);
    ossmpu_result_free(NULL);
    ossmpu_object_free(NULL);
    ossmpu_upload_free(NULL);
    ossmpu_part_iter_free(NULL);
    ossmpu_upload_iter_free(NULL);
    ossmpu_writer_free(NULL);
}

static void check_getters(void) {
    static const int fields[] = {INT_MIN, -1, 0, 1, 100, 200, INT_MAX};
    uint64_t number = 77;
    size_t i;
    CHECK(ossmpu_error_code(NULL) == OSSMPU_OK);
    CHECK_TEXT(ossmpu_error_message(NULL), "");
    CHECK_TEXT(ossmpu_upload_id(NULL), "");
    CHECK_TEXT(ossmpu_object_metadata(NULL, "name"), "");
    CHECK_TEXT(ossmpu_object_metadata(NULL, NULL), "");
    for (i = 0; i < sizeof fields / sizeof *fields; i++) {
        CHECK_TEXT(ossmpu_error_str(NULL, fields[i]), "");
        CHECK_TEXT(ossmpu_result_str(NULL, fields[i]), "");
        CHECK_TEXT(ossmpu_object_str(NULL, fields[i]), "");
        CHECK(ossmpu_error_int(NULL, fields[i]) == 0);
        CHECK(ossmpu_result_int(NULL, fields[i]) == 0);
        CHECK(ossmpu_object_int(NULL, fields[i]) == 0);
        CHECK(ossmpu_result_u64(NULL, fields[i], &number) == OSSMPU_EINVAL);
        CHECK(ossmpu_object_u64(NULL, fields[i], &number) == OSSMPU_EINVAL);
        CHECK(ossmpu_strerror(fields[i])[0] != '\0');
    }
    CHECK(number == 77);
}

static int ask(void *user, ossmpu_credentials *out) {
    (void)user;
    (void)out;
    return 1;
}

static void hear(void *user, int level, const char *line) {
    (void)user;
    (void)level;
    (void)line;
}

static int see(void *user, const ossmpu_progress *progress) {
    (void)user;
    (void)progress;
    return 0;
}

static void check_setters(void) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_options *options = ossmpu_options_new();
    CHECK(ossmpu_config_set_str(NULL, OSSMPU_CONFIG_REGION, "x") ==
          OSSMPU_EINVAL);
    CHECK(ossmpu_config_set_str(config, OSSMPU_CONFIG_REGION, NULL) ==
          OSSMPU_EINVAL);
    CHECK(ossmpu_config_set_int(NULL, OSSMPU_CONFIG_THREADS, 1) ==
          OSSMPU_EINVAL);
    CHECK(ossmpu_config_set_env(NULL) == OSSMPU_EINVAL);
    CHECK(ossmpu_config_set_keys(NULL, "a", "b", NULL) == OSSMPU_EINVAL);
    CHECK(ossmpu_config_set_keys(config, NULL, "b", NULL) == OSSMPU_EINVAL);
    CHECK(ossmpu_config_set_keys(config, "a", NULL, NULL) == OSSMPU_EINVAL);
    CHECK(ossmpu_config_set_credentials_fn(NULL, ask, NULL, NULL) ==
          OSSMPU_EINVAL);
    CHECK(ossmpu_config_set_credentials_fn(config, NULL, NULL, NULL) ==
          OSSMPU_EINVAL);
    CHECK(ossmpu_config_set_log_fn(NULL, 1, hear, NULL, NULL) == OSSMPU_EINVAL);
    CHECK(ossmpu_config_set_log_fn(config, 1, NULL, NULL, NULL) ==
          OSSMPU_EINVAL);
    CHECK(ossmpu_config_set_log_fn(config, 0, hear, NULL, NULL) ==
          OSSMPU_EINVAL);
    CHECK(ossmpu_credentials_set(NULL, "a", "b", NULL, 0) == OSSMPU_EINVAL);
    CHECK(ossmpu_options_set_str(NULL, OSSMPU_OPTION_UPLOAD_ID, "x") ==
          OSSMPU_EINVAL);
    CHECK(ossmpu_options_set_str(options, OSSMPU_OPTION_UPLOAD_ID, NULL) ==
          OSSMPU_EINVAL);
    CHECK(ossmpu_options_set_int(NULL, OSSMPU_OPTION_PART_SIZE, 1) ==
          OSSMPU_EINVAL);
    CHECK(ossmpu_options_add_header(NULL, "a", "b") == OSSMPU_EINVAL);
    CHECK(ossmpu_options_add_header(options, NULL, "b") == OSSMPU_EINVAL);
    CHECK(ossmpu_options_add_header(options, "a", NULL) == OSSMPU_EINVAL);
    CHECK(ossmpu_options_add_metadata(NULL, "a", "b") == OSSMPU_EINVAL);
    CHECK(ossmpu_options_add_metadata(options, NULL, "b") == OSSMPU_EINVAL);
    CHECK(ossmpu_options_add_metadata(options, "a", NULL) == OSSMPU_EINVAL);
    CHECK(ossmpu_options_add_tag(NULL, "a", "b") == OSSMPU_EINVAL);
    CHECK(ossmpu_options_add_tag(options, NULL, "b") == OSSMPU_EINVAL);
    CHECK(ossmpu_options_add_tag(options, "a", NULL) == OSSMPU_EINVAL);
    CHECK(ossmpu_options_set_progress(NULL, see, NULL) == OSSMPU_EINVAL);
    CHECK(ossmpu_options_set_progress(options, NULL, NULL) == OSSMPU_EINVAL);
    ossmpu_cancel_trigger(NULL);
    CHECK(ossmpu_cancel_after_ms(NULL, 1) == OSSMPU_EINVAL);
    ossmpu_config_free(config);
    ossmpu_options_free(options);
}

static void check_puts(void) {
    ossmpu_result *out = NULL;
    REFUSES("client", ossmpu_put_file(NULL, BUCKET, "k", "/dev/null", NULL,
                                      NULL, &out, &err));
    REFUSES("bucket", ossmpu_put_file(client, NULL, "k", "/dev/null", NULL,
                                      NULL, &out, &err));
    REFUSES("key", ossmpu_put_file(client, BUCKET, NULL, "/dev/null", NULL,
                                   NULL, &out, &err));
    REFUSES("path", ossmpu_put_file(client, BUCKET, "k", NULL, NULL, NULL, &out,
                                    &err));
    REFUSES("client",
            ossmpu_put_data(NULL, BUCKET, "k", "x", 1, NULL, NULL, &out, &err));
    REFUSES("bucket",
            ossmpu_put_data(client, NULL, "k", "x", 1, NULL, NULL, &out, &err));
    REFUSES("key", ossmpu_put_data(client, BUCKET, NULL, "x", 1, NULL, NULL,
                                   &out, &err));
    REFUSES("data", ossmpu_put_data(client, BUCKET, "k", NULL, 1, NULL, NULL,
                                    &out, &err));
    REFUSES("len", ossmpu_put_data(client, BUCKET, "k", "x", SIZE_MAX, NULL,
                                   NULL, &out, &err));
    REFUSES("bucket", ossmpu_put_data(client, "No Bucket", "k", "x", 1, NULL,
                                      NULL, &out, &err));
    REFUSES("key", ossmpu_put_data(client, BUCKET, "/k", "x", 1, NULL, NULL,
                                   &out, &err));
    REFUSES("key", ossmpu_put_data(client, BUCKET, "\xff", "x", 1, NULL, NULL,
                                   &out, &err));
    CHECK(out == NULL);
}

static void check_objects(void) {
    ossmpu_object *out = NULL;
    REFUSES("client", ossmpu_head_object(NULL, BUCKET, "k", NULL, NULL, NULL,
                                         &out, &err));
    REFUSES("bucket", ossmpu_head_object(client, NULL, "k", NULL, NULL, NULL,
                                         &out, &err));
    REFUSES("key", ossmpu_head_object(client, BUCKET, NULL, NULL, NULL, NULL,
                                      &out, &err));
    REFUSES("out", ossmpu_head_object(client, BUCKET, "k", NULL, NULL, NULL,
                                      NULL, &err));
    REFUSES("version", ossmpu_head_object(client, BUCKET, "k", "\xff", NULL,
                                          NULL, &out, &err));
    CHECK(out == NULL);
}

static void check_uploads(void) {
    ossmpu_upload *out = NULL;
    ossmpu_part_iter *parts = NULL;
    const ossmpu_part_info *part = NULL;
    REFUSES("client", ossmpu_upload_initiate(NULL, BUCKET, "k", NULL, NULL,
                                             &out, &err));
    REFUSES("bucket", ossmpu_upload_initiate(client, NULL, "k", NULL, NULL,
                                             &out, &err));
    REFUSES("key", ossmpu_upload_initiate(client, BUCKET, NULL, NULL, NULL,
                                          &out, &err));
    REFUSES("out", ossmpu_upload_initiate(client, BUCKET, "k", NULL, NULL, NULL,
                                          &err));
    REFUSES("upload", ossmpu_upload_part(NULL, 1, "x", 1, NULL, &err));
    REFUSES("data", ossmpu_upload_part(upload, 1, NULL, 1, NULL, &err));
    REFUSES("part_number", ossmpu_upload_part(upload, 0, "x", 1, NULL, &err));
    REFUSES("upload",
            ossmpu_upload_part_file(NULL, 1, "/dev/null", 0, 1, NULL, &err));
    REFUSES("path", ossmpu_upload_part_file(upload, 1, NULL, 0, 1, NULL, &err));
    REFUSES("upload",
            ossmpu_upload_part_delta(NULL, 1, 0, "x", 1, NULL, &err));
    REFUSES("data",
            ossmpu_upload_part_delta(upload, 1, 0, NULL, 1, NULL, &err));
    REFUSES("part_number",
            ossmpu_upload_part_delta(upload, 0, 0, "x", 1, NULL, &err));
    REFUSES("base_offset",
            ossmpu_upload_part_delta(upload, 1, -1, "x", 1, NULL, &err));
    REFUSES("upload", ossmpu_upload_sent_parts(NULL, &parts, &err));
    REFUSES("out", ossmpu_upload_sent_parts(upload, NULL, &err));
    REFUSES("upload", ossmpu_upload_complete(NULL, NULL, NULL, NULL, &err));
    REFUSES("upload", ossmpu_upload_abort(NULL, &err));
    REFUSES("client", ossmpu_list_parts(NULL, BUCKET, "k", "id", NULL, NULL,
                                        &parts, &err));
    REFUSES("bucket", ossmpu_list_parts(client, NULL, "k", "id", NULL, NULL,
                                        &parts, &err));
    REFUSES("key", ossmpu_list_parts(client, BUCKET, NULL, "id", NULL, NULL,
                                     &parts, &err));
    REFUSES("upload_id", ossmpu_list_parts(client, BUCKET, "k", NULL, NULL,
                                           NULL, &parts, &err));
    REFUSES("upload_id", ossmpu_list_parts(client, BUCKET, "k", "", NULL, NULL,
                                           &parts, &err));
    REFUSES("out", ossmpu_list_parts(client, BUCKET, "k", "id", NULL, NULL,
                                     NULL, &err));
    REFUSES("iter", ossmpu_part_iter_next(NULL, &part, &err));
    CHECK(out == NULL && parts == NULL && part == NULL);
    CHECK_STATUS(OSSMPU_OK, ossmpu_upload_sent_parts(upload, &parts, &err), err);
    REFUSES("out", ossmpu_part_iter_next(parts, NULL, &err));
    ossmpu_part_iter_free(parts);
}

static int64_t pour(void *user, void *buf, size_t len) {
    (void)user;
    (void)buf;
    (void)len;
    return 0;
}

static void check_streams(void) {
    ossmpu_result *out = NULL;
    REFUSES("client", ossmpu_put_range(NULL, BUCKET, "k", "/dev/null", 0, -1,
                                       NULL, NULL, &out, &err));
    REFUSES("bucket", ossmpu_put_range(client, NULL, "k", "/dev/null", 0, -1,
                                       NULL, NULL, &out, &err));
    REFUSES("key", ossmpu_put_range(client, BUCKET, NULL, "/dev/null", 0, -1,
                                    NULL, NULL, &out, &err));
    REFUSES("path", ossmpu_put_range(client, BUCKET, "k", NULL, 0, -1, NULL,
                                     NULL, &out, &err));
    REFUSES("offset", ossmpu_put_range(client, BUCKET, "k", "/dev/null", -1, -1,
                                       NULL, NULL, &out, &err));
    REFUSES("length", ossmpu_put_range(client, BUCKET, "k", "/dev/null", 0, -2,
                                       NULL, NULL, &out, &err));
    REFUSES("client", ossmpu_put_fd(NULL, BUCKET, "k", 0, 0, -1, NULL, NULL,
                                    &out, &err));
    REFUSES("bucket", ossmpu_put_fd(client, NULL, "k", 0, 0, -1, NULL, NULL,
                                    &out, &err));
    REFUSES("key", ossmpu_put_fd(client, BUCKET, NULL, 0, 0, -1, NULL, NULL,
                                 &out, &err));
    REFUSES("fd", ossmpu_put_fd(client, BUCKET, "k", -1, 0, -1, NULL, NULL,
                                &out, &err));
    REFUSES("fd", ossmpu_put_fd(client, BUCKET, "k", INT_MIN, 0, -1, NULL, NULL,
                                &out, &err));
    REFUSES("offset", ossmpu_put_fd(client, BUCKET, "k", 0, INT64_MIN, -1, NULL,
                                    NULL, &out, &err));
    REFUSES("length", ossmpu_put_fd(client, BUCKET, "k", 0, 0, INT64_MIN, NULL,
                                    NULL, &out, &err));
    REFUSES("client", ossmpu_put_stream(NULL, BUCKET, "k", pour, NULL, -1, NULL,
                                        NULL, &out, &err));
    REFUSES("bucket", ossmpu_put_stream(client, NULL, "k", pour, NULL, -1, NULL,
                                        NULL, &out, &err));
    REFUSES("key", ossmpu_put_stream(client, BUCKET, NULL, pour, NULL, -1, NULL,
                                     NULL, &out, &err));
    REFUSES("callback", ossmpu_put_stream(client, BUCKET, "k", NULL, NULL, -1,
                                          NULL, NULL, &out, &err));
    REFUSES("length", ossmpu_put_stream(client, BUCKET, "k", pour, NULL, -2,
                                        NULL, NULL, &out, &err));
    CHECK(out == NULL);
}

static void check_copies(void) {
    ossmpu_result *out = NULL;
    REFUSES("client", ossmpu_copy_object(NULL, BUCKET, "k", BUCKET, "s", NULL,
                                         NULL, NULL, &out, &err));
    REFUSES("bucket", ossmpu_copy_object(client, NULL, "k", BUCKET, "s", NULL,
                                         NULL, NULL, &out, &err));
    REFUSES("key", ossmpu_copy_object(client, BUCKET, NULL, BUCKET, "s", NULL,
                                      NULL, NULL, &out, &err));
    REFUSES("source_bucket", ossmpu_copy_object(client, BUCKET, "k", NULL, "s",
                                                NULL, NULL, NULL, &out, &err));
    REFUSES("source_bucket", ossmpu_copy_object(client, BUCKET, "k", "No", "s",
                                                NULL, NULL, NULL, &out, &err));
    REFUSES("source_key", ossmpu_copy_object(client, BUCKET, "k", BUCKET, NULL,
                                             NULL, NULL, NULL, &out, &err));
    REFUSES("source_key", ossmpu_copy_object(client, BUCKET, "k", BUCKET, "",
                                             NULL, NULL, NULL, &out, &err));
    REFUSES("upload", ossmpu_upload_part_copy(NULL, 1, BUCKET, "s", NULL, 0, -1,
                                              NULL, NULL, &err));
    REFUSES("part_number", ossmpu_upload_part_copy(upload, -1, BUCKET, "s",
                                                   NULL, 0, -1, NULL, NULL,
                                                   &err));
    REFUSES("source_bucket", ossmpu_upload_part_copy(upload, 1, NULL, "s", NULL,
                                                     0, -1, NULL, NULL, &err));
    REFUSES("source_key", ossmpu_upload_part_copy(upload, 1, BUCKET, NULL, NULL,
                                                  0, -1, NULL, NULL, &err));
    REFUSES("offset", ossmpu_upload_part_copy(upload, 1, BUCKET, "s", NULL, -1,
                                              -1, NULL, NULL, &err));
    CHECK(out == NULL);
}

static void check_writers(void) {
    ossmpu_writer *out = NULL;
    ossmpu_result *result = NULL;
    REFUSES("client",
            ossmpu_writer_open(NULL, BUCKET, "k", NULL, NULL, &out, &err));
    REFUSES("bucket",
            ossmpu_writer_open(client, NULL, "k", NULL, NULL, &out, &err));
    REFUSES("key",
            ossmpu_writer_open(client, BUCKET, NULL, NULL, NULL, &out, &err));
    REFUSES("out",
            ossmpu_writer_open(client, BUCKET, "k", NULL, NULL, NULL, &err));
    REFUSES("writer", ossmpu_writer_write(NULL, "x", 1, &err));
    REFUSES("writer", ossmpu_writer_finish(NULL, &result, &err));
    REFUSES("writer", ossmpu_writer_abort(NULL, &err));
    CHECK(out == NULL && result == NULL);
    CHECK(!ossmpu_writer_open(client, BUCKET, "k", NULL, NULL, &out, NULL));
    REFUSES("data", ossmpu_writer_write(out, NULL, 1, &err));
    REFUSES("len", ossmpu_writer_write(out, "x", SIZE_MAX, &err));
    ossmpu_writer_free(out);
}

static void check_parts(void) {
    ossmpu_upload *out = NULL;
    REFUSES("upload",
            ossmpu_upload_part_from(NULL, 1, pour, NULL, 1, NULL, &err));
    REFUSES("part_number",
            ossmpu_upload_part_from(upload, 0, pour, NULL, 1, NULL, &err));
    REFUSES("callback",
            ossmpu_upload_part_from(upload, 1, NULL, NULL, 1, NULL, &err));
    REFUSES("length",
            ossmpu_upload_part_from(upload, 1, pour, NULL, -1, NULL, &err));
    REFUSES("length", ossmpu_upload_part_from(upload, 1, pour, NULL, INT64_MAX,
                                              NULL, &err));
    REFUSES("upload", ossmpu_upload_add_part(NULL, 1, 1, "AB", NULL, &err));
    REFUSES("part_number",
            ossmpu_upload_add_part(upload, INT32_MAX, 1, "AB", NULL, &err));
    REFUSES("size", ossmpu_upload_add_part(upload, 1, -1, "AB", NULL, &err));
    REFUSES("size", ossmpu_upload_add_part(upload, 1, 5368709121, "AB", NULL,
                                           &err));
    REFUSES("etag", ossmpu_upload_add_part(upload, 1, 1, NULL, NULL, &err));
    REFUSES("etag", ossmpu_upload_add_part(upload, 1, 1, "", NULL, &err));
    REFUSES("client", ossmpu_upload_attach(NULL, BUCKET, "k", "id", 0, NULL,
                                           NULL, &out, &err));
    REFUSES("bucket", ossmpu_upload_attach(client, NULL, "k", "id", 0, NULL,
                                           NULL, &out, &err));
    REFUSES("key", ossmpu_upload_attach(client, BUCKET, NULL, "id", 0, NULL,
                                        NULL, &out, &err));
    REFUSES("upload_id", ossmpu_upload_attach(client, BUCKET, "k", NULL, 0,
                                              NULL, NULL, &out, &err));
    REFUSES("flags", ossmpu_upload_attach(client, BUCKET, "k", "id", 2, NULL,
                                          NULL, &out, &err));
    REFUSES("flags", ossmpu_upload_attach(client, BUCKET, "k", "id", -1, NULL,
                                          NULL, &out, &err));
    REFUSES("out", ossmpu_upload_attach(client, BUCKET, "k", "id", 0, NULL,
                                        NULL, NULL, &err));
    CHECK(out == NULL);
}

static void check_presigned(void) {
    ossmpu_result *out = NULL;
    REFUSES("client", ossmpu_presign(NULL, 5, BUCKET, "k", NULL, 0, 60, NULL,
                                     NULL, &out, &err));
    REFUSES("operation", ossmpu_presign(client, 0, BUCKET, "k", NULL, 0, 60,
                                        NULL, NULL, &out, &err));
    REFUSES("bucket", ossmpu_presign(client, 5, NULL, "k", NULL, 0, 60, NULL,
                                     NULL, &out, &err));
    REFUSES("key", ossmpu_presign(client, 5, BUCKET, NULL, NULL, 0, 60, NULL,
                                  NULL, &out, &err));
    REFUSES("upload_id", ossmpu_presign(client, 2, BUCKET, "k", NULL, 1, 60,
                                        NULL, NULL, &out, &err));
    REFUSES("expires_seconds", ossmpu_presign(client, 5, BUCKET, "k", NULL, 0,
                                              -1, NULL, NULL, &out, &err));
    REFUSES("expires_seconds", ossmpu_presign(client, 5, BUCKET, "k", NULL, 0,
                                              604801, NULL, NULL, &out, &err));
    REFUSES("out", ossmpu_presign(client, 5, BUCKET, "k", NULL, 0, 60, NULL,
                                  NULL, NULL, &err));
    REFUSES("client", ossmpu_put_part_url(NULL, "http://h/", "x", 1, NULL, NULL,
                                          &out, &err));
    REFUSES("url", ossmpu_put_part_url(client, NULL, "x", 1, NULL, NULL, &out,
                                       &err));
    REFUSES("data", ossmpu_put_part_url(client, "http://h/", NULL, 1, NULL,
                                        NULL, &out, &err));
    REFUSES("out", ossmpu_put_part_url(client, "http://h/", "x", 1, NULL, NULL,
                                       NULL, &err));
    CHECK(out == NULL);
}

static void check_lists(void) {
    ossmpu_upload_iter *iter = NULL;
    const ossmpu_upload_info *info = NULL;
    REFUSES("client", ossmpu_list_uploads(NULL, BUCKET, NULL, NULL, NULL, NULL,
                                          &iter, &err));
    REFUSES("bucket", ossmpu_list_uploads(client, NULL, NULL, NULL, NULL, NULL,
                                          &iter, &err));
    REFUSES("out", ossmpu_list_uploads(client, BUCKET, NULL, NULL, NULL, NULL,
                                       NULL, &err));
    REFUSES("iter", ossmpu_upload_iter_next(NULL, &info, &err));
    CHECK(iter == NULL && info == NULL);
    CHECK(!ossmpu_list_uploads(client, BUCKET, NULL, NULL, NULL, NULL, &iter,
                               NULL));
    REFUSES("out", ossmpu_upload_iter_next(iter, NULL, &err));
    ossmpu_upload_iter_free(iter);
}

static void check_clients(void) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *out = NULL;
    REFUSES("config", ossmpu_client_new(NULL, &out, &err));
    REFUSES("out", ossmpu_client_new(config, NULL, &err));
    CHECK(out == NULL);
    ossmpu_config_free(config);
}

/* err may be NULL everywhere. */
static void check_no_slots(void) {
    const ossmpu_part_info *part = NULL;
    CHECK(ossmpu_client_new(NULL, NULL, NULL) < 0);
    CHECK(ossmpu_put_file(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) < 0);
    CHECK(ossmpu_put_data(NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL) <
          0);
    CHECK(ossmpu_head_object(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) <
          0);
    CHECK(ossmpu_upload_initiate(NULL, NULL, NULL, NULL, NULL, NULL, NULL) < 0);
    CHECK(ossmpu_upload_part(NULL, -1, NULL, 0, NULL, NULL) < 0);
    CHECK(ossmpu_upload_part_file(NULL, -1, NULL, -1, -1, NULL, NULL) < 0);
    CHECK(ossmpu_upload_part_delta(NULL, -1, -1, NULL, 0, NULL, NULL) < 0);
    CHECK(ossmpu_upload_sent_parts(NULL, NULL, NULL) < 0);
    CHECK(ossmpu_upload_complete(NULL, NULL, NULL, NULL, NULL) < 0);
    CHECK(ossmpu_upload_abort(NULL, NULL) < 0);
    CHECK(ossmpu_list_parts(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) <
          0);
    CHECK(ossmpu_part_iter_next(NULL, &part, NULL) < 0);
    CHECK(ossmpu_put_range(NULL, NULL, NULL, NULL, -1, -1, NULL, NULL, NULL,
                           NULL) < 0);
    CHECK(ossmpu_put_fd(NULL, NULL, NULL, -1, -1, -1, NULL, NULL, NULL, NULL) <
          0);
    CHECK(ossmpu_put_stream(NULL, NULL, NULL, NULL, NULL, -1, NULL, NULL, NULL,
                            NULL) < 0);
    CHECK(ossmpu_copy_object(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                             NULL, NULL) < 0);
    CHECK(ossmpu_writer_open(NULL, NULL, NULL, NULL, NULL, NULL, NULL) < 0);
    CHECK(ossmpu_writer_write(NULL, NULL, 0, NULL) < 0);
    CHECK(ossmpu_writer_finish(NULL, NULL, NULL) < 0);
    CHECK(ossmpu_writer_abort(NULL, NULL) < 0);
    CHECK(ossmpu_upload_attach(NULL, NULL, NULL, NULL, -1, NULL, NULL, NULL,
                               NULL) < 0);
    CHECK(ossmpu_upload_part_from(NULL, -1, NULL, NULL, -1, NULL, NULL) < 0);
    CHECK(ossmpu_upload_part_copy(NULL, -1, NULL, NULL, NULL, -1, -1, NULL,
                                  NULL, NULL) < 0);
    CHECK(ossmpu_upload_add_part(NULL, -1, -1, NULL, NULL, NULL) < 0);
    CHECK(ossmpu_presign(NULL, -1, NULL, NULL, NULL, -1, -1, NULL, NULL, NULL,
                         NULL) < 0);
    CHECK(ossmpu_put_part_url(NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL) < 0);
    CHECK(ossmpu_list_uploads(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) <
          0);
    CHECK(ossmpu_upload_iter_next(NULL, NULL, NULL) < 0);
    CHECK(ossmpu_result_u64(NULL, OSSMPU_RESULT_CRC64, NULL) < 0);
    CHECK(ossmpu_crc64(0, NULL, 1, NULL) < 0);
    CHECK(ossmpu_object_u64(NULL, OSSMPU_OBJECT_CRC64, NULL) < 0);
}

int main(void) {
    client = new_client();
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "rules", NULL, NULL,
                                        &upload, &err),
                 err);
    check_frees();
    check_getters();
    check_setters();
    check_puts();
    check_objects();
    check_uploads();
    check_streams();
    check_copies();
    check_writers();
    check_parts();
    check_presigned();
    check_lists();
    check_clients();
    check_no_slots();
    CHECK_STATUS(OSSMPU_OK, ossmpu_upload_abort(upload, &err), err);
    ossmpu_upload_free(upload);
    ossmpu_client_free(client);
    return 0;
}
