/* Lists of unfinished uploads and of parts: prefixes, markers, page sizes. */
#include "check.h"

/* Checks that the list has exactly these keys; prefixes begin with '*'. */
static void check_list(const ossmpu_client *client, const char *prefix,
                       const char *delimiter, const ossmpu_options *options,
                       const char *const *want) {
    ossmpu_upload_iter *iter = NULL;
    const ossmpu_upload_info *upload = NULL;
    ossmpu_error *err = NULL;
    int status;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_list_uploads(client, BUCKET, prefix, delimiter, options,
                                     NULL, &iter, &err),
                 err);
    while ((status = ossmpu_upload_iter_next(iter, &upload, &err)) ==
           OSSMPU_OK) {
        int is_prefix = *want != NULL && (*want)[0] == '*';
        CHECK(*want != NULL);
        CHECK(upload->struct_size >= sizeof *upload);
        CHECK(upload->is_prefix == is_prefix);
        CHECK_TEXT(upload->key, *want + is_prefix);
        CHECK((upload->upload_id[0] == '\0') == is_prefix);
        CHECK(strlen(upload->initiated) == (is_prefix ? 0 : 20));
        CHECK(is_prefix ? upload->age_ms == -1
                        : upload->age_ms >= 0 && upload->age_ms < 3600000);
        CHECK_TEXT(upload->storage_class, is_prefix ? "" : "Standard");
        want++;
    }
    CHECK(status == OSSMPU_DONE && err == NULL && upload == NULL);
    CHECK(*want == NULL);
    CHECK(ossmpu_upload_iter_next(iter, &upload, NULL) == OSSMPU_DONE);
    ossmpu_upload_iter_free(iter);
}

static void check_uploads(const ossmpu_client *client) {
    static const char *const keys[] = {"l/a", "l/b/1", "l/b/2", "m"};
    static const char *const all[] = {"l/a", "l/b/1", "l/b/2", "m", NULL};
    static const char *const later[] = {"l/b/2", "m", NULL};
    static const char *const folder[] = {"l/a", "*l/b/", NULL};
    static const char *const none[] = {NULL};
    ossmpu_upload *uploads[4] = {NULL, NULL, NULL, NULL};
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_error *err = NULL;
    int64_t size;
    int i;
    for (i = 0; i < 4; i++)
        CHECK_STATUS(OSSMPU_OK,
                     ossmpu_upload_initiate(client, BUCKET, keys[i], NULL, NULL,
                                            &uploads[i], &err),
                     err);
    check_list(client, NULL, NULL, NULL, all);
    check_list(client, "l/", "/", NULL, folder);
    check_list(client, "x", NULL, NULL, none);
    for (size = 1; size < 4; size++) {
        CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_PAGE_SIZE, size));
        check_list(client, "", "", options, all);
        check_list(client, "l/", "/", options, folder);
    }
    CHECK(!ossmpu_options_set_str(options, OSSMPU_OPTION_KEY_MARKER, "l/b/1"));
    check_list(client, NULL, NULL, options, later);
    CHECK(!ossmpu_options_set_str(options, OSSMPU_OPTION_UPLOAD_ID_MARKER,
                                  ossmpu_upload_id(uploads[1])));
    check_list(client, NULL, NULL, options, later);
    for (i = 0; i < 4; i++) {
        CHECK_STATUS(OSSMPU_OK, ossmpu_upload_abort(uploads[i], &err), err);
        ossmpu_upload_free(uploads[i]);
    }
    check_list(client, NULL, NULL, NULL, none);
    ossmpu_options_free(options);
}

static void check_parts(const ossmpu_client *client) {
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_upload *upload = NULL;
    ossmpu_part_iter *iter = NULL;
    const ossmpu_part_info *part = NULL;
    ossmpu_error *err = NULL;
    int32_t number;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "p", NULL, NULL,
                                        &upload, &err),
                 err);
    for (number = 1; number <= 4; number++)
        CHECK_STATUS(OSSMPU_OK,
                     ossmpu_upload_part(upload, number, "x", 1, NULL, &err),
                     err);
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_PAGE_SIZE, 1));
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_PART_NUMBER_MARKER,
                                  2));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_list_parts(client, BUCKET, "p",
                                   ossmpu_upload_id(upload), options, NULL,
                                   &iter, &err),
                 err);
    for (number = 3; number <= 4; number++) {
        CHECK_STATUS(OSSMPU_OK, ossmpu_part_iter_next(iter, &part, &err), err);
        CHECK(part->number == number);
    }
    CHECK(ossmpu_part_iter_next(iter, &part, &err) == OSSMPU_DONE);
    ossmpu_part_iter_free(iter);
    CHECK_STATUS(OSSMPU_OK, ossmpu_upload_abort(upload, &err), err);
    ossmpu_upload_free(upload);
    ossmpu_options_free(options);
}

int main(void) {
    ossmpu_client *client = new_client();
    check_uploads(client);
    check_parts(client);
    ossmpu_client_free(client);
    return 0;
}
