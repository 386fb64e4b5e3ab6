/* Errors: every field, ownership, and that an old one is never read. */
#include "check.h"

#include <limits.h>

static void check_refusal(const ossmpu_client *client) {
    ossmpu_object *object = NULL;
    ossmpu_error *err = NULL;
    int status = ossmpu_head_object(client, BUCKET, "missing", NULL, NULL, NULL,
                                    &object, &err);
    CHECK(status == OSSMPU_ESERVICE);
    CHECK(object == NULL);
    CHECK(ossmpu_error_code(err) == OSSMPU_ESERVICE);
    CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_OPERATION), "HeadObject");
    CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_OSS_CODE), "NoSuchKey");
    CHECK(ossmpu_error_str(err, OSSMPU_ERRINFO_REQUEST_ID)[0] != '\0');
    CHECK(strncmp(ossmpu_error_str(err, OSSMPU_ERRINFO_HOST), "127.0.0.1", 9) ==
          0);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_HTTP_STATUS) == 404);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_ATTEMPTS) == 1);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_RETRYABLE) == 0);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_PART_NUMBER) == 0);
    CHECK(strstr(ossmpu_error_message(err), "404") != NULL);
    CHECK(strchr(ossmpu_error_message(err), '\n') == NULL);
    /* Unknown fields. */
    CHECK_TEXT(ossmpu_error_str(err, 0), "");
    CHECK_TEXT(ossmpu_error_str(err, INT_MAX), "");
    CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_HTTP_STATUS), "");
    CHECK(ossmpu_error_int(err, INT_MIN) == -1);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_OPERATION) == -1);
    ossmpu_error_free(err);
}

static void check_file(const ossmpu_client *client) {
    ossmpu_error *err = NULL;
    CHECK(ossmpu_put_file(client, BUCKET, "file", "/nonexistent/file", NULL,
                          NULL, NULL, &err) == OSSMPU_EFILE);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_OS_ERRNO) == 2);
    CHECK(strstr(ossmpu_error_message(err), "/nonexistent/file") != NULL);
    CHECK(ossmpu_error_str(err, OSSMPU_ERRINFO_CAUSE)[0] != '\0');
    ossmpu_error_free(err);
}

static void check_out_parameters(const ossmpu_client *client) {
    /* The old values of out and err are never read, so junk is harmless. */
    ossmpu_error *err = (ossmpu_error *)(uintptr_t)1;
    ossmpu_result *result = (ossmpu_result *)(uintptr_t)1;
    CHECK(ossmpu_put_data(client, "X", "key", "", 0, NULL, NULL, &result,
                          &err) == OSSMPU_EINVAL);
    CHECK(result == NULL);
    CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_ARGUMENT), "bucket");
    ossmpu_error_free(err);
    err = (ossmpu_error *)(uintptr_t)1;
    CHECK(ossmpu_put_data(client, BUCKET, "empty", "", 0, NULL, NULL, &result,
                          &err) == OSSMPU_OK);
    CHECK(err == NULL);
    CHECK(result != NULL);
    ossmpu_result_free(result);
    /* Both may be NULL. */
    CHECK(ossmpu_put_data(client, "X", "key", "", 0, NULL, NULL, NULL, NULL) ==
          OSSMPU_EINVAL);
}

int main(void) {
    ossmpu_client *client = new_client();
    check_refusal(client);
    check_file(client);
    check_out_parameters(client);
    ossmpu_client_free(client);
    return 0;
}
