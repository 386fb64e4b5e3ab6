/* Copies within OSS: whole objects, parts, and their conditions. */
#include "check.h"

#include <limits.h>

#define SIZE 250000

static void put_source(const ossmpu_client *client) {
    unsigned char *data = some_bytes(SIZE);
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_error *err = NULL;
    CHECK(!ossmpu_options_add_metadata(options, "colour", "blue"));
    CHECK(!ossmpu_options_add_tag(options, "kind", "test"));
    CHECK(!ossmpu_options_add_header(options, "Content-Language", "de"));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, "source", data, SIZE, options,
                                 NULL, NULL, &err),
                 err);
    ossmpu_options_free(options);
    free(data);
}

static void check_copy(const ossmpu_client *client) {
    ossmpu_options *options = in_parts();
    ossmpu_result *result = NULL;
    ossmpu_object *object = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_copy_object(client, BUCKET, "copy", BUCKET, "source",
                                    NULL, options, NULL, &result, &err),
                 err);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_PARTS) == 3);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_VERIFIED) == 1);
    check_object(client, "copy", SIZE, result);
    ossmpu_result_free(result);
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_COPY_TAGS, 0));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_head_object(client, BUCKET, "copy", NULL, NULL, NULL,
                                    &object, &err),
                 err);
    CHECK_TEXT(ossmpu_object_metadata(object, "colour"), "blue");
    ossmpu_object_free(object);
    CHECK(ossmpu_copy_object(client, BUCKET, "copy", BUCKET, "nothing", NULL,
                             options, NULL, &result, &err) == OSSMPU_ESERVICE);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_HTTP_STATUS) == 404);
    CHECK(result == NULL);
    ossmpu_error_free(err);
    ossmpu_options_free(options);
}

/* A condition as a text or, if that is NULL, as a number. */
static void check_condition(const ossmpu_client *client, int key,
                            const char *text, int64_t number, int http_status) {
    ossmpu_options *options = in_parts();
    ossmpu_upload *upload = NULL;
    ossmpu_error *err = NULL;
    int want = http_status == 0 ? OSSMPU_OK : OSSMPU_ESERVICE;
    if (text != NULL)
        CHECK(!ossmpu_options_set_str(options, key, text));
    else
        CHECK(!ossmpu_options_set_int(options, key, number));
    CHECK(ossmpu_copy_object(client, BUCKET, "copy", BUCKET, "source", NULL,
                             options, NULL, NULL, &err) == want);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_HTTP_STATUS) == http_status);
    ossmpu_error_free(err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "parts", NULL, NULL,
                                        &upload, &err),
                 err);
    CHECK(ossmpu_upload_part_copy(upload, 1, BUCKET, "source", NULL, 0, -1,
                                  options, NULL, &err) == want);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_HTTP_STATUS) == http_status);
    ossmpu_error_free(err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_upload_abort(upload, &err), err);
    ossmpu_upload_free(upload);
    ossmpu_options_free(options);
}

static void check_conditions(const ossmpu_client *client) {
    const int64_t in_2100 = 4102444800;
    char etag[80];
    ossmpu_object *object = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_head_object(client, BUCKET, "source", NULL, NULL, NULL,
                                    &object, &err),
                 err);
    snprintf(etag, sizeof etag, "%s",
             ossmpu_object_str(object, OSSMPU_OBJECT_ETAG));
    ossmpu_object_free(object);
    check_condition(client, OSSMPU_OPTION_COPY_IF_MATCH, etag, 0, 0);
    check_condition(client, OSSMPU_OPTION_COPY_IF_MATCH, "\"AB\"", 0, 412);
    check_condition(client, OSSMPU_OPTION_COPY_IF_NONE_MATCH, "\"AB\"", 0, 0);
    check_condition(client, OSSMPU_OPTION_COPY_IF_NONE_MATCH, etag, 0, 304);
    check_condition(client, OSSMPU_OPTION_COPY_IF_MODIFIED_SINCE, NULL, 1, 0);
    check_condition(client, OSSMPU_OPTION_COPY_IF_MODIFIED_SINCE, NULL, in_2100,
                    304);
    check_condition(client, OSSMPU_OPTION_COPY_IF_UNMODIFIED_SINCE, NULL,
                    in_2100, 0);
    check_condition(client, OSSMPU_OPTION_COPY_IF_UNMODIFIED_SINCE, NULL, 1,
                    412);
}

static void check_parts(const ossmpu_client *client) {
    static const int64_t bad[][2] = {
        {0, SIZE + 1}, {SIZE, -1},    {SIZE + 1, -1},  {5, 0},
        {-1, 1},       {INT64_MAX, 1}, {0, INT64_MAX}, {0, -2},
    };
    ossmpu_upload *upload = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    size_t i;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "parts", NULL, NULL,
                                        &upload, &err),
                 err);
    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_STATUS(OSSMPU_EINVAL,
                     ossmpu_upload_part_copy(upload, 1, BUCKET, "source", NULL,
                                             bad[i][0], bad[i][1], NULL, NULL,
                                             &err),
                     err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part_copy(upload, 1, BUCKET, "source", NULL, 0,
                                         102400, NULL, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part_copy(upload, 2, BUCKET, "source", NULL,
                                         102400, -1, NULL, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part_copy(upload, 3, BUCKET, "source", NULL, 0,
                                         -1, NULL, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_complete(upload, NULL, NULL, &result, &err),
                 err);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_PARTS) == 3);
    check_object(client, "parts", 2 * SIZE, result);
    ossmpu_result_free(result);
    ossmpu_upload_free(upload);
}

int main(void) {
    ossmpu_client *client = new_client();
    put_source(client);
    check_copy(client);
    check_conditions(client);
    check_parts(client);
    ossmpu_client_free(client);
    return 0;
}
