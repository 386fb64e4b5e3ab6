/* The writer: write, finish, abort, and the calls after them. */
#include "check.h"

static ossmpu_writer *open_writer(const ossmpu_client *client, const char *key,
                                  const ossmpu_options *options,
                                  const ossmpu_cancel *cancel) {
    ossmpu_writer *writer = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_writer_open(client, BUCKET, key, options, cancel,
                                    &writer, &err),
                 err);
    CHECK(writer != NULL);
    return writer;
}

static void check_over(ossmpu_writer *writer) {
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_ESTATE, ossmpu_writer_write(writer, "x", 1, &err), err);
    CHECK_STATUS(OSSMPU_ESTATE, ossmpu_writer_write(writer, NULL, 0, &err),
                 err);
    CHECK_STATUS(OSSMPU_ESTATE, ossmpu_writer_finish(writer, &result, &err),
                 err);
    CHECK_STATUS(OSSMPU_ESTATE, ossmpu_writer_abort(writer, &err), err);
    CHECK(result == NULL);
    ossmpu_writer_free(writer);
}

static void check_finish(const ossmpu_client *client, size_t size,
                         const ossmpu_options *options) {
    unsigned char *data = some_bytes(size);
    ossmpu_writer *writer = open_writer(client, "written", options, NULL);
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    size_t at = 0;
    while (at < size) {
        size_t count = size - at < 33333 ? size - at : 33333;
        CHECK_STATUS(OSSMPU_OK,
                     ossmpu_writer_write(writer, data + at, count, &err), err);
        at += count;
    }
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_write(writer, NULL, 0, &err), err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_finish(writer, &result, &err), err);
    CHECK((ossmpu_result_int(result, OSSMPU_RESULT_PARTS) == 0) ==
          (options == NULL || size == 0));
    check_object(client, "written", (int64_t)size, result);
    ossmpu_result_free(result);
    check_over(writer);
    free(data);
}

static void check_abort(const ossmpu_client *client,
                        const ossmpu_options *options) {
    unsigned char *data = some_bytes(300000);
    ossmpu_writer *writer = open_writer(client, "aborted", options, NULL);
    ossmpu_object *object = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_write(writer, data, 300000, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_abort(writer, &err), err);
    check_over(writer);
    CHECK_STATUS(OSSMPU_ESERVICE,
                 ossmpu_head_object(client, BUCKET, "aborted", NULL, NULL, NULL,
                                    &object, &err),
                 err);
    free(data);
}

/* The token cancels a write, and the upload has been aborted by then. */
static void check_cancel(const ossmpu_client *client,
                         const ossmpu_options *options) {
    unsigned char *data = some_bytes(300000);
    ossmpu_cancel *cancel = ossmpu_cancel_new();
    ossmpu_writer *writer = open_writer(client, SLOW_KEY, options, cancel);
    ossmpu_error *err = NULL;
    int status = OSSMPU_OK;
    CHECK(!ossmpu_cancel_after_ms(cancel, 100));
    while (status == OSSMPU_OK)
        status = ossmpu_writer_write(writer, data, 300000, &err);
    CHECK(status == OSSMPU_ECANCELED);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_PARTS_LEFT) == 0);
    ossmpu_error_free(err);
    check_over(writer);
    ossmpu_cancel_free(cancel);
    free(data);
}

int main(void) {
    ossmpu_client *client = new_client();
    ossmpu_options *options = in_parts();
    ossmpu_writer *writer;
    ossmpu_error *err = NULL;
    check_finish(client, 0, NULL);
    check_finish(client, 100000, NULL);
    check_finish(client, 0, options);
    check_finish(client, 512345, options);
    check_abort(client, options);
    check_cancel(client, options);
    /* Freed without finish or abort: nothing was sent, so nothing is left. A
     * writer outlives its client. */
    writer = open_writer(client, "dropped", options, NULL);
    ossmpu_options_free(options);
    ossmpu_client_free(client);
    CHECK_STATUS(OSSMPU_OK, ossmpu_writer_write(writer, "x", 1, &err), err);
    ossmpu_writer_free(writer);
    return 0;
}
