/* Delta uploads: against the object itself, another one, and step by step. */
#include "check.h"

#define SIZE 250000
#define REST (SIZE - 2 * PART_SIZE)

static ossmpu_options *delta(void) {
    ossmpu_options *options = in_parts();
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_DELTA, 1));
    return options;
}

static ossmpu_result *put(const ossmpu_client *client, const char *key,
                          const void *data, const ossmpu_options *options) {
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, key, data, SIZE, options, NULL,
                                 &result, &err),
                 err);
    check_object(client, key, SIZE, result);
    return result;
}

/* Checks what was sent and reused, and frees the result. */
static void check_result(ossmpu_result *result, int64_t sent, int64_t reused,
                         int64_t parts, int64_t in_vain, int is_stopped) {
    const char *why = ossmpu_result_str(result, OSSMPU_RESULT_DELTA_STOPPED);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_BYTES_SENT) == sent);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_BYTES_REUSED) == reused);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_PARTS_REUSED) == parts);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_COPIES_IN_VAIN) == in_vain);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_VERIFIED) == 1);
    CHECK((*why != '\0') == is_stopped);
    ossmpu_result_free(result);
}

static int on_progress(void *user, const ossmpu_progress *progress) {
    CHECK(progress->struct_size >= sizeof *progress);
    CHECK(progress->bytes_reused <= progress->bytes_done);
    *(int64_t *)user = progress->bytes_reused;
    return 0;
}

static void check_against_itself(const ossmpu_client *client,
                                 unsigned char *data) {
    ossmpu_options *options = delta();
    int64_t reused = -1;
    check_result(put(client, "disk image", data, options), SIZE, 0, 0, 0, 1);
    CHECK(!ossmpu_options_set_progress(options, on_progress, &reused));
    check_result(put(client, "disk image", data, options), 0, SIZE, 3, 0, 0);
    CHECK(reused == SIZE);
    data[PART_SIZE + 1] ^= 1;
    check_result(put(client, "disk image", data, options), PART_SIZE, SIZE - PART_SIZE, 2,
                 1, 0);
    ossmpu_options_free(options);
}

static void check_other_base(const ossmpu_client *client,
                             const unsigned char *data) {
    static const char *const bad[] = {"disk image", BUCKET "/", "50%/a",
                                      BUCKET "/a?version=1"};
    ossmpu_options *options;
    size_t i;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        options = in_parts();
        CHECK(ossmpu_options_set_str(options, OSSMPU_OPTION_DELTA_BASE,
                                     bad[i]) == OSSMPU_EINVAL);
        ossmpu_options_free(options);
    }
    options = in_parts();
    CHECK(!ossmpu_options_set_str(options, OSSMPU_OPTION_DELTA_BASE,
                                  "/" BUCKET "/disk%20image"));
    check_result(put(client, "copy", data, options), 0, SIZE, 3, 0, 0);
    CHECK(!ossmpu_options_set_str(options, OSSMPU_OPTION_DELTA_BASE,
                                  BUCKET "/no such"));
    check_result(put(client, "copy", data, options), SIZE, 0, 0, 0, 1);
    /* Without a base it is no delta upload any more. */
    CHECK(!ossmpu_options_set_str(options, OSSMPU_OPTION_DELTA_BASE, ""));
    check_result(put(client, "copy", data, options), SIZE, 0, 0, 0, 0);
    ossmpu_options_free(options);
}

static int64_t no_bytes(void *user, void *buffer, size_t room) {
    (void)user;
    (void)buffer;
    (void)room;
    return 0;
}

static void check_refused(const ossmpu_client *client,
                          const unsigned char *data) {
    ossmpu_options *options = delta();
    ossmpu_error *err = NULL;
    CHECK(ossmpu_put_stream(client, BUCKET, "k", no_bytes, NULL, -1, options,
                            NULL, NULL, &err) == OSSMPU_EINVAL);
    CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_ARGUMENT), "delta");
    CHECK(strstr(ossmpu_error_message(err), "a stream") != NULL);
    ossmpu_error_free(err);
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_SEQUENTIAL, 1));
    CHECK(ossmpu_put_data(client, BUCKET, "k", data, SIZE, options, NULL, NULL,
                          &err) == OSSMPU_EINVAL);
    CHECK(strstr(ossmpu_error_message(err), "sequential") != NULL);
    ossmpu_error_free(err);
    ossmpu_options_free(options);
}

static void check_step_by_step(const ossmpu_client *client,
                               unsigned char *data) {
    ossmpu_upload *upload = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    data[0] ^= 1;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "disk image", NULL,
                                        NULL, &upload, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part_delta(upload, 1, 0, data, PART_SIZE, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part_delta(upload, 2, PART_SIZE, data + PART_SIZE, PART_SIZE,
                                          NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part_delta(upload, 3, 2 * PART_SIZE, data + 2 * PART_SIZE,
                                          REST, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_complete(upload, NULL, NULL, &result, &err),
                 err);
    check_object(client, "disk image", SIZE, result);
    check_result(result, PART_SIZE, PART_SIZE + REST, 2, 1, 0);
    ossmpu_upload_free(upload);
}

int main(void) {
    ossmpu_client *client = new_client();
    unsigned char *data = some_bytes(SIZE);
    check_against_itself(client, data);
    check_other_base(client, data);
    check_refused(client, data);
    check_step_by_step(client, data);
    free(data);
    ossmpu_client_free(client);
    return 0;
}
