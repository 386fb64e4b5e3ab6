/* Options: every key, what OSS receives, the first error, junk. */
#include "check.h"

#include <limits.h>

static void check_what_arrives(const ossmpu_client *client) {
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_object *object = NULL;
    ossmpu_error *err = NULL;
    CHECK(!ossmpu_options_set_str(options, OSSMPU_OPTION_CONTENT_TYPE,
                                  "text/x-test"));
    CHECK(!ossmpu_options_add_metadata(options, "Colour", "blue"));
    CHECK(!ossmpu_options_add_tag(options, "kind", "test"));
    CHECK(!ossmpu_options_add_header(options, "Cache-Control", "no-cache"));
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_FORBID_OVERWRITE, 1));
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_INTEGRITY,
                                  OSSMPU_INTEGRITY_CRC64 |
                                      OSSMPU_INTEGRITY_MD5));
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_TRAFFIC_LIMIT,
                                  838860800));
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_PARALLELISM, 2));
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_REQUIRE_VERIFIED, 1));
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_TIMEOUT_MS, 60000));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, "dressed", "abc", 3, options,
                                 NULL, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_head_object(client, BUCKET, "dressed", NULL, NULL, NULL,
                                    &object, &err),
                 err);
    CHECK_TEXT(ossmpu_object_str(object, OSSMPU_OBJECT_CONTENT_TYPE),
               "text/x-test");
    CHECK_TEXT(ossmpu_object_metadata(object, "colour"), "blue");
    CHECK_TEXT(ossmpu_object_metadata(object, "COLOUR"), "blue");
    CHECK_TEXT(ossmpu_object_metadata(object, "size"), "");
    ossmpu_object_free(object);
    /* The object exists, so a second one is refused and nothing changes. */
    CHECK(ossmpu_put_data(client, BUCKET, "dressed", "abcd", 4, options, NULL,
                          NULL, &err) == OSSMPU_ESERVICE);
    CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_OSS_CODE),
               "FileAlreadyExists");
    ossmpu_error_free(err);
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_FORBID_OVERWRITE, 0));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, "dressed", "abcd", 4, options,
                                 NULL, NULL, &err),
                 err);
    ossmpu_options_free(options);
}

static int stop(void *user, const ossmpu_progress *progress) {
    (void)user;
    return progress->phase == OSSMPU_PHASE_SEND;
}

static void check_kept_parts(const ossmpu_client *client) {
    ossmpu_options *options = in_parts();
    ossmpu_error *err = NULL;
    unsigned char *data = some_bytes(300000);
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_KEEP_PARTS, 1));
    CHECK(!ossmpu_options_set_progress(options, stop, NULL));
    CHECK(ossmpu_put_data(client, BUCKET, SLOW_KEY, data, 300000, options, NULL,
                          NULL, &err) == OSSMPU_ECANCELED);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_PARTS_LEFT) == 1);
    CHECK(ossmpu_error_str(err, OSSMPU_ERRINFO_UPLOAD_ID)[0] != '\0');
    ossmpu_error_free(err);
    ossmpu_options_free(options);
    free(data);
}

static void check_failures(const ossmpu_client *client) {
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_error *err = NULL;
    CHECK(ossmpu_options_set_int(options, OSSMPU_OPTION_PART_SIZE, 102399) ==
          OSSMPU_EINVAL);
    CHECK(ossmpu_options_add_metadata(options, "not a name", "x") ==
          OSSMPU_EINVAL);
    CHECK(ossmpu_put_data(client, BUCKET, "never", "abc", 3, options, NULL,
                          NULL, &err) == OSSMPU_EINVAL);
    CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_ARGUMENT), "part_size");
    ossmpu_error_free(err);
    ossmpu_options_free(options);
    options = ossmpu_options_new();
    CHECK(ossmpu_options_add_header(options, "Host", "x") == OSSMPU_EINVAL);
    CHECK(ossmpu_options_add_header(options, "x-oss-object-acl", "a\nb") ==
          OSSMPU_EINVAL);
    ossmpu_options_free(options);
}

static void check_junk(void) {
    static const int keys[] = {INT_MIN, -1,   0,    99,   199,
                               2099,    2199, 2300, INT_MAX};
    size_t i;
    for (i = 0; i < sizeof keys / sizeof *keys; i++) {
        ossmpu_options *options = ossmpu_options_new();
        CHECK(ossmpu_options_set_str(options, keys[i], "x") ==
              (keys[i] == 2199 ? OSSMPU_EINVAL : OSSMPU_EUNSUPPORTED));
        CHECK(ossmpu_options_set_int(options, keys[i], 1) ==
              (keys[i] == 2099 ? OSSMPU_EINVAL : OSSMPU_EUNSUPPORTED));
        ossmpu_options_free(options);
    }
}

int main(void) {
    ossmpu_client *client = new_client();
    check_what_arrives(client);
    check_kept_parts(client);
    check_failures(client);
    check_junk();
    ossmpu_client_free(client);
    return 0;
}
